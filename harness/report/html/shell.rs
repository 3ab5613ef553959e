//! What every page has around its sections: head, banners, navigation, style and
//! script. A page needs nothing else: it forbids itself to load anything.
//!
//! Must not know what a page is about.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::report::words::shortened;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sort.js");

/// Longest description in the head, in characters.
const LONGEST_DESCRIPTION: usize = 600;

/// Longest title, in characters.
const LONGEST_TITLE: usize = 200;

/// Bytes beyond which an answer is set smaller.
const LONG_ANSWER: usize = 180;

/// A page before it is written.
pub(in crate::report) struct Page {
    /// What it is about; its only heading of the first level.
    pub(in crate::report) title: String,
    /// What it says, in a sentence.
    pub(in crate::report) answer: String,
    /// What must not be missed, each with its own word first: `INVALID: ...`.
    pub(in crate::report) banners: Vec<String>,
    /// Between the answer and the navigation.
    pub(in crate::report) below: Markup,
    /// The sections in order; those without a body are left out.
    pub(in crate::report) sections: Vec<Section>,
    /// Where it came from, and how it is made again.
    pub(in crate::report) footer: Markup,
}

/// A part of a page that can be linked to.
pub(in crate::report) struct Section {
    id: &'static str,
    heading: &'static str,
    body: Markup,
}

impl Section {
    pub(in crate::report) fn new(id: &'static str, heading: &'static str, body: Markup) -> Self {
        Self { id, heading, body }
    }
}

impl Page {
    /// The bytes of the page: the same for the same content.
    pub(in crate::report) fn write(mut self) -> String {
        self.title = shortened(&self.title, LONGEST_TITLE);
        self.sections.retain(|section| !section.body.0.is_empty());
        let description = shortened(&self.answer, LONGEST_DESCRIPTION);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    meta name="description" content=(description);
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    (self.header())
                    main { @for section in &self.sections { (section.markup()) } }
                    footer { (self.footer) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        page.into_string()
    }

    fn header(&self) -> Markup {
        html! {
            header {
                @for banner in &self.banners { p.banner role="alert" { (banner) } }
                h1 { (self.title) }
                p.answer.long[self.answer.len() > LONG_ANSWER] { (self.answer) }
                (self.below)
                nav aria-label="Sections" {
                    ul { @for s in &self.sections { li { a href={ "#" (s.id) } { (s.heading) } } } }
                }
            }
        }
    }
}

impl Section {
    fn markup(&self) -> Markup {
        let heading = format!("{}-heading", self.id);
        html! {
            section id=(self.id) aria-labelledby=(heading) {
                h2 id=(heading) { (self.heading) }
                (self.body)
            }
        }
    }
}

/// Nothing from anywhere, no script but the page's own. Charts bring styles along.
fn policy() -> String {
    let hash = base64(&Sha256::digest(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'"
    )
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= three.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let all = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let is = all.map(|text| base64(text.as_bytes()));
        assert_eq!(is, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn the_script_is_short_and_evaluates_nothing() {
        assert!(SCRIPT.lines().count() < 60);
        for word in ["eval", "innerHTML", "Function(", "</", "<!--", "fetch", "import"] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        // It would end the element that it stands in.
        assert!(!STYLE.contains("</"));
    }
}
