//! The page of a comparison.

use super::*;
use crate::chart::of_comparison;
use crate::report::render::html::tests::check;

fn page_of(comparison: &Comparison) -> String {
    let text = html::page(&document(comparison, &[]));
    check(&text);
    text
}

#[test]
fn every_comparison_has_a_page() {
    for (name, c) in synthetic::all() {
        let page = page_of(&c);
        assert!(page.len() < 1_000_000, "{name}: {} bytes", page.len());
        let odd = |c: char| c.is_control() && c != '\n' || crate::text::sanitize::is_invisible(c);
        assert_eq!(page.find(odd), None, "{name}");
        let (page, _) = page.split_once("<script>").unwrap();
        assert!(!page.contains("NaN") && !page.contains(">inf"), "{name}");
    }
}

#[test]
fn the_verdict_is_a_mark_and_a_word_before_all_else() {
    let page = page_of(&synthetic::regressed());
    let (header, _) = page.split_once("</header>").unwrap();
    assert!(header.contains("<span class=\"badge bad\">▲ slower</span> outcome: regressed"));
    assert!(header.contains("Cold starts got slower: python +26 ms (+11.8 %), in init."));
    let page = page_of(&synthetic::passed());
    assert!(page.contains("<span class=\"badge good\">= same</span> outcome: passed"));
    let page = page_of(&synthetic::inconclusive());
    assert!(page.contains("<span class=\"badge odd\">? unclear</span> outcome: inconclusive"));
}

#[test]
fn what_decides_is_in_sight_and_the_rest_is_folded() {
    let page = page_of(&synthetic::regressed());
    let (deciding, folded) = page.split_once("<summary>Informational rows that").unwrap();
    assert!(deciding.contains("id=\"deciding\"") && folded.contains("id=\"unchanged\""));
    assert!(deciding.contains("id=\"informational\""));
    // The worst first, and its verdict without colour.
    let first = deciding.split("<tbody>").nth(1).unwrap();
    assert!(first.starts_with("<tr><td class=\"bad short\">▲</td><th scope=\"row\">python"));
    assert!(deciding.contains("All under bridge.") && !deciding.contains(">conditions</th>"));
}

#[test]
fn reservations_are_banners_and_sections() {
    let page = page_of(&synthetic::advisory());
    assert_eq!(page.matches("role=\"alert\"").count(), 2, "simulated and advisory");
    assert!(page.contains("Why this is advisory") && page.contains("processor: Example in base"));
    assert!(page.contains("<title>SIMULATED: ADVISORY: "));
    let page = page_of(&synthetic::invalid());
    assert!(
        page.contains("INVALID, head: the calibration&#39;s")
            || page.contains("INVALID, head: the calibration's")
    );
    let page = page_of(&synthetic::missing());
    assert!(page.contains("gone: measured in base, not in head"));
}

#[test]
fn charts_are_on_the_page() {
    let c = synthetic::regressed();
    let charts = of_comparison(&c).unwrap();
    let page = html::page(&document(&c, &charts));
    check(&page);
    for chart in &charts {
        assert!(page.contains(&format!("<figure id=\"chart-{}\"", chart.name)), "{}", chart.name);
    }
}
