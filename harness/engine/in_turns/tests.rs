use std::collections::BTreeMap;

use super::*;
use crate::clock::Clock;
use crate::engine::LABEL_RUN;
use crate::engine::fake::FakeEngine;
use crate::spec::factor::{Combination, EngineKind, Factor, Network};
use crate::spec::function::{Launch, Limits};

fn daemon(name: &str) -> Daemon {
    Daemon::parse(name).unwrap()
}

fn spec(name: Option<&str>) -> InstanceSpec {
    let limits = Limits { memory: 1 << 28, cpus: None, processes: None };
    let asked = Combination { daemon: name.map(daemon), ..Combination::on(Network::Host) };
    InstanceSpec {
        source: InstanceSource::Image("sha256:1".to_owned()),
        image: Arc::default(),
        factors: asked.resolve(limits, "fake"),
        processes: None,
        socket: None,
        env: BTreeMap::new(),
        launch: Launch::default(),
        launcher: None,
        labels: [(LABEL_RUN.to_owned(), "r".to_owned())].into(),
    }
}

/// Two whose instances have different ids, and both of them.
async fn both() -> (Arc<FakeEngine>, Arc<FakeEngine>, InTurns<FakeEngine>) {
    let engine = || Arc::new(FakeEngine::new(Clock::paused(), 7, BTreeMap::new()));
    let (old, new) = (engine(), engine());
    let first = new.create(&spec(None)).await.unwrap();
    new.remove(&first).await.unwrap();
    let of = |name, engine: &Arc<FakeEngine>| OneOf {
        daemon: daemon(name),
        engine: engine.clone(),
        called: BTreeMap::new(),
    };
    let all = InTurns::new(vec![of("old", &old), of("new", &new)]).unwrap();
    (old, new, all)
}

#[tokio::test(start_paused = true)]
async fn each_instance_is_made_started_and_removed_by_the_one_that_its_factors_name() {
    let (old, new, all) = both().await;
    for (name, own, other) in [("old", &old, &new), ("new", &new, &old)] {
        let id = all.create(&spec(Some(name))).await.unwrap();
        let there = own.instances(Some("r")).await.unwrap();
        assert_eq!(there.iter().map(|one| &one.id).collect::<Vec<_>>(), [&id], "{name}");
        assert!(other.instances(Some("r")).await.unwrap().is_empty(), "{name}");
        all.start(&id).await.unwrap();
        assert_eq!(own.starts(""), 1, "{name}");
        all.remove(&id).await.unwrap();
        assert!(all.instances(Some("r")).await.unwrap().is_empty());
        assert!(all.made().is_empty(), "what is gone is forgotten");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_run_left_is_found_on_all_and_goes_where_it_is() {
    let (old, new, all) = both().await;
    old.create(&spec(None)).await.unwrap();
    new.create(&spec(None)).await.unwrap();
    super::super::clear_run(&all, "r", std::time::Duration::ZERO).await.unwrap();
    for engine in [&old, &new] {
        assert!(engine.instances(None).await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn each_is_described_by_its_name_and_who_is_none_of_them_is_told() {
    let (_, _, all) = both().await;
    let info = all.describe().await.unwrap();
    assert_eq!(info.daemons.keys().collect::<Vec<_>>(), ["new", "old"]);
    assert_eq!(info.of(Some(&daemon("new"))).kind, "fake");
    assert_eq!(info.offers, info.daemons["old"].offers, "all of these have the same");
    let error = all.create(&spec(Some("other"))).await.unwrap_err().to_string();
    assert!(error.contains("none named `other`"), "{error}");
    let at = Attachment { engine: EngineKind::Docker, daemon: None, network: Network::Host };
    assert!(all.reach(at).unwrap_err().to_string().contains("there are several"));
}

#[test]
fn an_image_is_started_by_what_its_daemon_calls_it() {
    let called = [("sha256:1".to_owned(), "sha256:2".to_owned())].into();
    let one = OneOf { daemon: daemon("new"), engine: Arc::new(()), called };
    let source = |digest: &str| InstanceSource::Image(digest.to_owned());
    assert_eq!(one.calls(&source("sha256:1")).map(String::as_str), Some("sha256:2"));
    assert_eq!(one.calls(&source("sha256:3")), None);
    assert_eq!(one.calls(&InstanceSource::Command(vec!["sha256:1".to_owned()])), None);
}
