//! A file that is locked for as long as it is held.

use std::fs::File;
use std::io;
use std::ops::Deref;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// An open file with a lock on it, let go when it is dropped or the process ends.
#[derive(Debug)]
pub struct Locked(File);

impl Locked {
    /// Locks a file; none when somebody else has it.
    ///
    /// # Errors
    /// When its file system refuses: some on a network know no locks.
    pub fn take(file: File) -> io::Result<Option<Self>> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, and without a lock where the file system knows none: nothing can be said there.
    #[must_use]
    pub fn take_where_possible(file: File) -> Option<Self> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => None,
            _ => Some(Self(file)),
        }
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    /// Not by closing the file alone: a process that is just being started by another thread
    /// still has it, too, until it executes its program.
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_let_go_though_another_still_has_the_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let open = || File::options().create(true).append(true).open(&path).unwrap();
        let held = Locked::take(open()).unwrap().unwrap();
        // As a process has that begins just then.
        let inherited = held.try_clone().unwrap();
        assert!(Locked::take(open()).unwrap().is_none());
        assert!(Locked::take_where_possible(open()).is_none());
        drop(held);
        assert!(Locked::take_where_possible(open()).is_some());
        drop(inherited);
    }
}
