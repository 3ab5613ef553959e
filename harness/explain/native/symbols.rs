//! The names that a file has for what is at some places in it. The file is an image's: hostile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use object::read::{ReadCache, ReadRef};
use object::{Object, ObjectSegment, ObjectSymbol, SymbolIndex, SymbolKind};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::names;

/// Bytes of the largest file that is read: of one only the parts that are asked for.
const LARGEST: u64 = 1 << 30;
/// Symbols that are looked through.
const MOST: usize = 4_000_000;

/// What names a file has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SymbolsFound {
    /// Of all functions (`.symtab`).
    All,
    /// Of those that others can call (`.dynsym`).
    Exported,
    /// Of none, or it is no such file.
    #[default]
    None,
}

/// The names at some places of a file.
#[derive(Debug, Default)]
pub(super) struct FileSymbols {
    pub(super) found: SymbolsFound,
    /// By place in the file.
    pub(super) names: BTreeMap<u64, String>,
}

/// A function: its address, the address behind it, and which symbol it is.
type Function = (u64, u64, SymbolIndex);

impl FileSymbols {
    /// Those of a file on this machine, which is no link to another.
    pub(super) fn read(path: &Path, offsets: &BTreeSet<u64>) -> Self {
        open(path).map(|file| Self::of(file, offsets)).unwrap_or_default()
    }

    /// Those of something that can be read.
    pub(super) fn of(file: impl Read + Seek, offsets: &BTreeSet<u64>) -> Self {
        let cache = ReadCache::new(file);
        object::File::parse(&cache).map_or_else(|_| Self::default(), |file| named(&file, offsets))
    }
}

/// A file of an image on this machine, which is no link to another, no device and not too long.
pub(super) fn open(path: &Path) -> Option<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let fits =
        |file: &File| file.metadata().is_ok_and(|told| told.is_file() && told.len() <= LARGEST);
    opened.ok().filter(fits)
}

fn named<'d, R: ReadRef<'d>>(file: &object::File<'d, R>, offsets: &BTreeSet<u64>) -> FileSymbols {
    let mut all = functions(file.symbols());
    let found = match all.is_empty() {
        false => SymbolsFound::All,
        true => {
            all = functions(file.dynamic_symbols());
            if all.is_empty() { SymbolsFound::None } else { SymbolsFound::Exported }
        }
    };
    let name = |index| match found {
        SymbolsFound::All => {
            file.symbol_by_index(index).ok()?.name_bytes().ok().map(names::readable)
        }
        _ => {
            let table = file.dynamic_symbol_table()?;
            let symbol = object::ObjectSymbolTable::symbol_by_index(&table, index);
            symbol.ok()?.name_bytes().ok().map(names::readable)
        }
    };
    let segments: Vec<(u64, u64, u64)> = file
        .segments()
        .map(|segment| {
            let (offset, size) = segment.file_range();
            (offset, size, segment.address())
        })
        .collect();
    let address = |at: u64| {
        let holds = |(offset, size, _): &&(u64, u64, u64)| at >= *offset && at - offset < *size;
        let (offset, _, address) = segments.iter().find(holds)?;
        address.checked_add(at - offset)
    };
    let of = |at: &u64| Some((*at, name(holding(&all, address(*at)?)?)?));
    FileSymbols { found, names: offsets.iter().filter_map(of).collect() }
}

/// Functions by their address. One without an end, as assemblers make them, ends where the
/// next begins.
fn functions<'d>(symbols: impl Iterator<Item = impl ObjectSymbol<'d>>) -> Vec<Function> {
    let is_code = |symbol: &_| {
        ObjectSymbol::kind(symbol) == SymbolKind::Text && !ObjectSymbol::is_undefined(symbol)
    };
    let of = |symbol: &_| {
        let (from, size) = (ObjectSymbol::address(symbol), ObjectSymbol::size(symbol));
        (from, from.saturating_add(size), ObjectSymbol::index(symbol))
    };
    let found = symbols.take(MOST).filter(is_code).map(|symbol| of(&symbol));
    let mut all: Vec<Function> = found.filter(|(from, ..)| *from > 0).collect();
    all.sort_unstable_by_key(|(from, to, index)| (*from, *to, index.0));
    let next: Vec<u64> = all.iter().skip(1).map(|(from, ..)| *from).chain([u64::MAX]).collect();
    for ((from, to, _), next) in all.iter_mut().zip(next) {
        if *to == *from {
            *to = next;
        }
    }
    all
}

/// The function that has an address.
fn holding(all: &[Function], address: u64) -> Option<SymbolIndex> {
    /// Functions that begin before it, of which one may hold it: few overlap.
    const NEAR: usize = 8;
    let behind = all.partition_point(|(from, ..)| *from <= address);
    let mut near = all[..behind].iter().rev().take(NEAR);
    near.find(|(_, to, _)| address < *to).map(|(.., index)| *index)
}
