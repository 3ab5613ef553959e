//! One line of a terminal, drawn over and over.
//!
//! It moves with carriage returns and blanks alone: no escape code, no hidden cursor,
//! so there is nothing to restore however the program ends.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::StatusArea;

/// From one drawing to the next, at least.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// A part of the line, and its style.
pub(crate) type Piece = (Style, String);

/// What is drawn.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Columns that are in use.
    used: usize,
}

impl Line {
    /// Draws over what is there, cut so that it never wraps.
    pub(super) fn draw(
        &mut self,
        out: &mut impl Write,
        pieces: &[Piece],
        area: StatusArea,
    ) -> io::Result<()> {
        // The last column stays free: a cursor beyond it may already be a new line.
        let most = area.width.saturating_sub(1);
        let (text, used) = cut(pieces, most, if area.unicode { "…" } else { "~" });
        let blanks = self.used.min(most).saturating_sub(used);
        write!(out, "\r{text}{:blanks$}", "")?;
        self.used = used;
        out.flush()
    }

    /// Takes it away; the cursor is where the line began.
    pub(super) fn clear(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.used == 0 {
            return Ok(());
        }
        write!(out, "\r{:used$}\r", "", used = self.used)?;
        self.used = 0;
        out.flush()
    }
}

/// A text in a style; in none it is the text alone.
pub(super) fn styled(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// The pieces in as many columns, and how many they take. What controls a terminal is
/// left out: names and lines of programs are foreign.
fn cut(pieces: &[Piece], most: usize, more: &str) -> (String, usize) {
    let tame = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let pieces: Vec<Piece> = pieces.iter().map(|(style, text)| (*style, tame(text))).collect();
    let whole: usize = pieces.iter().map(|(_, text)| text.width()).sum();
    if whole <= most {
        return (pieces.iter().map(|(style, text)| styled(*style, text)).collect(), whole);
    }
    let room = most.saturating_sub(more.width());
    let (mut out, mut used) = (String::new(), 0);
    for (style, text) in &pieces {
        let fitting = |c: &char| {
            used += c.width().unwrap_or(0);
            used <= room
        };
        let part: String = text.chars().take_while(fitting).collect();
        let all = part.len() == text.len();
        out += &styled(*style, &part);
        if !all {
            break;
        }
    }
    let end = out + more;
    (end, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<Piece> {
        vec![(Style::new(), text.to_owned())]
    }

    fn nz(n: u16) -> std::num::NonZero<u16> {
        std::num::NonZero::new(n).unwrap()
    }

    /// What a screen of so many columns shows after some drawings.
    fn screen(
        columns: u16,
        draw: impl FnOnce(&mut Line, &mut Vec<u8>, StatusArea),
    ) -> vt100::Parser {
        let mut bytes = b"before\r\n".to_vec();
        let area = StatusArea { width: columns.into(), unicode: true };
        draw(&mut Line::default(), &mut bytes, area);
        let mut screen = vt100::Parser::new(nz(5), nz(columns), 0);
        screen.process(&bytes);
        screen
    }

    /// Its lines without blanks at their ends.
    fn shown(screen: &vt100::Parser) -> String {
        let text = screen.screen().contents();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_shorter_line_leaves_nothing_of_a_longer_one() {
        let screen = screen(40, |line, out, area| {
            line.draw(out, &plain("round 10 of 20, a long line"), area).unwrap();
            line.draw(out, &plain("round 11"), area).unwrap();
        });
        assert_eq!(shown(&screen), "before\nround 11");
    }

    #[test]
    fn a_line_that_is_too_long_neither_wraps_nor_litters() {
        let long = "何かが測られている ".repeat(20);
        for columns in [20, 21, 40, 80] {
            let drawn = screen(columns, |line, out, area| {
                for _ in 0..3 {
                    line.draw(out, &plain(&long), area).unwrap();
                }
            });
            let text = drawn.screen().contents();
            assert_eq!(text.lines().count(), 2, "{text}");
            assert!(text.ends_with('…'), "{text}");
            let cleared = screen(columns, |line, out, area| {
                line.draw(out, &plain(&long), area).unwrap();
                line.clear(out).unwrap();
                out.extend(b"after");
            });
            assert_eq!(shown(&cleared), "before\nafter");
        }
    }

    #[test]
    fn without_a_style_there_is_no_escape_code() {
        let mut out = Vec::new();
        let area = StatusArea { width: 30, unicode: false };
        let mut line = Line::default();
        line.draw(&mut out, &plain(&"x".repeat(50)), area).unwrap();
        line.clear(&mut out).unwrap();
        assert!(!out.contains(&0x1b) && out.is_ascii());
    }

    #[test]
    fn what_controls_a_terminal_is_left_out() {
        let (text, used) = cut(&plain("a\u{1b}[2J\n\rb"), 20, "~");
        assert_eq!((text.as_str(), used), ("a[2Jb", 5));
    }

    #[test]
    fn a_style_ends_where_its_piece_is_cut() {
        let bold = Style::new().bold();
        let pieces = [(bold, "abcdef".to_owned()), (bold, "never".to_owned())];
        let (text, used) = cut(&pieces, 4, "~");
        assert_eq!((text.as_str(), used), ("\u{1b}[1mabc\u{1b}[0m~", 4));
    }
}
