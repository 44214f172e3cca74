//! A blob on its way in: written to a temporary file and digested as it comes.

use super::io;
use crate::Result;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
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
    spool: Arc<Path>,
    buffer: Vec<u8>,
    /// None before the first bytes are written away.
    sink: Option<Sink>,
    size: u64,
    /// Whether a write failed or was given up: what came before it is lost.
    broken: bool,
}

struct Sink {
    file: NamedTempFile,
    sha1: Sha1,
    sha256: Sha256,
}

impl Sink {
    fn create(spool: &Path) -> std::io::Result<Self> {
        Ok(Self { file: NamedTempFile::new_in(spool)?, sha1: Sha1::new(), sha256: Sha256::new() })
    }

    fn take_in(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sha1.update(bytes);
        self.sha256.update(bytes);
        self.file.write_all(bytes)
    }
}

impl Staged {
    pub(super) fn new(spool: Arc<Path>) -> Self {
        Self { spool, buffer: Vec::new(), sink: None, size: 0, broken: false }
    }

    /// Bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes. After an error, or when the caller stops waiting, the blob can only be dropped.
    ///
    /// # Errors
    /// When the temporary file cannot be written, or an earlier write broke off.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.whole()?;
        self.size += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < CHUNK { Ok(()) } else { self.write_away().await }
    }

    /// Writes away what is held in memory, for a blob that waits for something before it is kept.
    ///
    /// # Errors
    /// As [`Staged::write`].
    pub async fn spill(&mut self) -> Result<()> {
        self.whole()?;
        self.write_away().await?;
        self.buffer = Vec::new();
        Ok(())
    }

    async fn write_away(&mut self) -> Result<()> {
        let (sink, spool) = (self.sink.take(), Arc::clone(&self.spool));
        let mut buffer = std::mem::take(&mut self.buffer);
        let work = move || -> std::io::Result<(Sink, Vec<u8>)> {
            let mut sink = sink.map_or_else(|| Sink::create(&spool), Ok)?;
            sink.take_in(&buffer)?;
            buffer.clear();
            Ok((sink, buffer))
        };
        self.broken = true;
        let (sink, buffer) = aside(&self.spool, work).await?;
        (self.sink, self.buffer, self.broken) = (Some(sink), buffer, false);
        Ok(())
    }

    /// The rest of a blob must not pass for the whole.
    fn whole(&self) -> Result<()> {
        let lost = || std::io::Error::other("an earlier write of this blob broke off");
        if self.broken { Err(io(&self.spool)(lost())) } else { Ok(()) }
    }

    /// Writes the rest away and hands the whole file to `place`, in one visit to the threads that may
    /// block: most files are small, and the visits would cost more than the work.
    pub(super) async fn finish<T: Send + 'static>(
        self,
        place: impl FnOnce(NamedTempFile, &Digests) -> std::io::Result<T> + Send + 'static,
    ) -> Result<(T, Digests)> {
        self.whole()?;
        let Self { spool, buffer, sink, size, .. } = self;
        let folder = Arc::clone(&spool);
        let work = move || {
            let mut sink = sink.map_or_else(|| Sink::create(&folder), Ok)?;
            sink.take_in(&buffer)?;
            let digests = Digests {
                sha1: hex::encode(sink.sha1.finalize()),
                sha256: hex::encode(sink.sha256.finalize()),
                size,
            };
            Ok((place(sink.file, &digests)?, digests))
        };
        aside(&spool, work).await
    }
}

/// Digests of a file's bytes; blocks.
pub(super) fn digest_file(path: &Path) -> std::io::Result<Digests> {
    let (mut sha1, mut sha256, mut size) = (Sha1::new(), Sha256::new(), 0);
    let (mut file, mut buffer) = (std::fs::File::open(path)?, vec![0; CHUNK]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        sha1.update(&buffer[..read]);
        sha256.update(&buffer[..read]);
        size += read as u64;
    }
    Ok(Digests { sha1: hex::encode(sha1.finalize()), sha256: hex::encode(sha256.finalize()), size })
}

/// Runs work that blocks away from the event loop.
pub(super) async fn aside<T: Send + 'static>(
    what: &Path,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other);
    done.and_then(|result| result).map_err(io(what))
}
