//! What was written or typed wrong: the place in a file, its line quoted, and the name
//! that was probably meant. Pure. Must not know what is read.

use std::fmt;
use std::ops::Range;

/// Characters of a line that are quoted at most.
const QUOTED: usize = 90;

/// Something in a file that the user wrote is not as it must be. Printed as
/// `file:line:column: message` and the line with a caret under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    file: String,
    message: String,
    place: Option<Place>,
}

/// Where it is, lines and columns from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    /// A part of the line without control characters.
    quote: String,
    /// Where the carets stand under the quote, in characters from 0.
    carets: Range<usize>,
}

impl Mistake {
    /// One of the file as a whole.
    #[must_use]
    pub fn of(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), message: message.into(), place: None }
    }

    /// One at a range of bytes of the file's text.
    #[must_use]
    pub fn at(text: &str, file: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { place: Some(Place::of(text, span)), ..Self::of(file, message) }
    }

    /// What the parser found, with the name that was probably meant.
    #[must_use]
    pub fn in_toml(text: &str, file: &str, error: &toml::de::Error) -> Self {
        let message = error.message().to_owned() + &meant_in(error.message());
        match error.span() {
            Some(span) => Self::at(text, file, span, message),
            None => Self::of(file, message),
        }
    }
}

impl Place {
    fn of(text: &str, span: Range<usize>) -> Self {
        let start = floor(text, span.start);
        let begin = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[begin..].lines().next().unwrap_or_default();
        let column = text[begin..start].chars().count();
        // A span over several lines is marked on its first.
        let end = floor(text, span.end).clamp(start, (begin + line.len()).max(start));
        let width = text[start..end].chars().count().max(1);
        // Of a long line the part around the mistake.
        let from = if column + width > QUOTED { column.saturating_sub(QUOTED / 3) } else { 0 };
        let tamed = |c: char| if c.is_control() { ' ' } else { c };
        Self {
            line: 1 + text[..start].matches('\n').count(),
            column: column + 1,
            quote: line.chars().skip(from).take(QUOTED).map(tamed).collect(),
            carets: column - from..(column - from + width).min(QUOTED.max(column - from + 1)),
        }
    }
}

/// The nearest boundary of a character that is not after a byte.
fn floor(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, message, place } = self;
        let Some(Place { line, column, quote, carets }) = place else {
            return write!(f, "{file}: {message}");
        };
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let (before, under) = (" ".repeat(carets.start), "^".repeat(carets.len()));
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        write!(f, " {margin} |\n {number} | {quote}\n {margin} | {before}{under}")
    }
}

impl std::error::Error for Mistake {}

/// `; did you mean x?` where a known name is close to what was typed, else nothing.
pub fn did_you_mean<S: AsRef<str>>(typed: &str, known: impl IntoIterator<Item = S>) -> String {
    closest(typed, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The known name that is closest to what was typed: at most one letter in three is
/// wrong, by Damerau and Levenshtein's distance.
fn closest<S: AsRef<str>>(typed: &str, known: impl IntoIterator<Item = S>) -> Option<String> {
    let most = (typed.chars().count() / 3).max(1);
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&typed, &name.as_ref().to_lowercase());
            (distance, name.as_ref().to_owned())
        })
        .filter(|(distance, name)| *distance <= most && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// [`did_you_mean`] for the parser's `unknown field x, expected one of a, b`, names in
/// backticks. A message of ours begins likewise, and quotes what was written.
fn meant_in(message: &str) -> String {
    let names = |text: &str| -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    match message.split_once(", expected ") {
        Some((unknown, expected)) if unknown.starts_with("unknown ") => {
            let typed = names(unknown).into_iter().next();
            typed.map_or_else(String::new, |typed| did_you_mean(&typed, names(expected)))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_with_its_line() {
        let text = "a = 1\nname = \"Grün\" # x\nb = 2\n";
        let at = text.find("\"Gr").unwrap();
        let mistake = Mistake::at(text, "s.toml", at..at + 7, "`Grün` is not a valid name");
        insta::assert_snapshot!(mistake, @r#"
        s.toml:2:8: `Grün` is not a valid name
           |
         2 | name = "Grün" # x
           |        ^^^^^^
        "#);
    }

    #[test]
    fn the_parser_and_our_own_checks_look_alike() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct Wire {
            rounds: u32,
        }
        let text = "\nround = 3\n";
        let error = toml::from_str::<Wire>(text).unwrap_err();
        insta::assert_snapshot!(Mistake::in_toml(text, "s.toml", &error), @r"
        s.toml:2:1: unknown field `round`, expected `rounds`; did you mean `rounds`?
           |
         2 | round = 3
           | ^^^^^
        ");
    }

    #[test]
    fn what_was_written_is_not_what_was_meant() {
        assert_eq!(meant_in("unknown unit `e6h` in `1e6h`: use us, ms, s, m or h"), "");
        assert_eq!(meant_in("unknown field `x`, there are no fields"), "");
        let message = "unknown variant `brigde`, expected one of `bridge`, `host`, `none`";
        assert_eq!(meant_in(message), "; did you mean `bridge`?");
    }

    #[test]
    fn of_a_long_line_the_part_around_it_is_quoted() {
        let text = format!("x = \"{}\u{7}here\"", "ü".repeat(300));
        let at = text.find("here").unwrap();
        let shown = Mistake::at(&text, "f", at..at + 4, "no").to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].starts_with("f:1:307: no"), "{shown}");
        let caret = lines[3].find('^').unwrap();
        let quote: String = lines[2].chars().skip(caret).take(4).collect();
        assert_eq!(quote, "here", "{shown}");
        assert!(lines.iter().all(|line| line.chars().count() < 100), "{shown}");
        assert!(!shown.contains('\u{7}'));
    }

    #[test]
    fn no_span_is_out_of_a_text() {
        for (text, span) in [("", 0..0), ("a", 5..9), ("ü\n", 1..2), ("a\n", 2..2), ("a\nb", 0..3)]
        {
            assert!(Mistake::at(text, "f", span, "no").to_string().contains(": no"));
        }
        assert_eq!(Mistake::of("f", "no").to_string(), "f: no");
    }

    #[test]
    fn only_what_is_close_was_meant() {
        let known = ["bridge", "host", "none"];
        assert_eq!(did_you_mean("brigde", known), "; did you mean `bridge`?");
        assert_eq!(did_you_mean("Host", known), "; did you mean `host`?");
        for far in ["mesh", "", "x", "bridgeless_network"] {
            assert_eq!(did_you_mean(far, known), "", "{far}");
        }
    }
}
