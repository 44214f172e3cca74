//! Which engine a test runs on, and a PostgreSQL database of its own.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;
use url::Url;

/// Where the PostgreSQL server of the tests is.
const SERVER: &str = "BOATHOOK_TEST_PG_URL";

/// The engines every flow runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database.
    Sqlite,
    /// A database of its own on the server of the test services.
    Postgres,
}

/// A database of one test.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// Makes one.
    ///
    /// # Panics
    /// When the test services do not run.
    pub async fn create() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} is not set: run through `make test`, or start `cargo xtask services` and export what it prints")
        });
        let name = name();
        execute(&server, format!("CREATE DATABASE {name}"))
            .await
            .unwrap_or_else(|error| panic!("{SERVER}: {error}"));
        let mut url = Url::parse(&server).unwrap_or_else(|error| panic!("{SERVER}: {error}"));
        url.set_path(&name);
        Self { server, name, url: url.to_string() }
    }

    /// Its address, for `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements on it.
    ///
    /// # Panics
    /// When it refuses them.
    pub async fn execute(&self, sql: &str) {
        execute(&self.url, sql.to_owned()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Removes it. The whole server goes after the run, so that a failure is no harm.
    pub async fn remove(&self) {
        let _ = execute(&self.server, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
    }
}

/// A name that no other test has: tests are processes, and each may make several.
fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos());
    format!("boathook_{}_{}_{nanos}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

async fn execute(url: &str, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    connection.close().await
}

/// Runs statements on an embedded database that nobody else uses.
pub(crate) fn execute_on_file(file: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(file).expect("the file is a database");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().expect("a connection can be closed");
}
