use super::*;
use crate::report::tests::synthetic;
use crate::sample::Outcome;
use crate::stats::summarise;

fn shown(run: &Run) -> String {
    table(run, &summarise(&run.samples))
}

#[test]
fn the_default_run() {
    insta::assert_snapshot!(shown(&synthetic::four(20)), @r#"
    cold starts, scenario default, 20 rounds
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    node takes 109 ms longer than rust to answer cold (270 against 162 ms); the
      engine and the language runtime take 61 to over 99 % of a typical start.

    ms from the intended instant to the last byte of a verified reply
                                  n  err           p50 (95 %)    p90    max  / warm
    python, bridge
      single/call  burst 1 cold  19    0        216 (207–230)      —    246    335x
          queue 0.006 · create 7.00 · engine+boot 154 · init 54.3 · invoke 0.448
      surge/out    burst 4 cold  76    0        435 (431–441)    473    506    676x
          queue 0.011 · create 6.45 · engine+boot 328 · init 99.1 · invoke 1.50
      surge/again  burst 4 warm  76    0     1.23 (1.16–1.34)   1.65   2.05
      surge/steady seq 20  warm 380    0  0.643 (0.630–0.658)  0.864   1.08
    node, bridge
      single/call  burst 1 cold  19    0        270 (261–281)      —    304    288x
          queue 0.008 · create 5.50 · engine+boot 159 · init 105 · invoke 0.905
      surge/out    burst 4 cold  76    0        552 (549–556)    582    617    588x
          queue 0.014 · create 5.99 · engine+boot 310 · init 234 · invoke 2.68
      surge/again  burst 4 warm  76    0     1.89 (1.70–2.00)   2.61   3.17
      surge/steady seq 20  warm 380    0  0.940 (0.902–0.973)   1.30   2.34
    rust, bridge
      single/call  burst 1 cold  19    0        162 (155–165)      —    186    703x
          queue 0.007 · create 5.88 · engine+boot 155 · init 1.14 · invoke 0.233
      surge/out    burst 4 cold  76    0        326 (321–330)    354    384   1418x
          queue 0.005 · create 6.12 · engine+boot 317 · init 2.23 · invoke 0.248
      surge/again  burst 4 warm  76    0  0.452 (0.415–0.479)  0.626  0.734
      surge/steady seq 20  warm 380    0  0.230 (0.221–0.238)  0.307  0.468
    jvm, bridge
      single/call  burst 1 cold  19    0        245 (237–253)      —    301    314x
          queue 0.008 · create 5.57 · engine+boot 155 · init 83.8 · invoke 0.638
      surge/out    burst 4 cold  76    0        495 (483–501)    536    575    635x
          queue 0.007 · create 6.21 · engine+boot 316 · init 170 · invoke 1.72
      surge/again  burst 4 warm  76    0     1.63 (1.47–1.82)   2.44   4.00
      surge/steady seq 20  warm 380    0  0.780 (0.760–0.809)   1.07   1.38

    machine: unknown: nothing was read of it

      no controls: the run cannot say how wrong it is
      kernel events: none heard, so phases are merged
      of the typical cold starts at most 95.5 % is in no named part
      first ever (round 1, in no other figure), median ms: python 488, node 633,
        rust 345, jvm 499
      —: too few rows for a 95 % interval; p90 needs 36, p95 72, p99 368: read the
        maximum
      driver lag p50 15.4 us, p99 30.5 us, max 55.1 us
      burst of 1, cold: 0 of 76 invalid
      burst of 4, cold: width p99 22.7 us, max 22.9 us; 0 of 76 invalid
      burst of 4, warm: width p99 23.5 us, max 28.7 us; 0 of 76 invalid
      invalid: a row left more than 1.00 ms, or 1 % of its cell's median and more
        than 100 us, late
      outside the histograms: 0 below 1.00 us, 0 above 120 s
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
    2 x Example CPU @ 2.60GHz, 8.0 GiB, Linux 6.18.0; docker 20.10.24, runc 1.1.5,
      overlay2

    rust takes 160 ms to answer cold, 660x as long as warm; the engine and the
      language runtime take over 99 % of a typical start.

    ms from the intended instant to the last byte of a verified reply
                                 n  err  p50 (95 %)     p90    max  / warm
    rust, bridge
      single/call  burst 1 cold  3    0         160       —    164    660x
          queue 0.016 · create 6.05 · engine+boot 153 · init 1.21 · invoke 0.268
      surge/out    burst 4 cold 12    1         309       —    356   1271x
          queue 0.012 · create 6.49 · engine+boot 299 · init 2.25 · invoke 0.586
      surge/again  burst 4 warm 12    2       0.448       —  0.740
      surge/steady seq 20  warm 60    6       0.243  failed  0.467

    machine: unknown: nothing was read of it

      INCOMPLETE: 116 of 400 planned invocations: interrupted
      the last row was cut short and is left out: the driver was killed
      13 failures crashed, all rounds; the first at rust bridge single/call: exit
        code 1 �[31mpanicked�[0m at 'x'
      warning: frequency scaling is on
      no controls: the run cannot say how wrong it is
      kernel events: none heard, so phases are merged
      of the typical cold starts at most 95.3 % is in no named part
      first ever (round 1, in no other figure), median ms: rust failed
      —: too few rows for a 95 % interval; p90 needs 36, p95 72, p99 368: read the
        maximum
      driver lag p50 15.1 us, p99 24.0 us, max 24.5 us
      burst of 1, cold: 0 of 3 invalid
      burst of 4, cold: width p99 8.08 us, max 8.13 us; 0 of 3 invalid
      burst of 4, warm: width p99 18.5 us, max 18.7 us; 0 of 3 invalid
      invalid: a row left more than 1.00 ms, or 1 % of its cell's median and more
        than 100 us, late
      outside the histograms: 0 below 1.00 us, 0 above 120 s
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

    ms from the intended instant to the last byte of a verified reply
                                 n  err  p50 (95 %)  p90    max  / warm
    python, bridge
      single/call  burst 1 cold  1    0         488    —    488    794x
          queue 0.015 · create 5.36 · engine+boot 388 · init 94.1 · invoke 0.642
      surge/out    burst 4 cold  4    0         884    —   1013   1441x
          queue 0.012 · create 5.19 · engine+boot 672 · init 199 · invoke 0.716
      surge/again  burst 4 warm  4    0        1.20    —   1.61
      surge/steady seq 20  warm 20    0       0.614    —  0.801

    machine: unknown: nothing was read of it

      no controls: the run cannot say how wrong it is
      kernel events: none heard, so phases are merged
      of the typical cold starts at most 79.5 % is in no named part
      one round only: the figures are first-ever starts
      —: too few rows for a 95 % interval; p90 needs 36, p95 72, p99 368: read the
        maximum
      driver lag p50 14.2 us, p99 23.5 us, max 23.9 us
      burst of 1, cold: 0 of 1 invalid
      burst of 4, cold: width p99 8.55 us, max 8.55 us; 0 of 1 invalid
      burst of 4, warm: width p99 7.95 us, max 7.95 us; 0 of 1 invalid
      invalid: a row left more than 1.00 ms, or 1 % of its cell's median and more
        than 100 us, late
      outside the histograms: 0 below 1.00 us, 0 above 120 s
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

    ms from the intended instant to the last byte of a verified reply
            n  err  p50 (95 %)  p90  max  / warm

    machine: unknown: nothing was read of it

      no controls: the run cannot say how wrong it is
      kernel events: none heard, so phases are merged
      outside the histograms: 0 below 1.00 us, 0 above 120 s
    "#);
}

#[test]
fn fits_80_columns() {
    let text = shown(&synthetic::four(20));
    let widest = text.lines().map(|l| l.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}\n{text}");
}
