//! Connections that read one SQLite file: opened on demand up to a limit, handed out, taken back.
//! They refuse to write, so that a read never turns into a change outside the queue of writers.

use super::sqlite::{PATIENCE, blocking, connect_reader};
use crate::Result;
use crate::error::Fault;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Readers of one file at a time; who comes later waits. A statement keeps its thread busy, so more
/// of them than threads only serves those who keep a reader while they wait for something else.
pub(crate) const READERS: u32 = 16;

/// All readers of a file.
pub(super) struct Readers {
    file: PathBuf,
    places: Arc<Semaphore>,
    /// Last used, first taken: its pages are the freshest.
    idle: Mutex<Vec<Connection>>,
}

/// A connection for reading. Dropping it gives it back.
pub(super) struct Reader {
    db: Option<Connection>,
    home: Arc<Readers>,
    _place: OwnedSemaphorePermit,
}

impl Readers {
    pub(super) fn of(file: &Path) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(READERS as usize));
        Arc::new(Self { file: file.to_owned(), places, idle: Mutex::default() })
    }

    /// Takes one, which may be opened for it.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Reader> {
        let wait = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned());
        let place = wait.await.map_err(|_| Fault::Busy)?.map_err(|_| Fault::Closed)?;
        let idle = self.idle.lock().pop();
        let db = match idle {
            Some(db) => db,
            None => self.open().await?,
        };
        Ok(Reader { db: Some(db), home: Arc::clone(self), _place: place })
    }

    async fn open(&self) -> Result<Connection> {
        let file = self.file.clone();
        Ok(blocking(move || connect_reader(&file)).await??)
    }

    /// Waits until all have come back, and closes them.
    pub(super) async fn close(&self) {
        // A second caller finds the door closed, and has nothing left to do.
        let all = self.places.acquire_many(READERS).await;
        self.places.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle.lock());
        let _ = blocking(move || drop(idle)).await;
    }
}

impl Reader {
    pub(super) fn db(&mut self) -> Result<&mut Connection> {
        self.db.as_mut().ok_or_else(|| Fault::Closed.into())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Before the place is free, so that whoever gets it finds the connection.
        self.home.idle.lock().extend(self.db.take());
    }
}
