//! What the tests stand on: an engine with the functions' images, found or
//! provisioned once, and for each test a place where nothing stays.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use coldstart::engine::docker::DockerEngine;
use coldstart::engine::{BuildSpec, Engine, EngineError, ImageStore, LABEL_IMAGE, ListedInstance};
use coldstart::observer::Lines;
use coldstart::provision::bases::Bases;
use coldstart::provision::images;
use coldstart::provision::{Consent, Surroundings, engine};
use coldstart::spec::function::{self, Function};
use coldstart::store::FunctionRecord;
use libtest_mimic::{Failed, Trial};

pub(crate) type Tested = Result<(), Failed>;

/// What all tests share: where the engine is, and the functions with their images.
struct Shared {
    address: String,
    functions: Vec<(Function, FunctionRecord)>,
}

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All that the project describes, the optional ones among them.
pub(crate) fn all_functions() -> anyhow::Result<Vec<Function>> {
    function::load(&root().join("functions/functions.toml"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Finds or provisions an engine and builds the images, once.
fn shared() -> Result<&'static Shared, Failed> {
    static SHARED: OnceLock<Result<Shared, String>> = OnceLock::new();
    let prepare = || {
        runtime().block_on(async {
            let say = Lines(|text: &str| eprintln!("{text}"));
            let consent = Consent::from_flag(false);
            let around = Surroundings::read();
            let engine = engine::find(&around, consent, &say).await?;
            let bases = Bases::new(&around, consent, &say);
            let all = function::choose(&all_functions()?, &[])?;
            let records = images::ensure(&engine, &all, &bases, "test").await?;
            let address = engine.address().to_owned();
            anyhow::Ok(Shared { address, functions: all.into_iter().zip(records).collect() })
        })
    };
    let shared = SHARED.get_or_init(|| {
        prepare().map_err(|error: anyhow::Error| {
            format!(
                "this test needs a container engine with the functions' images and has none: \
                 {error:#}\nCOLDSTART_PROVISION=1 cargo test installs and starts one; \
                 COLDSTART_TEST_ENGINE=none cargo test leaves these tests out"
            )
        })
    });
    shared.as_ref().map_err(Failed::from)
}

/// An engine for one test. What the test makes under `run`, and the images that
/// are made or announced here, are removed however the test ends.
pub(crate) struct Bench {
    pub(crate) engine: Arc<DockerEngine>,
    /// The run's id, of this test alone.
    pub(crate) run: String,
    shared: &'static Shared,
    images: Mutex<Vec<String>>,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    /// A trial of a test on a bench of its own.
    pub(crate) fn trial(name: &str, test: fn(&Bench) -> Tested) -> Trial {
        Trial::test(name, move || Bench::with(test))
    }

    pub(crate) fn with(test: impl FnOnce(&Bench) -> Tested) -> Tested {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let shared = shared()?;
        let runtime = runtime();
        // As it was found, certificates included.
        let around = Surroundings::read();
        let around = Surroundings { host: Some(shared.address.clone()), ..around };
        let (consent, say) = (Consent::from_flag(false), Lines(|text: &str| eprintln!("{text}")));
        let engine = Arc::new(runtime.block_on(engine::find(&around, consent, &say))?);
        let run = format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let bench = Bench { engine, run, shared, images: Mutex::default(), runtime };
        let tested = catch_unwind(AssertUnwindSafe(|| test(&bench)));
        let left = bench.wait(bench.clear());
        tested.unwrap_or_else(|panic| resume_unwind(panic))?;
        let left = left?;
        if left.is_empty() { Ok(()) } else { Err(format!("left behind: {left:?}").into()) }
    }

    /// Removes everything; returns the instances that should have been gone.
    async fn clear(&self) -> Result<Vec<ListedInstance>, EngineError> {
        let left = self.engine.instances(Some(&self.run)).await?;
        for found in &left {
            self.engine.remove(&found.id).await?;
        }
        let images = std::mem::take(&mut *self.images.lock().unwrap());
        for image in images {
            self.engine.remove_image(&image).await?;
        }
        Ok(left)
    }

    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Whether a test is left out as what it tries is Docker's own, and not of all who speak its
    /// interface; said with the reason.
    pub(crate) fn leaves_out(&self, why: &str) -> Result<bool, Failed> {
        let kind = self.wait(self.engine.describe())?.kind;
        if kind != "docker" {
            eprintln!("left out on {kind}: {why}");
        }
        Ok(kind != "docker")
    }

    /// Where the engine is.
    pub(crate) fn address(&self) -> &'static str {
        &self.shared.address
    }

    /// A function of the project, and its image.
    pub(crate) fn function(
        &self,
        name: &str,
    ) -> Result<(&'static Function, &'static FunctionRecord), Failed> {
        let mut all = self.shared.functions.iter();
        let (function, record) = all.find(|(f, _)| f.name == name).ok_or("no such function")?;
        Ok((function, record))
    }

    /// The name of an image of this test alone, which is removed with it.
    pub(crate) fn image_name(&self) -> String {
        let mut images = self.images.lock().unwrap();
        let name = format!("coldstart-test/{}:{}", self.run, images.len());
        images.push(name.clone());
        name
    }

    /// Has an image removed with the rest.
    pub(crate) fn will_remove(&self, image: &str) {
        self.images.lock().unwrap().push(image.to_owned());
    }

    /// An image from a function's image, with another command.
    pub(crate) fn derive(&self, function: &str, command: &[&str]) -> Result<String, Failed> {
        let command = serde_json::to_string(command)?;
        self.build(function, &format!("CMD {command}"))
    }

    /// An image from a function's image, with another line in its Dockerfile.
    pub(crate) fn build(&self, function: &str, line: &str) -> Result<String, Failed> {
        self.build_of(function, line, &[])
    }

    /// The same, with files beside the Dockerfile.
    pub(crate) fn build_of(
        &self,
        function: &str,
        line: &str,
        files: &[(&str, &[u8])],
    ) -> Result<String, Failed> {
        let (_, record) = self.function(function)?;
        let dockerfile = format!("FROM {}\n{line}\n", record.image);
        let all = [&[("Dockerfile", dockerfile.as_bytes())], files].concat();
        let spec = BuildSpec {
            network: false,
            tag: self.image_name(),
            context: archive(&all)?,
            arguments: Default::default(),
            labels: [(LABEL_IMAGE.to_owned(), "test".to_owned())].into(),
        };
        self.wait(self.engine.build(&spec, &|_| ()))?;
        Ok(spec.tag)
    }
}

/// A tar archive of files that anyone may read and run.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        archive.append_data(&mut header, name, *bytes)?;
    }
    archive.into_inner()
}
