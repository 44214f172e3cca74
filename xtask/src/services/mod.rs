//! The real servers that tests talk to, and the environment that tells tests where they are.
//! The names of the variables are a contract with `testkit`; nothing else here is.

mod ports;
mod postgres;
mod process;
mod seaweed;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::args::{Class, Without};
use crate::npm;
use crate::provision;
use crate::shell;
use crate::signals;
use crate::step::{note, step};
use crate::workspace::Workspace;

const REQUIREMENTS: &str = include_str!("../../requirements.txt");

/// Names and values for the environment of a test run.
pub type Environment = Vec<(&'static str, String)>;

/// Running servers; dropping this stops them and removes their files.
pub struct Services {
    environment: Environment,
    // Fields are dropped in order: the servers stop before their folder goes.
    _postgres: Option<postgres::Postgres>,
    _s3: Option<seaweed::S3>,
    _folder: TempDir,
}

impl Services {
    /// Starts everything but the classes left out. Must be called on the main thread, which lives
    /// as long as the servers may.
    pub fn start(workspace: &Workspace, without: &Without) -> Result<Services> {
        let (mut environment, venv) = prepare(workspace, without)?;
        let folder = folder()?;
        let mut postgres = None;
        if !without.contains(&Class::Pg) {
            let server = step("starting PostgreSQL", || postgres::Postgres::start(folder.path()))?;
            environment.push(("BOATHOOK_TEST_PG_URL", server.url()));
            postgres = Some(server);
        }
        let mut s3 = None;
        if !without.contains(&Class::S3) {
            let server = step("starting the S3 server", || seaweed::S3::start(folder.path(), &venv))?;
            environment.extend(server.environment());
            s3 = Some(server);
        }
        Ok(Services { environment, _postgres: postgres, _s3: s3, _folder: folder })
    }

    /// What tests must be told.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// Installs what is installed once per machine or checkout; two runs at a time wait for each other.
fn prepare(workspace: &Workspace, without: &Without) -> Result<(Environment, PathBuf)> {
    std::fs::create_dir_all(&workspace.target)?;
    let path = workspace.target.join("xtask.lock");
    let lock = std::fs::File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    lock.lock().context("cannot lock the folder of installed test programs")?;
    provision::machine()?;
    let venv = provision::venv(&workspace.target, REQUIREMENTS)?;
    let mut environment = vec![("BOATHOOK_TEST_VENV", text(&venv))];
    if let Some(pebble) = shell::which(provision::PEBBLE) {
        environment.push(("BOATHOOK_TEST_PEBBLE", text(&pebble)));
    }
    if !without.contains(&Class::Clients) {
        provision::languages()?;
        let clients = npm::install(workspace)?;
        environment.push(("BOATHOOK_TEST_NODE22", text(&clients.node)));
        environment.push(("BOATHOOK_TEST_CLIENTS", text(&clients.folder)));
    }
    Ok((environment, venv))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A folder that servers running as another user can reach.
fn folder() -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("boathook-test-").permissions(std::fs::Permissions::from_mode(0o755));
    builder.tempdir().context("cannot make a folder for the test servers")
}

/// `xtask services`: for work on one test, so that nextest can be run many times by hand.
pub fn stay(workspace: &Workspace, without: &Without) -> Result<()> {
    signals::watch();
    let services = Services::start(workspace, without)?;
    for (name, value) in services.environment() {
        println!("export {name}='{value}'");
    }
    note("everything runs; Ctrl-C stops it");
    while !signals::stop_asked() {
        std::thread::sleep(shell::POLL);
    }
    step("stopping the services", || {
        drop(services);
        Ok(())
    })
}
