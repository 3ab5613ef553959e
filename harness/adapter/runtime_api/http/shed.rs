//! Heads that are larger than what is held: stack traces travel in header fields, and
//! nobody here reads them. So of a head that is too large the fields that are not needed
//! are counted and forgotten, and the rest is read as if they had not been there.

use bytes::{Buf, BytesMut};

use super::head::FIELDS;
use super::{LARGEST_HEAD, MAX_HEAD};

/// What was shed of one head.
#[derive(Debug, Default)]
pub(super) struct Shed {
    bytes: usize,
    /// The buffer ends within a field that is not needed.
    within: bool,
}

impl Shed {
    /// Sheds what is not needed of a head whose end was not seen. An error where the head is
    /// larger than any may be, or where nothing of it can go.
    pub(super) fn shed(&mut self, buffer: &mut BytesMut) -> Result<(), String> {
        let first = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let first = first.ok_or_else(|| format!("a request line over {MAX_HEAD} bytes"))?;
        let mut kept = BytesMut::from(&buffer[..first]);
        let mut rest = &buffer[first..];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            if is_end(line) {
                break;
            }
            if is_needed(line) {
                kept.extend_from_slice(line);
            }
            rest = after;
        }
        // The last field may go on: its name, if it is all there, says whether it is needed.
        self.within = !rest.contains(&b'\n') && rest.contains(&b':') && !is_needed(rest);
        if !self.within {
            kept.extend_from_slice(rest);
        }
        let shed = buffer.len() - kept.len();
        *buffer = kept;
        if shed == 0 || buffer.len() >= MAX_HEAD {
            return Err(format!("a request head over {MAX_HEAD} bytes of fields that are read"));
        }
        self.count(shed)
    }

    /// Drops what has come, from an index on, of a field that is not needed.
    pub(super) fn pass(&mut self, buffer: &mut BytesMut, from: usize) -> Result<(), String> {
        if !self.within {
            return Ok(());
        }
        let mut rest = buffer.split_off(from);
        let end = rest.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let dropped = end.unwrap_or(rest.len());
        rest.advance(dropped);
        buffer.unsplit(rest);
        self.within = end.is_none();
        self.count(dropped)
    }

    fn count(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes += bytes;
        match self.bytes > LARGEST_HEAD {
            true => Err(format!("a request head over {LARGEST_HEAD} bytes")),
            false => Ok(()),
        }
    }
}

/// Whether a line ends the head.
fn is_end(line: &[u8]) -> bool {
    matches!(line, b"\r\n" | b"\n")
}

/// Whether a line of a head, or its beginning, is a field that is read.
fn is_needed(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field.as_bytes()))
}
