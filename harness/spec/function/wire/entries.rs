//! The entries of a `functions.toml` in their order, each followed by its variants.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::Result;

use super::{Text, WireBase, WireFunction};
use crate::spec::function::{Function, is_name};

/// Every function. Variants have their positions behind all others: what is added to one
/// changes no other's colour.
pub(in crate::spec::function) fn functions(
    entries: Vec<WireFunction>,
    at: Text<'_>,
    known: &BTreeMap<String, WireBase>,
) -> Result<Vec<Function>> {
    let mut all = Vec::new();
    let mut behind = entries.len();
    for (position, mut entry) in entries.into_iter().enumerate() {
        let variants = std::mem::take(&mut entry.variant);
        let (span, pattern) = (entry.name.span(), entry.clone());
        let function = entry.check(position, at, known)?;
        add(&mut all, function.clone(), span, at)?;
        for variant in variants {
            let span = variant.span();
            let made = variant.check((&pattern, &function), behind, at, known)?;
            add(&mut all, made, span, at)?;
            behind += 1;
        }
    }
    Ok(all)
}

/// Adds one whose name is a name, and no other's.
fn add(
    all: &mut Vec<Function>,
    function: Function,
    span: Range<usize>,
    at: Text<'_>,
) -> Result<()> {
    let name = &function.name;
    if let Some(other) = all.iter().find(|other| other.name == *name) {
        let message = match function.variant.as_ref().or(other.variant.as_ref()) {
            None => format!("a second function is named `{name}`: names must differ"),
            Some(variant) => format!(
                "another function is named `{name}`, as the variant `{}` of `{}` is: names must \
                 differ",
                variant.name, variant.of
            ),
        };
        return at.wrong(span, message);
    }
    if !is_name(name) {
        let message = format!(
            "`{name}` is not a valid function name: use lower-case letters, digits and `_`"
        );
        return at.wrong(span, message);
    }
    all.push(function);
    Ok(())
}
