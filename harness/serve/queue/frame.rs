//! How entries stand in a journal: each with its length and its checksum, so that it is told
//! whether it is there whole.

use std::ops::Range;

/// The first bytes of a journal. The number is the version of all that follows.
pub(super) const HEADER: &[u8] = b"coldstart queue 1\n";
/// What a journal of any version begins with.
pub(super) const ANY_VERSION: &[u8] = b"coldstart queue ";
/// Bytes before an entry: its length and its checksum, both little-endian.
pub(super) const HEAD: usize = 8;
/// The longest entry: a record of an event and of an answer, each as long as may be.
pub(super) const LONGEST: usize = 24 << 20;

/// Adds an entry to what is to be written; false where it is too long.
#[must_use]
pub(super) fn put(to: &mut Vec<u8>, parts: &[&[u8]]) -> bool {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let Some(length) = u32::try_from(length).ok().filter(|length| *length as usize <= LONGEST)
    else {
        return false;
    };
    let mut sum = crc32fast::Hasher::new();
    // The length is part of what is checked.
    sum.update(&length.to_le_bytes());
    parts.iter().for_each(|part| sum.update(part));
    to.reserve(HEAD + length as usize);
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(&sum.finalize().to_le_bytes());
    parts.iter().for_each(|part| to.extend_from_slice(part));
    true
}

/// The entry that begins there, and where it stands; none where there is no whole one.
pub(super) fn at(bytes: &[u8], begin: usize) -> Option<Range<usize>> {
    let number = |at: usize| {
        let four = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    };
    let (length, sum) = (number(begin)?, number(begin + 4)?);
    let length = usize::try_from(length).ok().filter(|length| (1..=LONGEST).contains(length))?;
    let within = begin + HEAD..begin + HEAD + length;
    let entry = bytes.get(within.clone())?;
    let mut found = crc32fast::Hasher::new();
    found.update(&bytes[begin..begin + 4]);
    found.update(entry);
    (found.finalize() == sum).then_some(within)
}

/// Whether any whole entry stands behind a place: then what is there is no cut end.
pub(super) fn any_after(bytes: &[u8], begin: usize) -> bool {
    // Entries begin as JSON does, which tells most places apart without a checksum.
    let rest = bytes.len().saturating_sub(HEAD);
    (begin..rest).any(|place| bytes[place + HEAD] == b'{' && at(bytes, place).is_some())
}
