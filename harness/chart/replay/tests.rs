use super::*;
use crate::chart::tests::{holds, is_sound};
use crate::report::replay::tests::replay;

#[test]
fn every_policy_is_a_point_and_one_without_cold_calls_stands_at_the_foot() {
    let replay = replay();
    for layout in [Layout::Wide, Layout::Narrow] {
        let spec = compose(&replay, layout).unwrap();
        is_sound(&spec);
        for policy in ["none", "fixed:10m", "provisioned:1:10m", "0"] {
            assert!(holds(&spec, policy), "{policy}");
        }
    }
}

#[test]
fn what_others_beat_in_both_is_named() {
    let mut replay = replay();
    replay.policies[2].cold = 30;
    let spec = compose(&replay, Layout::Wide).unwrap();
    assert!(spec.caption.contains("less waste than provisioned:1:10m"), "{}", spec.caption);
}

#[test]
fn one_policy_is_no_chart_and_unknown_waste_is_no_point() {
    let mut replay = replay();
    replay.policies[2].idle_gb_s = None;
    assert!(compose(&replay, Layout::Wide).is_some());
    replay.policies[1].idle_gb_s = None;
    assert!(compose(&replay, Layout::Wide).is_none());
}
