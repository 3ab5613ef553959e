//! Two sides, as typed -> the functions of each, matched by name.

use std::path::Path;

use anyhow::anyhow;

use super::{ExitReason, images};
use crate::cli::{FunctionFlags, ImageFlags};
use coldstart::provision::checkout::{Side, SideError};
use coldstart::spec::function::{self, Function, TypedImage, name_of_image};

/// What a side of a gate is.
pub(super) struct Origin {
    /// What a reader sees.
    pub(super) label: String,
    /// Full commit; none where it is of no repository.
    pub(super) commit: Option<String>,
    /// Whether the files differ from that commit.
    pub(super) dirty: bool,
    /// Removed when it is dropped.
    _files: Option<Side>,
}

impl From<Side> for Origin {
    fn from(side: Side) -> Self {
        let Side { label, commit, dirty, .. } = &side;
        let (label, commit, dirty) = (label.clone(), commit.clone(), *dirty);
        Self { label, commit, dirty, _files: Some(side) }
    }
}

impl From<&TypedImage> for Origin {
    fn from(image: &TypedImage) -> Self {
        Self { label: image.reference.clone(), commit: None, dirty: false, _files: None }
    }
}

/// The functions of both sides. The checkouts live as long as this does.
pub(super) struct Sides {
    pub(super) base: Origin,
    pub(super) head: Origin,
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
        let (base, head) = (base.into(), head.into());
        Ok(Self { base, head, functions, all, only: [only_base, only_head] })
    }

    /// Two images as one function: that of a name that was typed, else of head's.
    pub(super) fn of_images(
        sides: [&TypedImage; 2],
        flags: &ImageFlags,
        common: &FunctionFlags,
    ) -> Result<Self, ExitReason> {
        let [base, head] = sides;
        let typed = [&base.name, &head.name].map(Option::as_ref);
        let name = match typed {
            [Some(one), Some(other)] if one != other => {
                return Err(ExitReason::Usage(anyhow!(
                    "`{one}` and `{other}`: both images are one function, under one name"
                )));
            }
            [one, other] => other.or(one).cloned(),
        };
        let name = name.unwrap_or_else(|| name_of_image(&head.reference));
        let file = &common.functions_file;
        let of = |image| images::images(&[(image, name.clone())], flags, file);
        let functions = [of(base)?, of(head)?];
        let others = images::described(file)?;
        let all = functions.clone().map(|own| [own, others.clone()].concat());
        let (base, head) = (base.into(), head.into());
        Ok(Self { base, head, functions, all, only: Default::default() })
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
