//! A PostgreSQL database of its own for one test, on the server of the test services. The only SQL
//! here makes and drops it; what is in it is the store's business.

use crate::service;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// Names the PostgreSQL server where tests make their databases.
const SERVER: &str = "BOATHOOK_TEST_PG_URL";

/// An empty database. Dropping this drops it, whoever is still connected; should that fail, it goes
/// with the server after the run.
pub struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// Makes one on the server of the test services.
    ///
    /// # Panics
    /// When that does not run, or makes none.
    pub async fn start() -> Self {
        Self::create(&service(SERVER)).await.unwrap_or_else(|error| panic!("{SERVER}: {error}"))
    }

    /// Makes one on the server with this address.
    async fn create(server: &str) -> sqlx::Result<Self> {
        let this = Self { server: server.parse()?, name: unique() };
        execute(&this.server, format!("CREATE DATABASE {} TEMPLATE template0", this.name)).await?;
        Ok(this)
    }

    /// Its address, for the store or `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        self.options().to_url_lossy().into()
    }

    /// Runs statements on it.
    ///
    /// # Panics
    /// When it refuses them.
    pub async fn execute(&self, sql: &str) {
        execute(&self.options(), sql.to_owned()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        // The runtime of the test cannot be waited on from within, so a thread brings its own.
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(execute(&server, sql)))
        })
        .join();
    }
}

/// A name that no other test of any run has: tests are processes, and each may make several.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos());
    format!("bed_{nanos:x}_{:x}_{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

async fn execute(server: &PgConnectOptions, sql: String) -> sqlx::Result<()> {
    let mut connection = server.connect().await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    connection.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_there(url: &str) -> bool {
        let options: PgConnectOptions = url.parse().expect("an address");
        options.connect().await.is_ok()
    }

    #[tokio::test]
    async fn pg_databases_are_apart_and_go_with_their_owners() {
        let (one, other) = (Database::start().await, Database::start().await);
        assert_ne!(one.url(), other.url());
        let url = one.url();
        let visitor = one.options().connect().await.expect("it is there");
        drop(one);
        assert!(!is_there(&url).await, "dropped although somebody was connected");
        assert!(is_there(&other.url()).await);
        drop(visitor);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_an_error() {
        assert!(Database::create("postgres://nobody@127.0.0.1:1/postgres").await.is_err());
    }
}
