//! Which engine a test runs on.

use std::path::Path;
use testbed::Database;

/// The engines every flow runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database.
    Sqlite,
    /// A database of its own on the server of the test services.
    Postgres,
}

impl Engine {
    /// The database that a server is told to use; the embedded one needs no telling.
    pub(crate) async fn database(self) -> Option<Database> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(Database::start().await),
        }
    }
}

/// Runs statements on an embedded database that nobody else uses.
pub(crate) fn execute_on_file(file: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(file).expect("the file is a database");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().expect("a connection can be closed");
}
