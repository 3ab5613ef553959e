//! Text from functions and engines, made safe to keep and to show.
//!
//! What a function writes is hostile input: it may be endless, or hold control
//! codes that take over a terminal.

use std::fmt::Write;

/// The text with control and direction-changing characters replaced by spaces
/// (runs of white space folded into one) and cut to `most` characters.
#[must_use]
pub fn printable(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        if word.is_empty() {
            continue;
        }
        if length > 0 {
            out.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length >= most {
                out.push('…');
                return out;
            }
            out.push(c);
            length += 1;
        }
    }
    out
}

/// A line without its control and direction-changing characters, cut to `most`
/// characters; white space stays, as it is the shape of a log.
#[must_use]
pub fn printable_line(line: &str, most: usize) -> String {
    line.chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(most).collect()
}

/// JSON in which nothing moves a cursor or reorders what follows: such characters are
/// written as escapes, which mean the same within its texts, and stand nowhere else.
#[must_use]
pub fn printable_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            // Only the digits of the first plane: none beyond it is invisible here.
            c if c.is_control() || is_invisible(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Invisible characters that reorder or hide what follows them.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn terminal_codes_do_not_survive() {
        assert_eq!(printable("a\u{1b}[31mred\n\n  b\0c", 100), "a [31mred b c");
        assert_eq!(printable("\u{202e}evil", 100), "evil");
        assert_eq!(printable("0123456789", 4), "0123…");
    }

    #[test]
    fn json_with_terminal_codes_is_printed_as_escapes_that_mean_the_same() {
        let of =
            serde_json::json!({ "a": "\u{9b}31m\u{202e}\u{7f}é\u{1f980}", "b": [1, "\n\u{1b}"] });
        let text = serde_json::to_string_pretty(&of).unwrap();
        let printed = printable_json(&text);
        assert!(printed.contains("\\u009b31m\\u202e\\u007fé\u{1f980}"), "{printed}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), of);
        let plain = "{\n  \"a\": 1\n}\n";
        assert_eq!(printable_json(plain), plain);
    }

    proptest! {
        #[test]
        fn whatever_comes_in_is_short_and_plain(text in any::<String>(), most in 1usize..50) {
            let out = printable(&text, most);
            prop_assert!(out.chars().count() <= most + 2);
            prop_assert!(!out.chars().any(char::is_control));
        }
    }
}
