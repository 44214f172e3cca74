//! What the programs have in common: the options that every one of them takes, and how it begins.

use crate::machine::header;
use crate::server::{Server, ServerOptions};
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a benchmark stands on.
#[derive(Args, Clone, Debug)]
pub struct Ground {
    /// Folder on the file system to measure
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    pub folder: PathBuf,
    /// The server's program
    #[arg(long, default_value = "target/release/boathook")]
    pub binary: PathBuf,
}

/// What a benchmark of one server on one database stands on.
#[derive(Args, Clone, Debug)]
pub struct OneServer {
    /// Folder and program.
    #[command(flatten)]
    pub ground: Ground,
    /// Empty PostgreSQL database, in place of the embedded one
    #[arg(long)]
    pub database_url: Option<String>,
}

impl Ground {
    /// A folder of this run's own, which goes with it, and the first lines of its report.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn begin(&self, title: &str) -> Result<(TempDir, String)> {
        let folder = tempfile::Builder::new().prefix("boathook-bench-").tempdir_in(&self.folder)?;
        let header = header(title, folder.path())?;
        Ok((folder, header))
    }

    /// A server in that folder, on an empty PostgreSQL database or the embedded one.
    ///
    /// # Errors
    /// When it does not start; with what it said.
    pub fn serve(&self, folder: &Path, database_url: Option<String>) -> Result<Server> {
        Server::start(&ServerOptions { binary: self.binary.clone(), database_url }, folder)
    }
}

impl OneServer {
    /// As [`Ground::begin`], and the server in that folder.
    ///
    /// # Errors
    /// When either fails.
    pub fn begin(&self, title: &str) -> Result<(TempDir, String, Server)> {
        let (folder, header) = self.ground.begin(title)?;
        let server = self.ground.serve(folder.path(), self.database_url.clone())?;
        Ok((folder, header, server))
    }
}
