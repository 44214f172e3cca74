//! Opens files of a folder that somebody else may still write to: no link, wherever it is put while
//! we look, leads out of it.

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};
use std::sync::Arc;

/// A folder that is held open.
#[derive(Clone, Debug)]
pub struct Beneath(Arc<OwnedFd>);

impl Beneath {
    /// Holds `root/inner` open; the way to `root` must be the server's own, `inner` need not be.
    ///
    /// # Errors
    /// When it is no folder, or the way leads over a link or out of `root`.
    pub fn open(root: &Path, inner: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, root, flags, Mode::empty())?;
        let inner = relative(inner)?;
        if inner.as_os_str().is_empty() {
            return Ok(Self(Arc::new(root)));
        }
        Ok(Self(Arc::new(openat2(root, inner, flags, Mode::empty(), guarded())?)))
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// When it is no regular file, or the way leads over a link or out of the folder.
    pub fn file(&self, inner: &Path) -> Result<File> {
        // without `NONBLOCK`, opening a pipe would wait for somebody to write into it
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::from(openat2(&*self.0, relative(inner)?, flags, Mode::empty(), guarded())?);
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        Err(Error::new(ErrorKind::InvalidInput, "not a regular file"))
    }
}

fn guarded() -> ResolveFlags {
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS
}

fn relative(path: &Path) -> Result<&Path> {
    if path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(path);
    }
    Err(Error::new(ErrorKind::InvalidInput, "not a path inside the folder"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_regular_files_inside_are_opened() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("out/sub")).expect("folders");
        std::fs::write(dir.path().join("secret"), "secret").expect("a file");
        std::fs::write(root.join("out/sub/a"), "fine").expect("a file");
        symlink("../../secret", root.join("out/link")).expect("a link");
        symlink("../..", root.join("out/way")).expect("a link");
        symlink("sub", root.join("out/same")).expect("a link");
        let out = Beneath::open(&root, Path::new("out")).expect("it is there");
        let mut text = String::new();
        out.file(Path::new("sub/a")).expect("opened").read_to_string(&mut text).expect("read");
        assert_eq!(text, "fine");
        for bad in ["link", "way/secret", "same/a", "sub", "../root/out/sub/a", "/etc/passwd", "none"] {
            assert!(out.file(Path::new(bad)).is_err(), "{bad}");
        }
        for bad in ["out/way", "out/same", "..", "/", "out/sub/a"] {
            assert!(Beneath::open(&root, Path::new(bad)).is_err(), "{bad}");
        }
        assert!(Beneath::open(&root, Path::new("")).expect("the root").file(Path::new("out/sub/a")).is_ok());
    }
}
