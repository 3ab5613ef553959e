//! From a request to rows on disk: what `run`, `gate`, `aa` and an outside program share.
//!
//! A [`Measurement`] says what is measured. [`PreparedEngine::get`] finds an engine and
//! makes sure of every image; [`PreparedEngine::measure`] tries each function once, runs
//! every trial of the plan, and keeps rows and records. What happens meanwhile is told to
//! an [`Observer`].
//!
//! Both are boxed, once a measurement: an `async fn` is compiled wherever it is awaited, and
//! all of the measuring path would be in each program, test and bench.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::drive::{Driver, RunEnd, Stop};
use crate::engine::docker::DockerEngine;
use crate::engine::oci::OciEngine;
use crate::engine::{self, AnyEngine, EngineInfo, ImageStore, InTurns};
use crate::observer::{Event, Observer};
use crate::platform::Platform;
use crate::probe::exec_trace::ExecTrace;
use crate::provision::bases::Bases;
use crate::provision::{Consent, images};
use crate::spec::factor::{Daemon, EngineKind, Factor};
use crate::store::{FunctionRecord, Unfinished, Writer};
use crate::system::descriptors;
use crate::system::private::Live;

mod advice;
mod callback;
mod carry_out;
mod home;
mod host_load;
mod other_runs;
mod outside;
pub mod preflight;
mod prepare;
pub mod quietest;
mod request;
mod resume;
mod setup;

use carry_out::both;
use home::forget_home;
pub use outside::Outside;
use prepare::Tried;
pub use request::{Measurement, RunIdentity, Side};
use setup::most_at_a_time;
pub use setup::{Interrupted, Setup, unless};

/// An engine that has the images of every side.
#[derive(Debug)]
pub struct PreparedEngine {
    kind: EngineKind,
    /// Whether instances are also made by what keeps the images.
    has_daemon: bool,
    /// What is known of the functions of each side.
    records: Vec<Vec<FunctionRecord>>,
    /// None where nothing real is needed. Said to be in use for as long as this is held.
    docker: Option<(Arc<DockerEngine>, Live)>,
    /// Where instances are made without that one, which then keeps images alone.
    oci: Option<Arc<OciEngine<DockerEngine>>>,
    /// Several daemons, where they are to take turns.
    in_turns: Option<Arc<InTurns<DockerEngine>>>,
}

impl PreparedEngine {
    /// Finds an engine and makes sure of every image.
    ///
    /// # Errors
    /// When there is no engine or an image cannot be had; [`Interrupted`] when a stop is
    /// asked for, and what was made so far is removed.
    pub fn get<'a>(
        request: &'a Measurement,
        consent: Consent,
        stop: &'a watch::Receiver<Stop>,
        observer: &'a dyn Observer,
    ) -> LocalBoxFuture<'a, Result<Self>> {
        Self::found(request, consent, stop, observer).boxed_local()
    }

    async fn found(
        request: &Measurement,
        consent: Consent,
        stop: &watch::Receiver<Stop>,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let kind = request.engine();
        if request.callback.is_some() && kind != EngineKind::Docker {
            bail!("--callback is of a daemon's instances: {kind} has no other way to them");
        }
        if kind.is_simulated() {
            let records = request.sides.iter().map(|side| images::simulated(&side.with_null()));
            let records = records.collect();
            let (docker, oci, in_turns) = (None, None, None);
            return Ok(Self { kind, has_daemon: false, records, docker, oci, in_turns });
        }
        let most = most_at_a_time(&request.plan.scenario);
        descriptors::check(most).map_err(|reason| anyhow!(reason))?;
        let (id, callback) = (&request.id, request.callback);
        let daemons = &request.plan.scenario.factors.daemons;
        if callback.is_some() && !daemons.is_empty() {
            bail!("--callback is of one engine's instances: leave out --{}", Daemon::LIST);
        }
        let setup = Setup::begin(consent, id, daemons, callback, stop, observer).await?;
        // Before what takes its time.
        setup.check_container(&request.plan.scenario, observer).await?;
        let has = |kind| request.plan.scenario.factors.has_engine(kind);
        let oci = match has(EngineKind::Oci) {
            true => Some(Arc::new(setup.without_daemon(request)?)),
            false => None,
        };
        let has_daemon = has(EngineKind::Docker);
        let bases = Bases::new(&setup.around, consent, observer);
        let records = setup.unless(stop, images_of(request, &setup.engine, &bases)).await??;
        let in_turns = setup.unless(stop, setup.in_turns(&records, observer)).await??.map(Arc::new);
        let Setup { engine, live, .. } = setup;
        Ok(Self { kind, has_daemon, records, docker: Some((engine, live)), oci, in_turns })
    }

    /// The Docker engine, where one was needed: it keeps images, and makes instances where
    /// nothing else does.
    #[must_use]
    pub fn docker(&self) -> Option<&Arc<DockerEngine>> {
        self.docker.as_ref().map(|(engine, _)| engine)
    }

    /// What makes instances that are real; none where they are simulated.
    #[must_use]
    pub fn containers(&self) -> Option<Arc<AnyEngine>> {
        if let Some(engine) = &self.in_turns {
            return Some(Arc::new(AnyEngine::in_turns(engine.clone())));
        }
        match (&self.oci, &self.docker) {
            (Some(oci), Some((docker, _))) if self.has_daemon => {
                Some(Arc::new(AnyEngine::both(docker.clone(), oci.clone())))
            }
            (Some(engine), _) => Some(Arc::new(AnyEngine::oci(engine.clone()))),
            (None, Some((engine, _))) => Some(Arc::new(AnyEngine::docker(engine.clone()))),
            (None, None) => None,
        }
    }

    /// What is known of the functions of each side.
    #[must_use]
    pub fn records(&self) -> &[Vec<FunctionRecord>] {
        &self.records
    }

    /// A driver of the plan on an engine of the caller's own around the one that was found,
    /// for who runs its trials himself; and what that engine is.
    ///
    /// # Errors
    /// When a factor cannot be honoured, or the engine fails.
    pub async fn driver<E: ImageStore>(
        &self,
        request: &Measurement,
        engine: Arc<E>,
        clock: Clock,
        trace: Option<ExecTrace>,
    ) -> Result<(Driver<E>, EngineInfo)> {
        let mut info = engine.describe().await?;
        forget_home(&mut info);
        let targets = prepare::targets(request, engine.as_ref(), &info, &self.records).await?;
        let platform = Arc::new(Platform::new(engine.clone(), clock, request.id.clone()));
        let driver = Driver::new(engine, platform, request.plan.clone(), targets, trace);
        Ok((driver, info))
    }

    /// Measures a request for whose sides and engine it was made. Whatever happens after
    /// the first trial, the instances are removed and the records are saved.
    ///
    /// # Errors
    /// When a factor cannot be honoured, the engine fails, or rows cannot be kept.
    pub fn measure<'a>(
        &'a self,
        request: &'a Measurement,
        control: RunControl<'a>,
        observer: &'a dyn Observer,
    ) -> LocalBoxFuture<'a, Result<RunEnd>> {
        self.measured(request, control, observer).boxed_local()
    }

    async fn measured(
        &self,
        request: &Measurement,
        control: RunControl<'_>,
        observer: &dyn Observer,
    ) -> Result<RunEnd> {
        let (engine, begin) = self.begin(request, observer)?;
        match ready(request, engine, begin, control.stop, observer).boxed_local().await? {
            Some((driver, writers)) => {
                carry_out::drive(request, &driver, writers, control, observer).await
            }
            None => Ok(RunEnd::Stopped),
        }
    }

    /// The same for a request whose calls come from outside: all but them. None where it was
    /// stopped before.
    ///
    /// # Errors
    /// As [`PreparedEngine::measure`].
    pub fn open<'a>(
        &'a self,
        request: &'a Measurement,
        stop: &'a watch::Receiver<Stop>,
        observer: &'a dyn Observer,
    ) -> LocalBoxFuture<'a, Result<Option<Outside>>> {
        async move {
            let (engine, begin) = self.begin(request, observer)?;
            let ready = ready(request, engine, begin, stop, observer).boxed_local().await?;
            let one =
                ready.and_then(|(driver, writers)| Some((driver, writers.into_iter().next()?)));
            let Some((driver, writer)) = one else { return Ok(None) };
            let mut outside = Outside::begin(driver, writer, observer);
            match outside.control(request, &mut stop.clone(), observer).await {
                Ok(RunEnd::Stopped) => {
                    outside.end(request, stop, observer).await?;
                    Ok(None)
                }
                Ok(_) => Ok(Some(outside)),
                Err(error) => {
                    both(Err(error), outside.end(request, stop, observer).await, observer)
                }
            }
        }
        .boxed_local()
    }

    fn begin(
        &self,
        request: &Measurement,
        observer: &dyn Observer,
    ) -> Result<(Arc<AnyEngine>, Begin<'_>)> {
        let before = request.unfinished()?;
        preflight::check_kernel(request, self.docker().and_then(|docker| docker.elsewhere()))?;
        let clock =
            engine::clock(self.kind, before.as_ref().map_or(0, |before| before.last + PAUSE));
        let engine = self.containers().unwrap_or_else(|| {
            // What comes after must not be what came before once more.
            let done = before.as_ref().map_or(0, |before| before.rows.len() as u64);
            Arc::new(AnyEngine::fake(clock, request.plan.seed.wrapping_add(done)))
        });
        let trace = self.listen(request, clock, observer);
        Ok((engine, Begin { clock, records: &self.records, trace, before }))
    }

    fn listen(&self, request: &Measurement, clock: Clock, observer: &dyn Observer) -> Trace {
        if self.kind.is_simulated() {
            return Err("simulated: there is no kernel to listen to".to_owned());
        }
        if !request.traced {
            return Err(resume::SWITCHED_OFF.to_owned());
        }
        if let Some(which) = self.docker().and_then(|docker| docker.elsewhere()) {
            let reason = format!("the engine runs on another machine ({which})");
            observer.warn(&format!("phases of the engine will be merged: {reason}"));
            return Err(reason);
        }
        ExecTrace::start(clock).map_err(|reason| {
            observer.warn(&format!("phases of the engine will be merged: {reason}"));
            reason.to_string()
        })
    }
}

/// The images of every side.
async fn images_of(
    request: &Measurement,
    engine: &DockerEngine,
    bases: &Bases<'_>,
) -> Result<Vec<Vec<FunctionRecord>>> {
    let mut records = Vec::new();
    for side in &request.sides {
        let built = images::ensure(engine, &side.with_null(), bases, &request.id).await;
        records.push(match &side.record {
            Some(record) => built.with_context(|| format!("{}, {}", side.name, record.label))?,
            None => built?,
        });
    }
    Ok(records)
}

/// What steers a measurement from outside.
pub struct RunControl<'a> {
    /// How urgently it is asked to stop.
    pub stop: &'a mut watch::Receiver<Stop>,
    /// Asked whenever all is measured: what to measure besides. None for nothing.
    pub more: Option<AskMore<'a>>,
}

/// Rounds beyond a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct More {
    /// Of which functions, by index.
    pub functions: Vec<usize>,
    /// How many.
    pub rounds: u32,
}

/// Decides from what is on disk; asked again once that is measured, until it wants nothing.
pub type AskMore<'a> = Box<dyn FnMut() -> Result<Option<More>> + 'a>;

/// What is said of containers that would not go.
const NOT_REMOVED: &str = "removing the run's containers: `coldstart clean` tries again";

/// Nanoseconds on the run's clock between its last trial and the first after it was
/// resumed, however long that took: an axis of time is of what was measured.
const PAUSE: u64 = 1_000_000_000;

/// What a measurement begins with.
struct Begin<'a> {
    /// Its epoch is the begin of it all.
    clock: Clock,
    /// What is known of the functions of each side.
    records: &'a [Vec<FunctionRecord>],
    trace: Trace,
    /// What an earlier part of the run left; none for a new run.
    before: Option<Unfinished>,
}

/// The listener to the kernel, or why there is none.
type Trace = Result<ExecTrace, String>;

/// Everything from an engine with images to the first trial; none where it was stopped before.
async fn ready<E: ImageStore>(
    request: &Measurement,
    engine: Arc<E>,
    begin: Begin<'_>,
    stop: &watch::Receiver<Stop>,
    observer: &dyn Observer,
) -> Result<Option<(Driver<E>, Vec<Writer>)>> {
    let Begin { clock, records, trace, before } = begin;
    observer.notify(Event::Trying);
    let mut info = engine.describe().await?;
    forget_home(&mut info);
    if let Some(before) = &before {
        resume::check(before, &info, &records[0], observer)?;
    }
    let mut warnings = other_runs::warnings(engine.as_ref(), &request.id, observer).await?;
    let platform = Arc::new(Platform::new(engine.clone(), clock, request.id.clone()));
    let silent = trace.as_ref().err().cloned();
    // Futures of what is tried are large: on the stack they would be in every caller's.
    let prepared = async {
        let targets =
            prepare::targets(request, engine.as_ref(), &info, records).boxed_local().await?;
        let plan = request.plan.clone();
        let driver = Driver::new(engine.clone(), platform.clone(), plan, targets, trace.ok())
            .keeping_words(request.keeps_words);
        callback::try_it(request, &driver, engine.as_ref()).boxed_local().await?;
        prepare::find_quota_place(request, &driver).boxed_local().await?;
        let tried = match request.tries {
            true => prepare::try_all(request, &driver, &info, observer).boxed_local().await?,
            false => Tried::default(),
        };
        anyhow::Ok((driver, tried))
    };
    let Some(prepared) = unless(stop, prepared.boxed_local()).await else {
        platform.clear().await.context(NOT_REMOVED)?;
        return Ok(None);
    };
    let (driver, tried) = match prepared {
        Ok(prepared) => prepared,
        // What was tried may still be there.
        Err(e) => return both(Err(e), platform.clear().await.context(NOT_REMOVED), observer),
    };
    // Now it is known how far away they are.
    info.callback = engine.describe().await?.callback;
    let Tried { warnings: told, oci_runtimes, firewall_calls } = tried;
    warnings.extend(told);
    if let Some(before) = before {
        let (writer, rows) = resume::begin(request, before, silent, warnings, observer)?;
        // A killed run's instances, which bear the same label.
        driver.platform().clear().await?;
        return Ok(Some((driver.going_on(rows), vec![writer])));
    }
    let mut writers = Vec::new();
    for (index, side) in request.sides.iter().enumerate() {
        let (records, warnings) = (records[index].clone(), warnings.clone());
        let mut record = request.record(index, info.clone(), records, warnings);
        record.kernel_events.silent = silent.clone();
        record.kernel_events.oci_runtimes = oci_runtimes.clone();
        record.kernel_events.firewall_calls = firewall_calls.clone();
        writers.push(Writer::create(&side.folder, record)?);
    }
    Ok(Some((driver, writers)))
}
