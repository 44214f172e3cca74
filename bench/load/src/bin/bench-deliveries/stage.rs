//! What every measurement stands on: a fresh server on a fresh database, a site, its hooks, and the
//! receiver.

use anyhow::{Context as _, Result};
use boathook_bench::{Api, Ground, Manner, Postgres, Server, Sink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The event that is fired.
pub(crate) const EVENT: &str = "deploy_succeeded";

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "Postgres",
        }
    }
}

pub(crate) struct Stage {
    pub(crate) sink: Sink,
    ground: Ground,
    folder: PathBuf,
    cluster: Option<Postgres>,
}

/// A server with a site.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) site: String,
    pub(crate) hooks: Vec<String>,
    /// Goes with the server.
    _folder: TempDir,
}

impl Stage {
    pub(crate) fn new(ground: Ground, folder: &Path, cluster: Option<Postgres>) -> Result<Self> {
        Ok(Self { sink: Sink::start()?, ground, folder: folder.to_owned(), cluster })
    }

    pub(crate) fn has_postgres(&self) -> bool {
        self.cluster.is_some()
    }

    /// A server with a site and a hook for each receiver.
    pub(crate) async fn set(&mut self, engine: Engine, receivers: &[Manner]) -> Result<Scene> {
        let database_url = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(self.cluster.as_mut().context("there is no PostgreSQL")?.database()?),
        };
        let folder = tempfile::Builder::new().prefix("server-").tempdir_in(&self.folder)?;
        let server = self.ground.serve(folder.path(), database_url)?;
        let mut api = Api::open(server.address, &server.token).await?;
        let (site, _) = api.live_site("bench").await?;
        let mut hooks = Vec::new();
        for (number, manner) in receivers.iter().enumerate() {
            hooks.push(api.hook(&site, EVENT, &self.sink.url(*manner, number)).await?);
        }
        Ok(Scene { server, site, hooks, _folder: folder })
    }

    /// Processor time of the database's own processes so far.
    pub(crate) fn database_cpu(&self, engine: Engine) -> Result<f64> {
        match (&self.cluster, engine) {
            (Some(cluster), Engine::Postgres) => cluster.cpu_seconds(),
            _ => Ok(0.0),
        }
    }
}

impl Scene {
    pub(crate) async fn api(&self) -> Result<Api> {
        Api::open(self.server.address, &self.server.token).await
    }
}
