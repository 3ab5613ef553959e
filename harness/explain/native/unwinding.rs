//! Who called whom where code keeps no frame pointers: from a piece of a stack, by the tables
//! that files have for exceptions (`.eh_frame`). The files are an image's, and so is what stands
//! on the stack: hostile.
//!
//! Why so, and what it costs: decision 0099.

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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::clock::Clock;
    use crate::explain::native::processes::{Window, stacks};
    use crate::probe::container_trace::Exec;
    use crate::probe::cpu_samples::{CpuSamples, STACK, What};
    use crate::sample::Marks;

    /// A shell, which distributions compile without frame pointers, as the only process of a
    /// container whose image has its files.
    #[test]
    fn the_callers_of_code_without_frame_pointers_are_known() {
        let clock = Clock::start();
        let Ok(samples) = CpuSamples::start(clock) else { return };
        let loops = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let mut child = Command::new("/bin/sh").args(["-c", loops]).spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        let sampled = samples.take();
        if STACK == 0 {
            return;
        }
        let layer = tempfile::tempdir().unwrap();
        for event in sampled.events.iter().filter(|event| event.pid == pid) {
            let What::Mapped(Mapping { path, .. }) = &event.what else { continue };
            let Some(inside) = path.strip_prefix('/') else { continue };
            let copy = layer.path().join(inside);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(Path::new(path.as_ref()), copy).unwrap();
        }
        let files = ImageFiles::of(&[layer.path().to_owned()]);
        let execs = [Exec { at: 0, pid, argv: vec!["sh".to_owned()] }];
        let window = Window::of(&Marks::default(), &execs);
        let of = |files| {
            let found = stacks(&sampled, &execs, window, (&mut Unwinding::default(), files));
            let deep = found.iter().filter(|stack| !stack.is_shallow).count();
            (deep, found.len())
        };
        let (deep, all) = of(&files);
        // What is cut and what the linker does before anything has a caller is a little.
        assert!(all > 0 && deep * 5 >= all * 4, "{deep} of {all}");
        let (without, _) = of(&ImageFiles::default());
        assert!(without <= deep, "{without}");
    }

    fn tables(bytes: &[u8], cut: usize) -> Tables {
        let (frames, index) = bytes.split_at(cut.min(bytes.len()));
        let part = |from: u64, of: &[u8]| (from..from + of.len() as u64, Arc::from(of));
        Tables {
            code: vec![(0x234, 0x1000, 0x1234)],
            text: Some(0x1234..0x2234),
            frames: part(0x3000, frames),
            index: (!index.is_empty()).then(|| part(0x4000, index)),
        }
    }

    /// The tables of this machine's shell.
    fn shell() -> Option<Tables> {
        Tables::of(fs::File::open(fs::canonicalize("/bin/sh").ok()?).ok()?, LARGEST)
    }

    #[test]
    fn a_segment_is_found_by_the_page_that_it_begins_in() {
        let path = Arc::from("/f");
        let mapped = |offset| Mapping { from: 0x7000, to: 0x9000, offset, path: Arc::clone(&path) };
        let of = tables(&[0; 8], 8);
        assert_eq!(of.module(&mapped(0)).unwrap().base_avma(), 0x6000);
        assert!(of.module(&mapped(0x2000)).is_none(), "another segment");
        let low = Mapping { from: 0x1000, ..mapped(0x1000) };
        assert!(of.module(&low).is_none(), "no file is mapped below the begin of memory");
    }

    proptest! {
        #[test]
        fn whatever_tables_and_stacks_are_it_ends(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            cut in 0_usize..400,
            stack in proptest::collection::vec(0x7000_u64..0x9000, 0..40),
            code in (0_u64..0x2000, any::<u64>()),
            from in prop_oneof![Just(0x7000_u64), any::<u64>()],
        ) {
            let words = stack.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
            let stack = UserStack {
                ip: from.saturating_add(code.0),
                sp: from,
                fp: code.1,
                bytes: Box::from(words.as_slice()),
            };
            let mapping = Mapping { from, to: from.saturating_add(0x2000), offset: 0, path: Arc::from("/f") };
            let mut unwinder = Unwinder::new();
            if let Some(module) = tables(&bytes, cut).module(&mapping) {
                unwinder.add_module(module);
            }
            prop_assert!(Unwinding::default().callers(&unwinder, &stack).len() <= DEEPEST);
        }

        #[test]
        fn spoilt_tables_of_a_real_program_are_followed_as_far_as_they_go(
            spoils in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..60),
            at in any::<prop::sample::Index>(),
            stack in proptest::collection::vec(any::<prop::sample::Index>(), 1..200),
        ) {
            let Some(real) = shell() else { return Ok(()) };
            let mut bytes = real.frames.1.to_vec();
            for (at, byte) in spoils {
                bytes[at.index(real.frames.1.len())] = byte;
            }
            let text = real.text.clone().unwrap();
            let code = |at: prop::sample::Index| text.start + at.index((text.end - text.start) as usize) as u64;
            // At the addresses that it has itself.
            let frames = (real.frames.0.clone(), Arc::from(bytes));
            let (offset, _, address) = real.code[0];
            let from = address - offset % PAGE;
            let mapping = Mapping { from, to: text.end, offset: offset - offset % PAGE, path: Arc::from("/f") };
            let of = Tables { frames, ..real };
            let mut unwinder = Unwinder::new();
            unwinder.add_module(of.module(&mapping).unwrap());
            let (ip, sp) = (code(at), 0x7fff_0000);
            let words = stack.into_iter().flat_map(|at| code(at).to_ne_bytes()).collect::<Vec<u8>>();
            let stack = UserStack { ip, sp, fp: sp + 64, bytes: Box::from(words.as_slice()) };
            prop_assert!(Unwinding::default().callers(&unwinder, &stack).len() <= DEEPEST);
        }

        #[test]
        fn any_file_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let elf = [b"\x7fELF\x02\x01\x01".as_slice(), &bytes].concat();
            prop_assert!(Tables::of(std::io::Cursor::new(elf), LARGEST).is_none_or(|of| of.bytes() < 700));
        }
    }
}
