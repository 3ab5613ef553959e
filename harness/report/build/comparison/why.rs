//! Why what alarmed did: what head newly loads and opens, in words, and the page with the rest.

use crate::compare::{Comparison, ExplainedAlarm};
use crate::report::document::Block;
use crate::text::units::format_ms;
use crate::words::{counted, plain};

/// The page, beside that of the verdict.
const PAGE: &str = "explain/explain.html";
/// Names that are told of each kind.
const FEW: usize = 4;

pub(super) fn blocks(comparison: &Comparison) -> Vec<Block<'static>> {
    if comparison.explained.is_empty() {
        return Vec::new();
    }
    let told = comparison.explained.iter().map(|alarm| Block::Paragraph(sentence(alarm)));
    let link = Block::Link("Each start, file by file, on both sides", PAGE);
    told.chain([link]).collect()
}

fn sentence(alarm: &ExplainedAlarm) -> String {
    let timed = |of: &[(String, u64)]| {
        let each = |(name, ns): &(String, u64)| {
            format!("`{}` ({} ms)", plain(name), format_ms(*ns as f64))
        };
        of.iter().take(FEW).map(each).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if !alarm.loads.is_empty() {
        parts.push(format!("head newly loads {}", timed(&alarm.loads)));
    }
    if !alarm.opens.is_empty() {
        let files = alarm.opens.iter().take(FEW).map(|path| format!("`{}`", plain(path)));
        let files = files.collect::<Vec<_>>().join(", ");
        let all = counted(alarm.opens.len() as u64, "file");
        parts.push(format!("head newly opens {all}: {files}"));
    }
    if !alarm.takes.is_empty() {
        parts.push(format!("attributed more to {}", timed(&alarm.takes)));
    }
    if parts.is_empty() {
        parts.push("head opens and loads nothing that base does not".to_owned());
    }
    format!("{}: {}.", plain(&alarm.function), parts.join("; "))
}
