//! What every page has around its sections: head, banners, navigation, style and
//! script. A page needs nothing else: it forbids itself to load anything.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::marked;
use crate::report::document::Document;
use crate::words::shortened;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sort.js");

/// Of pages alone that have something to zoom into.
const ZOOM_STYLE: &str = include_str!("zoom.css");
const ZOOM_SCRIPT: &str = include_str!("zoom.js");

/// Longest description in the head, in characters.
const LONGEST_DESCRIPTION: usize = 600;

/// Longest title, in characters.
const LONGEST_TITLE: usize = 200;

/// Bytes beyond which an answer is set smaller.
const LONG_ANSWER: usize = 180;

/// The bytes of a page: the same for the same content.
pub(super) fn page(document: &Document, zooms: bool, below: &Markup, main: &Markup) -> String {
    let (style, script) = match zooms {
        true => ([STYLE, ZOOM_STYLE].concat(), [SCRIPT, ZOOM_SCRIPT].concat()),
        false => (STYLE.to_owned(), SCRIPT.to_owned()),
    };
    let Document { title, banners, answer, footer, .. } = document;
    let title = shortened(title, LONGEST_TITLE);
    let description = shortened(answer, LONGEST_DESCRIPTION);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&script));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                meta name="description" content=(description);
                style { (PreEscaped(&style)) }
            }
            body {
                header {
                    @for banner in banners { p.banner role="alert" { (banner) } }
                    h1 { (title) }
                    p.answer.long[answer.len() > LONG_ANSWER] { (answer) }
                    (below)
                }
                main { (main) }
                footer { p { (marked(footer)) } }
                script { (PreEscaped(&script)) }
            }
        }
    };
    page.into_string()
}

/// Nothing from anywhere, no script but the page's own. Charts bring styles along.
fn policy(script: &str) -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(script));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_are_short_and_evaluate_nothing() {
        assert!(SCRIPT.lines().count() < 60 && ZOOM_SCRIPT.lines().count() < 220);
        for word in ["eval", "innerHTML", "Function(", "</", "<!--", "fetch", "import"] {
            assert!(!SCRIPT.contains(word) && !ZOOM_SCRIPT.contains(word), "{word}");
        }
        // It would end the element that it stands in.
        assert!(!STYLE.contains("</") && !ZOOM_STYLE.contains("</"));
    }
}
