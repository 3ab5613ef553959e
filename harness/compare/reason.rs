//! Why a row has its verdict, and what is to be known of a comparison besides its rows:
//! facts. In which words is the report's.

use std::time::Duration;

use super::Side;
use crate::spec::factor::Combination;
use crate::spec::function::{HttpRequest, Launch, Limits, ReplyCheck};
use crate::stats::hodges_lehmann::Estimate;
use crate::store::{BaseRecord, EnvironmentRecord, EventRecord};

/// Why a row is invalid or inconclusive, or what failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A side does not tell of it.
    Unknown(Side),
    /// Every round failed on both sides; why the first of head did.
    BothFailed(Option<String>),
    /// Every round of base failed; why the first did.
    BaseFailed(Option<String>),
    /// Every round of head failed: too few of them for a regression, and never a pass.
    HeadFailed(Option<Failing>),
    /// Head fails more often than base.
    MoreFailures(Failing),
    /// Too few rounds for any verdict.
    TooFew {
        /// Rounds of base and of head.
        rounds: [usize; 2],
        /// Rounds a side that it takes, the first not counted.
        needed: usize,
    },
    /// It alarms beside what was measured again, and did not before.
    NoAlarmBefore,
    /// The null container changed too (or, where that is not proved, may have).
    MachineChanged(bool),
}

/// How often head fails, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Rounds with any failure, of how many: base, head.
    pub rounds: [(u64, u64); 2],
    /// Why the first of head failed.
    pub cause: Option<String>,
}

/// What is to be known of a comparison besides its rows. Of pairs base comes first.
#[derive(Debug, Clone, PartialEq)]
pub enum Caveat {
    /// A trait of machine or engine in which the sides differ.
    Unlike(&'static str, [String; 2]),
    /// In what a function differs, by its name.
    Function(String, Difference),
    /// Functions of which it is not known whether both sides were asked the same.
    AskedUnknown(Vec<String>),
    /// A side's rows are not those that were measured; why.
    Salvaged(Side, String),
    /// No cell was measured on both sides.
    NothingInCommon,
    /// Instances of both sides were made without a daemon.
    NoDaemon,
    /// Starts of the one side waited to be moved to their cgroups, and those of the other did not:
    /// how long a move took.
    Moves([Duration; 2]),
    /// The sides were measured one after the other.
    OneAfterTheOther,
    /// Nothing shows that the machine was the same for both.
    NoNullContainer,
    /// The null container changed, or, where that is not proved, may have.
    NullContainer {
        /// What it was started under.
        factors: Combination,
        /// Head over base.
        ratio: Estimate,
        /// Whether its interval leaves out no change.
        proved: bool,
    },
}

/// In what the two sides had a function differently: base, head.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// What its version command printed.
    Version([String; 2]),
    /// What an instance may use.
    Limits([Limits; 2]),
    /// What it was built on; none where a side had no such base.
    BuiltOn([Option<BaseRecord>; 2]),
    /// Time limit of an invocation, in milliseconds.
    Timeout([u64; 2]),
    /// How replies were verified.
    Reply([ReplyCheck; 2]),
    /// The event.
    Event([EventRecord; 2]),
    /// The environment of its instances.
    Environment([EnvironmentRecord; 2]),
    /// How its instances were started where that was not what the image says.
    Launch([Launch; 2]),
    /// How they were asked, where they listen.
    Request([HttpRequest; 2]),
}
