//! `run --continue`: a run that stopped early, with the same plan.
//!
//! Everything comes from its record: the scenario, the seed, the functions. What was
//! measured by other means would be no part of the same run, so it is refused.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow, bail};

use super::{Measurement, RunIdentity, Side};
use crate::engine::EngineInfo;
use crate::observer::Observer;
use crate::probe::host::Host;
use crate::sample::Sample;
use crate::spec::function::Function;
use crate::spec::plan::Plan;
use crate::store::{FunctionRecord, RunRecord, Unfinished, Writer, fingerprint};

/// What the record says of a listener that was not wanted.
pub(super) const SWITCHED_OFF: &str = "switched off";

impl Measurement {
    /// What is left of a run: `all` are the functions that are described now.
    ///
    /// # Errors
    /// When nothing is left to do, or one of its functions is no longer described.
    pub fn resume(record: RunRecord, folder: &Path, all: &[Function]) -> Result<Self> {
        let run = folder.display();
        if record.side.is_some() {
            bail!(
                "{run} is a side of a gate: sides take turns in one measurement; start a new gate"
            );
        }
        if record.complete {
            bail!("{run} is complete: there is nothing left to measure; start a new run");
        }
        let named = |wanted: &FunctionRecord| {
            let found = all.iter().find(|function| function.name == wanted.name).cloned();
            found.ok_or_else(|| {
                anyhow!(
                    "{run} measures `{}` ({}), which is not described here: name its file with \
                     --functions-file, or its --image",
                    wanted.name,
                    wanted.image
                )
            })
        };
        let functions = record.functions.iter().map(named).collect::<Result<Vec<_>>>()?;
        let null = record.null.as_ref().map(named).transpose()?;
        let plan = Plan::new(&record.scenario, functions.len(), record.seed);
        let (name, folder) = ("run".to_owned(), folder.to_owned());
        Ok(Self {
            plan,
            sides: vec![Side { name, functions, null, folder, record: None }],
            id: record.id,
            // Of no matter: the record keeps its own.
            started: RunIdentity::now().started,
            command: record.command,
            traced: record.kernel_events.silent.as_deref() != Some(SWITCHED_OFF),
            resumed: true,
            callback: record.engine.callback.and_then(|callback| callback.address.parse().ok()),
            tries: true,
            keeps_words: false,
            tune: record.tune,
        })
    }

    /// What an earlier part left, to be gone on with; none for a new run.
    pub(super) fn unfinished(&self) -> Result<Option<Unfinished>> {
        if !self.resumed {
            return Ok(None);
        }
        let invocations = |t: &crate::spec::plan::Trial| self.plan.invocations_of(t);
        let of: BTreeMap<u32, u64> =
            self.plan.trials.iter().map(|trial| (trial.number, invocations(trial))).collect();
        Unfinished::open(&self.sides[0].folder, &of).map(Some)
    }
}

/// Checks that machine, engine and images are those of the earlier part.
pub(super) fn check(
    before: &Unfinished,
    engine: &EngineInfo,
    functions: &[FunctionRecord],
    observer: &dyn Observer,
) -> Result<()> {
    let (record, run) = (before.record(), before.folder().display());
    if fingerprint(&record.host, &record.engine) != fingerprint(&Host::read(), engine) {
        bail!(
            "{run} was measured on another machine or engine ({}): start a new run",
            record.place()
        );
    }
    let known = record.functions.iter().chain(&record.null);
    for was in known {
        let Some(is) = functions.iter().find(|is| is.name == was.name) else { continue };
        let changed = was.changed(is);
        if !changed.is_empty() {
            bail!(
                "`{}` is not what {run} measured before: {} changed (image {} now, {} then); \
                 start a new run",
                was.name,
                changed.join(" and "),
                is.digest,
                was.digest
            );
        }
        if was.event.is_none() || was.environment.is_none() {
            observer.warn(&format!(
                "{run} does not tell the event and the environment of `{}`, which were not \
                 recorded then: whether they are the same cannot be checked",
                was.name
            ));
        }
    }
    Ok(())
}

/// Notes in the record that the run goes on, and tells so.
pub(super) fn begin(
    request: &Measurement,
    before: Unfinished,
    silent: Option<String>,
    warnings: Vec<String>,
    observer: &dyn Observer,
) -> Result<(Writer, BTreeMap<u32, Vec<Sample>>)> {
    if before.dropped > 0 {
        let rows = before.dropped;
        observer.info(&format!(
            "{rows} rows of a trial that did not come to its end are measured again"
        ));
    }
    let (mut writer, rows) = before.resume()?;
    let record = &mut writer.record;
    record.complete = false;
    record.kernel_events.silent = record.kernel_events.silent.take().or(silent);
    record.warnings.extend(warnings);
    record.warnings.push(format!(
        "it was stopped, and was resumed at {} after {} of {} trials: the machine may have been in \
         a different state by then",
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        rows.len(),
        request.plan.trials.len()
    ));
    writer.save()?;
    Ok((writer, rows))
}
