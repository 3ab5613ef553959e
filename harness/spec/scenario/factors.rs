//! The lists of factors in a scenario: a key a factor.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::Source;
use crate::spec::factor::{FACTORS, FactorMatrix};
use crate::text::diagnostic::{Mistake, did_you_mean};

/// The other keys of a scenario.
const KEYS: [&str; 10] = [
    "name",
    "functions",
    "controls",
    "rounds",
    "until",
    "max-time",
    "keep-alive",
    "remove-at-once",
    "gate",
    "pattern",
];

/// Takes the lists out of a scenario.
pub(super) fn take(table: &mut DeTable<'_>, source: Source<'_>) -> Result<FactorMatrix, Mistake> {
    let mut lists = FactorMatrix::default();
    for factor in &FACTORS {
        let Some(values) = table.remove(factor.list) else { continue };
        let span = values.span();
        let DeValue::Array(values) = values.into_inner() else {
            let message = format!("`{0}` is a list: write `{0} = [...]`", factor.list);
            return Err(source.at(span, message));
        };
        let mut typed = Vec::new();
        for (value, span) in words(&values, source)? {
            (factor.check)(&value).map_err(|reason| source.at(span, reason))?;
            typed.push(value);
        }
        lists.set(factor.list, &typed).map_err(|reason| source.at(span.clone(), reason))?;
    }
    known(table, source)?;
    lists.check().map_err(|reason| Mistake::of(source.file, reason))?;
    Ok(lists)
}

/// The values of a list as they would be typed as a flag, and where each stands.
fn words(values: &DeArray<'_>, source: Source<'_>) -> Result<Vec<(String, Range<usize>)>, Mistake> {
    let word = |value: &Spanned<DeValue<'_>>| {
        let word = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            _ => return Err(source.at(value.span(), "a value is a text or a number")),
        };
        Ok((word, value.span()))
    };
    values.iter().map(word).collect()
}

/// A key that there is not may be meant to be a list of factors.
fn known(table: &DeTable<'_>, source: Source<'_>) -> Result<(), Mistake> {
    let all = || KEYS.into_iter().chain(FACTORS.iter().map(|factor| factor.list));
    let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(&key.get_ref().as_ref()))
    else {
        return Ok(());
    };
    let (name, known) = (key.get_ref(), all().map(|key| format!("`{key}`")));
    let known = known.collect::<Vec<_>>().join(", ");
    let meant = did_you_mean(name, all());
    Err(source.at(key.span(), format!("unknown field `{name}`, expected one of {known}{meant}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::scenario::parse;

    const REST: &str = "\nname = \"x\"\nrounds = 1\nkeep-alive = \"1s\"\n[[pattern]]\nname = \"p\"\n\
                        steps = [{ name = \"s\", burst = 1 }]\n";

    fn read(lists: &str) -> Result<FactorMatrix, String> {
        let parsed = parse(&format!("{lists}{REST}"), "s.toml");
        parsed.map(|scenario| scenario.factors).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn every_factor_has_a_key_and_the_values_are_those_of_its_flag() {
        let typed = [
            ["fake"].as_slice(),
            // They are of another engine.
            &[],
            &["host", "none"],
            &["runc", "crun"],
            &["created"],
            &["0.5", "2"],
            &["plain"],
            &["67108864B", "134217728B"],
            &["warm", "image-cold"],
            &["as-is", "favordynmods"],
            &["none"],
            // Nobody can write one.
            &[],
        ];
        let mut text = String::new();
        for (factor, values) in FACTORS.iter().zip(typed) {
            text += &format!("{} = {values:?}\n", factor.list);
        }
        assert_eq!(read(&text).unwrap().typed(), typed.map(|values| values.to_vec()));
        let numbers = read("cpus = [0.5, 2]\n").unwrap();
        assert_eq!(numbers.typed()[5], ["0.5", "2"]);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let error = |lists: &str| read(lists).unwrap_err();
        let hot = error("networks = [\"bridge\", \"hots\"]");
        assert!(hot.starts_with("s.toml:1:23: no network `hots`"), "{hot}");
        assert!(error("memory = \"1GiB\"").starts_with("s.toml:1:10: `memory` is a list"));
        assert!(error("cpus = [true]").starts_with("s.toml:1:9: a value is a text or a number"));
        assert!(error("cpus = [0]").contains("out of range"));
        let meant = error("netwroks = [\"host\"]");
        assert!(meant.contains("unknown field `netwroks`"), "{meant}");
        assert!(meant.contains("did you mean `networks`?"), "{meant}");
        assert!(error("keepalive = 1").contains("did you mean `keep-alive`?"));
        assert!(error("networks = []").contains("`networks` needs at least one value"));
    }

    #[test]
    fn the_other_keys_are_those_that_a_scenario_has() {
        let error = toml::from_str::<super::super::WireScenario>("nothing = 1").err().unwrap();
        let known = KEYS.map(|key| format!("`{key}`")).join(", ");
        assert!(error.message().ends_with(&format!("expected one of {known}")), "{error}");
    }
}
