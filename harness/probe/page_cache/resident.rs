//! How much of one file is in memory: the only unsafe code of the harness.
//!
//! `mincore` tells it of a mapping, and mapping a file has no safe form. The
//! mapping is never read or written. Must not know which file, or why.
//!
//! Why with unsafe code: decision 0021.

#![expect(unsafe_code, reason = "`mincore` needs a mapping, and no safe crate for it is kept up")]

use std::ffi::c_void;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Pages looked at in one go, 128 MiB of them: bounds the answer of a huge file.
const WINDOW: u64 = 32 * 1024;

/// Bytes of a file of `size` bytes that are in the page cache. The last page
/// counts as far as the file goes, so a file that is all there gives its size.
///
/// The kernel calls every page of a file resident when the asker neither owns it
/// nor may write it.
pub(super) fn resident(file: impl AsFd, size: u64) -> io::Result<u64> {
    let page = rustix::param::page_size() as u64;
    let mut found = 0;
    let mut start = 0;
    while start < size {
        let length = (size - start).min(WINDOW * page);
        for (index, there) in pages(file.as_fd(), start, length, page)?.into_iter().enumerate() {
            // Only the lowest bit has a meaning.
            if there & 1 == 1 {
                found += page.min(length - index as u64 * page);
            }
        }
        start += length;
    }
    Ok(found)
}

/// One byte a page of a part of a file. `start` is a multiple of the page size,
/// and `length` is not 0.
fn pages(file: BorrowedFd<'_>, start: u64, length: u64, page: u64) -> io::Result<Vec<u8>> {
    let too_long = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let mapping = Mapping::new(file, start, usize::try_from(length).map_err(too_long)?)?;
    let mut there = vec![0; usize::try_from(length.div_ceil(page)).map_err(too_long)?];
    // SAFETY: the mapping is ours for as long as it lives, and begins at a page;
    // the kernel writes one byte for each page of it, rounded up, and `there` has
    // as many. A file that has become shorter is no danger: nothing touches the
    // pages themselves.
    let answer = unsafe { libc::mincore(mapping.start, mapping.length, there.as_mut_ptr()) };
    if answer == 0 { Ok(there) } else { Err(io::Error::last_os_error()) }
}

/// Address space that a part of a file is mapped at, without any right to it.
struct Mapping {
    start: *mut c_void,
    length: usize,
}

impl Mapping {
    fn new(file: BorrowedFd<'_>, start: u64, length: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the kernel's choice replaces
        // nothing, and no reference into it is ever made.
        let start = unsafe {
            mmap(ptr::null_mut(), length, ProtFlags::empty(), MapFlags::SHARED, file, start)?
        };
        Ok(Self { start, length })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what `new` mapped, which nothing else refers to. It
        // cannot fail for a mapping that exists.
        let _ = unsafe { munmap(self.start, self.length) };
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    fn file(bytes: usize) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; bytes]).unwrap();
        file
    }

    #[test]
    fn what_was_just_written_is_resident_to_the_byte() {
        for size in [1, 4095, 4096, 4097, 1_000_000] {
            assert_eq!(resident(file(size), size as u64).unwrap(), size as u64);
        }
    }

    #[test]
    fn an_empty_file_holds_nothing() {
        assert_eq!(resident(file(0), 0).unwrap(), 0);
    }

    #[test]
    fn a_hole_that_nobody_read_holds_nothing_however_wide() {
        let file = file(0);
        // More than one window, and no whole number of pages.
        let size = (WINDOW * 2 + 1) * 4096 + 5;
        file.set_len(size).unwrap();
        assert_eq!(resident(&file, size).unwrap(), 0);
    }

    #[test]
    fn a_file_that_became_shorter_is_no_danger() {
        let file = file(100_000);
        file.set_len(5).unwrap();
        // How much is told depends on how large the kernel's own units are.
        assert!(resident(&file, 100_000).unwrap() <= 100_000);
    }

    #[test]
    fn what_cannot_be_mapped_is_an_error() {
        assert!(resident(File::open("/dev").unwrap(), 4096).is_err());
    }
}
