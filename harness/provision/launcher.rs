//! The program that starts the extensions of an image, as a file that engines can mount.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::docker_host::hex;
use super::{ProvisionError, Surroundings};

/// The program, static; empty where none could be linked. Decision 0077.
const LAUNCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher"));
/// Digits of its digest in its name: another version is another file.
const VERSION: usize = 12;

/// The file, written where it is not there yet.
///
/// # Errors
/// When it cannot be written, or this program was made without it.
pub fn file(around: &Surroundings) -> Result<PathBuf, ProvisionError> {
    let doing = "start the external extensions of an image";
    if LAUNCHER.is_empty() {
        let why = "this program was compiled where no static program can be linked: compile it \
                   where the static C library is installed";
        return Err(ProvisionError::failed(doing, why));
    }
    put(around.make_state()?, LAUNCHER).map_err(|error| ProvisionError::failed(doing, error))
}

fn put(folder: &Path, program: &[u8]) -> std::io::Result<PathBuf> {
    let digest = hex(&Sha256::digest(program));
    let path = folder.join(format!("launcher-{}", &digest[..VERSION]));
    if fs::read(&path).is_ok_and(|there| there == program) {
        return Ok(path);
    }
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(program)?;
    // Whoever an instance runs as executes it.
    file.as_file().set_permissions(Permissions::from_mode(0o755))?;
    file.persist(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_once_for_everybody_to_execute_and_mended_where_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = put(folder.path(), b"program").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"program".to_vec(), 0o755));
        fs::write(&path, b"damaged").unwrap();
        assert_eq!(put(folder.path(), b"program").unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), b"program");
        assert_ne!(put(folder.path(), b"another").unwrap(), path);
    }

    /// It is in this program, for every engine to mount.
    #[test]
    fn it_is_a_program_for_this_kind_of_machine() {
        let ours = fs::read(std::env::current_exe().unwrap()).unwrap();
        // Class, byte order and machine of an ELF file.
        assert_eq!((&LAUNCHER[..6], &LAUNCHER[18..20]), (&ours[..6], &ours[18..20]));
    }
}
