//! Function images: prepared, built when something changed, and described.
//!
//! A run refuses to start without the digest and the version of every function.
//! All of this is done before anything is timed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use sha2::{Digest, Sha256};

use crate::engine::{self, BuildSpec, FUNCTION_NAMES, Image, ImageStore, LABEL_IMAGE};
use crate::observer::Work;
use crate::provision::bases::{BaseImage, Bases};
use crate::provision::hex;
use crate::spec::function::{Base, Build, Function, IMAGE, ImageSource};
use crate::store::{
    BaseRecord, BuildRecord, EnvironmentRecord, EventRecord, FunctionRecord, Origin,
};

mod build_time;
mod context;
mod cures;
mod handed;
mod own_build;
mod prepare;
mod proof;
mod told;
mod tools;

pub use handed::handed;
use told::Told;
pub use told::forget;

/// The version of an image as it is, where no command tells it: its digest says all.
const NOT_ASKED: &str = "not asked";
/// The longest version that is recorded, in characters.
const VERSION: usize = 200;

/// Makes sure that every function has an image, and describes each.
///
/// # Errors
/// Names the function that could not be prepared, built or described. A missing
/// base image is a [`crate::provision::ProvisionError`] in the chain.
pub async fn ensure(
    engine: &impl ImageStore,
    functions: &[Function],
    bases: &Bases<'_>,
    run: &str,
) -> Result<Vec<FunctionRecord>> {
    let found = ensure_bases(engine, functions, bases).await?;
    let made: Vec<Function> = functions.iter().map(as_made).collect();
    let mut records: Vec<FunctionRecord> = Vec::new();
    for (at, function) in functions.iter().enumerate() {
        let own = &made[at];
        let record = match made[..at].iter().position(|other| other == own) {
            Some(other) => records[other].clone(),
            None => ensure_one(engine, own, &found, bases, run)
                .await
                .with_context(|| format!("function `{}`", function.name))?,
        };
        records.push(under_the_name_of(function, record));
    }
    build_time::only_beside_variants(&mut records);
    Ok(records)
}

/// A function as its image is made: under the name that it stands for, however it is run.
fn as_made(function: &Function) -> Function {
    let name = function.stands_for.as_ref().unwrap_or(&function.name).clone();
    let (position, stands_for, is_bare, is_null) = Default::default();
    Function { name, position, stands_for, is_bare, is_null, ..function.clone() }
}

fn under_the_name_of(function: &Function, record: FunctionRecord) -> FunctionRecord {
    let Function { name, position, is_bare, .. } = function;
    let (name, position, is_bare) = (name.clone(), *position, *is_bare);
    FunctionRecord { name, position, is_bare, ..record }
}

/// Describes functions for the simulated engine: nothing is prepared, pulled or
/// built for it.
#[must_use]
pub fn simulated(functions: &[Function]) -> Vec<FunctionRecord> {
    let base = |(argument, base): (&String, &Base)| BaseRecord {
        argument: argument.clone(),
        name: base.name.clone(),
        origin: Origin::Fake,
        digest: "simulated".to_owned(),
    };
    let simulated = || "simulated".to_owned();
    let image = || Image { digest: simulated(), platform: simulated(), ..Image::default() };
    let one = |function: &Function| {
        let bases = function.build().map(|build| build.bases.iter().map(base).collect());
        let bases = bases.unwrap_or_default();
        let variant = function.variant.as_ref().map(|variant| proof::recorded(variant, None));
        let record = record(function, simulated(), image(), bases, simulated());
        FunctionRecord { variant, ..record }
    };
    functions.iter().map(one).collect()
}

/// Base images by name, each got once however many functions need it.
async fn ensure_bases(
    engine: &impl ImageStore,
    functions: &[Function],
    bases: &Bases<'_>,
) -> Result<BTreeMap<String, BaseImage>> {
    let needed: BTreeMap<&str, &Base> =
        functions.iter().flat_map(Function::bases).map(|b| (b.name.as_str(), b)).collect();
    let needed: Vec<Base> = needed.into_values().cloned().collect();
    let images = bases.ensure_all(engine, &needed).await?;
    Ok(needed.into_iter().map(|b| b.name).zip(images).collect())
}

async fn ensure_one(
    engine: &impl ImageStore,
    function: &Function,
    found: &BTreeMap<String, BaseImage>,
    bases: &Bases<'_>,
    run: &str,
) -> Result<FunctionRecord> {
    let mut took = None;
    let (reference, used) = match &function.recipe {
        ImageSource::Build(build) => {
            let used = used_bases(build, found)?;
            let built = built(engine, function, build, &used, bases).await?;
            took = built.took;
            (built.tag, used)
        }
        ImageSource::Command(own) => {
            let tag = own_build::tag(&function.name, own);
            let address = engine.describe().await?.address;
            let begun = Instant::now();
            own_build::run(&function.name, own, &tag, &address, bases.observer()).await?;
            took = Some(begun.elapsed());
            (tag, Vec::new())
        }
        ImageSource::Image(reference) => {
            bases.fetch(engine, reference).await?;
            (reference.clone(), Vec::new())
        }
    };
    let image = engine.image(&reference).await?;
    let image = image.filter(|i| !i.digest.is_empty());
    let image = image.ok_or_else(|| match &function.recipe {
        ImageSource::Command(_) => anyhow!(
            "the `build` of `{}` ended well, and the engine has no image {reference}: it must \
             give its image the tag `{IMAGE}`, on the engine at DOCKER_HOST (with buildx: `--load`)",
            function.name
        ),
        _ => anyhow!("the engine tells no digest of {reference}"),
    })?;
    check_platform(&reference, &image.platform, &engine.platform().await?)?;
    let Told { version, extensions } =
        told::of(engine, function, (&reference, &image), run, bases.state()).await?;
    let variant = proof::of(engine, function, (&reference, &image), run).await?;
    let build = match took {
        Some(took) => Some(BuildRecord { ms: whole_ms(took), in_this_run: true }),
        None => build_time::noted(&image),
    };
    let used = used.into_iter().map(|(base, _)| base).collect();
    let record = record(function, reference, image, used, version);
    Ok(FunctionRecord { extensions, variant, build, ..record })
}

/// Refuses an image of another kind of machine: at best it would be emulated, and the
/// emulation would be measured.
fn check_platform(reference: &str, of: &str, here: &str) -> Result<()> {
    // These run without help.
    let is_narrower = (of, here) == ("linux/386", "linux/amd64");
    if of.is_empty() || here.is_empty() || of == here || is_narrower {
        return Ok(());
    }
    bail!(
        "image `{reference}` is for {of}, and this engine runs {here}: name one that is for {here} \
         (`docker pull --platform {here} {reference}`, where its registry has one)"
    )
}

/// What a build came to.
struct Built {
    /// Of the image.
    tag: String,
    /// How long it took to be prepared and built; none where it was there.
    took: Option<Duration>,
}

/// Prepares a function and builds its image, if it is not there.
async fn built(
    engine: &impl ImageStore,
    function: &Function,
    build: &Build,
    used: &[(BaseRecord, String)],
    bases: &Bases<'_>,
) -> Result<Built> {
    let prepared = match prepare::all(&function.name, build, bases).await {
        Err(error) if prepare::lacks_a_program(&error) => {
            let tag = as_it_was(engine, function, build, used).await.ok_or(error)?;
            bases.observer().warn(&format!(
                "`{}` is measured as it was prepared last: what prepares it is not on the path here",
                function.name
            ));
            return Ok(Built { tag, took: None });
        }
        prepared => prepared?,
    };
    let spec = spec(&function.name, build, used)?;
    if engine.image(&spec.tag).await?.is_some() {
        return Ok(Built { tag: spec.tag, took: None });
    }
    let work = Work::begin(bases.observer(), &format!("building {}", spec.tag));
    work.debug(&format!("the engine builds {} in {}", spec.tag, build.context.display()));
    let heard = |line: &str| work.printed(line);
    let begun = Instant::now();
    let built = work.watch(engine.build(&spec, &heard), || None).await;
    built.map_err(|error| cures::with_cure(error, build))?;
    let took = prepared.map(|prepared| prepared + begun.elapsed());
    if let Some(took) = took
        && let Err(error) = build_time::note(engine, &spec, took).await
    {
        // The image is there all the same.
        work.debug(&format!("how long it took is not noted on it: {error}"));
    }
    Ok(Built { tag: spec.tag, took })
}

/// The image of what an earlier preparation left, if the engine has it.
async fn as_it_was(
    engine: &impl ImageStore,
    function: &Function,
    build: &Build,
    used: &[(BaseRecord, String)],
) -> Option<String> {
    let spec = spec(&function.name, build, used).ok()?;
    engine.image(&spec.tag).await.ok()?.map(|_| spec.tag)
}

/// The bases of a function by build argument.
fn used_bases(
    build: &Build,
    found: &BTreeMap<String, BaseImage>,
) -> Result<Vec<(BaseRecord, String)>> {
    let one = |(argument, base): (&String, &Base)| {
        let image =
            found.get(&base.name).with_context(|| format!("no base image `{}`", base.name))?;
        let record = BaseRecord {
            argument: argument.clone(),
            name: base.name.clone(),
            origin: image.origin,
            digest: image.digest.clone(),
        };
        Ok((record, image.reference.clone()))
    };
    build.bases.iter().map(one).collect()
}

fn spec(name: &str, build: &Build, used: &[(BaseRecord, String)]) -> Result<BuildSpec> {
    let context = context::pack(&build.context, &build.files, &build.dockerfile)?;
    let arguments = used.iter().map(|(base, reference)| (base.argument.clone(), reference.clone()));
    let others = build.args.iter().map(|(name, value)| (name.clone(), value.clone()));
    Ok(BuildSpec {
        tag: tag(name, &context, used, &build.args),
        context,
        arguments: arguments.chain(others).collect(),
        labels: BTreeMap::from([(LABEL_IMAGE.to_owned(), name.to_owned())]),
        network: build.network,
    })
}

/// `coldstart/<name>:<digest of all that goes into the image>`: nothing is built
/// twice, and nothing stale is measured.
fn tag<'a>(
    name: &str,
    context: &'a [u8],
    used: &'a [(BaseRecord, String)],
    args: &'a BTreeMap<String, String>,
) -> String {
    let of_base = |(base, reference): &'a (BaseRecord, String)| {
        [&base.argument, &base.digest, reference].map(String::as_bytes)
    };
    let of_args = args.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let of_bases = used.iter().flat_map(of_base);
    let digest = digest(std::iter::once(context).chain(of_bases).chain(of_args));
    format!("{FUNCTION_NAMES}{name}:{}", &digest[..engine::VERSION])
}

/// One digest of several texts, each with its length.
fn digest<'a>(texts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    hex(&digest.finalize())
}

fn record(
    function: &Function,
    tag: String,
    image: Image,
    bases: Vec<BaseRecord>,
    version: String,
) -> FunctionRecord {
    FunctionRecord {
        name: function.name.clone(),
        position: function.position,
        image: tag,
        digest: image.digest,
        size: image.size,
        bases,
        version,
        limits: function.limits,
        timeout_ms: whole_ms(function.timeout),
        reply: function.reply.clone(),
        event: Some(EventRecord {
            digest: format!("sha256:{}", hex(&Sha256::digest(&function.event))),
            size: function.event.len() as u64,
        }),
        environment: Some(environment(&function.env)),
        launch: function.launch.clone(),
        http: function.http.clone(),
        extensions: Vec::new(),
        variant: None,
        build: None,
        is_bare: function.is_bare,
    }
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn environment(env: &BTreeMap<String, String>) -> EnvironmentRecord {
    let texts = env.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let digest = format!("sha256:{}", digest(texts));
    EnvironmentRecord { names: env.keys().cloned().collect(), digest }
}

/// The first line that says something.
fn version(output: &str) -> Result<String> {
    let clean = |line: &str| -> String {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        line.trim().chars().take(VERSION).collect()
    };
    let first = output.lines().map(clean).find(|line| !line.is_empty());
    first.ok_or_else(|| anyhow!("its version-command printed nothing: a run records the version"))
}

/// What a function's image is called, if the engine has it, given its bases as they
/// are; none when a base is missing or the function is not prepared.
pub async fn present(engine: &impl ImageStore, function: &Function) -> Option<String> {
    let build = match &function.recipe {
        ImageSource::Build(build) => build,
        ImageSource::Command(own) => {
            let tag = own_build::tag(&function.name, own);
            return engine.image(&tag).await.ok()?.map(|_| tag);
        }
        ImageSource::Image(reference) => {
            return engine.image(reference).await.ok()?.map(|_| reference.clone());
        }
    };
    let mut found = BTreeMap::new();
    for base in build.bases.values() {
        let image = crate::provision::bases::present(engine, base).await.ok()??;
        found.insert(base.name.clone(), image);
    }
    let spec = spec(&function.name, build, &used_bases(build, &found).ok()?).ok()?;
    engine.image(&spec.tag).await.ok()??;
    Some(spec.tag)
}

#[cfg(test)]
mod tests;
