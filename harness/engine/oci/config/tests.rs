use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::engine::oci::seccomp;
use crate::engine::{ImageConfig, InstanceSource};
use crate::spec::factor::{EngineKind, PageCache};
use crate::spec::function::Launch;
use crate::text::units::Cpus;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn spec() -> InstanceSpec {
    let env = [("PATH", "/own"), ("A", "of the image")];
    InstanceSpec {
        source: InstanceSource::Image("i".into()),
        image: Arc::new(ImageConfig {
            env: env.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            entrypoint: words(&["/entry", "-x"]),
            command: words(&["command"]),
            user: String::new(),
            workdir: "/srv".into(),
        }),
        factors: Factors {
            engine: EngineKind::Oci,
            daemon: None,
            network: Network::Host,
            runtime: "runc".into(),
            start_from: None,
            cpus: None,
            cpu_rule: None,
            memory: 1 << 27,
            page_cache: PageCache::Warm,
            cgroup_moves: None,
            log_driver: "pipe".into(),
            node: None,
        },
        processes: Some(64),
        socket: None,
        env: [("A".to_owned(), "asked".to_owned())].into(),
        launch: Launch::default(),
        launcher: None,
        labels: Default::default(),
    }
}

fn machine() -> Machine {
    Machine {
        hostname: "here".into(),
        seccomp: seccomp::dockers("x86_64", "6.1").unwrap().written().unwrap(),
        limits_swap: true,
        unified: false,
        open_files: 20_000,
    }
}

const ID: &str = "0123456789abcdef0123456789abcdef";

fn written(spec: &InstanceSpec, machine: &Machine, user: &User) -> Value {
    let made = Made {
        id: ID,
        folder: Path::new("/state"),
        user,
        processors: Some("0,1".into()),
        network: None,
    };
    serde_json::to_value(config(spec, &made, machine).unwrap()).unwrap()
}

fn of(spec: &InstanceSpec) -> Value {
    written(spec, &machine(), &User::default())
}

#[test]
fn an_image_is_started_as_it_says_and_environment_that_is_asked_for_comes_last() {
    let process = &of(&spec())["process"];
    assert_eq!(process["args"], json!(["/entry", "-x", "command"]));
    assert_eq!(process["cwd"], "/srv");
    assert_eq!(process["env"], json!(["A=asked", "HOSTNAME=here", "PATH=/own"]));
    assert_eq!(process["capabilities"]["effective"].as_array().unwrap().len(), 14);
    let user = User { uid: 1000, gid: 1001, groups: vec![10] };
    let process = &written(&spec(), &machine(), &user)["process"];
    assert_eq!(process["user"], json!({ "uid": 1000, "gid": 1001, "additionalGids": [10] }));
    assert_eq!(process["capabilities"]["effective"], json!([]));
    assert_eq!(process["capabilities"]["bounding"].as_array().unwrap().len(), 14);
}

#[test]
fn what_is_asked_takes_the_place_of_the_images_as_with_docker() {
    let args = |change: &dyn Fn(&mut InstanceSpec)| {
        let mut spec = spec();
        change(&mut spec);
        of(&spec)["process"]["args"].clone()
    };
    let command = |spec: &mut InstanceSpec| spec.launch.command = words(&["other"]);
    assert_eq!(args(&command), json!(["/entry", "-x", "other"]));
    let entrypoint = |spec: &mut InstanceSpec| spec.launch.entrypoint = words(&["/e"]);
    assert_eq!(args(&entrypoint), json!(["/e"]), "the image's command does not hold either");
    let launcher = |spec: &mut InstanceSpec| spec.launcher = Some("/launcher".into());
    assert_eq!(args(&launcher), json!([LAUNCHER, "/entry", "-x", "command"]));
    let mut spec = spec();
    spec.image = Default::default();
    let made = Made {
        id: ID,
        folder: Path::new("/state"),
        user: &User::default(),
        processors: None,
        network: None,
    };
    let error = config(&spec, &made, &machine()).unwrap_err();
    assert!(error.contains("no command"), "{error}");
}

#[test]
fn every_limit_reaches_the_runtime() {
    let mut spec = spec();
    let resources = |spec: &InstanceSpec| of(spec)["linux"]["resources"].clone();
    let found = resources(&spec);
    assert_eq!(found["memory"], json!({ "limit": 1 << 27, "swap": 1 << 27 }));
    assert_eq!((&found["pids"]["limit"], &found["cpu"]), (&json!(64), &json!({ "cpus": "0,1" })));
    spec.factors.cpus = Some(Cpus::from_cores(0.5).unwrap());
    let cpu = &resources(&spec)["cpu"];
    assert_eq!((&cpu["quota"], &cpu["period"]), (&json!(50_000), &json!(100_000)));
    let machine = Machine { limits_swap: false, ..machine() };
    let found = written(&spec, &machine, &User::default());
    assert_eq!(found["linux"]["resources"]["memory"], json!({ "limit": 1 << 27 }));
    spec.launch.lambda = true;
    let found = of(&spec);
    assert_eq!(found["root"]["readonly"], true);
    assert_eq!(found["process"]["rlimits"][0]["hard"], 1_024);
    let tmp = |mount: &Value| mount["destination"] == "/tmp";
    assert!(found["mounts"].as_array().unwrap().iter().any(tmp));
}

#[test]
fn a_network_is_the_hosts_or_one_that_was_made_or_an_empty_one() {
    let kinds = |network, made: Option<PathBuf>| {
        let all = namespaces(network, made.as_deref(), false);
        all.iter().find(|namespace| namespace["type"] == "network").cloned()
    };
    assert_eq!(kinds(Network::Host, None), None);
    assert_eq!(kinds(Network::None, None), Some(json!({ "type": "network" })));
    let made = Some("/run/netns/a".into());
    let expected = json!({ "type": "network", "path": "/run/netns/a" });
    assert_eq!(kinds(Network::Bridge, made), Some(expected));
    let mut spec = spec();
    spec.factors.network = Network::None;
    spec.socket = Some("/s.sock".into());
    let found = of(&spec);
    assert_eq!(found["hostname"], "0123456789ab");
    assert!(found["linux"]["sysctl"].is_object());
    let socket = |mount: &Value| mount["destination"] == SOCKET && mount["source"] == "/s.sock";
    assert!(found["mounts"].as_array().unwrap().iter().any(socket));
}
