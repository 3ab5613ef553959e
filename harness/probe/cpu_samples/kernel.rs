//! The names of the kernel's own functions, as far as it tells them.

/// Functions by their address.
#[derive(Debug, Clone, Default)]
pub struct KernelSymbols {
    of: Vec<(u64, Box<str>)>,
}

impl KernelSymbols {
    /// What `/proc/kallsyms` tells; nothing where it hides its addresses.
    #[must_use]
    pub fn read() -> Self {
        Self::parse(&std::fs::read_to_string("/proc/kallsyms").unwrap_or_default())
    }

    /// `ffffffff81000000 T name`, and perhaps a module behind it.
    pub(super) fn parse(text: &str) -> Self {
        let one = |line: &str| {
            let mut words = line.split_ascii_whitespace();
            let address = u64::from_str_radix(words.next()?, 16).ok().filter(|at| *at > 0)?;
            let is_code = matches!(words.next()?, "t" | "T" | "w" | "W");
            is_code.then_some((address, Box::from(words.next()?)))
        };
        let mut of: Vec<(u64, Box<str>)> = text.lines().filter_map(one).collect();
        of.sort_by_key(|(address, _)| *address);
        Self { of }
    }

    /// The function that has an address.
    #[must_use]
    pub fn name(&self, address: u64) -> Option<&str> {
        let behind = self.of.partition_point(|(from, _)| *from <= address);
        Some(&self.of.get(behind.checked_sub(1)?)?.1)
    }
}
