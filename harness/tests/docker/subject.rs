//! A function as the subject of a test: its targets, and calls of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coldstart::clock::Clock;
use coldstart::engine::docker::DockerEngine;
use coldstart::platform::{KeepAlive, Platform, Target, TargetSpec, Visit};
use coldstart::spec::factor::Network;
use coldstart::spec::function::Function;
use coldstart::store::FunctionRecord;
use libtest_mimic::Trial;

use crate::bench::{Bench, Tested};

/// Every function that is measured where none is named.
pub(crate) const FUNCTIONS: [&str; 4] = ["python", "node", "rust", "jvm"];

/// One function on a platform of its own.
pub(crate) struct TrialSubject<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) function: &'a Function,
    pub(crate) record: &'a FunctionRecord,
    pub(crate) platform: Arc<Platform<DockerEngine>>,
}

impl TrialSubject<'_> {
    /// A trial of a test of a function.
    pub(crate) fn trial(
        what: &str,
        name: &'static str,
        test: fn(&TrialSubject) -> Tested,
    ) -> Trial {
        Trial::test(what, move || TrialSubject::with(name, test))
    }

    fn with(name: &str, test: fn(&TrialSubject) -> Tested) -> Tested {
        Bench::with(|bench| {
            let (function, record) = bench.function(name)?;
            TrialSubject::of(bench, function, record, test)
        })
    }

    /// A function that is built, on a platform of its own.
    pub(crate) fn of(
        bench: &Bench,
        function: &Function,
        record: &FunctionRecord,
        test: impl FnOnce(&TrialSubject) -> Tested,
    ) -> Tested {
        let engine = bench.engine.clone();
        let platform = Platform::new(engine, Clock::start(), bench.run.clone());
        let platform = Arc::new(platform);
        let subject = TrialSubject { bench, function, record, platform };
        test(&subject)?;
        Ok(bench.wait(subject.platform.clear())?)
    }

    /// What its targets are made of, on a network.
    pub(crate) fn making(&self, network: Network) -> TargetSpec {
        TargetSpec::plain(self.function.clone(), self.record.digest.clone(), network, "runc")
    }

    /// A target of it with something changed.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut TargetSpec)) -> Target {
        let mut making = self.making(Network::Bridge);
        change(&mut making);
        self.made(making)
    }

    pub(crate) fn target(&self, function: Function) -> Target {
        self.changed(|making| making.function = function)
    }

    /// Its target with another image.
    pub(crate) fn target_of(&self, image: &str) -> Target {
        let function = self.function.clone();
        self.made(TargetSpec::plain(function, image.to_owned(), Network::Bridge, "runc"))
    }

    pub(crate) fn made(&self, making: TargetSpec) -> Target {
        static KEYS: AtomicUsize = AtomicUsize::new(0);
        let making = TargetSpec { keep_alive: KeepAlive::Fixed(Duration::from_secs(60)), ..making };
        Target::new(making, &self.bench.run, KEYS.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn invoke(&self, target: &Target) -> Visit {
        let intended = self.platform.clock().now();
        self.bench.wait(self.platform.invoke(target.invocation(intended)))
    }

    /// The same function with another wish for its start and another time limit.
    pub(crate) fn sleeping(&self, init: &str, timeout: Duration) -> Target {
        let mut function = self.function.clone();
        function.env.insert("COLDSTART_INIT_SLEEP_MS".into(), init.into());
        function.timeout = timeout;
        self.target(function)
    }
}

pub(crate) fn ok(visit: &Visit) -> Tested {
    if visit.outcome.is_ok() { Ok(()) } else { Err(format!("{:?}", visit.outcome).into()) }
}
