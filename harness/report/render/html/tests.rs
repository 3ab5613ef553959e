//! What holds for every page.

use super::*;
use crate::analysis::Analysis;
use crate::chart::{Chart, Data, charts};
use crate::report::tests::controls::{parallel, with_controls};
use crate::report::tests::synthetic::{self, FOUR};
use crate::sample::{Outcome, Sample, Temperature};
use crate::spec::factor::Network;
use crate::store::Run;

/// The page of a run with its own charts.
fn page_of(run: &Run) -> String {
    page_with(run, &charts(run, &Analysis::of(run).summaries).unwrap())
}

fn page_with(run: &Run, charts: &[Chart]) -> String {
    let analysis = Analysis::of(run);
    let text = page(&crate::report::build::run::document(&analysis, charts));
    check(&text);
    text
}

/// A chart that was not drawn: its kind, what is after it in its name, its section.
fn chart(
    (kind, more, section): (&'static str, &str, &'static str),
    rows: usize,
    bytes: usize,
) -> Chart {
    let name = format!("{kind}{more}");
    Chart {
        name: name.clone(),
        kind,
        section,
        title: format!("Title of {name}"),
        caption: format!("Finding of {name}. How to read it."),
        data: Data {
            columns: vec!["n".to_owned()],
            rows: (0..rows).map(|i| vec![i.to_string()]).collect(),
        },
        svg: format!("<svg role=\"img\"><title>{name}</title>{}</svg>", " ".repeat(bytes)),
        narrow: None,
        zoom: None,
    }
}

/// The values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let opened = format!(" {attribute}=\"");
    page.split(&opened).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// That a page is well formed as far as its readers' aids need, and needs no network.
pub(in crate::report) fn check(page: &str) {
    let (head, body) = page.split_once("<body>").unwrap();
    assert!(head.contains("<meta name=\"description\""));
    assert_eq!(body.matches("<h1").count(), 1);
    for one in ["<header>", "<main>", "<footer>", "<nav "] {
        assert_eq!(body.matches(one).count(), 1, "{one}");
    }
    let levels: Vec<u32> = body
        .match_indices("<h")
        .filter_map(|(at, _)| body[at + 2..].chars().next()?.to_digit(10))
        .collect();
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|two| two[1] <= two[0] + 1), "{levels:?}");
    assert_eq!(body.matches("<table").count(), body.matches("<caption").count());
    assert_eq!(body.matches("<details").count(), body.matches("</details>").count());

    let ids = values(body, "id");
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "an id is there twice: {ids:?}");
    for label in values(body, "aria-labelledby") {
        assert!(ids.contains(&label), "nothing is called {label}");
    }
    for link in values(body, "href") {
        let is_there = link.strip_prefix('#').is_none_or(|id| ids.contains(&id));
        assert!(is_there && !link.contains(':'), "{link}");
    }
    needs_no_network(page);
}

/// Foreign text may tell of addresses: what counts is what elements and styles do.
fn needs_no_network(page: &str) {
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src"));
    for element in page.split('<').skip(1) {
        let (tag, text) = element.split_once('>').unwrap();
        for word in ["url(", "@import", "http"] {
            assert!(!tag.starts_with("style") || !text.contains(word), "{word} in {text}");
        }
        for one in ["link", "img", "iframe", "image", "object", "embed", "base", "form", "use"] {
            assert_ne!(tag.split([' ', '/']).next(), Some(one), "<{tag}>");
        }
        // Quotes in values are escaped: every other piece is outside of them.
        for name in tag.split('"').step_by(2) {
            let name = name.trim().trim_end_matches('=');
            assert!(!["src", "srcset", "xlink:href", "action"].contains(&name), "<{tag}>");
            assert!(!name.starts_with("on"), "<{tag}>");
        }
    }
}

#[test]
fn the_page_of_a_whole_run() {
    let page = page_of(&with_controls(synthetic::run(&FOUR, 20), 1.0));
    let heading = |heading: &str| page.find(&format!(">{heading}</h2>")).unwrap_or(usize::MAX);
    let order = [
        "What was measured",
        "Cold starts",
        "Where the time goes",
        "Bursts",
        "Warm calls",
        "How far to trust it",
        "Notes",
        "Environment",
        "How to reproduce it",
        "What the figures mean",
    ];
    let places = order.map(heading);
    assert!(places.is_sorted() && places[9] < usize::MAX, "{places:?}");
    for told in ["over null, ms</th>", "slope 1.00", "--seed 42", "sha256:0000"] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("zoom"), "nothing can be zoomed into");
    // All on one network: it is said once.
    assert!(page.contains("all under bridge") && !page.contains(">conditions</th>"));
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
}

#[test]
fn the_answer_stands_in_the_head_and_at_the_top() {
    let page = page_of(&synthetic::run(&FOUR[..2], 20));
    let told = page.matches("node takes 55.6 ms longer than python").count();
    assert_eq!(told, 2, "{}", &page[..2000]);
}

#[test]
fn banners_come_first() {
    let mut run = with_controls(synthetic::run(&FOUR[..1], 20), 1.1);
    run.record.engine.kind = "fake".into();
    run.record.complete = false;
    run.record.stopped = Some("interrupted".into());
    run.truncated = true;
    let page = page_of(&run);
    let header = page.split_once("<header>").unwrap().1;
    let (banners, _) = header.split_once("<h1>").unwrap();
    assert_eq!(banners.matches("role=\"alert\"").count(), 4, "{banners}");
    for word in ["INVALID", "SIMULATED", "INCOMPLETE: 780 of 580", "interrupted", "cut short"] {
        assert!(banners.contains(word), "{word}: {banners}");
    }
    assert!(page.contains("<title>INVALID: SIMULATED: "));
}

#[test]
fn runs_that_are_nearly_nothing() {
    let mut warm = synthetic::run(&FOUR[..1], 3);
    warm.samples.retain(|s| s.cell.temperature == Temperature::Warm);
    assert!(page_of(&warm).contains("No cold start was measured."));
    let mut one = synthetic::run(&FOUR[..1], 1);
    one.samples.truncate(1);
    assert!(page_of(&one).contains("python takes "));
    let mut errors = synthetic::run(&FOUR[..2], 3);
    for sample in &mut errors.samples {
        sample.outcome = Outcome::EngineError { cause: "no space left".into() };
    }
    let page = page_of(&errors);
    assert!(page.contains("at least half of the cold starts failed"), "{page}");
    assert!(page.contains("<td class=\"figure\">failed</td>") && page.contains("no space left"));
    errors.samples.clear();
    let page = page_of(&errors);
    assert!(!page.contains("What was measured"), "an empty section");
    page_of(&parallel(3));
}

#[test]
fn foreign_text_stays_text() {
    const HOSTILE: [&str; 4] = [
        "</style></title></svg><script>alert(1)</script>",
        "\"'><img onerror=alert(1)>",
        "\u{202e}gnp.exe\u{2066}\u{200b}\u{1b}[31m",
        "<!-- -->&amp;&#60;b>",
    ];
    let long = "x".repeat(10_000);
    for text in HOSTILE.iter().copied().chain([long.as_str()]) {
        let mut run = synthetic::run(&FOUR[..2], 3);
        let record = &mut run.record;
        let function = &mut record.functions[0];
        for foreign in [
            &mut record.scenario.name,
            &mut record.host.cpu,
            &mut record.engine.version,
            &mut record.command,
            &mut record.id,
            &mut record.tool,
            &mut function.name,
            &mut function.version,
            &mut function.digest,
        ] {
            *foreign = text.to_owned();
        }
        record.warnings.push(text.to_owned());
        let renamed = |s: &&mut Sample| s.cell.function == "python";
        run.samples.iter_mut().filter(renamed).for_each(|s| s.cell.function = text.to_owned());
        run.samples[0].outcome = Outcome::Crashed { cause: text.to_owned() };
        let bare = page_with(&run, &[]);
        for tag in ["<script>alert", "<img", "</style></title>", "<b>bridge"] {
            assert!(!bare.contains(tag), "{tag}");
        }
        assert_eq!(bare.matches("</style>").count(), 1);
        let odd = |c: char| c.is_control() && c != '\n' || crate::text::sanitize::is_invisible(c);
        assert_eq!(bare.find(odd), None);
        assert!(bare.len() < 250_000, "{} bytes", bare.len());
    }
}

#[test]
fn two_hundred_cells_are_still_a_page() {
    let mut run = synthetic::run(&FOUR, 2);
    let rows = run.samples.clone();
    let sizes: Vec<u64> = (1..=12).map(|i| i * (64 << 20)).collect();
    run.samples.clear();
    for size in &sizes {
        let with = |mut s: Sample| {
            s.cell.factors.memory = *size;
            s
        };
        run.samples.extend(rows.iter().cloned().map(with));
    }
    run.record.scenario.factors.memory = sizes;
    let kinds = [
        ("cold", "cold"),
        ("cold-burst", "cold"),
        ("phases", "time"),
        ("timeline", "bursts"),
        ("warm", "warm"),
    ];
    let of = |i, (kind, section)| chart((kind, &format!("-bridge-{i}"), section), 1000, 200_000);
    let charts: Vec<Chart> = (0..12).flat_map(|i| kinds.map(|kind| of(i, kind))).collect();
    let page = page_with(&run, &charts);
    assert_eq!(
        page.matches(
            "class=\"scroll long\" role=\"region\" tabindex=\"0\" aria-labelledby=\"cells"
        )
        .count(),
        1
    );
    assert!(page.contains(">conditions</th>"));
    // The first of each kind is in sight; what the page has no room for is a file.
    assert!(page.contains("22 charts of other conditions"), "cold and cold-burst");
    assert!(page.contains("<a href=\"charts/warm-bridge-11.svg\">"));
    assert!(page.contains("Shown are 200 of 1000 rows"));
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
}

#[test]
fn a_chart_of_an_unknown_section_has_a_place() {
    let all = [("drift", "trust"), ("warm", "warm"), ("news", "news"), ("timeline", "bursts")];
    let all = all.into_iter().chain([("cold", "cold")]);
    let mut charts: Vec<Chart> =
        all.map(|(kind, section)| chart((kind, "", section), 3, 10)).collect();
    charts[0].narrow = Some("<?xml version=\"1.0\"?><svg role=\"img\">narrow</svg>".to_owned());
    let page = page_with(&synthetic::run(&FOUR[..1], 2), &charts);
    // Either is shown, by the width of the page; one alone scrolls in a frame.
    assert!(page.contains("<div class=\"on-narrow\"><svg role=\"img\">narrow</svg></div>"));
    assert_eq!(page.matches("class=\"on-wide\"").count(), 1);
    assert_eq!(page.matches("aria-label=\"Chart: ").count(), 4);
    let places = ["cold", "timeline", "news", "warm", "drift"]
        .map(|name| page.find(&format!("<figure id=\"chart-{name}\"")).unwrap());
    assert!(places.is_sorted());
    assert!(page.contains("<figcaption><b>Finding of news.</b> How to read it.</figcaption>"));
    assert!(page.contains("The figures (3 rows)") && !page.contains("Shown are"));
}

#[test]
fn networks_are_told_apart() {
    let mut run = synthetic::run(&FOUR[..2], 2);
    let half = run.samples.len() / 2;
    run.samples[half..].iter_mut().for_each(|s| s.cell.factors.network = Network::Host);
    run.record.scenario.factors.networks = vec![Network::Bridge, Network::Host];
    assert!(page_with(&run, &[]).contains(">conditions</th>"));
}

#[test]
fn what_it_would_cost_and_budgets_stand_on_a_page_and_foreign_prices_stay_text() {
    use crate::cost::{Architecture, Prices, Question, prices};
    use crate::spec::budget::{Budget, EVERY, Limited};
    let mut run = synthetic::four(9);
    let mut prices = Prices::builtin().unwrap();
    let hostile = "</td><script>alert(1)</script>\n|\u{1b}[31m";
    for text in [&mut prices.as_of, &mut prices.currency, &mut prices.region] {
        *text = hostile.to_owned();
    }
    prices.machines.iter_mut().for_each(|machine| machine.name += hostile);
    let (architecture, text) = (Architecture::X86, prices::BUILTIN.to_owned());
    run.cost = Some(Question { cold_share: 0.01, architecture, prices, text });
    let metrics = [Limited::Total, Limited::Warm, Limited::Size, Limited::Cost];
    let budget = |metric| Budget { function: EVERY.to_owned(), metric, limit: 1.0 };
    run.record.scenario.budgets = metrics.into_iter().map(budget).collect();
    let text = page_of(&run);
    for id in ["budgets", "cost", "standby"] {
        assert!(text.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(!text.contains("<script>alert") && !text.contains('\u{1b}'));
    let analysis = Analysis::of(&run);
    let artifacts = crate::report::render(&analysis).unwrap();
    for name in ["cost.csv", "budgets.csv", "charts/cost.svg"] {
        let found = artifacts.iter().find(|one| one.path.ends_with(name)).unwrap();
        let text = String::from_utf8(found.bytes.clone()).unwrap();
        assert!(!text.contains("<script>alert") && !text.contains('\u{1b}'), "{name}");
    }
}
