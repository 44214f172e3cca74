//! What can go wrong underneath a store operation.

/// A failure of the store. Features turn `Taken` into a conflict and the rest into an internal
/// error; none carries a value from a row.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique value exists already.
    #[error("already taken")]
    Taken,
    /// The database answered with an error.
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
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

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) if db.is_unique_violation() => Self::Taken,
            _ => Self::Database(error),
        }
    }
}
