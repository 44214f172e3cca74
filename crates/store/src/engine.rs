//! The two engines behind one door: [`Store`] opens connections, [`Conn`] reads, [`Tx`] changes.
//!
//! SQLite has one writer and a pool of read-only connections, so that a read never turns into a
//! failed write; PostgreSQL has one pool.

mod group;
mod pool;
mod postgres;
mod readers;
mod sqlite;
mod statements;

use crate::error::Fault;
use crate::parcels::Parcel;
use crate::query::{Query, Row};
use crate::signals::{Aftermath, Change, ChangeKind, Signals};
use crate::{Result, migrate};
use group::Savepoint;
use model::Timestamp;
use postgres::{Server, Session};
use readers::Reader;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use tokio::task::consume_budget;

#[cfg(test)]
pub(crate) use readers::READERS;
pub(crate) use sqlite::{blocking, connect};
pub use statements::SqliteRow;

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
    Sqlite(sqlite::File),
    Postgres(Server),
}

/// The database. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    signals: Arc<Signals>,
}

enum Inner {
    Sqlite(Reader),
    SqliteTx(Savepoint),
    Postgres(Session),
}

/// Where a statement goes.
enum Side<'a> {
    Sqlite(&'a mut rusqlite::Connection),
    Postgres(&'a mut Session),
}

/// What is done with the answer of a statement that was left for the commit.
type Then = Box<dyn FnOnce(&[Row], &mut Aftermath) -> Result<()> + Send>;

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
    /// What the rest of the process is told after the commit.
    pub(crate) after: Aftermath,
    then: Vec<Then>,
}

impl Store {
    /// Opens (and makes, if missing) the SQLite file, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be used or was written by a newer Boathook.
    pub async fn open_sqlite(file: &Path) -> Result<Self> {
        let signals = Arc::default();
        let pools = Pools::Sqlite(sqlite::File::open(file, Arc::clone(&signals)).await?);
        Self::ready(pools, signals).await
    }

    /// Connects to PostgreSQL and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached or was written by a newer Boathook.
    pub async fn open_postgres(url: &str) -> Result<Self> {
        Self::ready(Pools::Postgres(Server::open(url).await?), Arc::default()).await
    }

    async fn ready(pools: Pools, signals: Arc<Signals>) -> Result<Self> {
        let store = Self { pools, signals };
        migrate::run(&store).await?;
        Ok(store)
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite(_) => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database cannot be reached in time.
    pub async fn read(&self) -> Result<Conn> {
        Ok(Conn::new(match &self.pools {
            Pools::Sqlite(file) => Inner::Sqlite(file.read().await?),
            Pools::Postgres(server) => Inner::Postgres(server.read().await?),
        }))
    }

    /// A transaction for changing.
    ///
    /// # Errors
    /// When the database cannot be reached in time.
    pub async fn begin(&self) -> Result<Tx> {
        let inner = match &self.pools {
            Pools::Sqlite(file) => Inner::SqliteTx(file.begin().await?),
            Pools::Postgres(server) => Inner::Postgres(server.begin().await?),
        };
        let signals = Arc::clone(&self.signals);
        Ok(Tx { conn: Conn::new(inner), signals, after: Aftermath::default(), then: Vec::new() })
    }

    /// Calls `listener` after each commit that changed something other nodes must forget. It runs
    /// before the change is reported as done, so that a caller reads what they wrote.
    pub fn on_change(&self, listener: impl Fn(&Change) + Send + Sync + 'static) {
        self.signals.listen(Box::new(listener));
    }

    /// Calls `listener` after each commit that left deliveries to be made, with all of them.
    pub fn on_parcels(&self, listener: impl Fn(Vec<Parcel>) + Send + Sync + 'static) {
        self.signals.listen_for_parcels(Box::new(listener));
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
            Pools::Sqlite(file) => file.close().await,
            Pools::Postgres(server) => server.close().await,
        }
    }
}

impl Inner {
    fn side(&mut self) -> Result<Side<'_>> {
        Ok(match self {
            Self::Sqlite(reader) => Side::Sqlite(reader.get()?),
            Self::SqliteTx(savepoint) => Side::Sqlite(savepoint.db()?),
            Self::Postgres(session) => Side::Postgres(session),
        })
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<Row>> {
        match self.side()? {
            Side::Sqlite(db) => {
                let rows = statements::rows(db, &query)?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Side::Postgres(session) => session.rows(query).await,
        }
    }

    async fn row(&mut self, query: Query) -> Result<Option<Row>> {
        match self.side()? {
            Side::Sqlite(db) => Ok(statements::row(db, &query)?.map(Row::Sqlite)),
            Side::Postgres(session) => session.row(query).await,
        }
    }

    async fn run(&mut self, query: Query) -> Result<u64> {
        match self.side()? {
            Side::Sqlite(db) => Ok(statements::run(db, &query)?),
            Side::Postgres(session) => session.run(query).await,
        }
    }

    async fn script(&mut self, sql: String) -> Result<()> {
        match self {
            Self::SqliteTx(savepoint) => savepoint.script(sql).await,
            Self::Postgres(session) => session.script(sql).await,
            Self::Sqlite(_) => Ok(()),
        }
    }
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
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    // A statement on SQLite never waits, so a long row of them would keep the thread from all others:
    // each takes its share of what the runtime allows a task.

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>> {
        consume_budget().await;
        let answer = self.inner.rows(query).await;
        self.noted(answer)
    }

    /// Like [`Self::rows`], for a statement that takes no lock. Before a transaction changes anything it
    /// may run outside it.
    pub(crate) async fn look(&mut self, query: Query) -> Result<Vec<Row>> {
        let Inner::Postgres(session) = &mut self.inner else { return self.rows(query).await };
        let answer = session.look(query).await;
        self.noted(answer)
    }

    pub(crate) async fn row(&mut self, query: Query) -> Result<Option<Row>> {
        consume_budget().await;
        let answer = self.inner.row(query).await;
        self.noted(answer)
    }

    async fn run(&mut self, query: Query) -> Result<u64> {
        consume_budget().await;
        let answer = self.inner.run(query).await;
        self.noted(answer)
    }

    fn noted<T>(&mut self, answer: Result<T>) -> Result<T> {
        self.failed |= answer.is_err();
        answer
    }
}

impl Tx {
    /// Runs a statement; how many rows it touched.
    pub(crate) async fn run(&mut self, query: Query) -> Result<u64> {
        self.conn.run(query).await
    }

    /// Runs a script of several statements without values.
    pub(crate) async fn script(&mut self, sql: String) -> Result<()> {
        let answer = self.conn.inner.script(sql).await;
        self.conn.noted(answer)
    }

    /// Runs a statement no later than at the commit, with what is to be done with its rows then. One that
    /// is all of a transaction costs PostgreSQL one way there and back, and not three.
    pub(crate) async fn later(
        &mut self,
        query: Query,
        then: impl FnOnce(&[Row], &mut Aftermath) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        if let Inner::Postgres(session) = &mut self.conn.inner {
            session.later(query);
            self.then.push(Box::new(then));
            return Ok(());
        }
        let rows = self.conn.rows(query).await?;
        then(&rows, &mut self.after)
    }

    /// Notes that something which is cached elsewhere changed: the row is written now, listeners
    /// are called after the commit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed(&mut self, kind: ChangeKind, key: &str, now: Timestamp) -> Result<()> {
        crate::changes::insert(self, kind, key, now).await?;
        self.after.changes.push(Change { kind, key: key.to_owned() });
        Ok(())
    }

    /// Notes that jobs were left behind, so that the runner looks at once after the commit.
    pub(crate) fn wake_runner(&mut self) {
        self.after.jobs = true;
    }

    /// Makes everything in this transaction true.
    ///
    /// # Errors
    /// When the database fails, or a statement of this transaction failed, whatever became of that
    /// error; then nothing of it happened.
    pub async fn commit(mut self) -> Result<()> {
        if self.conn.failed {
            return Err(Fault::Spoiled.into());
        }
        match self.conn.inner {
            // whoever shares the commit tells the listeners of all who do
            Inner::SqliteTx(savepoint) => savepoint.commit(self.after).await,
            Inner::Postgres(mut session) => {
                let answers = session.commit().await?;
                drop(session);
                for (then, rows) in self.then.into_iter().zip(answers) {
                    then(&rows, &mut self.after)?;
                }
                self.signals.tell(self.after);
                Ok(())
            }
            Inner::Sqlite(_) => Ok(()),
        }
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
