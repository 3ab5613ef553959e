//! Things and what is to be said of each: below their names, or beside them where each has
//! a mark.

use unicode_width::UnicodeWidthStr;

use crate::report::document::Entry;
use crate::report::look::{Look, hanging};

/// Columns that words need beside what they are about.
const LEAST: usize = 30;

/// Name and lines of each; in columns where they have marks.
pub(super) fn lines(entries: &[Entry], look: &Look) -> Vec<String> {
    let widest = |text: fn(&Entry) -> &str| entries.iter().map(|e| text(e).width()).max();
    match widest(|entry| entry.mark).unwrap_or(0) {
        0 => entries.iter().flat_map(|entry| below(entry, look)).collect(),
        mark => {
            let name = widest(|entry| &entry.name).unwrap_or(0);
            entries.iter().flat_map(|entry| beside(entry, [mark, name], look)).collect()
        }
    }
}

fn below(entry: &Entry, look: &Look) -> Vec<String> {
    let indented = |text: &str, indent: &str| hanging(text, indent, indent, look.columns());
    let lines = entry.lines.iter().flat_map(|line| indented(line, "      "));
    indented(&entry.name, "  ").into_iter().chain(lines).collect()
}

/// Mark, name and words, and how it is cured; the words below where there is no room.
fn beside(entry: &Entry, [mark, name]: [usize; 2], look: &Look) -> Vec<String> {
    let width = look.columns_of_rows();
    let has_room = mark + 2 + name + 2 + LEAST <= width;
    let indent = " ".repeat(if has_room { mark + 2 + name + 2 } else { mark + 2 });
    let pad = " ".repeat(name - entry.name.width());
    let beginning = format!("{:mark$}  {}{pad}  ", entry.mark, entry.name);
    let words = entry.lines.join("; ");
    let mut lines = if has_room {
        hanging(&words, &beginning, &indent, width)
    } else {
        let below = hanging(&words, &indent, &indent, width);
        [vec![beginning.trim_end().to_owned()], below].concat()
    };
    if let Some(cure) = &entry.cure {
        lines.extend(hanging(cure, &format!("{indent}-> "), &format!("{indent}   "), width));
    }
    lines
}
