//! What is worth trying, in words: a change, and what measures it.

use super::ms;
use crate::explain::{Advice, Explained, Explanation};
use crate::report::document::{Block, Note};
use crate::text::units::format_size;
use crate::words::plain;

pub(super) fn blocks(found: &Explanation) -> Vec<Block<'static>> {
    let notes = found.functions.iter().flat_map(|of| of.advice.iter().map(|a| note(of, a)));
    vec![Block::Notes("to try", notes.collect())]
}

fn note(of: &Explained, advice: &Advice) -> Note {
    let name = plain(&of.function);
    Note::remark(match advice {
        Advice::Packages { packages, with_all } => {
            let told = packages.iter().map(|(package, ns, share)| {
                format!("`{}` {} ms ({:.0} %)", plain(package), ms(*ns), share * 100.0)
            });
            format!(
                "{name}: {}{} before the first event: load what the first reply does not need when \
                 it is needed, or something smaller; `coldstart gate --base REF` measures the change",
                told.collect::<Vec<_>>().join(", "),
                if *with_all { " with all that is loaded by it" } else { "" },
            )
        }
        Advice::Waits { phase, share, place } => {
            let place = match place.as_str() {
                "" => String::new(),
                place => format!(", mostly in the kernel's {}", plain(place)),
            };
            format!(
                "{name}: {phase} waits in {:.0} % of the looks{place}: what it waits for is to be \
                 looked at, not its code",
                share * 100.0
            )
        }
        Advice::Storage { bytes } => format!(
            "{name}: {} came from storage: fewer or smaller files, as a first start on a machine \
             reads them all",
            format_size(*bytes)
        ),
        Advice::Unopened { share, bytes } => format!(
            "{name}: {:.0} % of the image, {}, is never opened: leaving it out makes it smaller to \
             pull, and no start faster whose image is there",
            share * 100.0,
            format_size(*bytes)
        ),
        Advice::Variants { names } => format!(
            "{name}: `coldstart run --variants --functions {name}` measures it beside {}",
            names.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ")
        ),
    })
}
