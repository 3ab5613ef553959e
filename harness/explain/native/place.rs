//! Where a processor was, before and after it has a name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Frame;
use super::symbols::FileSymbols;
use crate::probe::cpu_samples::KernelSymbols;
use crate::text::sanitize::printable;

/// Characters of a path that are kept.
const PATH: usize = 300;
/// Characters of a name that a runtime gives.
const NAME: usize = 200;

/// Where a processor was. Of an address that is another in each start, what stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Place {
    /// A program, below which all stands that it executes.
    Program(Arc<str>),
    /// In a file, as the function sees it.
    File { path: Arc<str>, offset: u64 },
    /// In memory that is of no file, or what the kernel calls it: what was compiled there
    /// while it ran.
    Memory(Arc<str>),
    /// In a function that was compiled there, as the runtime itself names it.
    Compiled(Arc<str>),
    /// In the kernel.
    Kernel(u64),
    /// Where nothing is mapped that is known of.
    Unknown,
}

impl Place {
    /// Its name, and the file that it is in.
    pub(super) fn named(
        &self,
        symbols: &BTreeMap<&str, FileSymbols>,
        kernel: &KernelSymbols,
    ) -> (String, String) {
        let own = |name: &str| (name.to_owned(), name.to_owned());
        match self {
            Place::Program(program) => {
                let name = printable(program, PATH);
                (name.clone(), format!("{}{name}]", Frame::PROGRAM))
            }
            Place::File { path, offset } => {
                let known = symbols.get(path.as_ref()).and_then(|of| of.names.get(offset));
                let path = printable(path, PATH);
                let file = || format!("[{}]", path.rsplit('/').next().unwrap_or(&path));
                (known.cloned().unwrap_or_else(file), path)
            }
            Place::Memory(what) => match what.as_ref() {
                "" => own("[anonymous]"),
                what => own(&printable(what, PATH)),
            },
            Place::Compiled(name) => (printable(name, NAME), "[compiled]".to_owned()),
            Place::Kernel(address) => {
                let name =
                    kernel.name(*address).map(|name| format!("{}_[k]", printable(name, PATH)));
                (name.unwrap_or_else(|| Frame::KERNEL.to_owned()), Frame::KERNEL.to_owned())
            }
            Place::Unknown => own("[unknown]"),
        }
    }
}
