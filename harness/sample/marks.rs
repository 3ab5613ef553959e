//! Marks: the named instants of a sample.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A named instant of a sample. The order is that of a cold start, except that
/// `StartReturned` may come after `Ready`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum Mark {
    /// The schedule wanted the invocation. Source: plan.
    Intended,
    /// The driver actually began it. Source: driver.
    Dispatched,
    /// The create call is about to be written. Source: driver.
    CreateCalled,
    /// The answer to the create call was read. Source: driver.
    Created,
    /// The start call is about to be written. Source: driver.
    StartCalled,
    /// The engine's shim was executed. Source: kernel.
    Shim,
    /// The OCI runtime was executed to create the container. Source: kernel.
    OciCreate,
    /// The OCI runtime's first hook was executed, or, without one, its create
    /// ended: the network comes next. Source: kernel.
    Hooks,
    /// The OCI runtime was executed to start the container. Source: kernel.
    OciStart,
    /// The function's own binary was executed. Source: kernel.
    Exec,
    /// First line of main. Source: the function's `Coldstart-Main-Ns` header.
    Main,
    /// The function was about to ask for its first event. Source: the
    /// function's `Coldstart-Ready-Ns` header.
    ReadySelf,
    /// The first `next` was read. Source: driver. Of an instance that asks for events.
    Ready,
    /// It began to listen on its port: in the place of `Ready`, of an instance that is
    /// asked. Source: kernel, or the driver, which connected: `readiness` says which.
    Listening,
    /// Its CPU quota was set, before its event was sent: of an instance that has none until
    /// then. Source: driver, stamped after the write.
    Throttled,
    /// The answer to the start call was read. Source: driver.
    StartReturned,
    /// The event was written to the instance. Source: driver, stamped after the
    /// write: on a busy machine a fast function may have replied by then.
    Sent,
    /// The function was about to write its reply. Source: the function's
    /// `Coldstart-Replied-Ns` header.
    Replied,
    /// The first byte of a streamed reply was read. Source: driver. Absent of a reply
    /// that comes as one.
    FirstByte,
    /// The last byte of the reply was read. Source: driver. The reply is
    /// verified after this stamp, so that checking is not charged to the
    /// function; a reply that fails gives an error row.
    Responded,
    /// The answer to the instance's removal was read. Source: driver, in
    /// throughput mode only, where removals are part of what is measured.
    Removed,
}

impl Mark {
    /// Every mark, in order.
    pub const ALL: &'static [Mark] = Self::VARIANTS;

    /// The name in `samples.jsonl`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The marks of one sample: nanoseconds of CLOCK_MONOTONIC since the run's epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks([Option<u64>; Mark::ALL.len()]);

impl Marks {
    /// The instant of a mark, if it was seen.
    #[must_use]
    pub fn get(&self, mark: Mark) -> Option<u64> {
        self.0[mark as usize]
    }

    /// Records a mark.
    pub fn set(&mut self, mark: Mark, at: u64) {
        self.0[mark as usize] = Some(at);
    }

    /// Forgets a mark.
    pub fn clear(&mut self, mark: Mark) {
        self.0[mark as usize] = None;
    }

    /// When the instance could be invoked, whichever mark of it that has.
    #[must_use]
    pub fn ready(&self) -> Option<u64> {
        self.get(Mark::Ready).or(self.get(Mark::Listening))
    }

    /// Nanoseconds from one mark to another; none when either is missing or
    /// they are in the wrong order.
    #[must_use]
    pub fn between(&self, from: Mark, to: Mark) -> Option<u64> {
        self.get(to)?.checked_sub(self.get(from)?)
    }
}

impl FromIterator<(Mark, u64)> for Marks {
    fn from_iter<I: IntoIterator<Item = (Mark, u64)>>(marks: I) -> Self {
        let mut all = Marks::default();
        for (mark, at) in marks {
            all.set(mark, at);
        }
        all
    }
}

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(Mark::ALL.iter().filter_map(|m| self.get(*m).map(|at| (m.name(), at))))
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = std::collections::BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut marks = Marks::default();
        for (name, at) in named {
            let mark = name.parse().map_err(|_| {
                serde::de::Error::custom(format!("unknown mark `{name}`: made by a newer version?"))
            })?;
            marks.set(mark, at);
        }
        Ok(marks)
    }
}
