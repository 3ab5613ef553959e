//! The root file system of an instance: the folders of its image's layers below one of its
//! own, as an overlay.

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::mount::{MountFlags, UnmountFlags};

use super::folders::Folders;

/// Where it is mounted, in the bundle of an instance.
pub(super) const ROOT: &str = "rootfs";
/// What an instance writes, and what the kernel needs for that.
const OWN: [&str; 2] = [UPPER, "work"];
const UPPER: &str = "upper";
/// The most bytes of options that the kernel takes of a mount, its last zero aside.
const OPTIONS: usize = 4095;
/// The most that is read of a file of an image.
const MOST: u64 = 1 << 20;

/// Mounts an image's layers, the uppermost first, for one instance.
pub(super) fn mount(folders: &Folders, layers: &[&Path]) -> io::Result<()> {
    let Folders { disk, bundle } = folders;
    for name in OWN {
        fs::create_dir(disk.join(name))?;
    }
    let root = bundle.join(ROOT);
    fs::create_dir(&root)?;
    // What the root of the file system then has, whatever is usual here for new folders.
    fs::set_permissions(disk.join(UPPER), Permissions::from_mode(0o755))?;
    let options = options(disk, layers);
    if options.as_bytes().len() > OPTIONS {
        let why = "its image has too many layers for one mount: build it with fewer";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    rustix::mount::mount("overlay", &root, "overlay", MountFlags::empty(), Some(&*options))?;
    // What is mounted below it by others is no affair of this machine.
    Ok(())
}

fn options(disk: &Path, layers: &[&Path]) -> CString {
    let lower: Vec<Vec<u8>> = layers.iter().map(|layer| escaped(layer)).collect();
    let [upper, work] = OWN.map(|name| escaped(&disk.join(name)));
    let parts: [&[u8]; 6] =
        [b"lowerdir=", &lower.join(&b':'), b",upperdir=", &upper, b",workdir=", &work];
    // A path has no zero in it.
    CString::new(parts.concat()).unwrap_or_default()
}

/// A path within the options of a mount.
fn escaped(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes().iter();
    bytes
        .flat_map(|byte| if b":,\\".contains(byte) { vec![b'\\', *byte] } else { vec![*byte] })
        .collect()
}

/// Takes down what was mounted for an instance. It is no error when nothing is.
pub(super) fn unmount(folder: &Path) -> io::Result<()> {
    let root = folder.join(ROOT);
    loop {
        // Where somebody looks at it, it goes when they do not any more.
        match rustix::mount::unmount(&root, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
            // The kernel says so when nothing is mounted there any more: what is removed next is
            // empty, and no image's.
            Ok(()) => {}
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes the folders of a root file system that is not mounted any more.
pub(super) fn remove(folders: &Folders) -> io::Result<()> {
    // It is empty, or nothing is removed.
    was_there(fs::remove_dir(folders.bundle.join(ROOT)))?;
    OWN.iter().try_for_each(|name| was_there(fs::remove_dir_all(folders.disk.join(name))))
}

/// It is no error that nothing was.
pub(super) fn was_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The beginning of a file of an image, as the image sees its path: its links may lead
/// anywhere. Empty where there is no such file.
pub(super) fn read(folder: &Path, file: &str) -> String {
    let opened = || -> io::Result<Vec<u8>> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(folder.join(ROOT), flags, Mode::empty())?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let file = rustix::fs::openat2(root, file, flags, Mode::empty(), within)?;
        let file = fs::File::from(file);
        let mut text = Vec::new();
        if file.metadata()?.is_file() {
            file.take(MOST).read_to_end(&mut text)?;
        }
        Ok(text)
    };
    opened().map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_options_is_no_part_of_a_path() {
        let layers = ["/a:b", "/c,d"].map(Path::new);
        let options = options(Path::new("/i"), &layers).into_string().unwrap();
        let expected = r"lowerdir=/a\:b:/c\,d,upperdir=/i/upper,workdir=/i/work";
        assert_eq!(options, expected);
    }

    #[test]
    fn an_image_of_too_many_layers_is_refused_by_that_name() {
        let home = tempfile::tempdir().unwrap();
        let layer = "/x".repeat(30);
        let layers = vec![Path::new(&layer); 80];
        let folders = Folders::of(home.path(), home.path(), "");
        let error = mount(&folders, &layers).unwrap_err().to_string();
        assert!(error.contains("layers"), "{error}");
    }

    #[test]
    fn a_file_of_an_image_is_looked_up_within_it_whatever_its_links_say() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join(ROOT);
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/real"), "root:x:0:0\n").unwrap();
        std::os::unix::fs::symlink("/etc/real", root.join("etc/passwd")).unwrap();
        std::os::unix::fs::symlink("../../../../etc/passwd", root.join("etc/group")).unwrap();
        assert_eq!(read(home.path(), "etc/passwd"), "root:x:0:0\n", "the image's own root");
        assert_eq!(read(home.path(), "etc/group"), "root:x:0:0\n", "and no way out of it");
        assert_eq!(read(home.path(), "etc/shadow"), "");
        assert_eq!(read(home.path(), "etc"), "", "a folder");
        let pipe = std::process::Command::new("mkfifo").arg(root.join("etc/pipe")).status();
        assert!(pipe.unwrap().success());
        assert_eq!(read(home.path(), "etc/pipe"), "", "nobody waits for a pipe");
    }
}
