//! A journal that was cut, or of which a byte is another.

use proptest::prelude::*;

use super::super::entry::Accepted;
use super::super::frame::HEADER;
use super::super::replay;
use super::*;

/// What happens to events, as a test draws it: which event, and what.
type Steps = Vec<(u8, u8)>;

fn id(n: u8) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1)
}

fn accepted(n: u8) -> Accepted {
    Accepted { id: id(n), function: format!("f{n}"), at: 7 }
}

fn entry((n, what): (u8, u8)) -> Entry {
    let id = id(n);
    match what {
        0..=2 => Entry::Accepted(accepted(n)),
        3 => Entry::Began { id, attempt: 1 },
        4 => Entry::Failed { id, after: After::Error, due: 9 },
        5 => Entry::Done { id },
        6 => Entry::GivenUp { id, why: Given::NotFound, record: None },
        _ => {
            let record = Some(accepted(n.wrapping_add(100)));
            Entry::GivenUp { id, why: Given::EventAgeExceeded, record }
        }
    }
}

/// A journal, and where its entries begin and end.
fn journal(steps: &Steps) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = HEADER.to_vec();
    let mut ends = vec![bytes.len()];
    for step in steps {
        let event = [b"{\"coldstart queue 1\n\":".as_slice(), &[step.0; 30], b"}"].concat();
        assert!(frame::put(&mut bytes, &[&entry(*step).line(), &event]));
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// What the first entries leave unfinished.
fn left(steps: &[(u8, u8)]) -> Vec<replay::Left> {
    let (bytes, _) = journal(&steps.to_vec());
    replay::read(&bytes).unwrap().unfinished
}

fn steps() -> impl Strategy<Value = Steps> {
    prop::collection::vec((0_u8..4, 0_u8..8), 0..12)
}

proptest! {
    /// Whatever is cut off, what is whole is read, and nothing else.
    #[test]
    fn cut_anywhere_the_whole_entries_are_read(steps in steps(), cut in any::<prop::sample::Index>()) {
        let (bytes, ends) = journal(&steps);
        let at = HEADER.len() + cut.index(bytes.len() - HEADER.len() + 1);
        let read = replay::read(&bytes[..at]).unwrap();
        let whole = ends.iter().filter(|end| **end <= at).count() - 1;
        prop_assert_eq!(read.end as usize, ends[whole]);
        prop_assert_eq!(read.cut as usize, at - ends[whole]);
        prop_assert_eq!(read.unfinished, left(&steps[..whole]));
    }

    /// A byte that is another is found: the journal is refused, or, in its last entry, is read
    /// up to there.
    #[test]
    fn a_flipped_byte_is_never_read(
        steps in prop::collection::vec((0_u8..4, 0_u8..8), 1..12),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let (mut bytes, ends) = journal(&steps);
        let at = HEADER.len() + place.index(bytes.len() - HEADER.len());
        bytes[at] ^= 1 << bit;
        let hit = ends.iter().filter(|end| **end <= at).count() - 1;
        match replay::read(&bytes) {
            Ok(read) => {
                prop_assert_eq!(hit, steps.len() - 1);
                prop_assert_eq!(read.unfinished, left(&steps[..hit]));
            }
            Err(damaged) => {
                prop_assert_eq!(damaged.at as usize, ends[hit]);
                prop_assert!(hit < steps.len() - 1);
            }
        }
    }

    /// Nothing that is in a file is more than a refusal.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = replay::read(&[HEADER, &bytes].concat());
    }
}

#[tokio::test]
async fn a_cut_end_is_cut_off_and_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(JOURNAL);
    let (mut bytes, ends) = journal(&vec![(1, 0), (2, 0)]);
    bytes.truncate(ends[2] - 3);
    fs::write(&file, &bytes).unwrap();
    let (queue, found, _) = open(folder.path(), Rules::default());
    assert_eq!((found.unfinished, found.cut as usize), (1, bytes.len() - ends[1]));
    queue.accept(event("f", "1")).await.unwrap();
    drop(queue);
    is_free(folder.path()).await;
    let (_, found, _) = open(folder.path(), Rules::default());
    assert_eq!(found, Found { unfinished: 2, interrupted: 0, cut: 0 });
}

#[tokio::test]
async fn damage_in_the_middle_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (mut bytes, ends) = journal(&vec![(1, 0), (2, 0)]);
    bytes[ends[0] + 20] ^= 1;
    fs::write(folder.path().join(JOURNAL), &bytes).unwrap();
    let error = Queue::open(folder.path(), Rules::default(), tell().0).unwrap_err();
    let words = format!("it is damaged at byte {}", ends[0]);
    assert!(format!("{error:#}").contains(&words), "{error:#}");
}
