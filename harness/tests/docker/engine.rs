//! The engine behind its trait: instances, their output and end, images, and
//! what it says when something is not there.

use std::collections::BTreeMap;
use std::path::Path;

use coldstart::engine::docker::DockerEngine;
use coldstart::engine::{
    Engine, EngineError, ImageStore, InstanceSource, InstanceSpec, LABEL_FUNCTION, LABEL_IMAGE,
    LABEL_RUN,
};
use coldstart::spec::factor::{Combination, Factors, Network};
use coldstart::spec::function::Limits;
use coldstart::text::units::Cpus;
use libtest_mimic::Trial;

use crate::bench::{Bench, Tested, archive};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("an_instance_from_create_to_removal", lifecycle),
        Bench::trial("removal_ends_the_wait_for_one_that_never_ran", removed_before_start),
        Bench::trial("output_is_the_bounded_end_of_what_was_written", output_is_bounded),
        Bench::trial("one_command_and_nothing_left", run_once),
        Bench::trial("an_instance_forks_no_more_than_its_function_may", forks),
        Bench::trial("a_version_command_forks_no_more_than_an_instance", forks_once),
        Bench::trial("an_image_built_from_ours_is_not_among_ours", built_from_ours),
        Bench::trial("a_failed_build_shows_its_last_lines", failed_build),
        Bench::trial("an_imported_image_is_labelled_and_found", imported),
        Bench::trial("it_describes_itself_and_listens_where_it_should", describes_and_listens),
        Bench::trial("nothing_there_is_gone_and_a_wrong_request_is_refused", gone_or_refused),
    ]
}

fn spec(bench: &Bench, image: &str, network: Network) -> InstanceSpec {
    InstanceSpec {
        source: InstanceSource::Image(image.to_owned()),
        image: Default::default(),
        factors: factors(network),
        processes: None,
        socket: None,
        env: BTreeMap::from([("A".to_owned(), "b c".to_owned())]),
        launch: Default::default(),
        launcher: None,
        labels: BTreeMap::from([
            (LABEL_RUN.to_owned(), bench.run.clone()),
            (LABEL_FUNCTION.to_owned(), "null".to_owned()),
        ]),
    }
}

fn factors(network: Network) -> Factors {
    let limits = Limits { memory: 64 << 20, cpus: Cpus::from_cores(1.0).ok(), processes: None };
    Combination::on(network).resolve(limits, "runc")
}

fn lifecycle(bench: &Bench) -> Tested {
    let image = bench.derive("rust", &["/function", "--version"])?;
    let engine = &bench.engine;
    bench.wait(async {
        for network in [Network::Bridge, Network::Host, Network::Bridge, Network::Host] {
            let id = engine.create(&spec(bench, &image, network)).await?;
            let exit = engine.watch_exit(&id);
            engine.start(&id).await?;
            assert_eq!(exit.await?.code, Some(0));
            engine.remove(&id).await?;
            engine.remove(&id).await?;
        }
        assert!(engine.instances(Some(&bench.run)).await?.is_empty());
        Ok(())
    })
}

fn removed_before_start(bench: &Bench) -> Tested {
    let (_, record) = bench.function("rust")?;
    let (engine, run) = (&bench.engine, bench.run.as_str());
    bench.wait(async {
        let id = engine.create(&spec(bench, &record.image, Network::Host)).await?;
        let exit = engine.watch_exit(&id);
        let found = engine.instances(Some(run)).await?;
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].id, found[0].running), (&id, false));
        assert_eq!((found[0].run.as_str(), found[0].function.as_str()), (run, "null"));
        engine.remove(&id).await?;
        assert_eq!(exit.await?.code, None);
        Ok(())
    })
}

fn output_is_bounded(bench: &Bench) -> Tested {
    let script = "import os, sys\nfor n in range(9999): print('line', n, 'x' * 20, file=sys.stderr)\n\
                  sys.exit('A is ' + os.environ['A'])";
    let image = bench.derive("python", &["python3", "-c", script])?;
    let engine = &bench.engine;
    bench.wait(async {
        let id = engine.create(&spec(bench, &image, Network::Host)).await?;
        let exit = engine.watch_exit(&id);
        engine.start(&id).await?;
        assert_eq!(exit.await?.code, Some(1));
        let output = engine.output(&id).await?;
        assert!(output.len() <= 16 << 10, "{}", output.len());
        let (early, late) = (output.contains("line 9001"), output.contains("line 9998"));
        assert!(!early && late && output.contains("A is b c"), "{output}");
        Ok(engine.remove(&id).await?)
    })
}

fn run_once(bench: &Bench) -> Tested {
    let (_, record) = bench.function("python")?;
    let command = |script: &str| ["python3", "-c", script].map(str::to_owned).to_vec();
    let (engine, image, run) = (&bench.engine, &record.image, bench.run.as_str());
    bench.wait(async {
        let env = BTreeMap::from([("WORD".to_owned(), "out".to_owned())]);
        let both =
            command("import os, sys; print(os.environ['WORD']); print('err', file=sys.stderr)");
        let output = engine.run_once(image, run, &both, &env).await?;
        assert!(output.contains("out") && output.contains("err"), "{output}");
        let fails = command("print('why'); exit(7)");
        let text = engine.run_once(image, run, &fails, &env).await.unwrap_err().to_string();
        assert!(text.contains("exit status 7") && text.contains("why"), "{text}");
        let absent = ["/no/such".to_owned()];
        assert!(engine.run_once(image, run, &absent, &env).await.is_err());
        assert!(engine.instances(Some(run)).await?.is_empty());
        Ok(())
    })
}

/// Forks until it is refused, and prints how often it was not.
const FORKS: &str = "
import os, time
n = 0
try:
    while n < 3000:
        if os.fork() == 0:
            time.sleep(1000)
        n += 1
except OSError:
    print('refused after', n, flush=True)
os._exit(0)
";

fn refused_after(output: &str) -> u32 {
    let (_, number) = output.split_once("refused after ").unwrap_or_else(|| panic!("{output}"));
    number.trim().parse().unwrap()
}

fn forks(bench: &Bench) -> Tested {
    let image = bench.derive("python", &["python3", "-c", FORKS])?;
    let engine = &bench.engine;
    bench.wait(async {
        let spec = InstanceSpec { processes: Some(40), ..spec(bench, &image, Network::Host) };
        let id = engine.create(&spec).await?;
        let exit = engine.watch_exit(&id);
        engine.start(&id).await?;
        exit.await?;
        let output = engine.output(&id).await?;
        engine.remove(&id).await?;
        assert!((30..40).contains(&refused_after(&output)), "{output}");
        Ok(())
    })
}

fn forks_once(bench: &Bench) -> Tested {
    let (_, record) = bench.function("python")?;
    let command = ["python3", "-c", FORKS].map(str::to_owned);
    bench.wait(async {
        let output =
            bench.engine.run_once(&record.image, &bench.run, &command, &BTreeMap::new()).await?;
        assert!((1_000..1_024).contains(&refused_after(&output)), "{output}");
        Ok(())
    })
}

/// Labels are inherited.
fn built_from_ours(bench: &Bench) -> Tested {
    let (_, record) = bench.function("rust")?;
    let theirs = bench.derive("rust", &["/function"])?;
    bench.wait(async {
        let image = bench.engine.image(&theirs).await?.unwrap();
        assert!(image.labels.contains_key(LABEL_IMAGE), "it shows nothing: {image:?}");
        let ours = bench.engine.images().await?;
        assert!(ours.contains(&record.image) && !ours.contains(&theirs), "{ours:?}");
        assert!(ours.iter().all(|image| image.starts_with("coldstart")), "{ours:?}");
        Ok(())
    })
}

fn failed_build(bench: &Bench) -> Tested {
    let line = r#"RUN ["python3", "-c", "print('deep trouble'); exit(9)"]"#;
    let text = bench.build("python", line).unwrap_err();
    let text = text.message().unwrap();
    assert!(text.contains("deep trouble") && text.contains("build coldstart-test/"), "{text}");
    let tag = text.split([' ', ':']).find(|word| word.starts_with("coldstart-test/")).unwrap();
    assert_eq!(bench.wait(bench.engine.image(&format!("{tag}:0")))?, None);
    Ok(())
}

fn imported(bench: &Bench) -> Tested {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("root.tar");
    std::fs::write(&file, archive(&[("file", &[7; 200_000])])?)?;
    let (engine, tag) = (&bench.engine, format!("coldstart-base/{}:0123456789ab", bench.run));
    bench.wait(async {
        engine.import(&tag, &file).await?;
        let image = engine.image(&tag).await?.unwrap();
        assert!(image.digest.starts_with("sha256:") && image.size >= 200_000, "{image:?}");
        assert!(image.labels.contains_key(LABEL_IMAGE));
        assert!(engine.images().await?.contains(&tag));
        engine.remove_image(&tag).await?;
        engine.remove_image(&tag).await?;
        assert_eq!(engine.image(&tag).await?, None);
        let error = engine.import(&tag, Path::new("/no/such.tar")).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error}");
        Ok(())
    })
}

fn describes_and_listens(bench: &Bench) -> Tested {
    let engine = &bench.engine;
    bench.wait(async {
        let info = engine.describe().await?;
        assert!(["docker", "podman"].contains(&info.kind.as_str()), "{info:?}");
        assert_eq!(info.address, bench.address());
        assert!(info.oci_runtime != "unknown" && info.cgroups.contains(" v"), "{info:?}");
        let bridge = engine.listen(Network::Bridge.into()).await?;
        let address = bridge.address();
        assert!(!address.starts_with("0.") && !address.starts_with("127."), "{address}");
        let host = engine.listen(Network::Host.into()).await?;
        assert!(host.address().starts_with("127.0.0.1:"), "{}", host.address());
        Ok(())
    })
}

fn gone_or_refused(bench: &Bench) -> Tested {
    bench.wait(async {
        for nowhere in ["unix:///no/such.sock", "tcp://127.0.0.1:1"] {
            let gone = DockerEngine::connect(nowhere).await.unwrap_err();
            assert!(matches!(gone, EngineError::Gone(_)), "{gone}");
        }
        let error = DockerEngine::connect("carrier://pigeon").await.unwrap_err();
        assert!(error.to_string().contains("unix:///"), "{error}");
        let absent = spec(bench, "coldstart-test/absent:1", Network::Host);
        let error = bench.engine.create(&absent).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error}");
        Ok(())
    })
}
