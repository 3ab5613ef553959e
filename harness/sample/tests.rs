use super::*;
use crate::spec::factor::{Combination, EngineKind, Network, StartFrom};
use crate::spec::function::Limits;
use proptest::prelude::*;

fn cell(temperature: Temperature) -> Cell {
    Cell {
        function: "python".into(),
        adapter: Default::default(),
        factors: Combination::on(Network::Bridge)
            .resolve(Limits { memory: 128 << 20, cpus: None, processes: None }, "runc"),
        control: None,
        pattern: "single".into(),
        step: "call".into(),
        act: LoadShape::Burst(1),
        temperature,
    }
}

fn sample(temperature: Temperature, marks: &[(Mark, u64)]) -> Sample {
    Sample {
        cell: cell(temperature),
        round: 1,
        trial: 1,
        index: 0,
        instance: None,
        why_cold: None,
        proof: None,
        marks: marks.iter().copied().collect(),
        readiness: None,
        dropped_marks: 0,
        processes: Vec::new(),
        resources: None,
        reply: None,
        output: None,
        outcome: Outcome::Ok,
    }
}

fn named(sample: &Sample) -> Vec<(String, u64)> {
    sample.phases().into_iter().map(|(p, ns)| (p.to_string(), ns)).collect()
}

#[test]
fn a_missing_mark_merges_its_two_phases() {
    let mut marks = vec![
        (Mark::Intended, 100),
        (Mark::Dispatched, 110),
        (Mark::StartCalled, 150),
        (Mark::Main, 300),
        (Mark::Ready, 350),
        (Mark::Responded, 360),
    ];
    let merged = sample(Temperature::Cold, &marks);
    assert_eq!(
        named(&merged),
        [
            ("queue".into(), 10),
            ("create".into(), 40),
            ("engine+boot".into(), 150),
            ("init".into(), 50),
            ("invoke".into(), 10)
        ]
    );
    marks.push((Mark::Exec, 280));
    let split = sample(Temperature::Cold, &marks);
    assert_eq!(named(&split)[2..4], [("engine".into(), 130), ("boot".into(), 20)]);
    marks.extend([(Mark::OciCreate, 200), (Mark::OciStart, 270)]);
    let finer = sample(Temperature::Cold, &marks);
    let parts = [("daemon+shim", 50), ("sandbox+network", 70), ("start", 10), ("boot", 20)];
    assert_eq!(named(&finer)[2..6], parts.map(|(name, ns)| (name.into(), ns)));
}

#[test]
fn without_a_daemon_a_start_is_one_call_whatever_it_begins_from() {
    let mut marks = vec![
        (Mark::Intended, 100),
        (Mark::Dispatched, 110),
        (Mark::StartCalled, 112),
        (Mark::Exec, 180),
        (Mark::Ready, 190),
        (Mark::Responded, 200),
    ];
    let of = |marks: &[(Mark, u64)], start_from| {
        let mut sample = sample(Temperature::Cold, marks);
        sample.cell.factors.engine = EngineKind::Oci;
        sample.cell.factors.start_from = start_from;
        named(&sample)[1..4].to_vec()
    };
    let expected = |parts: [(&str, u64); 3]| parts.map(|(name, ns)| (name.to_owned(), ns));
    let created = Some(StartFrom::Created);
    let merged = expected([("create", 2), ("engine", 68), ("boot+init", 10)]);
    assert_eq!([of(&marks, None), of(&marks, created)], [merged.clone(), merged]);
    marks.push((Mark::OciStart, 120));
    assert_eq!(of(&marks, created), expected([("create", 2), ("spawn", 8), ("start", 60)]));
    marks[6].0 = Mark::OciCreate;
    assert_eq!(of(&marks, None), expected([("create", 2), ("spawn", 8), ("sandbox", 60)]));
}

#[test]
fn a_warm_sample_has_no_start_phases() {
    let marks =
        [(Mark::Intended, 5), (Mark::Dispatched, 7), (Mark::Sent, 8), (Mark::Responded, 20)];
    assert_eq!(
        named(&sample(Temperature::Warm, &marks)),
        [("queue".into(), 2), ("invoke".into(), 13)]
    );
}

#[test]
fn a_failure_has_no_latency() {
    let mut failed = sample(Temperature::Cold, &[(Mark::Intended, 1), (Mark::Responded, 9)]);
    failed.outcome = Outcome::WrongReply { cause: "not JSON".into() };
    assert_eq!(failed.latency(), None);
    assert!(failed.phases().is_empty());
}

#[test]
fn a_row_is_short_and_comes_back_the_same() {
    let mut row = sample(Temperature::Warm, &[(Mark::Intended, 5), (Mark::Responded, 20)]);
    row.proof = Some(Proof { nonce: "ab".into(), invocation: 2 });
    let line = serde_json::to_string(&row).unwrap();
    insta::assert_snapshot!(line, @r#"{"cell":{"function":"python","adapter":"runtime-api","factors":{"engine":"docker","network":"bridge","runtime":"runc","memory":134217728,"page_cache":"warm","log_driver":"json-file"},"pattern":"single","step":"call","act":{"burst":1},"temperature":"warm"},"round":1,"trial":1,"index":0,"proof":{"nonce":"ab","invocation":2},"marks":{"intended":5,"responded":20},"outcome":{"kind":"ok"}}"#);
    assert_eq!(serde_json::from_str::<Sample>(&line).unwrap(), row);
}

#[test]
fn an_unknown_mark_is_refused_by_name() {
    let message = serde_json::from_str::<Marks>(r#"{"intended":1,"novel":2}"#).unwrap_err();
    assert!(message.to_string().contains("unknown mark `novel`"));
}

proptest! {
    /// Whatever marks are missing, the phases add up to the headline.
    #[test]
    fn phases_add_up_to_the_latency(
        steps in prop::collection::vec(0u64..1_000_000_000, 6),
        missing in prop::collection::vec(any::<bool>(), 5),
        warm in any::<bool>(),
    ) {
        let order = [Mark::Dispatched, Mark::StartCalled, Mark::Exec, Mark::Main, Mark::Ready, Mark::Responded];
        let mut at = 1000;
        let mut marks = vec![(Mark::Intended, at)];
        for (i, mark) in order.into_iter().enumerate() {
            at += steps[i];
            if mark == Mark::Responded || !missing[i.min(4)] {
                marks.push((mark, at));
            }
        }
        let temperature = if warm { Temperature::Warm } else { Temperature::Cold };
        let sample = sample(temperature, &marks);
        let total: u64 = sample.phases().iter().map(|(_, ns)| ns).sum();
        prop_assert_eq!(Some(total), sample.latency());
    }
}
