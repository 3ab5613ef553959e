use super::*;

fn of(machine: f64, by_use: f64) -> Crossing {
    Crossing { machine, by_use }
}

#[test]
fn what_is_said_holds_turns_or_differs_by_the_prices() {
    let check = |crossing: Crossing, is: [bool; 2]| {
        assert_eq!([holds(&crossing), turns(&crossing)], is, "{crossing:?}");
    };
    check(of(0.096, 0.11652), [true, false]);
    check(of(0.126, 0.15208), [true, false]);
    check(of(0.096, 0.2073), [false, true]);
    check(of(0.096, 0.06), [false, false]);
    check(of(0.0, 0.06), [false, false]);
}

#[test]
fn figures_of_several_machines_are_a_range_each() {
    let said = |of: &[Crossing]| figures(of);
    let fargate = said(&[of(0.096, 0.11652), of(0.085, 0.09874)]);
    insta::assert_snapshot!(fargate, @"39 to 42 % cheaper at half use, 16 to 21 % dearer at full use, alike at 82 to 86 %");
    let called = said(&[of(0.096, 0.2073)]);
    insta::assert_snapshot!(called, @"8.0 % dearer at half use, 116 % dearer at full use, alike at 46 %");
    let mixed = said(&[of(0.096, 0.2073), of(0.126, 0.2073)]);
    insta::assert_snapshot!(mixed, @"-8.0 to 18 % saved at half use, 65 to 116 % dearer at full use, alike at 46 to 61 %");
    assert_eq!(said(&[of(0.0, 0.0)]), "");
}
