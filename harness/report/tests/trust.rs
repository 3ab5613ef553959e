//! What the reports say of how far a run's figures can be trusted.

use super::controls::{parallel, with_controls};
use super::*;
use crate::report::build::run::notes::notes;
use crate::report::build::run::trust::verdict;
use crate::report::document::Note;
use crate::sample::{HostInterval, Mark, Residency, Resources, Sample, Temperature, TrialRecord};
use crate::spec::factor::{OciRuntime, PageCache};
use crate::spec::function::ReplyCheck;

fn shown(run: &Run) -> String {
    let text = super::super::text(&Analysis::of(run), &Look::default());
    let widest = text.lines().map(|l| l.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}\n{text}");
    text
}

/// The remarks of a run that hold a word.
fn notes_with(run: &Run, word: &str) -> Vec<String> {
    let all = notes(&Analysis::of(run));
    all.iter().map(Note::whole).filter(|text| text.contains(word)).collect()
}

fn summary(run: &Run) -> serde_json::Value {
    serde_json::from_str(text(&render(run).unwrap(), "summary.json")).unwrap()
}

/// Every form that a reader may have before him.
fn forms(run: &Run) -> [String; 4] {
    let files = render(run).unwrap();
    let block = readme::block(&Analysis::of(run));
    let table = shown(run).split_whitespace().collect::<Vec<_>>().join(" ");
    [table, block, text(&files, "report.md").to_owned(), text(&files, "report.html").to_owned()]
}

#[test]
fn a_run_that_takes_any_reply_says_temperature_by_container_alone_in_every_form() {
    let mut run = synthetic::run(&synthetic::FOUR[..2], 3);
    for form in forms(&run) {
        assert!(!form.contains("container alone"), "{form}");
    }
    run.record.functions[1].reply = ReplyCheck::Any;
    let name = run.record.functions[1].name.clone();
    for form in forms(&run) {
        assert!(form.contains("temperature by container alone"), "{form}");
        assert!(form.contains(&name) && !form.contains("verified reply"), "{form}");
    }
    assert!(forms(&run)[0].contains(&format!("reply, verified but for {name}")));
    run.record.functions[0].reply = ReplyCheck::Any;
    for form in forms(&run) {
        assert!(form.contains("temperature by container alone"), "{form}");
        assert!(!form.contains("verified"), "nothing was: {form}");
    }
}

#[test]
fn a_reply_that_was_asked_for_something_proves_no_temperature_either() {
    let mut run = synthetic::run(&synthetic::FOUR[..2], 3);
    run.record.functions[0].reply = "{ text = \"ok\" }".parse().unwrap();
    for form in forms(&run) {
        assert!(form.contains("temperature by container alone"), "{form}");
    }
    run.record.functions[1].reply = ReplyCheck::Any;
    for form in forms(&run) {
        assert!(form.contains("as it was to be; temperature by container alone"), "{form}");
        assert!(!form.contains("any reply was taken"), "one was not: {form}");
    }
}

#[test]
fn an_init_that_aws_lambda_would_have_ended_is_told_of_what_is_started_so() {
    let mut run = synthetic::run(&synthetic::FOUR[..2], 3);
    let name = run.record.functions[0].name.clone();
    let cold = |s: &&mut Sample| {
        s.cell.temperature == Temperature::Cold && s.cell.function == name && s.round == 2
    };
    let late = run.samples.iter_mut().find(cold).unwrap();
    let ready = late.marks.ready().unwrap();
    late.marks.set(Mark::Ready, ready + 10_000_000_000);
    assert!(notes_with(&run, "AWS Lambda would").is_empty(), "it is not started as there");
    run.record.functions[0].launch.lambda = true;
    let told = notes_with(&run, "AWS Lambda would");
    assert!(told.len() == 1 && told[0].contains(&format!("{name}: 1 of ")), "{told:?}");
    assert!(told[0].contains("longer than 10 s"), "{told:?}");
}

#[test]
fn a_run_with_controls() {
    let run = with_controls(synthetic::run(&synthetic::FOUR[..2], 20), 1.0);
    insta::assert_snapshot!(shown(&run), @r#"
    cold starts, scenario default, 20 rounds
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    node takes 55.6 ms longer than python to answer cold (270 against 215 ms); the
      engine and the language runtime take 61 to 78 % of a typical start.

    What was measured
    From the instant an invocation was wanted to the last byte of its verified
      reply, all under bridge; in ms, in brackets 95 % intervals; ratio: cold to
      warm
                                  n  err           p50 (95 %)    p90   max  ratio
    python, bridge: 36.7 ms over the null container
      single/call  burst 1 cold  19    0        215 (207–221)      —   230   342x
          queue 0.008 · create 6.32 · engine+boot 162 · init 46.5 · invoke 0.416
      surge/out    burst 4 cold  76    0        437 (430–443)    473   506   697x
          queue 0.010 · create 6.41 · engine+boot 327 · init 103 · invoke 0.907
      surge/again  burst 4 warm  76    0     1.31 (1.14–1.40)   1.76  2.08
      surge/steady seq 20  warm 380    0  0.628 (0.614–0.644)  0.857  1.11
    node, bridge: 92.3 ms over the null container
      single/call  burst 1 cold  19    0        270 (264–279)      —   338   298x
          queue 0.008 · create 5.50 · engine+boot 159 · init 105 · invoke 0.905
      surge/out    burst 4 cold  76    0        552 (546–566)    599   650   609x
          queue 0.014 · create 5.99 · engine+boot 310 · init 234 · invoke 2.68
      surge/again  burst 4 warm  76    0     1.94 (1.69–2.30)   2.83  3.45
      surge/steady seq 20  warm 380    0  0.907 (0.875–0.941)   1.26  2.34

    Cold starts
      ms, logarithmic scale
      python  ▃ █▆▆▃▆▆▆  ▆▆                                     n=19
      node                  ▃        ▃▆▃▆█▆▃▆   ▃ ▃▃         ▃  n=19
              200                                          338

    How far to trust it
      machine: quiet
    Controls and calibration
      null process: 1.44 (1.42–1.45) ms, n = 19: the driver's floor
      null container, bridge: 178 (174–182) ms, n = 19: the engine's floor
      process: slope 1.0000 ± 0.0001, intercept 1.44 ms, spread 27.3 us, n = 95
      container, after the engine: slope 1.0000 ± 0.0001, intercept 536 us, spread
        27.3 us, n = 95
      container, whole: slope 1.00 ± 0.02 (through the engine's noise)
      reply seen: 37.5 us after the function's own stamp (median; max 46.9 us)

    Notes
      at most 75.2 % of a typical cold start is in parts that are told as one
      round 1 (discarded), median ms: python 488, node 633; up to 2.3x what came
        after, as files were not in memory yet: to measure that, `--page-cache
        image-cold`
      —: too few rows for a 95 % interval; p90 needs 36, p95 72, p99 368: read the
        maximum
    "#);
}

#[test]
fn an_invalid_run_says_so_first_and_everywhere() {
    let mut run = with_controls(synthetic::run(&synthetic::FOUR[..1], 6), 1.02);
    let text_of = shown(&run);
    assert!(text_of.starts_with("INVALID: cold starts, "), "{text_of}");
    let first = text_of.lines().position(|l| l.starts_with("INVALID, ")).unwrap();
    insta::assert_snapshot!(text_of.lines().skip(first).take(4).collect::<Vec<_>>().join("\n"), @r#"
    INVALID, these figures are not to be believed: the calibration's slope in the
      process is 1.0200, more than 1 % from 1; the calibration's slope in the
      container is 1.0200, more than 1 % from 1
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
    "#);
    let files = render(&run).unwrap();
    assert!(text(&files, "report.md").starts_with("# INVALID: "));
    let page = text(&files, "report.html");
    assert!(page.contains("<title>INVALID: ") && page.contains("role=\"alert\">INVALID"));
    assert!(readme::block(&Analysis::of(&run)).starts_with("INVALID: "));
    let reasons = summary(&run)["invalid"].as_array().unwrap().len();
    assert_eq!(reasons, 2, "the slopes of both places");
    run.record.engine.kind = "fake".into();
    assert!(shown(&run).starts_with("INVALID: SIMULATED: cold starts, "));
}

#[test]
fn a_run_without_controls_says_so_once() {
    let run = synthetic::run(&synthetic::FOUR[..1], 3);
    let text_of = shown(&run);
    assert_eq!(text_of.matches(crate::report::build::run::controls::NONE).count(), 1, "{text_of}");
    assert!(!text_of.contains("over the null container"), "{text_of}");
    let summary = summary(&run);
    assert_eq!((&summary["controls"], &summary["noise"]["known"]), (&().into(), &false.into()));
    assert_eq!(summary["invalid"], serde_json::json!([]));
}

#[test]
fn controls_are_among_no_functions() {
    let plain = synthetic::run(&synthetic::FOUR[..1], 6);
    let run = with_controls(plain.clone(), 1.0);
    let rows = |run: &Run| {
        let page = text(&render(run).unwrap(), "report.md").to_owned();
        let (_, table) = page.split_once("| function |").unwrap();
        table.split_once("\n\n").unwrap().0.lines().count()
    };
    assert_eq!(rows(&run), rows(&plain));
    let page = |run: &Run| {
        let page = text(&render(run).unwrap(), "report.html").to_owned();
        // The figures of the calibration are of controls and of nothing else.
        let (before, figure) =
            page.split_once("<figure id=\"chart-calibration\"").unwrap_or((&page, ""));
        let after = figure.split_once("</figure>").map_or("", |(_, after)| after);
        before.matches("<tr>").count() + after.matches("<tr>").count()
    };
    assert_eq!(page(&run), page(&plain));
    let answer = |run: &Run| build::run::document(&Analysis::of(run), &[]).answer;
    assert_eq!(answer(&run), answer(&plain));
}

#[test]
fn controls_in_the_summary_and_in_the_pages() {
    let run = with_controls(synthetic::run(&synthetic::FOUR[..1], 20), 1.0);
    let summary = summary(&run);
    let controls = &summary["controls"];
    assert!((controls["process"]["slope"].as_f64().unwrap() - 1.0).abs() < 0.001);
    assert_eq!(
        (&controls["process"]["n"], &controls["null_process"]["n"]),
        (&95.into(), &19.into())
    );
    assert_eq!(controls["null_containers"][0]["factors"]["network"], "bridge");
    assert_eq!(
        (&summary["noise"]["grade"], &summary["noise"]["known"]),
        (&"quiet".into(), &true.into())
    );
    assert_eq!(summary["unattributed"].as_array().unwrap().len(), 1);
    let files = render(&run).unwrap();
    for heading in ["### Controls", "**machine**: quiet"] {
        assert!(text(&files, "report.md").contains(heading), "{heading}");
    }
    for heading in
        [">Controls and calibration</h3>", "<b>machine</b>: quiet", "over the null container"]
    {
        assert!(text(&files, "report.html").contains(heading), "{heading}");
    }
    let markdown = text(&files, "report.md");
    let (from, to) =
        (markdown.find("## How far").unwrap(), markdown.find("\n![Calibration").unwrap());
    insta::assert_snapshot!(markdown[from..to].trim_end(), @r#"
    ## How far to trust it

    - **machine**: quiet

    ### Controls and calibration

    - **null process**: 1.44 (1.42–1.45) ms, n = 19: the driver's floor
    - **null container, bridge**: 178 (174–182) ms, n = 19: the engine's floor
    - **process**: slope 1.0000 ± 0.0001, intercept 1.44 ms, spread 27.3 us, n = 95
    - **container, after the engine**: slope 1.0000 ± 0.0001, intercept 536 us, spread 27.3 us, n = 95
    - **container, whole**: slope 1.00 ± 0.02 (through the engine's noise)
    - **reply seen**: 37.5 us after the function's own stamp (median; max 46.9 us)
    "#);
    let block = readme::block(&Analysis::of(&run));
    insta::assert_snapshot!(block.lines().skip(2).take(7).collect::<Vec<_>>().join("\n"), @r#"
    | function | cold p50, ms | over the null container | max | n | in a burst | warm p50 | cold / warm |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | python, bridge | 211 (206–224) | 32.4 | 230 | 19 | 431 (424–440), 4 at once | 0.628 (0.614–0.649) | 335x |

    In brackets: 95 % interval. From the instant an invocation was wanted to the last byte of its verified reply.

    Calibration, process: slope 1.0000 ± 0.0001, intercept 1.44 ms, spread 27.3 us, n = 95. Machine: quiet.
    "#);
}

#[test]
fn a_run_whose_controls_failed_is_not_taken_for_a_calibrated_one() {
    let mut run = with_controls(synthetic::run(&synthetic::FOUR[..1], 6), 1.0);
    assert!(notes_with(&run, "not calibrated").is_empty());
    for sample in run.samples.iter_mut().filter(|s| s.cell.factors.runtime == "process") {
        sample.outcome = Outcome::EngineError { cause: "no such file".into() };
    }
    let missing = "not calibrated, too few of the known sleeps were measured: process";
    assert_eq!(notes_with(&run, "not calibrated"), [missing]);
    assert!(shown(&run).contains("null process: failed, n = 5, 5 failed: the driver's floor"));
}

#[test]
fn a_run_of_throughput() {
    let run = parallel(8);
    insta::assert_snapshot!(shown(&run), @r#"
    cold starts, scenario default, 8 rounds
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    python takes 149 ms (95 % interval 147 to 151) to answer cold; the engine and
      the language runtime take 80 % of a typical start.

    What was measured
    From the instant an invocation was wanted to the last byte of its verified
      reply, all under bridge; in ms, in brackets 95 % intervals; ratio: cold to
      warm
                                     n  err     p50 (95 %)     p90 (95 %)  max
    python, bridge
      many/starts 4 at a time cold 280    0  404 (402–406)  407 (405–407)  407
          queue 0.009 · create 5.99 · engine+boot 317 · init 40.4 · invoke 40.4
      one/starts  1 at a time cold  35    0  149 (147–151)              —  152
          queue 0.009 · create 5.99 · engine+boot 113 · init 14.9 · invoke 14.9

    Cold starts
      ms, logarithmic scale
      python  █       █       █       █       █       █      █  n=35
              146                                          152

    Throughput
      python, bridge: 1 at a time 288 (282–294), 4 at a time 424 (1.5x); median 149
        -> 404 ms (2.7x)
      A closed loop: a worker begins its next start when its last instance is gone.
        Removals are part of it and take turns.

    How far to trust it
      machine: unknown: nothing was read of it

    Notes
      warning: no controls: the run cannot say how wrong it is
      warning: kernel events: none received, so phases are merged; `coldstart
        doctor` says what is missing
      at most 76.0 % of a typical cold start is in parts that are told as one
      round 1 (discarded), median ms: python 151
      —: too few rows for a 95 % interval; p90 needs 36, p95 72, p99 368: read the
        maximum
    "#);
    let files = render(&run).unwrap();
    let row = "| python, bridge | 4 | 7 | 280 | 0 |";
    assert!(text(&files, "report.md").contains(row), "{}", text(&files, "report.md"));
    assert!(text(&files, "report.html").contains(">Throughput</h2>"));
    let four = &summary(&run)["throughput"][1];
    assert_eq!((&four["workers"], &four["starts"]), (&4.into(), &280.into()));
    assert!(four["speed_up"].as_f64().unwrap() > 1.0);
    // Of few trials there is no interval: the range stands instead.
    assert!(shown(&parallel(3)).contains(" in a trial)"), "{}", shown(&parallel(3)));
}

#[test]
fn a_noisy_machine_says_why() {
    let mut run = with_controls(synthetic::run(&synthetic::FOUR[..1], 20), 1.0);
    run.record.machine.governor = Some("powersave".into());
    run.trials.push(TrialRecord {
        trial: 1,
        round: 1,
        began: 0,
        ended: 1,
        machine: HostInterval { steal: Some(0.4), ..HostInterval::default() },
        resident: None,
    });
    insta::assert_snapshot!(verdict(&Analysis::of(&run).machine), @r#"noisy: in one trial the hypervisor took 40.0 % of the processors' time (steal); the processors' governor is `powersave`: processors that idled may begin slowly"#);
    // Where memory and the page cache are factors, waiting for them is no noise.
    run.record.machine.meanwhile = Some(HostInterval {
        io_pressure: Some(0.9),
        memory_pressure: Some(0.9),
        ..HostInterval::default()
    });
    assert!(verdict(&Analysis::of(&run).machine).contains("waited for memory in 90.0 %"));
    run.record.scenario.factors.memory = vec![64 << 20];
    run.record.scenario.factors.page_cache = vec![PageCache::ImageCold];
    assert!(!verdict(&Analysis::of(&run).machine).contains("waited for"));
}

#[test]
fn what_the_kernel_told() {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 2);
    assert_eq!(notes_with(&run, "kernel events").len(), 1);
    run.record.kernel_events.seen = 12;
    assert_eq!(notes_with(&run, "kernel"), ["kernel events: 12 received, none lost"]);
    run.record.kernel_events.lost = 2;
    let lost = "kernel events: 12 received, lost 2 times: some starts lack marks";
    assert_eq!(notes_with(&run, "kernel"), [lost]);
    run.record.kernel_events.silent = Some("no privilege\u{1b}[2J\n# x <b>".into());
    let merged = "phases of the engine are merged: no privilege\u{fffd}[2J # x <b>";
    assert_eq!(notes_with(&run, "merged"), [merged]);
    let share = notes_with(&run, "told as one");
    assert!(share[0].starts_with("at most 7"), "{share:?}");
}

#[test]
fn throttling_and_lack_of_memory_are_told_for_each_cell() {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 4);
    let cold = |s: &&mut Sample| s.cell.step == "call";
    for sample in run.samples.iter_mut().filter(cold) {
        sample.resources = Some(Resources {
            throttled_periods: Some(3),
            throttled_us: Some(12_000),
            peak_memory: Some(40 << 20),
            cpu_ns: Some(61_000_000),
            cpu_system_ns: Some(12_000_000),
            oom_kills: Some(1),
        });
    }
    insta::assert_snapshot!(notes_with(&run, "throttled").join("\n"), @r#"python bridge single/call: throttled in 9 periods of 3 starts, 12.0 ms at the median, 12.0 ms at most; out of memory: 3 kills by the kernel"#);
    let markdown = render(&run).unwrap();
    let row = "| python bridge single/call | 3 | 61.0 | 12.0 | 40.0 MiB | 40.0 MiB | 9 | 12.0 | 12.0 | 3 |";
    assert!(text(&markdown, "report.md").contains(row), "{}", text(&markdown, "report.md"));
    assert_eq!(summary(&run)["resources"][0]["peak_memory_max_bytes"], 40 << 20);
}

#[test]
fn a_cold_page_cache_is_proved_for_so_many_trials() {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 4);
    run.record.scenario.factors.page_cache = vec![PageCache::Warm, PageCache::ImageCold];
    for sample in &mut run.samples {
        if sample.trial % 2 == 0 {
            sample.cell.factors.page_cache = PageCache::ImageCold;
        }
        let resident = |bytes| Some(Residency { files: 1, bytes: 1 << 20, resident: bytes });
        let record = TrialRecord {
            trial: sample.trial,
            round: sample.round,
            began: 0,
            ended: 1,
            machine: HostInterval::default(),
            resident: match sample.trial {
                2 => resident(1 << 19),
                4 => None,
                _ => resident(4096),
            },
        };
        if run.trials.last().is_none_or(|t| t.trial != sample.trial) {
            run.trials.push(record);
        }
    }
    let proved = "image-cold proved for 2 of 4 trials; at most 4.0 KiB stayed";
    assert_eq!(notes_with(&run, "proved"), [proved]);
}

#[test]
fn how_far_the_stopping_rule_and_the_time_limit_went() {
    let mut run = synthetic::run(&synthetic::FOUR[..1], 12);
    run.record.scenario.until = Some(0.02);
    run.record.scenario.max_time = Some(std::time::Duration::from_secs(200));
    insta::assert_snapshot!(notes_with(&run, "rounds a cell").join("\n"), @r#"rounds a cell: 12; 4 cells never came within 2 % of their median: python bridge single/call, python bridge surge/again, python bridge surge/out, python bridge surge/steady"#);
    run.record.scenario.until = Some(0.5);
    assert!(
        notes_with(&run, "rounds a cell")[0]
            .ends_with("every interval is within 50 % of their median")
    );
    assert_eq!(notes_with(&run, "time limit"), ["time limit 3 min 20 s: not reached"]);
    run.record.stopped = Some("interrupted".to_owned());
    assert_eq!(notes_with(&run, "time limit"), ["time limit 3 min 20 s: not reached"]);
    run.record.stopped = Some(crate::store::OUT_OF_TIME.to_owned());
    assert_eq!(
        notes_with(&run, "time limit"),
        ["time limit 3 min 20 s: it ended the run; raise `--max-time`"]
    );
}

#[test]
fn foreign_words_about_the_machine_stay_words() {
    let hostile = "<script>x</script>\u{1b}[2J\u{202e}|`";
    let mut run = with_controls(synthetic::run(&[("../<b>", 150.0, 5.0, 0.3)], 3), 1.02);
    run.record.machine.governor = Some(hostile.into());
    run.record.kernel_events.silent = Some(hostile.into());
    let offers = run.record.engine.offers.clone();
    run.record.engine.offers = offers.with::<OciRuntime>([hostile].into_iter().collect());
    run.record.scenario.factors.runtimes = vec![hostile.into()];
    for sample in &mut run.samples {
        sample.cell.factors.runtime = hostile.into();
    }
    let files = render(&run).unwrap();
    assert!(!text(&files, "report.html").contains("<script>x"));
    let block = readme::block(&Analysis::of(&run));
    for shown in [text(&files, "report.html"), text(&files, "report.md"), &shown(&run), &block] {
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }
    assert!(!block.contains("<script>") && !text(&files, "report.md").contains("**<script>"));
}
