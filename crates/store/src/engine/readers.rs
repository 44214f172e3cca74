//! Connections that read one SQLite file. They refuse to write, so that a read never turns into a
//! change outside the queue of writers.

use super::pool::{Lease, Pool};
use super::sqlite::{blocking, connect_reader};
use crate::Result;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Readers of one file at a time; who comes later waits. A statement keeps its thread busy, so more
/// of them than threads only serves those who keep a reader while they wait for something else.
pub(crate) const READERS: u32 = 16;

/// A connection for reading. Dropping it gives it back.
pub(super) type Reader = Lease<Connection>;

/// All readers of a file. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Readers {
    file: PathBuf,
    pool: Arc<Pool<Connection>>,
}

impl Readers {
    pub(super) fn of(file: &Path) -> Self {
        Self { file: file.to_owned(), pool: Pool::new(READERS) }
    }

    /// Takes one, which may be opened for it.
    pub(super) async fn take(&self) -> Result<Reader> {
        let mut reader = self.pool.take().await?;
        if !reader.is_filled() {
            let file = self.file.clone();
            reader.put(blocking(move || connect_reader(&file)).await??);
        }
        Ok(reader)
    }

    /// Waits until all have come back, and closes them.
    pub(super) async fn close(&self) {
        let idle = self.pool.close().await;
        let _ = blocking(move || drop(idle)).await;
    }
}
