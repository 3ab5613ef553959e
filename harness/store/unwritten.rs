//! Why a file could not be written, and what may help.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// Names the file; the disk is suspected only where the kernel does.
pub(crate) fn unwritten(path: &Path, error: Error) -> anyhow::Error {
    let cure = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => ": is the disk full?",
        _ => "",
    };
    anyhow::Error::new(error).context(format!("cannot write {}{cure}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_said_to_be_full_only_when_it_is() {
        let text = |kind: ErrorKind| format!("{:#}", unwritten(Path::new("f"), kind.into()));
        assert!(text(ErrorKind::StorageFull).starts_with("cannot write f: is the disk full?: "));
        assert!(text(ErrorKind::QuotaExceeded).contains("is the disk full?"));
        for kind in [ErrorKind::PermissionDenied, ErrorKind::NotFound, ErrorKind::IsADirectory] {
            assert!(text(kind).starts_with("cannot write f: ") && !text(kind).contains("full"));
        }
    }
}
