//! Images of functions and bases: built once, described, and nothing changed
//! without consent.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use coldstart::engine::{Engine, EngineError, ImageStore};
use coldstart::observer::{Lines, Silent};
use coldstart::provision::bases::{self, Bases};
use coldstart::provision::images;
use coldstart::provision::{Consent, ProvisionError, Surroundings, doctor};
use coldstart::spec::function::{Base, Build, Function, ImageSource, Limits};
use coldstart::store::Origin;
use libtest_mimic::{Failed, Trial};

use crate::bench::{Bench, Tested};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Bench::trial("a_function_image_is_built_once_and_described", built_once),
        Bench::trial("a_missing_base_without_consent_changes_nothing", missing_base),
        Bench::trial("a_registry_that_lacks_a_base_is_asked_for_the_next", lacking_registry),
        // Needs root, mmdebstrap, a Debian mirror and a minute.
        Bench::trial("bases_are_bootstrapped_where_no_registry_answers", bootstrapped)
            .with_ignored_flag(true),
    ]
}

/// Nothing of this machine but the engine, and an empty folder.
fn surroundings(bench: &Bench, folder: &Path) -> Surroundings {
    Surroundings { host: Some(bench.address().to_owned()), ..Surroundings::within(folder) }
}

/// A function made of the binary of one of ours.
fn function(bench: &Bench, folder: &Path) -> Result<Function, Failed> {
    let (ours, _) = bench.function("rust")?;
    let ours = ours.build().ok_or("not built")?;
    let binary = ours.context.join(ours.files.last().ok_or("no binary")?);
    std::fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY binary /binary\n")?;
    Ok(Function {
        recipe: ImageSource::Build(Build {
            dockerfile: coldstart::spec::function::DOCKERFILE.into(),
            args: BTreeMap::new(),
            first: None,
            inputs: Vec::new(),
            tools: BTreeMap::new(),
            context: folder.to_owned(),
            bases: BTreeMap::new(),
            prepare: vec!["cp".to_owned(), binary.display().to_string(), "binary".to_owned()],
            files: ["Dockerfile", "binary"].map(PathBuf::from).to_vec(),
            network: false,
        }),
        is_bare: false,
        stands_for: None,
        version_command: ["/binary", "--version"].map(str::to_owned).to_vec(),
        limits: Limits { memory: 1 << 27, cpus: None, processes: None },
        ..Function::of_image(&bench.run.replace('-', "_"), "unused", "{}", 3)
    })
}

fn bases_of(function: &mut Function) -> &mut BTreeMap<String, Base> {
    let ImageSource::Build(build) = &mut function.recipe else { panic!("it is not built") };
    &mut build.bases
}

/// A base at a registry.
fn base(name: &str, registry: &str, packages: &[&str]) -> Base {
    let digest = "0123456789abcdef".repeat(4);
    Base {
        name: name.to_owned(),
        pull: format!("{registry}/{name}@sha256:{digest}"),
        suite: "trixie".to_owned(),
        packages: packages.iter().map(|&package| package.to_owned()).collect(),
    }
}

/// Where nobody listens.
const NO_REGISTRY: &str = "127.0.0.1:1";

fn built_once(bench: &Bench) -> Tested {
    let folder = tempfile::tempdir()?;
    let around = surroundings(bench, folder.path());
    let said = Mutex::new(Vec::new());
    let say = Lines(|line: &str| said.lock().unwrap().push(line.to_owned()));
    let bases = Bases::new(&around, Consent::Withheld, &say);
    let functions = [function(bench, folder.path())?];
    bench.wait(async {
        let engine = bench.engine.as_ref();
        let first = images::ensure(engine, &functions, &bases, &bench.run).await?;
        bench.will_remove(&first[0].image);
        let second = images::ensure(engine, &functions, &bases, &bench.run).await?;
        assert_eq!(first, second);
        let said = said.lock().unwrap().clone();
        let built = said.iter().filter(|line| line.starts_with("building ")).count();
        assert_eq!(built, 1, "built once: {said:?}");
        let record = &first[0];
        assert!(record.version.starts_with("rustc ") && record.position == 3, "{record:?}");
        assert!(record.digest.starts_with("sha256:") && record.size > 100_000, "{record:?}");
        assert!(record.image.starts_with(&format!("coldstart/{}:", functions[0].name)));
        assert!(engine.instances(Some(&bench.run)).await?.is_empty());
        let findings = doctor::inspect(&around, &functions).await;
        let what = format!("function `{}`", functions[0].name);
        let found = findings.iter().find(|f| f.what == what).unwrap();
        assert!(found.ok && found.detail == record.image, "{found:?}");
        let kept = std::fs::read_dir(&around.state)?.map(|entry| entry.unwrap().file_name());
        assert_eq!(kept.collect::<Vec<_>>(), ["images"], "only what images tell of themselves");
        Ok(())
    })
}

fn missing_base(bench: &Bench) -> Tested {
    let folder = tempfile::tempdir()?;
    let around = surroundings(bench, folder.path());
    let bases = Bases::new(&around, Consent::Withheld, &Silent);
    let mut function = function(bench, folder.path())?;
    let absent = base(&bench.run, NO_REGISTRY, &["hello"]);
    bases_of(&mut function).insert("BASE".to_owned(), absent.clone());
    let functions = [function];
    bench.wait(async {
        let engine = bench.engine.as_ref();
        let error = images::ensure(engine, &functions, &bases, &bench.run).await.unwrap_err();
        let error = error.downcast_ref::<ProvisionError>().unwrap();
        assert!(matches!(error, ProvisionError::Missing { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&format!("base image `{}` is missing", absent.name)), "{text}");
        assert!(text.contains("connection refused"), "{text}");
        assert_eq!(bases::present(engine, &absent).await?, None);
        assert!(!around.state.exists() && !folder.path().join("binary").exists());
        let findings = doctor::inspect(&around, &functions).await;
        let missing: Vec<_> = findings.iter().filter(|f| f.what.contains('`')).collect();
        assert_eq!(missing.len(), 2, "{findings:?}");
        for found in missing {
            assert!(!found.ok && found.detail.ends_with(" yet"), "{found:?}");
            assert!(found.cure.as_ref().unwrap().contains("build --provision"), "{found:?}");
        }
        Ok(())
    })
}

/// A registry without a single image.
fn empty_registry() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    // It ends with the process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let (status, body) = match &request[..read] {
                [b'G' | b'H', ..] if request.starts_with(b"GET /v2/ ") => ("200 OK", "{}"),
                [b'G' | b'H', ..] => {
                    ("404 Not Found", r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"?"}]}"#)
                }
                // Engines try TLS first, and some ask again only where they are told, as servers
                // do, that this is none.
                _ => ("400 Bad Request", ""),
            };
            let head = "Content-Type: application/json\r\nConnection: close";
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}"
            );
        }
    });
    Ok(address)
}

fn lacking_registry(bench: &Bench) -> Tested {
    if bench.leaves_out("it asks registries of this machine over TLS alone")? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let around = surroundings(bench, folder.path());
    let registry = empty_registry()?;
    let said = Mutex::new(Vec::new());
    let say = Lines(|line: &str| said.lock().unwrap().push(line.to_owned()));
    let bases = Bases::new(&around, Consent::Withheld, &say);
    bench.wait(async {
        let engine = bench.engine.as_ref();
        let lacking = base("one", &registry, &[]);
        let error = engine.pull(&lacking.pull, None, &|_| ()).await.unwrap_err();
        assert!(matches!(error, EngineError::NotFound { .. }), "{error:?}");
        let out_of_reach = base("two", NO_REGISTRY, &[]);
        let error = engine.pull(&out_of_reach.pull, None, &|_| ()).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
        // Asked after one that it lacks, not after it was out of reach.
        for base in [&lacking, &out_of_reach, &base("three", &registry, &[])] {
            let error = bases.ensure(engine, base).await.unwrap_err();
            assert!(error.to_string().contains("docker pull"), "{error}");
        }
        let said = said.lock().unwrap();
        assert!(said.len() == 2 && said[1].contains("`two`"), "{said:?}");
        Ok(())
    })
}

fn bootstrapped(bench: &Bench) -> Tested {
    let folder = tempfile::tempdir()?;
    let around = surroundings(bench, folder.path());
    let bases = Bases::new(&around, Consent::Given, &Lines(|line: &str| eprintln!("{line}")));
    let mut function = function(bench, folder.path())?;
    let name = |which: &str| format!("{}-{which}", bench.run);
    bases_of(&mut function).insert("ONE".to_owned(), base(&name("one"), NO_REGISTRY, &["hello"]));
    bases_of(&mut function).insert("TWO".to_owned(), base(&name("two"), NO_REGISTRY, &["sl"]));
    // Without a command in the first stage, which would leave an image without a name.
    let dockerfile =
        "ARG ONE\nARG TWO\nFROM $TWO AS two\nFROM $ONE\nCOPY --from=two /usr/games/sl /sl\n";
    std::fs::write(folder.path().join("Dockerfile"), dockerfile)?;
    function.version_command = ["hello", "--version"].map(str::to_owned).to_vec();
    let functions = [function];
    bench.wait(async {
        let engine = bench.engine.as_ref();
        let made = images::ensure(engine, &functions, &bases, &bench.run).await;
        // The image first: the bases are below it.
        made.iter().for_each(|records| bench.will_remove(&records[0].image));
        let ours = format!("coldstart-base/{}-", bench.run);
        for image in engine.images().await?.iter().filter(|image| image.starts_with(&ours)) {
            bench.will_remove(image);
        }
        let records = made?;
        assert!(records[0].version.starts_with("hello "), "{records:?}");
        let origins: Vec<_> = records[0].bases.iter().map(|base| base.origin).collect();
        assert_eq!(origins, [Origin::Bootstrapped; 2]);
        assert_eq!(images::ensure(engine, &functions, &bases, &bench.run).await?, records);
        for file in std::fs::read_dir(&around.state)? {
            let path = file?.path();
            assert!(path.extension().is_none_or(|e| e != "tar"), "{} is left", path.display());
        }
        Ok(())
    })
}
