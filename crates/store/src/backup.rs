//! A consistent copy of the SQLite file while it is in use.

use crate::engine::{blocking, connect};
use crate::{Error, Result};
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
    let (file, into) = (file.to_owned(), into.display().to_string());
    let copy = move || connect(&file)?.execute("VACUUM INTO $1", [into]);
    blocking(copy).await?.map(|_| ()).map_err(Error::database)
}
