//! What variants come to, in `summary.json`.

use super::super::comparison::row;
use super::super::{Json, object};
use crate::compare::{Pair, Variants};
use crate::store::{BuildRecord, Run};
use crate::words::plain;

/// The member `variants`; no member where no variant was measured beside its function.
pub(super) fn member(run: &Run) -> Json<'static> {
    match Variants::of(run) {
        Some(variants) => object! {
            "variants": variants.pairs.iter().map(|of| pair(&variants, of)).collect::<Json>(),
        },
        None => object! {},
    }
}

fn pair(variants: &Variants, of: &Pair) -> Json<'static> {
    let outcomes = variants.outcomes(of);
    let first = outcomes.first();
    let rows = variants.comparison.rows.iter().filter(|row| row.function == of.name);
    let [function, variant] = of.build;
    let text = |text: &Option<String>| text.as_deref().map(plain);
    object! {
        "function": plain(&of.variant.of),
        "variant": plain(&of.name),
        "about": plain(&of.variant.about),
        "link": text(&of.variant.link),
        "shown": text(&of.variant.shown),
        // Of cold starts, under the first of the conditions.
        "verdict": first.map(|outcome| outcome.verdict().name()),
        "function_build_ms": ms(function),
        "variant_build_ms": ms(variant),
        "built_in_this_run": variant.map(|of| of.in_this_run),
        "rows": rows.map(row).collect::<Json>(),
    }
}

fn ms(of: Option<BuildRecord>) -> Option<u64> {
    of.map(|of| of.ms)
}
