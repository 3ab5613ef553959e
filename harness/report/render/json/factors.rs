//! The factors of a cell in a file: a field each, whatever factors there are.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::analysis::words::plain;
use crate::spec::factor::{Combination, FACTORS};

/// The value of every factor, null where it was left open. Flattened into what has them.
pub(super) struct FactorValues([Value; FACTORS.len()]);

impl FactorValues {
    /// Those of a combination; names that an engine gave are foreign text.
    pub(super) fn of(combination: &Combination) -> Self {
        Self(combination.values().map(|value| match value {
            Value::String(text) => Value::String(plain(&text)),
            other => other,
        }))
    }
}

impl Serialize for FactorValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(FACTORS.len()))?;
        for (factor, value) in FACTORS.iter().zip(&self.0) {
            map.serialize_entry(factor.key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
impl schemars::JsonSchema for FactorValues {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FactorValues".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let field = |factor: &crate::spec::factor::FactorInfo| {
            let description = format!("The {}; null where it was left open.", factor.title);
            let is = serde_json::json!({
                "description": description, "type": ["string", "number", "null"]
            });
            (factor.key.to_owned(), is)
        };
        let properties: serde_json::Map<String, Value> = FACTORS.iter().map(field).collect();
        let required = FACTORS.map(|factor| factor.key);
        schemars::json_schema!({
            "type": "object", "properties": properties, "required": required
        })
    }
}
