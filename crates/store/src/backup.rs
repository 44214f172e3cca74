//! A consistent copy of the SQLite file while it is in use.

use crate::{Error, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;

/// Copies the database `file` as it is at this moment to `into`, which must not exist. A server may
/// be writing to it meanwhile, in this process or another.
///
/// # Errors
/// When the file cannot be read or the copy cannot be written.
pub async fn snapshot(file: &Path, into: &Path) -> Result<()> {
    if !file.exists() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(Error::Io(file.display().to_string(), missing));
    }
    let mut db: SqliteConnection =
        SqliteConnectOptions::new().filename(file).create_if_missing(false).connect().await?;
    let copied = sqlx::query("VACUUM INTO $1").bind(into.display().to_string()).execute(&mut db).await;
    db.close().await?;
    copied.map(|_| ()).map_err(Error::Database)
}
