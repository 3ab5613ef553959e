//! A run's folder as lines that a program prints, and back: what every engine and every
//! cluster keeps of a program is its output. Pure. What comes from a node is hostile.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Report;
use crate::text::sanitize::printable;

/// What begins a line of ours.
const MARK: &str = "coldstart-fleet";
/// Bytes of a file in a line. Engines divide longer lines than 16 KiB.
const PIECE: usize = 9 << 10;
/// The most of all files together, in bytes.
const MOST: usize = 1 << 30;
/// The files of a run; every other is made from them.
pub const FILES: [&str; 4] = ["run.json", "samples.jsonl", "trials.jsonl", "cost.json"];
/// The most that is told of what a node said, in characters.
const WORDS: usize = 600;

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a node has, as a line.
#[must_use]
pub fn of_report(report: &Report) -> String {
    format!("{MARK} report {}\n", serde_json::to_string(report).unwrap_or_default())
}

/// That it failed, as a line.
#[must_use]
pub fn of_failure(why: &str) -> String {
    format!("{MARK} failed {}\n", STANDARD.encode(why))
}

/// The files of a run, as lines.
#[must_use]
pub fn of_files(files: &Files) -> String {
    let mut lines = String::new();
    let mut whole = Sha256::new();
    let mut count = 0;
    for (name, bytes) in files {
        for (index, piece) in bytes.chunks(PIECE).enumerate() {
            whole.update(name.as_bytes());
            whole.update(piece);
            lines += &format!("{MARK} piece {name} {index} {}\n", STANDARD.encode(piece));
            count += 1;
        }
    }
    let digest: String = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    lines + &format!("{MARK} end {count} {digest}\n")
}

/// What a node has said that it has.
///
/// # Errors
/// Says what it said instead.
pub fn report(printed: &[u8]) -> Result<Report, String> {
    let text = String::from_utf8_lossy(printed);
    for (kind, rest) in ours(&text) {
        match kind {
            "report" => {
                return serde_json::from_str(rest)
                    .map_err(|e| format!("what it said that it has is not readable: {e}"));
            }
            "failed" => return Err(failure(rest)),
            _ => {}
        }
    }
    Err(format!("it did not say what it has; it printed: {}", printable(&text, WORDS)))
}

/// The files that a node has printed, and why it failed, where it did.
///
/// # Errors
/// When they are not all there, as they were sent.
pub fn files(printed: &[u8]) -> Result<(Files, Option<String>), String> {
    let text = String::from_utf8_lossy(printed);
    let (mut files, mut failed) = (Files::new(), None);
    let (mut whole, mut count, mut size) = (Sha256::new(), 0_usize, 0_usize);
    for (kind, rest) in ours(&text) {
        match kind {
            "failed" => failed = Some(failure(rest)),
            "piece" => {
                let mut words = rest.split(' ');
                let (name, _, piece) = (words.next(), words.next(), words.next());
                let known = name.and_then(|name| FILES.iter().find(|file| **file == name));
                let name = *known.ok_or("it sent a file that is none of a run's")?;
                let piece = piece.and_then(|piece| STANDARD.decode(piece).ok());
                let piece = piece.ok_or("a piece of what it sent is not as it was sent")?;
                size = size.saturating_add(piece.len());
                if size > MOST {
                    return Err("it sent more than a run can have".to_owned());
                }
                whole.update(name.as_bytes());
                whole.update(&piece);
                count += 1;
                files.entry(name.to_owned()).or_default().extend(piece);
            }
            "end" => {
                let digest: String =
                    whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
                if rest != format!("{count} {digest}") {
                    return Err(format!("of what it sent a part was lost: {count} pieces came"));
                }
                return Ok((files, failed));
            }
            _ => {}
        }
    }
    match failed {
        Some(why) => Ok((Files::new(), Some(why))),
        None => Err(format!(
            "what it measured did not come: {count} pieces, and no end; it printed: {}",
            printable(text.trim_end().lines().last().unwrap_or_default(), WORDS)
        )),
    }
}

fn failure(encoded: &str) -> String {
    let bytes = STANDARD.decode(encoded).unwrap_or_default();
    printable(&String::from_utf8_lossy(&bytes), WORDS)
}

/// Our lines among all: kind and rest. What gathers logs may put words before them.
fn ours(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let (_, line) = line.split_once(MARK)?;
        line.trim_end().strip_prefix(' ')?.split_once(' ')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(samples: &[u8]) -> Files {
        [("run.json", &b"{}"[..]), ("samples.jsonl", samples)]
            .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
            .into()
    }

    #[test]
    fn a_folder_comes_as_it_was_sent_whatever_else_is_printed() {
        let files_sent = sent(&vec![7; 3 * PIECE + 1]);
        let printed = format!("hello\n{}bye\n", of_files(&files_sent));
        assert!(printed.lines().all(|line| line.len() < 16 << 10));
        assert_eq!(files(printed.as_bytes()), Ok((files_sent, None)));
    }

    #[test]
    fn what_came_in_part_or_changed_is_no_run() {
        let printed = of_files(&sent(&vec![7; 3 * PIECE]));
        let lines: Vec<&str> = printed.lines().collect();
        let without = |at: usize| {
            let left: Vec<&str> =
                lines.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, l)| *l).collect();
            files(left.join("\n").as_bytes()).unwrap_err()
        };
        assert!(without(1).contains("a part was lost"));
        assert!(without(lines.len() - 1).contains("no end"));
        let other = printed.replacen("run.json", "../../etc/passwd", 1);
        assert!(files(other.as_bytes()).unwrap_err().contains("none of a run's"));
    }

    #[test]
    fn a_node_that_failed_says_why_and_may_have_sent_what_there_was() {
        let why = of_failure("the engine is \u{1b}[31mgone");
        let (none, told) = files(why.as_bytes()).unwrap();
        assert!(none.is_empty() && !told.unwrap().contains('\u{1b}'));
        let (some, told) = files((why + &of_files(&sent(b"x"))).as_bytes()).unwrap();
        assert!(some.len() == 2 && told.unwrap().contains("gone"));
    }

    proptest! {
        #[test]
        fn nothing_that_a_node_prints_is_more_than_an_error(printed in "(coldstart-fleet )?(piece|end|failed|report)? .{0,80}") {
            let _ = (files(printed.as_bytes()), report(printed.as_bytes()));
        }
    }
}
