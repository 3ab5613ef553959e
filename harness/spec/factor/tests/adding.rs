//! A factor is a file and a line: here is one, to copy, and it has all that the others
//! have. That nobody else names a factor is held by the invariants.

#![expect(unreachable_pub, reason = "the list makes what a library shows, and no test does")]

use super::super::{
    Capabilities, Factor, FactorInfo, Limits, Network, Open, by, check_list, table,
};
use serde::{Deserialize, Serialize};

/// How far an instance steps back for others.
#[derive(Debug)]
pub struct Niceness;

impl Factor for Niceness {
    type Value = u8;
    type Resolved = u8;
    const KEY: &'static str = "niceness";
    const LIST: &'static str = "niceness";
    const TITLE: &'static str = "niceness";
    const VALUES: &'static str = "NUMBERS";
    const HELP: &'static str = "How far instances step back for others, 0 to 19 [default: 0]";

    fn parse(text: &str) -> Result<u8, String> {
        let number = text.parse().ok().filter(|number| *number < 20);
        number.ok_or_else(|| format!("`{text}` is no niceness: 0 to 19"))
    }

    fn label(value: &u8) -> String {
        format!("nice {value}")
    }

    fn resolve(asked: Option<&u8>, _: Open<'_>) -> u8 {
        asked.copied().unwrap_or(0)
    }
}

table::factors! {
    /// How it reaches the driver.
    network, networks: Network;
    /// How far it steps back for others.
    niceness, niceness: Niceness;
}

const LIMITS: Limits = Limits { memory: 1 << 28, cpus: None, processes: None };

#[test]
fn a_factor_that_is_added_is_typed_measured_kept_and_told_like_the_others() {
    assert_eq!(FACTORS.map(|factor| factor.key), ["network", "niceness"]);
    let mut lists = FactorMatrix::default();
    assert!((FACTORS[1].check)("20").unwrap_err().contains("0 to 19"));
    lists.set("niceness", &["0".to_owned(), "10".to_owned()]).unwrap();
    lists.check_lists().unwrap();
    assert_eq!((lists.lengths(), lists.are_told()), ([1, 2], [true, true]));
    assert_eq!(lists.typed(), [vec!["bridge".to_owned()], vec!["0".to_owned(), "10".to_owned()]]);
    let all = lists.combinations();
    let labels: Vec<_> = all.iter().map(Combination::labels).collect();
    let bridge = || Some("bridge".to_owned());
    let nice = |label: &str| [bridge(), Some(label.to_owned())];
    assert_eq!(labels, [nice("nice 0"), nice("nice 10")]);
    assert_eq!(all[1].values()[1], 10);
    let factors = all[1].resolve(LIMITS, "runc");
    assert!(all[1].allows(&factors) && !all[0].allows(&factors));
    assert_eq!((factors.niceness, lists.place(&factors)), (10, [0, 1]));
    assert_eq!((lists.asked_of(&factors), factors.asked()), (all[1].clone(), all[1].clone()));
    assert_eq!(serde_json::to_string(&factors).unwrap(), r#"{"network":"bridge","niceness":10}"#);
}

#[test]
fn an_engine_that_does_not_have_it_is_not_asked_for_it() {
    let asked = Combination { niceness: Some(3), ..Combination::default() };
    let none = Capabilities::default();
    assert_eq!(asked.usual(), [true, false]);
    assert_eq!(asked.refuse(&none), Err("the engine cannot vary the niceness".to_owned()));
    assert_eq!(asked.refuse(&none.with::<Niceness>(true.into())), Ok(()));
}
