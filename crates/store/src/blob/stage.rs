//! A blob on its way in: written to a temporary file and digested as it comes.

use super::io;
use crate::Result;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::path::Path;
use tempfile::NamedTempFile;

/// Digests and size of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-1, lower-case hex: the name that deploys use.
    pub sha1: String,
    /// SHA-256, lower-case hex: the name the blob is kept under.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// Bytes gathered before they are digested and written away from the event loop.
const CHUNK: usize = 256 * 1024;

/// A blob being received. Dropping it forgets it.
pub struct Staged {
    buffer: Vec<u8>,
    sink: Option<Sink>,
    size: u64,
}

struct Sink {
    file: NamedTempFile,
    sha1: Sha1,
    sha256: Sha256,
}

impl Staged {
    pub(super) async fn create(spool: &Path) -> Result<Self> {
        let file = NamedTempFile::new_in(spool).map_err(io(spool))?;
        let sink = Sink { file, sha1: Sha1::new(), sha256: Sha256::new() };
        Ok(Self { buffer: Vec::new(), sink: Some(sink), size: 0 })
    }

    /// Bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush(false).await?;
        }
        Ok(())
    }

    async fn flush(&mut self, sync: bool) -> Result<()> {
        let Some(mut sink) = self.sink.take() else { return Ok(()) };
        let buffer = std::mem::take(&mut self.buffer);
        let work = move || -> std::io::Result<Sink> {
            sink.sha1.update(&buffer);
            sink.sha256.update(&buffer);
            sink.file.write_all(&buffer)?;
            if sync {
                sink.file.as_file().sync_data()?;
            }
            Ok(sink)
        };
        let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other);
        self.sink = Some(done.and_then(|r| r).map_err(io(Path::new("spool")))?);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(NamedTempFile, Digests)> {
        self.flush(true).await?;
        let sink = self.sink.take().ok_or_else(|| crate::Error::Setting("a failed upload".to_owned()))?;
        let digests = Digests {
            sha1: hex::encode(sink.sha1.finalize()),
            sha256: hex::encode(sink.sha256.finalize()),
            size: self.size,
        };
        Ok((sink.file, digests))
    }
}
