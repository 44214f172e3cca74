//! Blobs as files: `blobs/ab/cdef…`, moved into place whole.

use super::laid::{self, Folder, Laid};
use super::{BlobStream, checked, io};
use crate::Result;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

/// Bytes read at once while streaming.
const STEP: usize = 64 * 1024;

#[derive(Clone)]
pub(super) struct Local {
    root: Arc<Path>,
    /// Where files can have two names.
    pub(super) laid: Option<Folder>,
}

impl Local {
    /// Blobs under `root`, with those that are not settled in a folder of `spool`.
    pub(super) fn open(root: &Path, spool: &Path) -> Result<Self> {
        let root = root.join("blobs");
        for first in 0..=255_u8 {
            let folder = root.join(format!("{first:02x}"));
            std::fs::create_dir_all(&folder).map_err(io(&folder))?;
        }
        let laid = Folder::open(spool.join("laid")).map_err(io(spool))?;
        Ok(Self { root: root.into(), laid })
    }

    pub(super) fn path(&self, digest: &str) -> Result<PathBuf> {
        let digest = checked(digest)?;
        Ok(self.root.join(&digest[..2]).join(&digest[2..]))
    }

    /// Moves the file into place; blocks. First the content and then the name are made durable, so that
    /// a committed row never points at nothing, and a name never at half a file, after a power cut.
    pub(super) fn keep(&self, file: NamedTempFile, digest: &str) -> std::io::Result<()> {
        let target = self.path(digest).map_err(std::io::Error::other)?;
        if target.exists() {
            return Ok(());
        }
        file.as_file().sync_data()?;
        file.persist(&target).map_err(|e| e.error)?;
        match target.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_data(),
            None => Ok(()),
        }
    }

    /// Makes laid blobs durable; blocks. Those that are there.
    pub(super) fn settle(&self, all: Vec<Laid>) -> std::io::Result<Vec<Laid>> {
        laid::settle(&self.root, all, |laid| self.path(&laid.digests.sha256).map_err(std::io::Error::other))
    }

    pub(super) async fn get(&self, digest: &str) -> Result<Bytes> {
        let path = self.path(digest)?;
        tokio::fs::read(&path).await.map(Bytes::from).map_err(io(&path))
    }

    pub(super) async fn stream(&self, digest: &str, range: Range<u64>) -> Result<BlobStream> {
        let path = self.path(digest)?;
        let mut file = tokio::fs::File::open(&path).await.map_err(io(&path))?;
        if range.start > 0 {
            file.seek(std::io::SeekFrom::Start(range.start)).await.map_err(io(&path))?;
        }
        let part = file.take(range.end.saturating_sub(range.start));
        Ok(ReaderStream::with_capacity(part, STEP).map_err(|e| io(Path::new("blob"))(e)).boxed())
    }
}
