//! Names of functions as people write them. They are an image's: hostile.

use std::fmt::{self, Display, Write};

use cpp_demangle::{DemangleOptions, Symbol};

use crate::text::sanitize::printable;

/// Bytes of a name that is looked at, and characters that are kept of it.
const LONGEST: usize = 4_096;
const KEPT: usize = 200;

/// A name, without what its compiler put into it; as it is where that is not known.
pub(super) fn readable(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(&name[..name.len().min(LONGEST)]);
    // Libraries add a version.
    let name = name.split('@').next().unwrap_or("");
    let plain = || printable(name, KEPT);
    if let Ok(found) = rustc_demangle::try_demangle(name) {
        // Without the number that tells it from others.
        return bounded(&format_args!("{found:#}")).unwrap_or_else(plain);
    }
    if !name.starts_with("_Z") {
        return plain();
    }
    let Ok(symbol) = Symbol::new(name) else { return plain() };
    let mut text = Bounded::default();
    let options = DemangleOptions::new().no_params().no_return_type();
    match symbol.structured_demangle(&mut text, &options) {
        Ok(()) if !text.0.is_empty() => printable(&text.0, KEPT),
        _ => plain(),
    }
}

/// A text that may want to be very long.
fn bounded(of: &impl Display) -> Option<String> {
    let mut text = Bounded::default();
    write!(text, "{of}").ok()?;
    (!text.0.is_empty()).then(|| printable(&text.0, KEPT))
}

#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.0.len() + more.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(more);
        Ok(())
    }
}
