//! The Docker engine against a real one. Skipped, aloud, where none answers at
//! the standard socket or there is no static busybox to make an image of.

#![cfg(test)]
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use coldstart::engine::docker::DockerEngine;
use coldstart::engine::{
    BuildSpec, Engine, EngineError, InstanceSpec, LABEL_FUNCTION, LABEL_IMAGE, LABEL_RUN,
};
use coldstart::functions::Limits;
use coldstart::scenario::Network;

pub(crate) const SOCKET: &str = "unix:///var/run/docker.sock";
pub(crate) const BUSYBOX: &str = "/bin/busybox";
const TAG: &str = "coldstart-test/engine:1";

pub(crate) async fn engine() -> Option<DockerEngine> {
    if !Path::new(BUSYBOX).exists() {
        eprintln!("skipped: no {BUSYBOX} (apt-get install busybox-static)");
        return None;
    }
    match DockerEngine::connect(SOCKET).await {
        Ok(engine) => Some(engine),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

fn context(dockerfile: &str) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |name: &str, mode: u32, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        archive.append_data(&mut header, name, bytes).unwrap();
    };
    add("Dockerfile", 0o644, dockerfile.as_bytes());
    add("busybox", 0o755, &std::fs::read(BUSYBOX).unwrap());
    archive.into_inner().unwrap()
}

fn build_spec(tag: &str, dockerfile: &str) -> BuildSpec {
    BuildSpec {
        tag: tag.to_owned(),
        context: context(dockerfile),
        arguments: BTreeMap::new(),
        labels: BTreeMap::from([(LABEL_IMAGE.to_owned(), "test".to_owned())]),
    }
}

async fn built(engine: &DockerEngine) {
    let dockerfile = "FROM scratch\nCOPY busybox /bin/busybox\n\
                      ENTRYPOINT [\"/bin/busybox\"]\nCMD [\"true\"]\n";
    engine.build(&build_spec(TAG, dockerfile)).await.unwrap();
}

fn spec(run: &str, network: Network) -> InstanceSpec {
    InstanceSpec {
        image: TAG.to_owned(),
        network,
        limits: Limits { memory: 64 << 20, cpus: Some(1.0) },
        env: BTreeMap::from([("A".to_owned(), "b c".to_owned())]),
        labels: BTreeMap::from([
            (LABEL_RUN.to_owned(), run.to_owned()),
            (LABEL_FUNCTION.to_owned(), "null".to_owned()),
        ]),
    }
}

fn run_id(of: &str) -> String {
    format!("test-{of}-{}", std::process::id())
}

#[tokio::test]
async fn an_instance_from_create_to_removal() {
    let Some(engine) = engine().await else { return };
    built(&engine).await;
    let run = run_id("life");
    for network in [Network::Bridge, Network::Host] {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..10 {
            let at = Instant::now();
            let id = engine.create(&spec(&run, network)).await.unwrap();
            times[0].push(at.elapsed());
            let exit = engine.watch_exit(&id);
            let at = Instant::now();
            engine.start(&id).await.unwrap();
            times[1].push(at.elapsed());
            assert_eq!(exit.await.unwrap().code, Some(0));
            let at = Instant::now();
            engine.remove(&id).await.unwrap();
            times[2].push(at.elapsed());
            engine.remove(&id).await.unwrap();
        }
        let median = times.map(|mut t| {
            t.sort();
            t[t.len() / 2]
        });
        eprintln!("{network}: create, start, remove: {median:?}");
    }
    assert!(engine.instances(Some(&run)).await.unwrap().is_empty());
}

#[tokio::test]
async fn removal_ends_the_wait_of_one_that_never_ran() {
    let Some(engine) = engine().await else { return };
    built(&engine).await;
    let run = run_id("never");
    let id = engine.create(&spec(&run, Network::Host)).await.unwrap();
    let exit = engine.watch_exit(&id);
    let found = engine.instances(Some(&run)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.clone(), found[0].running), (id.clone(), false));
    assert_eq!((found[0].run.as_str(), found[0].function.as_str()), (run.as_str(), "null"));
    engine.remove(&id).await.unwrap();
    assert_eq!(exit.await.unwrap().code, None);
}

#[tokio::test]
async fn output_is_bounded() {
    let Some(engine) = engine().await else { return };
    let tag = "coldstart-test/loud:1";
    let dockerfile = "FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT [\"/bin/busybox\", \
                      \"sh\", \"-c\", \"/bin/busybox seq 1 9999 >&2; echo oops >&2; exit 3\"]\n";
    engine.build(&build_spec(tag, dockerfile)).await.unwrap();
    let mut spec = spec(&run_id("loud"), Network::Host);
    spec.image = tag.to_owned();
    let id = engine.create(&spec).await.unwrap();
    let exit = engine.watch_exit(&id);
    engine.start(&id).await.unwrap();
    assert_eq!(exit.await.unwrap().code, Some(3));
    let output = engine.output(&id).await.unwrap();
    assert!(output.len() <= 2048, "{}", output.len());
    assert!(output.contains("9999") && output.contains("oops"), "{output}");
    engine.remove(&id).await.unwrap();
    engine.remove_image(tag).await.unwrap();
}

#[tokio::test]
async fn one_command_and_nothing_left() {
    let Some(engine) = engine().await else { return };
    built(&engine).await;
    let run = run_id("once");
    let command = |script: &str| ["/bin/busybox", "sh", "-c", script].map(str::to_owned).to_vec();
    let output = engine.run_once(TAG, &run, &command("echo out; echo err >&2")).await.unwrap();
    assert!(output.contains("out") && output.contains("err"), "{output}");
    let error = engine.run_once(TAG, &run, &command("echo why; exit 7")).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("exit status 7") && text.contains("why"), "{text}");
    let nothing = ["/no/such".to_owned()];
    assert!(engine.run_once(TAG, &run, &nothing).await.is_err());
    assert!(engine.instances(Some(&run)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_failed_build_shows_its_last_lines() {
    let Some(engine) = engine().await else { return };
    let dockerfile = "FROM scratch\nCOPY busybox /bin/busybox\n\
                      RUN [\"/bin/busybox\", \"sh\", \"-c\", \"echo deep trouble; exit 9\"]\n";
    let error = engine.build(&build_spec("coldstart-test/broken:1", dockerfile)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("deep trouble") && text.contains("coldstart-test/broken:1"), "{text}");
    assert_eq!(engine.image("coldstart-test/broken:1").await.unwrap(), None);
}

#[tokio::test]
async fn an_imported_image_is_labelled_and_found() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("root.tar");
    std::fs::write(&archive, context("")).unwrap();
    let tag = "coldstart-test/imported:1";
    engine.import(tag, &archive).await.unwrap();
    let image = engine.image(tag).await.unwrap().unwrap();
    assert!(image.digest.starts_with("sha256:") && image.size > 100_000);
    assert!(image.labels.contains_key(LABEL_IMAGE));
    assert!(engine.images().await.unwrap().contains(&tag.to_owned()));
    engine.remove_image(tag).await.unwrap();
    engine.remove_image(tag).await.unwrap();
    assert_eq!(engine.image(tag).await.unwrap(), None);
    let error = engine.import(tag, Path::new("/no/such.tar")).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn it_describes_itself_and_listens_where_it_should() {
    let Some(engine) = engine().await else { return };
    let info = engine.describe().await.unwrap();
    eprintln!("{info:?}");
    assert!(info.oci_runtime.contains(' ') && info.cgroups.contains(" v"));
    let bridge = engine.listen(Network::Bridge).await.unwrap();
    assert!(!bridge.address().starts_with("0.") && !bridge.address().starts_with("127."));
    let host = engine.listen(Network::Host).await.unwrap();
    assert!(host.address().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn nothing_there_is_gone_and_a_wrong_request_is_refused() {
    let gone = DockerEngine::connect("unix:///no/such.sock").await.unwrap_err();
    assert!(matches!(gone, EngineError::Gone(_)), "{gone}");
    let gone = DockerEngine::connect("tcp://127.0.0.1:1").await.unwrap_err();
    assert!(matches!(gone, EngineError::Gone(_)), "{gone}");
    let error = DockerEngine::connect("carrier://pigeon").await.unwrap_err();
    assert!(error.to_string().contains("unix:///"), "{error}");
    let Some(engine) = engine().await else { return };
    let mut spec = spec("test", Network::Host);
    spec.image = "coldstart-test/absent:1".to_owned();
    let error = engine.create(&spec).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error}");
    let start = Instant::now();
    let absent = "coldstart-test.invalid/x@sha256:\
                  0000000000000000000000000000000000000000000000000000000000000000";
    let error = engine.pull(absent).await.unwrap_err();
    eprintln!("{error} after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(40));
}
