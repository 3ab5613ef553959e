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

/// The end of what a program wrote, made [`printable`], of at most `most` characters and
/// a sign for each gap.
///
/// The line that says what went wrong is near the end and begins at the margin, in front
/// of indented ones (a trace of calls) or after them. So where there is no room for all,
/// indented lines give way first, the earliest of them first, and then the earliest
/// others; of a line that is too long by itself both ends are kept.
#[must_use]
pub fn last_words(text: &str, most: usize) -> String {
    let lines = text.lines().filter_map(|line| {
        let clean = printable(line, usize::MAX);
        (!clean.is_empty()).then(|| (line.starts_with([' ', '\t']), clean))
    });
    let mut lines: Vec<(bool, Option<String>)> =
        lines.map(|(indented, line)| (indented, Some(line))).collect();
    let length = |line: &str| line.chars().count() + 1;
    let mut all: usize = lines.iter().filter_map(|(_, line)| line.as_deref()).map(length).sum();
    let last = lines.len().saturating_sub(1);
    for gives_way in [true, false] {
        let (before, _) = lines.split_at_mut(last);
        for (indented, line) in before {
            if all > most + 1
                && *indented == gives_way
                && let Some(line) = line.take()
            {
                all -= length(&line);
            }
        }
    }
    let mut out: Vec<String> = Vec::new();
    for (_, line) in lines {
        match line {
            Some(line) => out.push(both_ends(&line, most)),
            None if out.last().is_some_and(|before| before == "…") => {}
            None => out.push("…".to_owned()),
        }
    }
    out.join(" ")
}

/// A text of at most `most` characters: of a longer one the begin and the end.
#[must_use]
pub fn both_ends(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let begin: String = text.chars().take(most / 3).collect();
    let end: String = text.chars().skip(length - (most - most / 3)).collect();
    format!("{} … {}", begin.trim_end(), end.trim_start())
}

/// A line without its control and direction-changing characters, cut to `most`
/// characters; white space stays, as it is the shape of a log.
#[must_use]
pub fn printable_line(line: &str, most: usize) -> String {
    line.chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(most).collect()
}

/// A line without the codes that colour it: cut of their first character they would stand
/// in the text as litter.
#[must_use]
pub fn uncoloured(line: &str) -> String {
    anstream::adapter::strip_str(line).to_string()
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

/// Foreign text on one line, safe for a terminal: no control characters, none
/// that reorder or hide what follows.
#[must_use]
pub fn plain(text: &str) -> String {
    let tamed = |c: char| match c {
        c if c.is_whitespace() => ' ',
        c if c.is_control() || is_invisible(c) => '\u{fffd}',
        c => c,
    };
    let line: String = text.trim().chars().map(tamed).collect();
    line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Cuts a line to so many characters.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Invisible characters that reorder or hide what follows them.
#[must_use]
pub fn is_invisible(c: char) -> bool {
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
    fn of_a_coloured_line_its_text_is_left() {
        assert_eq!(
            uncoloured("\u{1b}[0;31merror\u{1b}[0m: [1m] é\u{1b}]8;;x\u{7}"),
            "error: [1m] é"
        );
        assert_eq!(uncoloured("\u{1b}["), "");
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

    #[test]
    fn of_a_long_trace_the_line_that_says_what_went_wrong_is_kept() {
        let calls = |n: usize, line: &str| line.repeat(n);
        let after = format!(
            "starting\nTraceback (most recent call last):\n{}KeyError: 'orders'\n",
            calls(90, "  File \"app.py\", line 1, in f\n    return f()\n")
        );
        let words = last_words(&after, 300);
        assert!(words.ends_with("KeyError: 'orders'"), "{words}");
        assert!(words.contains("Traceback") && words.chars().count() <= 310, "{words}");
        let before = format!(
            "Exception: no table `orders`\n{}Caused by: no database\n{}\t... 9 more\n\nv20.1",
            calls(40, "\tat app.Main.main(Main.java:1)\n"),
            calls(40, "\tat app.Db.open(Db.java:7)\n"),
        );
        let words = last_words(&before, 300);
        for part in ["Exception: no table `orders`", "Caused by: no database", "v20.1"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert_eq!(last_words("one\n\n two\n", 100), "one two", "what has room is left whole");
    }

    #[test]
    fn of_one_endless_line_both_ends_are_kept() {
        let words = last_words(&format!("Error: {} (code 7)", "x".repeat(5_000)), 100);
        assert!(words.starts_with("Error: xxx") && words.ends_with("x (code 7)"), "{words}");
        assert!(words.chars().count() <= 103, "{words}");
    }

    proptest! {
        #[test]
        fn last_words_are_short_and_plain_and_hold_the_last_line(
            text in "([ \t]?[a-z\u{1b}é]{0,30}\n){0,40}",
            most in 40usize..200,
        ) {
            let out = last_words(&text, most);
            // A sign for each gap at most.
            prop_assert!(out.chars().filter(|c| *c != '…').count() <= 2 * most, "{out}");
            prop_assert!(!out.chars().any(char::is_control));
            let last = text.lines().map(|l| printable(l, usize::MAX)).rfind(|l| !l.is_empty());
            prop_assert!(out.ends_with(&last.unwrap_or_default()), "{out}");
        }

        #[test]
        fn whatever_comes_in_is_short_and_plain(text in any::<String>(), most in 1usize..50) {
            let out = printable(&text, most);
            prop_assert!(out.chars().count() <= most + 2);
            prop_assert!(!out.chars().any(char::is_control));
        }
    }
}
