//! What a journal says is not finished.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::entry::{Accepted, Entry};
use super::frame::{self, HEADER};
use super::{After, Rules, Waiting};

/// What a journal has in it.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// In the order in which they were taken.
    pub(super) unfinished: Vec<Left>,
    /// Bytes behind the last whole entry.
    pub(super) cut: u64,
    /// Where the last whole entry ends.
    pub(super) end: u64,
}

/// An event that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) id: Uuid,
    function: String,
    /// Where it stands.
    pub(super) at: u64,
    /// When it was taken, in milliseconds since 1970.
    taken: u64,
    attempts: u32,
    errors: u32,
    refused: u32,
    due: u64,
    after: Option<After>,
    is_record: bool,
    /// Whether it was being called for.
    pub(super) is_open: bool,
}

/// What is wrong with a journal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damaged {
    /// Where.
    pub(super) at: u64,
}

/// Reads a journal behind its header. What is cut at its end was never told to be there; whole
/// entries behind one that is not are no cut, and nothing is guessed of it.
pub(super) fn read(bytes: &[u8]) -> Result<Read, Damaged> {
    let mut order = 0_u64;
    let mut left: HashMap<Uuid, (u64, Left)> = HashMap::new();
    let mut at = HEADER.len();
    while at < bytes.len() {
        let known = frame::at(bytes, at);
        let entry = known.clone().and_then(|within| Entry::read(&bytes[within]));
        let (Some(within), Some((entry, _))) = (known, entry) else {
            if frame::any_after(bytes, at + 1) {
                return Err(Damaged { at: at as u64 });
            }
            break;
        };
        order += 1;
        apply(&mut left, entry, at as u64, order);
        at = within.end;
    }
    let mut unfinished: Vec<(u64, Left)> = left.into_values().collect();
    unfinished.sort_by_key(|(order, _)| *order);
    let unfinished = unfinished.into_iter().map(|(_, left)| left).collect();
    Ok(Read { unfinished, cut: (bytes.len() - at.min(bytes.len())) as u64, end: at as u64 })
}

fn apply(left: &mut HashMap<Uuid, (u64, Left)>, entry: Entry, at: u64, order: u64) {
    match entry {
        Entry::Accepted(accepted) => {
            left.insert(accepted.id, (order, Left::new(accepted, at, false)));
        }
        Entry::Began { id, attempt } => {
            if let Some((_, event)) = left.get_mut(&id) {
                event.attempts = attempt;
                event.is_open = true;
            }
        }
        Entry::Failed { id, after, due } => {
            if let Some((_, event)) = left.get_mut(&id) {
                match after {
                    After::Error => (event.errors, event.refused) = (event.errors + 1, 0),
                    _ => event.refused += 1,
                }
                (event.after, event.due, event.is_open) = (Some(after), due, false);
            }
        }
        Entry::Done { id } => {
            left.remove(&id);
        }
        Entry::GivenUp { id, record, .. } => {
            left.remove(&id);
            if let Some(record) = record {
                left.insert(record.id, (order, Left::new(record, at, true)));
            }
        }
    }
}

impl Left {
    fn new(accepted: Accepted, at: u64, is_record: bool) -> Self {
        let Accepted { id, function, at: taken } = accepted;
        let [attempts, errors, refused] = [0; 3];
        let (due, after, is_open) = (taken, None, false);
        Self { id, function, at, taken, attempts, errors, refused, due, after, is_record, is_open }
    }

    /// As it waits from now on. A wall clock that was set back makes nothing older.
    pub(super) fn waiting(&self, rules: &Rules, now: Instant, wall: u64) -> Waiting {
        let age = Duration::from_millis(wall.saturating_sub(self.taken));
        let rest = rules.scale.shorten(rules.oldest).saturating_sub(age);
        let function: Arc<str> = self.function.as_str().into();
        let mut waiting = Waiting::new(self.id, function, self.at, now + rest);
        waiting.attempts = self.attempts;
        waiting.errors = self.errors;
        waiting.refused = self.refused;
        waiting.after = if self.is_open { Some(After::Interrupted) } else { self.after };
        waiting.is_record = self.is_record;
        waiting
    }

    /// When its next try is due: never later than the rules would have it, whatever the wall
    /// clock says.
    pub(super) fn due(&self, rules: &Rules, now: Instant, wall: u64) -> Instant {
        if self.is_open {
            return now;
        }
        let most = self.after.map_or(Duration::ZERO, |after| {
            rules.scale.shorten(super::spacing::wait(after, self.errors, self.refused))
        });
        now + Duration::from_millis(self.due.saturating_sub(wall)).min(most)
    }
}
