use super::*;
use crate::analysis::Analysis;
use crate::report::tests::synthetic;
use crate::sample::Outcome;
use crate::store::Run;

fn shown(run: &Run) -> String {
    at(run, &Look::default())
}

fn nz(n: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(n).unwrap()
}

fn at(run: &Run, look: &Look) -> String {
    crate::report::text(&Analysis::of(run), look)
}

#[test]
fn the_default_run() {
    let text = shown(&synthetic::four(20));
    let (figures, _) = text.split_once("\n\nHow far to trust it").unwrap();
    insta::assert_snapshot!(figures, @r#"
    cold starts, scenario default, 20 rounds
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    node takes 109 ms longer than rust to answer cold (270 against 162 ms); the
      engine and the language runtime take 61 to over 99 % of a typical start.

    What was measured
    From the instant an invocation was wanted to the last byte of its verified
      reply, all under bridge; in ms, in brackets 95 % intervals; ratio: cold to
      warm
                                  n  err           p50 (95 %)    p90    max  ratio
    python, bridge
      single/call  burst 1 cold  19    0        216 (207–230)      —    246   335x
          queue 0.006 · create 7.00 · engine+boot 154 · init 54.3 · invoke 0.448
      surge/out    burst 4 cold  76    0        435 (431–441)    473    506   676x
          queue 0.011 · create 6.45 · engine+boot 328 · init 99.1 · invoke 1.50
      surge/again  burst 4 warm  76    0     1.23 (1.16–1.34)   1.65   2.05
      surge/steady seq 20  warm 380    0  0.643 (0.630–0.658)  0.864   1.08
    node, bridge
      single/call  burst 1 cold  19    0        270 (261–281)      —    304   288x
          queue 0.008 · create 5.50 · engine+boot 159 · init 105 · invoke 0.905
      surge/out    burst 4 cold  76    0        552 (549–556)    582    617   588x
          queue 0.014 · create 5.99 · engine+boot 310 · init 234 · invoke 2.68
      surge/again  burst 4 warm  76    0     1.89 (1.70–2.00)   2.61   3.17
      surge/steady seq 20  warm 380    0  0.940 (0.902–0.973)   1.30   2.34
    rust, bridge
      single/call  burst 1 cold  19    0        162 (155–165)      —    186   703x
          queue 0.007 · create 5.88 · engine+boot 155 · init 1.14 · invoke 0.233
      surge/out    burst 4 cold  76    0        326 (321–330)    354    384  1418x
          queue 0.005 · create 6.12 · engine+boot 317 · init 2.23 · invoke 0.248
      surge/again  burst 4 warm  76    0  0.452 (0.415–0.479)  0.626  0.734
      surge/steady seq 20  warm 380    0  0.230 (0.221–0.238)  0.307  0.468
    jvm, bridge
      single/call  burst 1 cold  19    0        245 (237–253)      —    301   314x
          queue 0.008 · create 5.57 · engine+boot 155 · init 83.8 · invoke 0.638
      surge/out    burst 4 cold  76    0        495 (483–501)    536    575   635x
          queue 0.007 · create 6.21 · engine+boot 316 · init 170 · invoke 1.72
      surge/again  burst 4 warm  76    0     1.63 (1.47–1.82)   2.44   4.00
      surge/steady seq 20  warm 380    0  0.780 (0.760–0.809)   1.07   1.38

    Cold starts
      ms, logarithmic scale
      python                       ▄ █▂▄▆▂ ▂▄▂▂ ▂               n=19
      node                                   ▃▃   ▃ ▆▆█▃█▃▃▃▃▃  n=19
      rust    ▂  ▄▂▄▄▂██    ▂ ▂                                 n=19
      jvm                                  ▃▆ ███▆▆  ▆       ▃  n=19
              142                                          304
    "#);
}

#[test]
fn an_incomplete_run_with_failures() {
    let mut run = synthetic::run(&synthetic::FOUR[2..3], 4);
    run.record.complete = false;
    run.record.counts.planned = 400;
    run.record.stopped = Some("interrupted".into());
    run.record.warnings.push("frequency scaling is on".into());
    run.truncated = true;
    for (i, sample) in run.samples.iter_mut().enumerate() {
        if i % 9 == 0 {
            let cause = "exit code 1\n\u{1b}[31mpanicked\u{1b}[0m at 'x'".into();
            sample.outcome = Outcome::Crashed { cause };
        }
    }
    insta::assert_snapshot!(shown(&run), @r#"
    cold starts, scenario default, 4 rounds
    INCOMPLETE: 116 of 400 planned invocations: interrupted
    INCOMPLETE: the last row was cut short and is left out: the driver was killed.
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    rust takes 160 ms to answer cold, 660x as long as warm; the engine and the
      language runtime take over 99 % of a typical start.

    What was measured
    From the instant an invocation was wanted to the last byte of its verified
      reply, all under bridge; in ms, in brackets 95 % intervals; ratio: cold to
      warm
                                 n  err  p50 (95 %)  p90 (95 %)    max  ratio
    rust, bridge
      single/call  burst 1 cold  3    0         160           —    164   660x
          queue 0.016 · create 6.05 · engine+boot 153 · init 1.21 · invoke 0.268
      surge/out    burst 4 cold 12    1         309           —    356  1271x
          queue 0.012 · create 6.49 · engine+boot 299 · init 2.25 · invoke 0.586
      surge/again  burst 4 warm 12    2       0.448           —  0.740
      surge/steady seq 20  warm 60    6       0.243      failed  0.467

    Cold starts
      ms, logarithmic scale
      rust  █                                     █        █  n=3
            146                                          164

    How far to trust it
      machine: unknown: nothing was read of it

    Notes
      warning: 13 failures crashed, all rounds; the first at rust bridge
        single/call; 2 starts ready after 335 ms (median): exit code 1
        �[31mpanicked�[0m at 'x'
      warning: reported by the run: frequency scaling is on
      warning: no controls: the run cannot say how wrong it is
      warning: kernel events: none received, so phases are merged; `coldstart
        doctor` says what is missing
      at most 95.3 % of a typical cold start is in parts that are told as one
      round 1 (discarded), median ms: rust failed
      —: too few rows for a 95 % interval; p90 needs 36, p95 72, p99 368: read the
        maximum
    "#);
}

#[test]
fn one_round() {
    insta::assert_snapshot!(shown(&synthetic::run(&synthetic::FOUR[..1], 1)), @r#"
    cold starts, scenario default, 1 round
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    python takes 488 ms to answer cold, 794x as long as warm; the engine and the
      language runtime take 81 % of a typical start.

    What was measured
    From the instant an invocation was wanted to the last byte of its verified
      reply, all under bridge; in ms, in brackets 95 % intervals; ratio: cold to
      warm
                                 n  err  p50 (95 %)  p90 (95 %)    max  ratio
    python, bridge
      single/call  burst 1 cold  1    0         488           —    488   794x
          queue 0.015 · create 5.36 · engine+boot 388 · init 94.1 · invoke 0.642
      surge/out    burst 4 cold  4    0         884           —   1013  1441x
          queue 0.012 · create 5.19 · engine+boot 672 · init 199 · invoke 0.716
      surge/again  burst 4 warm  4    0        1.20           —   1.61
      surge/steady seq 20  warm 20    0       0.614           —  0.801

    Cold starts
      ms, logarithmic scale
      python  █                                                 n=1
              488                                          488

    How far to trust it
      machine: unknown: nothing was read of it

    Notes
      warning: no controls: the run cannot say how wrong it is
      warning: kernel events: none received, so phases are merged; `coldstart
        doctor` says what is missing
      warning: one round only: the figures are first-ever starts; `--rounds 20` or
        `--until 5%`
      at most 79.5 % of a typical cold start is in parts that are told as one
      —: too few rows for a 95 % interval; p90 needs 36, p95 72, p99 368: read the
        maximum
    "#);
}

#[test]
fn nothing() {
    let mut run = synthetic::four(1);
    run.samples.clear();
    insta::assert_snapshot!(shown(&run), @r#"
    cold starts, scenario default, 1 round
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    No cold start was measured.

    How far to trust it
      machine: unknown: nothing was read of it

    Notes
      warning: no controls: the run cannot say how wrong it is
      warning: kernel events: none received, so phases are merged; `coldstart
        doctor` says what is missing
    "#);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let run = synthetic::four(20);
    for width in [40, 60, 80, 100, 120, 200] {
        let text = at(&run, &Look { width, all: true, ..Look::default() });
        let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max();
        assert!(widest <= Some(width.min(120)), "{width}: {widest:?}\n{text}");
        assert!(text.contains("n=19") && text.contains("676x"), "{text}");
    }
}

#[test]
fn a_wide_terminal_has_more_quantiles() {
    let text =
        at(&synthetic::run(&synthetic::FOUR[..1], 50), &Look { width: 130, ..Look::default() });
    let rows: Vec<&str> =
        text.lines().skip_while(|l| !l.starts_with("From the instant")).take(9).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    From the instant an invocation was wanted to the last byte of its verified reply, all under bridge; in ms, in brackets
      95 % intervals; ratio: cold to warm
                                  n  err           p50 (95 %)           p90 (95 %)    p95   p99   max  ratio
    python, bridge
      single/call  burst 1 cold  49    0        215 (211–217)        230 (225–265)      —     —   265   339x
          queue 0.008 · create 6.32 · engine+boot 162 · init 46.5 · invoke 0.416
      surge/out    burst 4 cold 196    0        435 (429–440)        469 (464–477)    482     —   506   685x
          queue 0.011 · create 5.60 · engine+boot 338 · init 90.4 · invoke 1.25
      surge/again  burst 4 warm 196    0     1.31 (1.21–1.36)     1.88 (1.73–1.98)   2.00     —  2.36
    "#);
}

#[test]
fn a_narrow_terminal_has_paragraphs() {
    let text =
        at(&synthetic::run(&synthetic::FOUR[..1], 20), &Look { width: 40, ..Look::default() });
    let (text, _) = text.split_once("\n\nNotes").unwrap();
    insta::assert_snapshot!(text, @r#"
    cold starts, scenario default, 20 rounds
    2 x Example CPU @ 2.60GHz, 8.0 GiB,
      Linux 6.18.0; docker 20.10.24, runc
      1.1.5, overlay2

    python takes 211 ms (95 % interval 206
      to 224) to answer cold, 335x as long
      as warm; the engine and the language
      runtime take 77 % of a typical start.

    What was measured
    From the instant an invocation was
      wanted to the last byte of its
      verified reply, all under bridge; in
      ms, in brackets 95 % intervals; ratio:
      cold to warm
    python, bridge
      single/call, burst 1, cold
        n 19, err 0, p50 211 (206–224),
          p90 —, max 230, ratio 335x
          queue 0.007 · create 5.74 ·
            engine+boot 157 · init 47.5 ·
            invoke 0.812
      surge/out, burst 4, cold
        n 76, err 0, p50 431 (424–440),
          p90 472, max 489, ratio 687x
          queue 0.006 · create 6.19 ·
            engine+boot 315 · init 109 ·
            invoke 1.06
      surge/again, burst 4, warm
        n 76, err 0, p50 1.33 (1.15–1.51),
          p90 1.86, max 2.16
      surge/steady, seq 20, warm
        n 380, err 0,
          p50 0.628 (0.614–0.649),
          p90 0.848, max 1.60

    Cold starts
      ms, logarithmic scale
      python  ▄ ▄ █  ▂ ▄  ▂  ▂▂▂▂▂▂  n=19
              201               230

    How far to trust it
      machine: unknown: nothing was read of
        it
    "#);
}

#[test]
fn colour_is_dress_alone() {
    let run = synthetic::four(6);
    let coloured = at(&run, &Look { colour: true, ..Look::default() });
    let mut screen = vt100::Parser::new(nz(200), nz(80), 0);
    screen.process(coloured.replace('\n', "\r\n").as_bytes());
    assert_eq!(screen.screen().contents().trim_end(), shown(&run).trim_end());
    assert!(coloured.contains('\u{1b}') && !shown(&run).contains('\u{1b}'));
}

#[test]
fn blocks_have_a_form_in_ascii() {
    let text = at(&synthetic::four(20), &Look { unicode: false, ..Look::default() });
    let first = text.lines().position(|line| line.starts_with("  ms, logarithmic")).unwrap();
    let blocks: Vec<&str> = text.lines().skip(first).take(6).collect();
    insta::assert_snapshot!(blocks.join("\n"), @r#"
    ms, logarithmic scale
    python                       = #:=*: :=:: :               n=19
    node                                   --   - **#-#-----  n=19
    rust    :  =:==:##    : :                                 n=19
    jvm                                  -* ###**  *       -  n=19
            142                                          304
    "#);
}
