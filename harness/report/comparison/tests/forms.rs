//! The forms as they are, and what holds for the ones that programs read.

use super::*;
use crate::spec::factor::FACTORS;
use serde_json::Value;

/// The published schema, in which no object may have a member that it does not name.
fn schema() -> Value {
    fn close(schema: &mut Value) {
        let object = schema.as_object_mut().into_iter();
        for (name, part) in object.flat_map(|object| object.iter_mut()) {
            if name != "properties" {
                close(part);
                continue;
            }
            part.as_object_mut().unwrap().values_mut().for_each(close);
        }
        if schema.get("properties").is_some() {
            schema["additionalProperties"] = Value::Bool(false);
        }
    }
    let text = include_str!("../../../../results/compare.schema.json");
    let mut schema: Value = serde_json::from_str(text).unwrap();
    close(&mut schema);
    schema
}

#[test]
fn every_comparison_is_as_the_schema_says_and_has_nothing_besides() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, c) in synthetic::all() {
        let document: Value =
            serde_json::from_str(&file(&files(&c).unwrap(), "compare.json")).unwrap();
        let faults: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        assert_eq!(document["rows"].as_array().unwrap().len(), c.rows.len(), "{name}");
    }
    assert!(!validator.is_valid(&serde_json::json!({"format": 1})));
    // Every object names what it must have: all that it may, but for what is left out where
    // nobody asks for it.
    let is_later = |key: &str| FACTORS.iter().any(|factor| factor.later && factor.key == key);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        let Some(properties) = definition["properties"].as_object() else { continue };
        let required = definition["required"].as_array().unwrap();
        assert!(
            properties.keys().all(|key| is_later(key) || required.contains(&key.as_str().into())),
            "{name}"
        );
    }
}

#[test]
fn trackers_get_the_figures_of_head() {
    let files = files(&synthetic::regressed()).unwrap();
    let bmf: Value = serde_json::from_str(&file(&files, "compare.bmf.json")).unwrap();
    let python = &bmf["python bridge start/first"];
    assert_eq!(python["cold-total"]["value"], 250_432_000);
    assert_eq!(python["cold-boot-init"]["value"], 72_000_000);
    assert_eq!(bmf["python"]["image-size"]["value"], 146_800_652);
    assert_eq!(bmf["node bridge start/again"]["warm-total"]["value"], 1_092_000);
    let list: Value = serde_json::from_str(&file(&files, "compare.benchmark.json")).unwrap();
    assert_eq!(list[0]["name"], "python bridge start/first cold, total");
    assert_eq!((&list[0]["unit"], &list[0]["value"]), (&"ns".into(), &250_432_000.into()));
    assert!(list[0]["extra"].as_str().unwrap().starts_with("+11.8 % [+8.8, +14.8] against base"));

    let files = super::files(&synthetic::invalid()).unwrap();
    assert_eq!(file(&files, "compare.bmf.json"), "{}\n", "no history of what is not believed");
    assert_eq!(file(&files, "compare.benchmark.json"), "[]\n");
}

#[test]
fn the_text() {
    insta::assert_snapshot!(text(&synthetic::regressed()), @r#"
    cold starts compared: ▲ slower

    Cold starts got slower: python +26 ms (+11.8 %), in init.
    outcome: regressed (▲ slower)

    What was compared
      base: main (1a2b3c4d5e6f): run 20260102-030405-gate, began
        2026-01-02T03:04:05Z, 30 rounds
      head: faster-init (0f1e2d3c4b5a): run 20260102-030405-gate, began
        2026-01-02T03:04:05Z, 30 rounds
      order: interleaved: both sides in one run, in mirrored order
      host: 2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24
      functions: not the same: python (image)
      decides: total, boot+init, CPU time; at most 5 % false alarms over all rows
        that decide

    Rows, the worst first
    These decide. Head against base, in brackets 95 % intervals. All under bridge.
      function step             what         base     head            change [95 %]
    ▲ python   start/first cold boot+init 48.0 ms  72.0 ms  +24.0 ms [+22.6, +25.4]
        slower, p .0004, n 29, err 0
    ▲ python   start/first cold total      224 ms   250 ms    +11.8 % [+8.8, +14.8]
        slower in init (+26 ms) (measured again: n = 58), p .0004, n 58, err 0
    = jvm      start/first cold total      240 ms   242 ms      +1.0 % [-2.0, +4.0]
        same (smallest detectable change +12 %), p 1.000, n 29, err 0
    = rust     start/first cold total      164 ms   164 ms      +0.0 % [-3.0, +3.0]
        same (smallest detectable change +8 %), p 1.000, n 29, err 0
    = node     start/first cold total      281 ms   278 ms      -1.0 % [-4.0, +2.0]
        same (smallest detectable change +12 %), p 1.000, n 29, err 0

    Informational, not gated: these changed. All under bridge.
      function step             what            base       head           change [95 %]
    ▲ node     start/again warm warm total  0.910 ms    1.09 ms  +20.0 % [+17.0, +23.0]
        slower, p .0004, n 29, err 0
    ▲ jvm      —                image size 140.0 MiB  154.0 MiB     +10.0 % (+14.0 MiB)
        larger, n 1, err 0
      Informational rows that did not change: 1 row, see compare.json

    Notes
      head: python was told to sleep 25 ms in its init
      node: version node 20 in base, node 22 in head

    How to repeat it
      # both sides
      coldstart gate --base main --seed 42
    "#);
}

#[test]
fn the_text_where_nothing_changed() {
    let text = text(&synthetic::passed());
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("= ")).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    = jvm      start/first cold total 240 ms  242 ms  +1.0 % [-2.0, +4.0]
    = python   start/first cold total 224 ms  225 ms  +0.4 % [-2.6, +3.4]
    = rust     start/first cold total 164 ms  164 ms  +0.0 % [-3.0, +3.0]
    = node     start/first cold total 281 ms  278 ms  -1.0 % [-4.0, +2.0]
    "#);
}

#[test]
fn the_markdown() {
    let page = markdown(&synthetic::regressed());
    let (shown, _) = page.split_once("<details>").unwrap();
    insta::assert_snapshot!(shown, @r#"
    <!-- coldstart -->
    ## cold starts compared: ▲ slower

    **Cold starts got slower: python +26 ms (+11.8 %), in init.**

    ### What was compared

    - **base**: main (1a2b3c4d5e6f): run 20260102-030405-gate, began 2026-01-02T03:04:05Z, 30 rounds
    - **head**: faster-init (0f1e2d3c4b5a): run 20260102-030405-gate, began 2026-01-02T03:04:05Z, 30 rounds
    - **order**: interleaved: both sides in one run, in mirrored order
    - **host**: 2 x Example CPU &#64; 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24
    - **functions**: not the same: python (image)
    - **decides**: total, boot+init, CPU time; at most 5 % false alarms over all rows that decide

    ### Rows, the worst first

    These decide. Head against base, in brackets 95 % intervals. All under bridge.

    |  | function | step | what | base | head | change \[95 %\] | verdict | p | n | err |
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
    | ▲ | python | start/first cold | boot+init | 48.0 ms | 72.0 ms | +24.0 ms \[+22.6, +25.4\] | slower | .0004 | 29 | 0 |
    | ▲ | python | start/first cold | total | 224 ms | 250 ms | +11.8 % \[+8.8, +14.8\] | slower in init (+26 ms) (measured again: n = 58) | .0004 | 58 | 0 |
    | = | jvm | start/first cold | total | 240 ms | 242 ms | +1.0 % \[-2.0, +4.0\] | same (smallest detectable change +12 %) | 1.000 | 29 | 0 |
    | = | rust | start/first cold | total | 164 ms | 164 ms | +0.0 % \[-3.0, +3.0\] | same (smallest detectable change +8 %) | 1.000 | 29 | 0 |
    | = | node | start/first cold | total | 281 ms | 278 ms | -1.0 % \[-4.0, +2.0\] | same (smallest detectable change +12 %) | 1.000 | 29 | 0 |

    Informational, not gated: these changed. All under bridge.

    |  | function | step | what | base | head | change \[95 %\] | verdict | p | n | err |
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
    | ▲ | node | start/again warm | warm total | 0.910 ms | 1.09 ms | +20.0 % \[+17.0, +23.0\] | slower | .0004 | 29 | 0 |
    | ▲ | jvm | — | image size | 140.0 MiB | 154.0 MiB | +10.0 % (+14.0 MiB) | larger | — | 1 | 0 |
    "#);
}

#[test]
fn the_details_of_the_markdown() {
    let mut c = synthetic::regressed();
    c.rows.retain(|row| row.function == "python");
    let page = markdown(&c);
    let (_, details) = page.split_once("<details>").unwrap();
    let (told, repeat) = details.split_once("<summary>How to read it").unwrap();
    let (_, repeat) = repeat.split_once("</details>").unwrap();
    insta::assert_snapshot!(format!("{told}...{repeat}"), @r#"
    <summary>Informational rows that did not change</summary>

    Informational, not gated: these did not change.

    |  | function | what | base | head | change \[95 %\] | verdict | n | err |
    | --- | --- | --- | --- | --- | --- | --- | --- | --- |
    | = | python | image size | 140.0 MiB | 140.0 MiB | +0.0 % (+12 B) | same | 1 | 0 |

    </details>

    ### Notes

    - head: python was told to sleep 25 ms in its init
    - node: version node 20 in base, node 22 in head

    <details><summary>Where it changed</summary>

    The parts of each cold start; those that carry its change are marked. All under bridge.

    | function | step | part | change \[95 %\] | p |
    | --- | --- | --- | --- | --- |
    | python | start/first cold | engine | +0.40 ms \[-1.6 ms, +2.4 ms\] | .600 |
    | python | start/first cold | boot | -0.10 ms \[-2.1 ms, +1.9 ms\] | .600 |
    | python | start/first cold | init (explains it) | +26 ms \[+24 ms, +28 ms\] | &lt;.0001 |
    | python | start/first cold | invoke | +0.01 ms \[-2.0 ms, +2.0 ms\] | .600 |

    </details>

    <details><summary>Margins, and the smallest detectable changes</summary>

    How large a change must be to matter, and the smallest that would have been found four times in five.

    | row | margin | smallest detectable change |
    | --- | --- | --- |
    | python bridge start/first cold, boot+init | 5 % and 5.00 ms | +12 % (5.76 ms) |
    | python bridge start/first cold, total | 5 % and 5.00 ms | +12 % (26.9 ms) |
    | python, image size | 5 % and 1.0 MiB | — |

    </details>

    <details><summary>Functions that are not the same on both sides</summary>

    What differs of each function between the sides

    | function | what differs | base | head |
    | --- | --- | --- | --- |
    | python | image | sha256:000000000000… (140.0 MiB) | sha256:abababababab… (140.0 MiB) |

    </details>

    ### How to repeat it

    - both sides: ` coldstart gate --base main --seed 42 `

    <details>...
    "#);
}

#[test]
fn the_annotations() {
    let mut c = synthetic::regressed();
    c.missing = synthetic::missing().missing;
    c.rows.extend(synthetic::inconclusive().rows.into_iter().skip(1).take(1));
    insta::assert_snapshot!(annotations(&c).join("\n"), @r#"
    ::error title=Cell is missing::jvm bridge start/first cold: gone: measured in base, not in head
    ::error title=Regression::python bridge start/first cold, boot+init: 48.0 ms -> 72.0 ms, +24.0 ms [+22.6, +25.4], p=.0004, n=29, failed=0: REGRESSED
    ::error title=Regression::python bridge start/first cold, total: 224 ms -> 250 ms, +11.8 %25 [+8.8, +14.8], p=.0004, n=58, failed=0: REGRESSED in init (+26 ms) (measured again: n = 58)
    ::warning title=Inconclusive::node bridge start/first cold, total: 281 ms -> 278 ms, +4.0 %25 [-3.0, +12.0], p=1.000, n=29, failed=0: inconclusive (no alarm before others were measured again; smallest detectable change +12 %25)
    ::warning title=Regression that decides nothing::node bridge start/again warm, warm total: 0.910 ms -> 1.09 ms, +20.0 %25 [+17.0, +23.0], p=.0004, n=29, failed=0: REGRESSED
    ::warning title=Regression that decides nothing::jvm, image size: 140.0 MiB -> 154.0 MiB, +10.0 %25 (+14.0 MiB), n=1, failed=0: REGRESSED
    ::notice title=New cell::go bridge start/first cold: new: measured in head, not in base
    "#);
}

#[test]
fn the_test_report() {
    let mut c = synthetic::regressed();
    c.missing = synthetic::missing().missing;
    insta::assert_snapshot!(file(&files(&c).unwrap(), "compare.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="coldstart compare" tests="7" skipped="1" failures="3" errors="0">
    <testsuite name="cold starts" tests="7" skipped="1" errors="0" failures="3">
    <testcase name="bridge start/first cold boot+init" classname="python"><failure message="48.0 ms -&gt; 72.0 ms, +24.0 ms [+22.6, +25.4], p=.0004, n=29, failed=0: REGRESSED" type="regressed"></failure></testcase>
    <testcase name="bridge start/first cold total" classname="python"><failure message="224 ms -&gt; 250 ms, +11.8 % [+8.8, +14.8], p=.0004, n=58, failed=0: REGRESSED in init (+26 ms) (measured again: n = 58)" type="regressed"></failure></testcase>
    <testcase name="bridge start/first cold total" classname="jvm"><system-out>240 ms -&gt; 242 ms, +1.0 % [-2.0, +4.0], p=1.000, n=29, failed=0: unchanged (smallest detectable change +12 %)</system-out></testcase>
    <testcase name="bridge start/first cold total" classname="rust"><system-out>164 ms -&gt; 164 ms, +0.0 % [-3.0, +3.0], p=1.000, n=29, failed=0: unchanged (smallest detectable change +8 %)</system-out></testcase>
    <testcase name="bridge start/first cold total" classname="node"><system-out>281 ms -&gt; 278 ms, -1.0 % [-4.0, +2.0], p=1.000, n=29, failed=0: unchanged (smallest detectable change +12 %)</system-out></testcase>
    <testcase name="bridge start/first cold" classname="jvm"><failure message="gone: measured in base, not in head" type="missing"></failure></testcase>
    <testcase name="bridge start/first cold" classname="go"><skipped message="new: measured in head, not in base" type="missing"></skipped></testcase>
    <system-out>Cold starts got slower: python +26 ms (+11.8 %), in init; and 1 cell is gone.
    - node bridge start/again warm, warm total: 0.910 ms -&gt; 1.09 ms, +20.0 % [+17.0, +23.0], p=.0004, n=29, failed=0: REGRESSED
    - jvm, image size: 140.0 MiB -&gt; 154.0 MiB, +10.0 % (+14.0 MiB), n=1, failed=0: REGRESSED
    - python, image size: 140.0 MiB -&gt; 140.0 MiB, +0.0 % (+12 B), n=1, failed=0: unchanged
    </system-out>
    </testsuite>
    </testsuites>
    "#);
}

#[test]
fn why_a_function_alarmed_stands_below_its_rows_and_leads_to_its_page() {
    let mut found = synthetic::regressed();
    found.explained = vec![crate::compare::ExplainedAlarm {
        function: "rust".to_owned(),
        loads: vec![("decimal\u{1b}[2J".to_owned(), 6_000_000)],
        opens: vec!["/usr/lib/<b>decimal.py".to_owned()],
        takes: vec![("decimal".to_owned(), 5_000_000)],
    }];
    let text = text(&found);
    assert!(text.contains("head newly loads `decimal") && text.contains("(6.00 ms)"), "{text}");
    assert!(markdown(&found).contains("](explain/explain.html)"));
    let files = pictured(&found).unwrap();
    let page = String::from_utf8(files[0].bytes.clone()).unwrap();
    assert!(page.contains("href=\"explain/explain.html\"") && !page.contains("<b>decimal"));
    assert!(!text.contains('\u{1b}') && !page.contains('\u{1b}'));
}
