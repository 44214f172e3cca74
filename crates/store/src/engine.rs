//! The two engines behind one door: [`Store`] opens connections, [`Conn`] reads, [`Tx`] changes.
//!
//! SQLite has one writer and a pool of read-only connections, so that a read never turns into a
//! failed write; PostgreSQL has one pool.

use crate::query::{Arg, Query, Row};
use crate::signals::{Change, ChangeKind, Signals};
use crate::{Error, Result, migrate};
use model::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor as _, PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Readers of one SQLite file.
const SQLITE_READERS: u32 = 8;
/// Connections of one node to PostgreSQL.
const PG_CONNECTIONS: u32 = 24;
/// How long a statement waits for a connection or a lock.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which engine a store runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// For many nodes.
    Postgres,
}

#[derive(Clone)]
enum Pools {
    Sqlite { readers: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

/// The database. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    signals: Arc<Signals>,
}

enum Inner {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

/// A connection to read with.
pub struct Conn {
    inner: Inner,
    /// Whether a statement failed: PostgreSQL then undoes the transaction and calls that a commit.
    failed: bool,
}

/// A transaction: everything in it happens, or nothing. It reads like a [`Conn`]. Dropping it
/// without [`Tx::commit`] undoes it; once a statement failed, nothing else is left to do.
pub struct Tx {
    conn: Conn,
    signals: Arc<Signals>,
    changes: Vec<Change>,
    wake: bool,
}

impl Store {
    /// Opens (and makes, if missing) the SQLite file, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be used or was written by a newer Boathook.
    pub async fn open_sqlite(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(PATIENCE)
            // a file does not go away like a server: asking before each use would cost as much as a query
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "1"));
        Self::ready(Pools::Sqlite { readers, writer }).await
    }

    /// Connects to PostgreSQL and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached or was written by a newer Boathook.
    pub async fn open_postgres(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(Error::Database)?;
        let pool = PgPoolOptions::new()
            .max_connections(PG_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await?;
        Self::ready(Pools::Postgres(pool)).await
    }

    async fn ready(pools: Pools) -> Result<Self> {
        let store = Self { pools, signals: Arc::default() };
        migrate::run(&store).await?;
        Ok(store)
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database cannot be reached in time.
    pub async fn read(&self) -> Result<Conn> {
        Ok(Conn::new(match &self.pools {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.acquire().await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.acquire().await?),
        }))
    }

    /// A transaction for changing.
    ///
    /// # Errors
    /// When the database cannot be reached in time.
    pub async fn begin(&self) -> Result<Tx> {
        let inner = match &self.pools {
            Pools::Sqlite { writer, .. } => Inner::SqliteTx(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Inner::PostgresTx(pool.begin().await?),
        };
        Ok(Tx {
            conn: Conn::new(inner),
            signals: Arc::clone(&self.signals),
            changes: Vec::new(),
            wake: false,
        })
    }

    /// Calls `listener` after each commit that changed something other nodes must forget. It runs
    /// before the change is reported as done, so that a caller reads what they wrote.
    pub fn on_change(&self, listener: impl Fn(&Change) + Send + Sync + 'static) {
        self.signals.listen(Box::new(listener));
    }

    /// Tells the listeners of a change that another node made.
    pub fn announce(&self, change: &Change) {
        self.signals.announce(change);
    }

    /// Resolves when a commit of this process left jobs behind.
    pub async fn jobs_waiting(&self) {
        self.signals.jobs.notified().await;
    }

    /// Closes all connections; open transactions are undone.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

macro_rules! bound {
    ($query:expr) => {{
        let mut prepared = sqlx::query($query.sql);
        for arg in $query.args {
            prepared = match arg {
                Arg::Text(v) => prepared.bind(v),
                Arg::Int(v) => prepared.bind(v),
                Arg::Bytes(v) => prepared.bind(v),
            };
        }
        prepared
    }};
}

impl Conn {
    fn new(inner: Inner) -> Self {
        Self { inner, failed: false }
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.inner {
            Inner::Sqlite(_) | Inner::SqliteTx(_) => Engine::Sqlite,
            Inner::Postgres(_) | Inner::PostgresTx(_) => Engine::Postgres,
        }
    }

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>> {
        let answer = match &mut self.inner {
            Inner::Sqlite(c) => bound!(query).fetch_all(&mut **c).await.map(|rows| wrap(rows, Row::Sqlite)),
            Inner::SqliteTx(c) => bound!(query).fetch_all(&mut **c).await.map(|rows| wrap(rows, Row::Sqlite)),
            Inner::Postgres(c) => {
                bound!(query).fetch_all(&mut **c).await.map(|rows| wrap(rows, Row::Postgres))
            }
            Inner::PostgresTx(c) => {
                bound!(query).fetch_all(&mut **c).await.map(|rows| wrap(rows, Row::Postgres))
            }
        };
        self.noted(answer)
    }

    pub(crate) async fn row(&mut self, query: Query) -> Result<Option<Row>> {
        let answer = match &mut self.inner {
            Inner::Sqlite(c) => bound!(query).fetch_optional(&mut **c).await.map(|row| row.map(Row::Sqlite)),
            Inner::SqliteTx(c) => {
                bound!(query).fetch_optional(&mut **c).await.map(|row| row.map(Row::Sqlite))
            }
            Inner::Postgres(c) => {
                bound!(query).fetch_optional(&mut **c).await.map(|row| row.map(Row::Postgres))
            }
            Inner::PostgresTx(c) => {
                bound!(query).fetch_optional(&mut **c).await.map(|row| row.map(Row::Postgres))
            }
        };
        self.noted(answer)
    }

    async fn execute(&mut self, query: Query) -> Result<u64> {
        let answer = match &mut self.inner {
            Inner::Sqlite(c) => bound!(query).execute(&mut **c).await.map(|done| done.rows_affected()),
            Inner::SqliteTx(c) => bound!(query).execute(&mut **c).await.map(|done| done.rows_affected()),
            Inner::Postgres(c) => bound!(query).execute(&mut **c).await.map(|done| done.rows_affected()),
            Inner::PostgresTx(c) => bound!(query).execute(&mut **c).await.map(|done| done.rows_affected()),
        };
        self.noted(answer)
    }

    fn noted<T>(&mut self, answer: sqlx::Result<T>) -> Result<T> {
        self.failed |= answer.is_err();
        answer.map_err(Error::from)
    }
}

fn wrap<T>(rows: Vec<T>, variant: fn(T) -> Row) -> Vec<Row> {
    rows.into_iter().map(variant).collect()
}

impl Tx {
    /// Runs a statement; how many rows it touched.
    pub(crate) async fn run(&mut self, query: Query) -> Result<u64> {
        self.conn.execute(query).await
    }

    /// Runs a script of several statements without values.
    pub(crate) async fn script(&mut self, sql: String) -> Result<()> {
        let sql = sqlx::AssertSqlSafe(sql);
        let answer = match &mut self.conn.inner {
            Inner::SqliteTx(c) => (&mut **c).execute(sqlx::raw_sql(sql)).await.map(|_| ()),
            Inner::PostgresTx(c) => (&mut **c).execute(sqlx::raw_sql(sql)).await.map(|_| ()),
            Inner::Sqlite(_) | Inner::Postgres(_) => Ok(()),
        };
        self.conn.noted(answer)
    }

    /// Notes that something which is cached elsewhere changed: the row is written now, listeners
    /// are called after the commit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed(&mut self, kind: ChangeKind, key: &str, now: Timestamp) -> Result<()> {
        crate::changes::insert(self, kind, key, now).await?;
        self.changes.push(Change { kind, key: key.to_owned() });
        Ok(())
    }

    /// Notes that jobs were left behind, so that the runner looks at once after the commit.
    pub(crate) fn wake_runner(&mut self) {
        self.wake = true;
    }

    /// Makes everything in this transaction true.
    ///
    /// # Errors
    /// When the database fails, or a statement of this transaction failed, whatever became of that
    /// error; then nothing of it happened.
    pub async fn commit(self) -> Result<()> {
        if self.conn.failed {
            let why = "a statement of this transaction failed, so that it cannot be committed";
            return Err(Error::Database(sqlx::Error::Protocol(why.to_owned())));
        }
        match self.conn.inner {
            Inner::SqliteTx(tx) => tx.commit().await?,
            Inner::PostgresTx(tx) => tx.commit().await?,
            Inner::Sqlite(_) | Inner::Postgres(_) => {}
        }
        for change in &self.changes {
            self.signals.announce(change);
        }
        if self.wake {
            self.signals.jobs.notify_one();
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
