//! Two sides, as typed -> the functions of each, matched by name.

use std::path::Path;

use anyhow::anyhow;

use super::ExitReason;
use crate::cli::FunctionFlags;
use coldstart::provision::checkout::{Side, SideError};
use coldstart::spec::function::{self, Function};

/// The functions of both sides. The checkouts live as long as this does.
pub(super) struct Sides {
    pub(super) base: Side,
    pub(super) head: Side,
    /// Functions that both have, those of each side in the same order.
    pub(super) functions: [Vec<Function>; 2],
    /// All that each side describes: the null function may be among them.
    pub(super) all: [Vec<Function>; 2],
    /// Names that only base has, and that only head has.
    pub(super) only: [Vec<String>; 2],
}

impl Sides {
    /// Opens both sides. `wanted` are the scenario's functions.
    pub(super) async fn open(
        base: &str,
        head: Option<&str>,
        common: &FunctionFlags,
        wanted: &[String],
    ) -> Result<Self, ExitReason> {
        let file = common.functions_file.as_path();
        let base = opened(Side::open(base, file).await)?;
        let head = opened(match head {
            Some(text) => Side::open(text, file).await,
            None => Side::working_tree(file).await,
        })?;
        let all = [load(&base, "base")?, load(&head, "head")?];
        let wanted = common.functions.as_deref().unwrap_or(wanted);
        let names = names(&all, wanted, file)?;
        let has = |side: &[Function], name: &str| side.iter().any(|f| f.name == name);
        let (both, single): (Vec<String>, Vec<String>) =
            names.into_iter().partition(|n| all.iter().all(|side| has(side, n)));
        let (only_base, only_head) = single.into_iter().partition(|n| has(&all[0], n));
        if both.is_empty() {
            let error = anyhow!(
                "base and head have no function in common, so there is nothing to compare: name other sides, or another --functions-file"
            );
            return Err(ExitReason::Usage(error));
        }
        let chosen = |side: &[Function]| {
            let find = |name: &String| side.iter().find(|f| f.name == *name).cloned();
            both.iter().filter_map(find).collect::<Vec<_>>()
        };
        let functions = [chosen(&all[0]), chosen(&all[1])];
        Ok(Self { base, head, functions, all, only: [only_base, only_head] })
    }
}

/// What was chosen, or everything that either side has and the head does not call
/// optional, in the order of the head.
fn names(
    all: &[Vec<Function>; 2],
    wanted: &[String],
    file: &Path,
) -> Result<Vec<String>, ExitReason> {
    let mut known: Vec<Function> = Vec::new();
    for function in all[1].iter().chain(&all[0]) {
        if !known.iter().any(|known| known.name == function.name) {
            known.push(function.clone());
        }
    }
    let chosen = function::choose(&known, wanted)
        .map_err(|error| ExitReason::Usage(anyhow!("{}: {error}", file.display())))?;
    Ok(chosen.into_iter().map(|function| function.name).collect())
}

fn load(side: &Side, name: &str) -> Result<Vec<Function>, ExitReason> {
    let loaded = function::load(&side.functions_file());
    loaded.map_err(|error| ExitReason::Usage(error.context(format!("{name}, {}", side.label))))
}

fn opened(side: Result<Side, SideError>) -> Result<Side, ExitReason> {
    side.map_err(|error| match error {
        SideError::Typed(_) => ExitReason::Usage(error.into()),
        SideError::Environment(_) => ExitReason::Environment(error.into()),
    })
}
