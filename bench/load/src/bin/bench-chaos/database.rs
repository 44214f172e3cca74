//! PostgreSQL is stopped under load and comes back; the server stays.

use crate::Options;
use crate::hammer::Hammer;
use crate::scene::Scene;
use crate::verdict::Verdict;
use anyhow::{Result, ensure};
use boathook_bench::{Postgres, Sink};
use std::path::Path;
use std::time::{Duration, Instant};

/// Load before and after.
const LOAD: Duration = Duration::from_secs(5);
/// Longest wait for clients to go on.
const PATIENCE: Duration = Duration::from_secs(120);
const HOOKS: usize = 2;

pub(crate) async fn run(
    options: &Options,
    folder: &Path,
    sink: &Sink,
    cluster: &mut Postgres,
) -> Result<Verdict> {
    let folder = tempfile::Builder::new().prefix("database-").tempdir_in(folder)?;
    let database = Some(cluster.database()?);
    let mut scene = Scene::set(options, folder.path(), sink, database, HOOKS).await?;
    let hammer = Hammer::start(&scene);
    tokio::time::sleep(LOAD).await;
    cluster.stop()?;
    tokio::time::sleep(Duration::from_secs(options.outage)).await;
    ensure!(scene.server.runs()?, "the server ended with its database:\n{}", scene.server.log()?);
    cluster.start_again()?;
    let began = Instant::now();
    let before = hammer.answered();
    let mut first = None;
    let went_on = hammer.until(PATIENCE, |it| {
        first = first.or_else(|| sink.first_after(began));
        it.answered() > before && first.is_some()
    });
    ensure!(went_on.await, "nothing goes on after the database came back:\n{}", scene.server.log()?);
    let recovery = began.elapsed();
    tokio::time::sleep(LOAD).await;
    let told = hammer.stop().await;
    let name = format!("Postgres: gone for {} s", options.outage);
    Verdict::reach(name, &scene, sink, told, 1, recovery).await
}
