//! Files for other programs, as JSON.

use anyhow::Result;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::report::listing::Sheet;
use crate::sample::Cell;
use crate::spec::factor::{Combination, FACTORS, Factors};
use crate::text::sanitize::printable_json;
use crate::words::plain;

pub(in crate::report) mod budget;
mod cell;
pub(in crate::report) mod comparison;
pub(in crate::report) mod explanation;
pub(in crate::report) mod reliability;
pub(in crate::report) mod replay;
pub(in crate::report) mod run;
pub(in crate::report) mod tune;

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
pub(in crate::report) enum Json<'a> {
    One(Value),
    List(Vec<Json<'a>>),
    Object(Vec<(String, Json<'a>)>),
    Cell(&'a Cell),
    Factors(&'a Factors),
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

/// The value of every factor, null where it was left open. Names that an engine gave are
/// foreign text.
fn factors(of: &Combination) -> Json<'static> {
    let tamed = |value| match value {
        Value::String(text) => Value::String(plain(&text)),
        other => other,
    };
    let values = FACTORS.iter().zip(of.values());
    let values = values.filter(|(factor, value)| !(factor.later && value.is_null()));
    Json::by_name(values.map(|(factor, value)| (factor.key.to_owned(), tamed(value))))
}

impl<'a> Json<'a> {
    /// What may not be known: null.
    fn or_null(of: Option<Self>) -> Self {
        of.unwrap_or(Json::One(Value::Null))
    }

    /// A member for each name.
    fn by_name<T: Into<Self>>(members: impl Iterator<Item = (String, T)>) -> Self {
        Json::Object(members.map(|(name, value)| (name, value.into())).collect())
    }

    /// One object of the members of several, in their order.
    fn joined(parts: impl IntoIterator<Item = Self>) -> Self {
        let members = |part| match part {
            Json::Object(members) => members,
            _ => Vec::new(),
        };
        Json::Object(parts.into_iter().flat_map(members).collect())
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::One(value) => value.serialize(to),
            Json::Cell(cell) => cell.serialize(to),
            Json::Factors(factors) => factors.serialize(to),
            Json::List(all) => to.collect_seq(all),
            Json::Object(members) => to.collect_map(members.iter().map(|(name, of)| (name, of))),
        }
    }
}

impl<T: Into<Value>> From<T> for Json<'_> {
    fn from(value: T) -> Self {
        Json::One(value.into())
    }
}

impl<'a> FromIterator<Json<'a>> for Json<'a> {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        Json::List(all.into_iter().collect())
    }
}
