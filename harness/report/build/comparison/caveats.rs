//! What is to be known of a comparison besides its rows, in words. Foreign text is tamed.

use crate::compare::{Caveat, Difference};
use crate::spec::function::Limits;
use crate::stats::hodges_lehmann::Estimate;
use crate::store::{BaseRecord, EnvironmentRecord, EventRecord};
use crate::text::units::{format_ns, format_size};
use crate::words::{changed, plain};

/// A caveat in a sentence without its stop.
pub(in crate::report) fn caveat(caveat: &Caveat) -> String {
    plain(&match caveat {
        Caveat::Unlike(name, [base, head]) => format!("{name}: {base} in base, {head} in head"),
        Caveat::Function(name, what) => format!("{name}: {}", difference(what)),
        Caveat::AskedUnknown(names) => format!(
            "whether event and environment were the same is not known of {}: a run of an earlier \
             version does not tell them",
            names.join(", ")
        ),
        Caveat::Salvaged(side, why) => {
            format!("{side} was salvaged from a spoilt folder: {why}")
        }
        Caveat::NothingInCommon => {
            "base and head have no cell in common: nothing was compared".to_owned()
        }
        Caveat::NoDaemon => "instances were made without a daemon: what one, its shim and its \
                             networks add to a start is in no figure (`--engine docker` measures \
                             it)"
        .to_owned(),
        Caveat::Moves(both) => {
            let [base, head] = both.map(|took| format_ns(took.as_nanos() as f64));
            format!(
                "a process that was moved between cgroups waited {base} when base was measured, \
                 and {head} when head was: a start that comes alone differs by up to that"
            )
        }
        Caveat::OneAfterTheOther => {
            "base and head were measured one after the other, not in turns: the machine's drift \
             between the two looks like a change (`coldstart gate` measures in turns)"
                .to_owned()
        }
        Caveat::NoNullContainer => {
            "nothing shows that the machine was the same for both: measured apart, and without a \
             null container on both sides (see `--no-controls`)"
                .to_owned()
        }
        Caveat::NullContainer { factors, ratio: Estimate { value, interval }, proved } => {
            let (low, high) = interval.unwrap_or((f64::NAN, f64::NAN));
            let percent = |ratio: f64| (ratio - 1.0) * 100.0;
            format!(
                "the null container ({factors}) itself {} by {:+.1} % [{:+.1}, {:+.1}]: times are \
                 not judged",
                changed(*proved),
                percent(*value),
                percent(low),
                percent(high)
            )
        }
    })
}

fn difference(what: &Difference) -> String {
    let differ = |[base, head]: [String; 2]| format!("{base} in base, {head} in head");
    match what {
        Difference::Version(both) => format!("version {}", differ(both.clone())),
        Difference::Limits(both) => differ(both.map(limits)),
        Difference::BuiltOn(both) => {
            let [base, head] = both.each_ref().map(|one| one.as_ref().map(base));
            let nothing = || "nothing".to_owned();
            let (base, head) = (base.unwrap_or_else(nothing), head.unwrap_or_else(nothing));
            format!("built on {base} in base, on {head} in head")
        }
        Difference::Timeout(both) => {
            format!("time-out {}", differ(both.map(|ms| format!("{ms} ms"))))
        }
        Difference::Reply(both) => {
            format!("reply verified by {}", differ(both.each_ref().map(ToString::to_string)))
        }
        Difference::Event(both) => format!("event of {}", differ(both.each_ref().map(event))),
        Difference::Environment(both) => {
            format!("environment of {}", differ(both.each_ref().map(environment)))
        }
        Difference::Launch(both) => {
            format!("started {}", differ(both.each_ref().map(ToString::to_string)))
        }
        Difference::Request(both) => {
            format!("asked by {}", differ(both.each_ref().map(ToString::to_string)))
        }
    }
}

/// `name (pulled, sha256:...)`.
pub(in crate::report) fn base(base: &BaseRecord) -> String {
    let origin = format!("{:?}", base.origin).to_lowercase();
    format!("{} ({origin}, {})", base.name, base.digest)
}

fn event(event: &EventRecord) -> String {
    format!("{} bytes ({})", event.size, short(&event.digest))
}

/// Names, and a digest of all: values may be secrets.
fn environment(environment: &EnvironmentRecord) -> String {
    match environment.names[..] {
        [] => "nothing".to_owned(),
        _ => format!("{} ({})", environment.names.join(", "), short(&environment.digest)),
    }
}

/// Twelve characters of a digest are enough to tell two apart.
fn short(digest: &str) -> String {
    digest.trim_start_matches("sha256:").chars().take(12).collect()
}

fn limits(limits: Limits) -> String {
    let cpus = limits.cpus.map_or_else(|| "no CPU quota".to_owned(), |cpus| format!("{cpus} CPUs"));
    let most = limits.processes.map(|most| format!("{most} processes"));
    let most = most.unwrap_or_else(|| "no limit of processes".to_owned());
    format!("{}, {cpus} and {most}", format_size(limits.memory))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::compare::Side;
    use crate::spec::factor::{Combination, Network};
    use crate::spec::function::{HttpRequest, ReplyCheck};
    use crate::store::Origin;

    fn both(base: &str, head: &str) -> [String; 2] {
        [base.to_owned(), head.to_owned()]
    }

    #[test]
    fn every_caveat_has_its_sentence() {
        let check = |of: Caveat, text: &str| assert_eq!(caveat(&of), text);
        check(Caveat::Unlike("kernel", both("6.1", "6.2")), "kernel: 6.1 in base, 6.2 in head");
        check(
            Caveat::AskedUnknown(vec!["f".to_owned(), "g".to_owned()]),
            "whether event and environment were the same is not known of f, g: a run of an \
             earlier version does not tell them",
        );
        check(
            Caveat::Salvaged(Side::Head, "row 3".to_owned()),
            "head was salvaged from a spoilt folder: row 3",
        );
        check(
            Caveat::NothingInCommon,
            "base and head have no cell in common: nothing was compared",
        );
        let ratio = Estimate { value: 1.25, interval: Some((1.2, 1.301)) };
        let floor = |proved| Caveat::NullContainer {
            factors: Combination::on(Network::Bridge),
            ratio,
            proved,
        };
        check(
            floor(true),
            "the null container (bridge) itself changed by +25.0 % [+20.0, +30.1]: times are not \
             judged",
        );
        assert!(caveat(&floor(false)).contains("itself may have changed by"));
        check(
            Caveat::Moves([9_300, 41].map(Duration::from_micros)),
            "a process that was moved between cgroups waited 9.30 ms when base was measured, and \
             41.0 us when head was: a start that comes alone differs by up to that",
        );
        assert!(caveat(&Caveat::NoDaemon).contains("`--engine docker` measures it"));
        assert!(caveat(&Caveat::OneAfterTheOther).contains("`coldstart gate` measures in turns"));
        assert!(caveat(&Caveat::NoNullContainer).ends_with("(see `--no-controls`)"));
    }

    #[test]
    fn every_difference_of_a_function_has_its_sentence() {
        let check = |what: Difference, text: &str| {
            assert_eq!(caveat(&Caveat::Function("f".to_owned(), what)), format!("f: {text}"));
        };
        check(Difference::Version(both("1", "2")), "version 1 in base, 2 in head");
        let limits = |memory| Limits { memory, cpus: None, processes: None };
        check(
            Difference::Limits([limits(1 << 27), limits(1 << 28)]),
            "128.0 MiB, no CPU quota and no limit of processes in base, 256.0 MiB, no CPU quota \
             and no limit of processes in head",
        );
        let base = BaseRecord {
            argument: "BASE".to_owned(),
            name: "tiny".to_owned(),
            origin: Origin::Pulled,
            digest: "sha256:00".to_owned(),
        };
        check(
            Difference::BuiltOn([None, Some(base)]),
            "built on nothing in base, on tiny (pulled, sha256:00) in head",
        );
        check(Difference::Timeout([1, 2]), "time-out 1 ms in base, 2 ms in head");
        check(
            Difference::Reply([ReplyCheck::Proof, ReplyCheck::Any]),
            "reply verified by proof in base, any in head",
        );
        let launch = crate::spec::function::Launch {
            command: vec!["app.handler".to_owned()],
            lambda: true,
            ..Default::default()
        };
        check(
            Difference::Launch([Default::default(), launch]),
            "started as its image says in base, command app.handler, as AWS Lambda in head",
        );
        let asked = |path: &str, body: Option<&str>| HttpRequest {
            path: path.to_owned(),
            body: body.map(str::to_owned),
            ..HttpRequest::default()
        };
        check(
            Difference::Request([asked("/", None), asked("/health", Some("ok"))]),
            "asked by GET / on port 8080, for status 200 in base, GET /health on port 8080, for \
             status 200 with `ok` in head",
        );
        let event = |size| EventRecord { digest: "sha256:0123456789abcdef".to_owned(), size };
        check(
            Difference::Event([event(1), event(2)]),
            "event of 1 bytes (0123456789ab) in base, 2 bytes (0123456789ab) in head",
        );
        let named = |names: &[&str]| EnvironmentRecord {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            digest: "sha256:0123456789abcdef".to_owned(),
        };
        check(
            Difference::Environment([named(&[]), named(&["A", "B"])]),
            "environment of nothing in base, A, B (0123456789ab) in head",
        );
    }
}
