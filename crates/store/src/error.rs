//! What can go wrong underneath a store operation.

use std::sync::Arc;

/// What a database said, whichever it is. Shared, since those who share a commit share its error.
pub(crate) type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// What PostgreSQL calls a text that it does not keep. Of what a Rust string can hold, that is a NUL.
const NO_TEXT: &str = "22021";

/// A failure of the store. Features turn `Taken` into a conflict, `Nul` into a refusal and the rest into
/// an internal error; none carries a value from a row.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique value exists already.
    #[error("already taken")]
    Taken,
    /// A text has a NUL in it, which PostgreSQL does not keep.
    #[error("a text has a NUL character in it")]
    Nul,
    /// The database answered with an error.
    #[error("database: {0}")]
    Database(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A stored document no longer has the expected shape.
    #[error("stored document in {0}: {1}")]
    Document(&'static str, #[source] serde_json::Error),
    /// The database was written by a newer Boathook.
    #[error(
        "the database has schema {found}, this program knows up to {known}: run the newer boathook again, or restore a backup"
    )]
    NewerSchema {
        /// Version in the database.
        found: i64,
        /// Newest version of this program.
        known: i64,
    },
    /// A folder or file of the store could not be used.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
    /// The object store answered with an error.
    #[error("object store: {0}")]
    Object(#[from] object_store::Error),
    /// Another process holds the data folder.
    #[error("{0} is in use by another boathook")]
    Locked(String),
    /// A setting names no engine that is known.
    #[error("{0}")]
    Setting(String),
}

/// What the store itself has to say about a connection, a transaction or a row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("a statement of this transaction failed, so that it cannot be committed")]
    Spoiled,
    #[error("the transaction was undone before it could be committed")]
    Undone,
    #[error("the work on the database was given up before its end")]
    Lost,
    #[error("no connection was free in time")]
    Busy,
    #[error("the store is closed")]
    Closed,
    #[error("the answer has no column {0}")]
    NoColumn(String),
    #[error("column {0} is null")]
    Null(String),
    #[error("column {0} is of another type")]
    Type(String),
}

impl Error {
    pub(crate) fn database<E: std::error::Error + Send + Sync + 'static>(error: E) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::database(fault)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) if db.is_unique_violation() => Self::Taken,
            sqlx::Error::Database(db) if db.code().is_some_and(|code| code == NO_TEXT) => Self::Nul,
            _ => Self::database(error),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        match error.sqlite_error().map(|failure| failure.extended_code) {
            Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE) => Self::Taken,
            _ => Self::database(error),
        }
    }
}
