//! Who called whom where code keeps no frame pointers: from a piece of a stack, by the tables
//! that files have for exceptions (`.eh_frame`). The files are an image's, and so is what stands
//! on the stack: hostile.
//!
//! Why so, and what it costs: decision 0093.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};
use std::ops::Range;
use std::sync::Arc;

use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
use framehop::{ExplicitModuleSectionInfo, Module, Unwinder as _};
use object::read::{ReadCache, ReadRef};
use object::{Object, ObjectSection, ObjectSegment, SegmentFlags, elf};

use super::symbols::open;
use crate::explain::image_files::ImageFiles;
use crate::probe::cpu_samples::{Mapping, UserStack};

/// The deepest stack that is followed: as deep as the kernel's own.
const DEEPEST: usize = 127;
/// Bytes of tables that are kept of one file, and of all.
const LARGEST: u64 = 64 << 20;
const MOST: u64 = 256 << 20;
/// Where one segment of a file may begin, another ends.
const PAGE: u64 = 4096;

/// What stands where in a process.
pub(super) type Unwinder = UnwinderX86_64<Arc<[u8]>>;

/// The tables of the files that were executed, each read once.
#[derive(Default)]
pub(super) struct Unwinding {
    tables: HashMap<Arc<str>, Option<Tables>>,
    /// Bytes of all of them.
    kept: u64,
    cache: CacheX86_64,
}

impl std::fmt::Debug for Unwinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unwinding").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// What a file says of its own frames.
#[derive(Clone)]
struct Tables {
    /// What of it is executed: where it stands in the file, how long it is, its address.
    code: Vec<(u64, u64, u64)>,
    text: Option<Range<u64>>,
    frames: (Range<u64>, Arc<[u8]>),
    index: Option<(Range<u64>, Arc<[u8]>)>,
}

impl Unwinding {
    /// All that a process has mapped, to be unwound through.
    pub(super) fn unwinder(
        &mut self,
        mapped: &BTreeMap<u64, Mapping>,
        files: &ImageFiles,
    ) -> Unwinder {
        let mut unwinder = Unwinder::new();
        for mapping in mapped.values() {
            if let Some(module) =
                self.tables(&mapping.path, files).and_then(|of| of.module(mapping))
            {
                unwinder.add_module(module);
            }
        }
        unwinder
    }

    fn tables(&mut self, path: &Arc<str>, files: &ImageFiles) -> Option<&Tables> {
        if !self.tables.contains_key(path) {
            let file = files.place_of(path).and_then(open);
            let most = LARGEST.min(MOST.saturating_sub(self.kept));
            let found = file.and_then(|file| Tables::of(file, most));
            self.kept += found.as_ref().map_or(0, Tables::bytes);
            self.tables.insert(path.clone(), found);
        }
        self.tables.get(path)?.as_ref()
    }

    /// Where the code was, and then where each caller goes on.
    pub(super) fn callers(&mut self, unwinder: &Unwinder, stack: &UserStack) -> Vec<u64> {
        let registers = UnwindRegsX86_64::new(stack.ip, stack.sp, stack.fp);
        let mut read = |address| stack.word(address).ok_or(());
        let mut frames = unwinder.iter_frames(stack.ip, registers, &mut self.cache, &mut read);
        let mut found = Vec::new();
        // Where it cannot go on, because the piece ends or a table is missing, it ends.
        while let Ok(Some(frame)) = frames.next() {
            found.push(frame.address());
            if found.len() == DEEPEST {
                break;
            }
        }
        found
    }
}

impl Tables {
    /// Those of a file; none where it has none, or more than so many bytes.
    fn of(file: impl Read + Seek, most: u64) -> Option<Self> {
        let cache = ReadCache::new(file);
        let file = object::File::parse(&cache).ok()?;
        let code = file.segments().filter(is_code).map(|segment| {
            let (offset, size) = segment.file_range();
            (offset, size, segment.address())
        });
        let frames = section(&file, ".eh_frame", most)?;
        let left = most - frames.1.len() as u64;
        Some(Self {
            code: code.collect(),
            text: file.section_by_name(".text").and_then(|of| addresses(&of)),
            index: section(&file, ".eh_frame_hdr", left),
            frames,
        })
    }

    fn bytes(&self) -> u64 {
        (self.frames.1.len() + self.index.as_ref().map_or(0, |(_, of)| of.len())) as u64
    }

    /// The part of the file that is mapped there.
    fn module(&self, mapping: &Mapping) -> Option<Module<Arc<[u8]>>> {
        let Mapping { from, to, offset, .. } = *mapping;
        // A segment is mapped from the begin of its first page on.
        let holds = |(at, size, _): &&(u64, u64, u64)| {
            offset >= at - at % PAGE && offset < at.saturating_add(*size)
        };
        let (at, _, address) = self.code.iter().find(holds)?;
        let base = from.checked_sub(address.checked_add(offset)?.checked_sub(*at)?)?;
        let (frames, index) = (self.frames.clone(), self.index.clone());
        let sections = ExplicitModuleSectionInfo {
            text_svma: self.text.clone(),
            eh_frame_svma: Some(frames.0),
            eh_frame: Some(frames.1),
            eh_frame_hdr_svma: index.as_ref().map(|(of, _)| of.clone()),
            eh_frame_hdr: index.map(|(_, bytes)| bytes),
            ..ExplicitModuleSectionInfo::default()
        };
        Some(Module::new(String::new(), from..to, base, sections))
    }
}

fn is_code<'d>(segment: &impl ObjectSegment<'d>) -> bool {
    matches!(segment.flags(), SegmentFlags::Elf { p_flags, .. } if p_flags.0 & elf::PF_X.0 != 0)
}

fn addresses<'d>(section: &impl ObjectSection<'d>) -> Option<Range<u64>> {
    let from = section.address();
    Some(from..from.checked_add(section.size())?)
}

/// A section's addresses and its bytes, where it is not longer than so much.
fn section<'d, R: ReadRef<'d>>(
    file: &object::File<'d, R>,
    name: &str,
    most: u64,
) -> Option<(Range<u64>, Arc<[u8]>)> {
    let section = file.section_by_name(name)?;
    let (_, length) = section.file_range()?;
    let bytes = (length <= most).then(|| section.data().ok())??;
    Some((addresses(&section)?, Arc::from(bytes)))
}
