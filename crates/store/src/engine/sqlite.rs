//! The SQLite engine: one file, one writer ([`group`]), a pool of readers ([`readers`]). Statements
//! run where they are asked for; what waits for the disk - opening, committing, closing, scripts -
//! goes to threads that may block.

use super::group::{Savepoint, Writer};
use super::readers::{Reader, Readers};
use super::statements::is_busy;
use crate::Result;
use crate::error::Fault;
use crate::signals::Signals;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a caller waits for a connection, and a connection for a lock on the file.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at a lock that another process holds.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(2);
/// Prepared statements a connection remembers: all that the store knows, so that none is forgotten.
const STATEMENTS: usize = 256;

/// Pages of the log after which it is folded into the file, 4 KiB each: pages that change again and
/// again are then written to the file once.
const CHECKPOINT_PAGES: i64 = 8192;
/// Memory of the writer for pages, in KiB.
const CACHE_KIB: i64 = 16 << 10;

/// An open file. Cloning is cheap.
#[derive(Clone)]
pub(super) struct File {
    readers: Readers,
    writer: Writer,
}

impl File {
    /// Opens the file, and makes it if it is missing.
    pub(super) async fn open(file: &Path, signals: Arc<Signals>) -> Result<Self> {
        let path = file.to_owned();
        let db = blocking(move || connect_writer(&path)).await??;
        Ok(Self { readers: Readers::of(file), writer: Writer::new(db, signals) })
    }

    pub(super) async fn read(&self) -> Result<Reader> {
        self.readers.take().await
    }

    pub(super) async fn begin(&self) -> Result<Savepoint> {
        self.writer.begin().await
    }

    /// Readers first: the last connection to go folds the log into the file.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Runs `work` on a thread that may wait for the disk. Once begun it comes to its end, whether
/// anybody waits for it or not.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Lost.into())
}

/// A plain connection to a file that exists.
pub(crate) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    connect_with(file, OpenFlags::empty())
}

pub(super) fn connect_reader(file: &Path) -> rusqlite::Result<Connection> {
    let db = connect(file)?;
    db.execute_batch("PRAGMA query_only = 1")?;
    Ok(db)
}

fn connect_writer(file: &Path) -> rusqlite::Result<Connection> {
    let db = connect_with(file, OpenFlags::SQLITE_OPEN_CREATE)?;
    let from = Instant::now();
    // Several processes that open a new file at once get in each other's way here, without the
    // engine's own patience.
    while let Err(error) = db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") {
        if !is_busy(&error) || from.elapsed() > PATIENCE {
            return Err(error);
        }
        std::thread::sleep(BUSY_PAUSE);
    }
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Who begins waits without a thread, see `group`; nothing else has to wait for other processes.
    db.busy_timeout(Duration::ZERO)?;
    Ok(db)
}

fn connect_with(file: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    // a connection has one user at a time, so that it needs no locks of its own
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let db = Connection::open_with_flags(file, flags)?;
    db.busy_timeout(PATIENCE)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // Statements keep their plan whatever values they are given: looking for a better one each time
    // costs more than running them.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.execute_batch("PRAGMA foreign_keys = 1")?;
    Ok(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(db: &Connection, pragma: &str) -> String {
        db.pragma_query_value(None, pragma, |row| {
            Ok(row.get::<_, i64>(0).map_or_else(|_| row.get_unwrap(0), |n| n.to_string()))
        })
        .unwrap()
    }

    #[test]
    fn connections_are_set_as_the_store_relies_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file:odd?mode=memory");
        assert!(connect_reader(&file).is_err(), "readers make no file");
        let (writer, reader) = (connect_writer(&file).unwrap(), connect_reader(&file).unwrap());
        assert!(file.exists(), "a path is a path, whatever it looks like");
        let check = |db, expect: &[(&str, &str)]| {
            for (pragma, value) in expect {
                assert_eq!(asked(db, pragma), *value, "{pragma}");
            }
        };
        let full = "2";
        check(&writer, &[("journal_mode", "wal"), ("synchronous", full), ("foreign_keys", "1")]);
        check(&writer, &[("busy_timeout", "0"), ("query_only", "0")]);
        check(&reader, &[("journal_mode", "wal"), ("foreign_keys", "1"), ("query_only", "1")]);
        check(&reader, &[("busy_timeout", &PATIENCE.as_millis().to_string())]);
    }
}
