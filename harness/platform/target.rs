//! What can be invoked: a function under certain factors, with everything about
//! its instances that can be prepared before the first of them is timed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Invocation, KeepAlive};
use crate::adapter::Event;
use crate::engine::{
    ImageConfig, InstanceSource, InstanceSpec, LABEL_FUNCTION, LABEL_MAKER, LABEL_RUN,
};
use crate::spec::control::Control;
use crate::spec::factor::{Combination, Factors, Network};
use crate::spec::function::Function;
use crate::system::maker::Maker;

/// The variable that tells one of our functions to sleep before it is ready.
const INIT_SLEEP: &str = "COLDSTART_INIT_SLEEP_MS";
/// The variable that tells it to work for so long, on a processor.
const INIT_WORK: &str = "COLDSTART_INIT_WORK_MS";

/// What a target is made of.
#[derive(Debug, Clone)]
pub struct TargetSpec {
    /// The function.
    pub function: Function,
    /// What its instances are made from.
    pub source: InstanceSource,
    /// What their image says of how they are started.
    pub image: Arc<ImageConfig>,
    /// What they are started under.
    pub factors: Factors,
    /// Which control it is; none for what is measured.
    pub control: Option<Control>,
    /// Milliseconds that its instances are told to sleep in their init.
    pub sleep_ms: u32,
    /// Whether they are told to work for so long instead.
    pub works: bool,
    /// Until when its idle instances are kept.
    pub keep_alive: KeepAlive,
    /// The folders that hold its image's files, where its page cache is a factor.
    pub folders: Vec<PathBuf>,
    /// What starts the extensions of its image, where it has any.
    pub launcher: Option<PathBuf>,
}

impl TargetSpec {
    /// Of an image on a network: no control, no keep-alive, its own limits.
    #[must_use]
    pub fn plain(function: Function, image: String, network: Network, runtime: &str) -> Self {
        Self {
            source: InstanceSource::Image(image),
            image: Arc::default(),
            factors: Combination::on(network).resolve(function.limits, runtime),
            control: None,
            sleep_ms: 0,
            works: false,
            keep_alive: KeepAlive::Fixed(Duration::ZERO),
            folders: Vec::new(),
            launcher: None,
            function,
        }
    }
}

/// A function under certain factors: what can be invoked.
#[derive(Debug, Clone)]
pub struct Target {
    /// The function.
    pub function: Function,
    /// Which control it is; none for what is measured.
    pub control: Option<Control>,
    /// The folders that hold its image's files, where its page cache is a factor.
    pub folders: Vec<PathBuf>,
    /// Until when its idle instances are kept.
    pub(super) keep_alive: KeepAlive,
    /// What an instance is created from, but for how it is spoken to.
    pub(super) spec: InstanceSpec,
    /// The function's own event.
    event: Event,
    /// What its instances are found by: unique within a run.
    key: usize,
}

impl Target {
    /// Prepares everything about a function's instances that can be prepared
    /// before the first of them is timed. `key` is unique within the run.
    #[must_use]
    pub fn new(making: TargetSpec, run: &str, key: usize) -> Self {
        let TargetSpec {
            function,
            source,
            image,
            factors,
            control,
            sleep_ms,
            works,
            keep_alive,
            folders,
            launcher,
        } = making;
        let mut env = function.env.clone();
        let sleep_ms = control.map_or(sleep_ms, Control::sleep_ms);
        if sleep_ms > 0 {
            let told = if works && control.is_none() { INIT_WORK } else { INIT_SLEEP };
            env.insert(told.to_owned(), sleep_ms.to_string());
        }
        let labels = BTreeMap::from([
            (LABEL_RUN.to_owned(), run.to_owned()),
            (LABEL_FUNCTION.to_owned(), function.name.clone()),
            (LABEL_MAKER.to_owned(), Maker::own().to_string()),
        ]);
        let processes = function.limits.processes;
        let spec = InstanceSpec {
            source,
            image,
            factors,
            processes,
            socket: None,
            env,
            launch: function.launch.clone(),
            launcher,
            labels,
        };
        let event = match function.reply.proves() {
            true => Event::with_nonce(&function.event),
            false => Event::plain(&function.event),
        };
        Self { function, control, folders, keep_alive, spec, event, key }
    }

    /// The same by another key: its instances are not found by those of this one.
    pub(super) fn under_key(&self, key: usize) -> Self {
        Self { key, ..self.clone() }
    }

    /// What its instances are made from.
    #[must_use]
    pub fn source(&self) -> &InstanceSource {
        &self.spec.source
    }

    /// What its instances are started under.
    #[must_use]
    pub fn factors(&self) -> &Factors {
        &self.spec.factors
    }

    /// What its instances are found by: unique within a run.
    #[must_use]
    pub fn key(&self) -> usize {
        self.key
    }

    /// Whether evicting the files of one evicts some of the other.
    #[must_use]
    pub fn shares_files_with(&self, other: &Target) -> bool {
        self.folders.iter().any(|folder| other.folders.contains(folder))
    }

    /// Whether a start of one reads the same files as a start of the other.
    #[must_use]
    pub fn is_made_like(&self, other: &Target) -> bool {
        self.spec.source == other.spec.source
    }

    /// An invocation with the function's own event, due at an instant in nanoseconds since
    /// the run's epoch; nothing of its reply is given back.
    #[must_use]
    pub fn invocation(&self, intended: u64) -> Invocation<'_> {
        let (keep, request, client) = (0, None, None);
        Invocation { target: self, intended, event: &self.event, keep, request, client }
    }
}
