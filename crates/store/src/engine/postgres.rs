//! The PostgreSQL engine: connections to one server, and what is said on them. Each statement is a way
//! there and back, so none is said that need not be: a transaction begins with its first statement, and
//! one that is a single statement is neither begun nor committed.

use super::pool::{Lease, Pool};
use super::sqlite::PATIENCE;
use crate::error::Fault;
use crate::query::{Arg, Query, Row};
use crate::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Connections of one node.
const CONNECTIONS: u32 = 24;
/// Prepared statements a connection remembers: all that the store knows, so that none is forgotten.
const STATEMENTS: usize = 256;
/// A connection that rested for longer is asked whether it is still there before it is used.
const FRESH: Duration = Duration::from_secs(1);
/// A connection that is older is closed when it comes back: what the server keeps for one only grows.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// Between two tries to reach a server that is starting.
const AGAIN: Duration = Duration::from_millis(100);
/// A server that starts waits for as long without a word.
const SILENCE: Duration = Duration::from_secs(1);

/// SQLSTATE of "too many connections", which passes.
const TOO_MANY: &str = "53300";
/// SQLSTATE of a server that is starting or stopping.
const NOT_NOW: &str = "57P03";

/// The server. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Server {
    options: Arc<PgConnectOptions>,
    pool: Arc<Pool<Link>>,
}

/// A connection and its times.
struct Link {
    db: PgConnection,
    born: Instant,
    rested: Instant,
}

/// A connection on loan. Dropping it gives it back, with the transaction undone that was not committed.
pub(super) struct Session {
    lease: Option<Lease<Link>>,
    /// Whether its statements are one transaction.
    whole: bool,
    /// Whether that has begun.
    open: bool,
    /// Whether a statement failed or was given up half-way, so that its answer may still be coming.
    torn: bool,
    /// Statements whose answers nobody waits for; they run before the next one.
    late: Vec<Query>,
    answers: Vec<Vec<Row>>,
}

impl Server {
    /// Connects to the server at this address.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(Error::database::<sqlx::Error>)?;
        let options = options.statement_cache_capacity(STATEMENTS);
        let server = Self { options: Arc::new(options), pool: Pool::new(CONNECTIONS) };
        server.reach().await?;
        Ok(server)
    }

    /// Connects for the first time, and tells whoever starts the server what it waits for.
    async fn reach(&self) -> Result<()> {
        let first = self.take();
        tokio::pin!(first);
        if let Ok(taken) = tokio::time::timeout(SILENCE, &mut first).await {
            return taken.map(drop);
        }
        tracing::warn!("PostgreSQL cannot be reached yet; it is waited for up to {} s", PATIENCE.as_secs());
        first.await.map(drop)
    }

    /// A session to read in.
    pub(super) async fn read(&self) -> Result<Session> {
        Ok(Session::new(self.take().await?, false))
    }

    /// A session that is one transaction.
    pub(super) async fn begin(&self) -> Result<Session> {
        Ok(Session::new(self.take().await?, true))
    }

    async fn take(&self) -> Result<Lease<Link>> {
        self.take_within(PATIENCE).await
    }

    async fn take_within(&self, patience: Duration) -> Result<Lease<Link>> {
        let mut refusal = None;
        match tokio::time::timeout(patience, self.take_alive(&mut refusal)).await {
            Ok(taken) => taken,
            Err(_) => Err(refusal.map_or_else(|| Fault::Busy.into(), Error::from)),
        }
    }

    async fn take_alive(&self, refusal: &mut Option<sqlx::Error>) -> Result<Lease<Link>> {
        loop {
            let mut lease = self.pool.take().await?;
            if !lease.is_filled() {
                lease.put(self.connect(refusal).await?);
                return Ok(lease);
            }
            let link = lease.get()?;
            if link.rested.elapsed() <= FRESH || link.db.ping().await.is_ok() {
                return Ok(lease);
            }
            lease.remove();
        }
    }

    /// A server that is about to be there again is waited for; what it said last is kept in `refusal`, for
    /// who gives up.
    async fn connect(&self, refusal: &mut Option<sqlx::Error>) -> Result<Link> {
        loop {
            match PgConnection::connect_with(&self.options).await {
                Ok(db) => {
                    let now = Instant::now();
                    return Ok(Link { db, born: now, rested: now });
                }
                Err(error) if passes(&error) => {
                    *refusal = Some(error);
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until all connections have come back, and closes them.
    pub(super) async fn close(&self) {
        for link in self.pool.close().await {
            // it ends either way
            let _ = link.db.close().await;
        }
    }
}

/// Whether it is worth connecting again after this.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code == TOO_MANY || code == NOT_NOW),
        _ => false,
    }
}

impl Session {
    fn new(lease: Lease<Link>, whole: bool) -> Self {
        Self { lease: Some(lease), whole, open: false, torn: false, late: Vec::new(), answers: Vec::new() }
    }

    /// All rows of the answer.
    pub(super) async fn rows(&mut self, query: Query) -> Result<Vec<Row>> {
        self.enter().await?;
        self.ask(query).await
    }

    /// Like [`Self::rows`], for what takes no lock: each statement sees what is committed when it runs,
    /// so that what is read before a transaction changes anything need not be read inside it.
    pub(super) async fn look(&mut self, query: Query) -> Result<Vec<Row>> {
        if self.open || !self.late.is_empty() {
            return self.rows(query).await;
        }
        self.ask(query).await
    }

    /// The first row of the answer.
    pub(super) async fn row(&mut self, query: Query) -> Result<Option<Row>> {
        self.enter().await?;
        let row = self.say(async |db| bound(query).fetch_optional(db).await).await?;
        Ok(row.map(Row::Postgres))
    }

    /// Runs the statement; how many rows it touched.
    pub(super) async fn run(&mut self, query: Query) -> Result<u64> {
        self.enter().await?;
        Ok(self.say(async |db| bound(query).execute(db).await).await?.rows_affected())
    }

    /// Runs several statements without values.
    pub(super) async fn script(&mut self, sql: String) -> Result<()> {
        self.enter().await?;
        self.say(async |db| db.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await).await.map(drop)
    }

    /// Leaves a statement for the commit, or for whatever comes before it.
    pub(super) fn later(&mut self, query: Query) {
        self.late.push(query);
    }

    /// Makes everything true; the answers of the statements that were left for later, in their order.
    pub(super) async fn commit(&mut self) -> Result<Vec<Vec<Row>>> {
        if !self.open && self.late.len() == 1 {
            self.ask_late().await?;
        }
        if !self.late.is_empty() {
            self.enter().await?;
        }
        if self.open {
            self.say(async |db| db.execute("COMMIT").await).await?;
            self.open = false;
        }
        Ok(std::mem::take(&mut self.answers))
    }

    /// Begins what is to be begun, and runs what was left for later.
    async fn enter(&mut self) -> Result<()> {
        if self.whole && !self.open {
            // set first: what is given up half-way may have begun
            self.open = true;
            self.say(async |db| db.execute("BEGIN").await).await?;
        }
        while !self.late.is_empty() {
            self.ask_late().await?;
        }
        Ok(())
    }

    async fn ask_late(&mut self) -> Result<()> {
        let query = self.late.remove(0);
        let rows = self.ask(query).await?;
        self.answers.push(rows);
        Ok(())
    }

    async fn ask(&mut self, query: Query) -> Result<Vec<Row>> {
        let rows = self.say(async |db| bound(query).fetch_all(db).await).await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    /// One way to the server and back.
    async fn say<T>(&mut self, what: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>) -> Result<T> {
        self.torn = true;
        let lease = self.lease.as_mut().ok_or(Fault::Closed)?;
        let answer = what(&mut lease.get()?.db).await?;
        self.torn = false;
        Ok(answer)
    }
}

/// The statement with its values.
fn bound(query: Query) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let prepared = sqlx::query(query.sql);
    query.args.into_iter().fold(prepared, |prepared, arg| match arg {
        Arg::Text(v) => prepared.bind(v),
        Arg::Int(v) => prepared.bind(v),
        Arg::Bytes(v) => prepared.bind(v),
    })
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        if !self.torn && !self.open {
            rest(&mut lease);
            return;
        }
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(mend(lease, self.open))),
            // nobody is left to ask the server: it undoes what a lost connection leaves
            Err(_) => drop(lease.remove()),
        }
    }
}

/// Makes a connection fit for its next user, or lets go of it.
async fn mend(mut lease: Lease<Link>, open: bool) {
    let mending = async {
        let db = &mut lease.get()?.db;
        db.ping().await?;
        if open {
            db.execute("ROLLBACK").await?;
        }
        Ok::<_, Error>(())
    };
    match tokio::time::timeout(PATIENCE, mending).await {
        Ok(Ok(())) => rest(&mut lease),
        Ok(Err(_)) | Err(_) => drop(lease.remove()),
    }
}

/// Notes since when it rests; one that is old is not kept.
fn rest(lease: &mut Lease<Link>) {
    let Ok(link) = lease.get() else { return };
    link.rested = Instant::now();
    if link.born.elapsed() > AGE_MAX {
        lease.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_gives_up_on_a_server_says_what_it_said() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = nobody.local_addr().expect("its address").port();
        drop(nobody);
        let options: PgConnectOptions =
            format!("postgres://u@127.0.0.1:{port}/x").parse().expect("an address");
        let server = Server { options: Arc::new(options), pool: Pool::new(CONNECTIONS) };
        let refused = server.take_within(2 * AGAIN).await.err().expect("nobody answers there");
        assert!(refused.to_string().contains("Connection refused"), "{refused}");
    }
}
