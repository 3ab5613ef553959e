//! Files for other programs, as JSON.

use anyhow::Result;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::report::listing::Sheet;
use crate::text::sanitize::printable_json;

pub(in crate::report) mod comparison;
pub(in crate::report) mod reliability;
pub(in crate::report) mod run;

/// A key a sheet, with all its rows.
///
/// # Errors
/// Never, in truth: rows are JSON already.
pub(in crate::report) fn listing(sheets: &[Sheet]) -> Result<String> {
    let all: Map<String, Value> =
        sheets.iter().map(|sheet| (sheet.name.to_owned(), sheet.rows.clone().into())).collect();
    Ok(printable_json(&serde_json::to_string_pretty(&all)?))
}

/// A value whose members stay in the order in which they were written down.
pub(in crate::report) enum Json {
    One(Value),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// An object, with its members in their order.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::report::render::json::Json::Object(vec![
            $(($name.to_owned(), $crate::report::render::json::Json::from($value))),*
        ])
    };
}

pub(in crate::report) use object;

impl Json {
    /// What may not be known: null.
    fn or_null(of: Option<Json>) -> Self {
        of.unwrap_or(Json::One(Value::Null))
    }

    /// A member for each name.
    fn by_name<T: Into<Json>>(members: impl Iterator<Item = (String, T)>) -> Self {
        Json::Object(members.map(|(name, value)| (name, value.into())).collect())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::One(value) => value.serialize(to),
            Json::List(all) => to.collect_seq(all),
            Json::Object(members) => to.collect_map(members.iter().map(|(name, of)| (name, of))),
        }
    }
}

impl<T: Into<Value>> From<T> for Json {
    fn from(value: T) -> Self {
        Json::One(value.into())
    }
}

impl FromIterator<Json> for Json {
    fn from_iter<I: IntoIterator<Item = Json>>(all: I) -> Self {
        Json::List(all.into_iter().collect())
    }
}
