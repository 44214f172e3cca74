//! The server is killed at random moments while clients fire, and started again on the same data.

use crate::Options;
use crate::hammer::Hammer;
use crate::scene::Scene;
use crate::verdict::Verdict;
use anyhow::{Result, ensure};
use boathook_bench::{Noise, Sink};
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest wait for clients and deliveries to go on.
const PATIENCE: Duration = Duration::from_secs(180);
/// A kill comes up to so many milliseconds after its number of events.
const LATE_MS: usize = 60;
/// How long the server is away.
const AWAY: Duration = Duration::from_millis(500);

pub(crate) async fn run(
    options: &Options,
    folder: &Path,
    sink: &Sink,
    database: Option<String>,
    hooks: usize,
) -> Result<Verdict> {
    let engine = if database.is_some() { "Postgres" } else { "SQLite" };
    let folder = tempfile::Builder::new().prefix("kill-").tempdir_in(folder)?;
    let mut scene = Scene::set(options, folder.path(), sink, database, hooks).await?;
    let events = options.events / if hooks > 1 { 10 } else { 1 };
    let mut noise = Noise::drawn()?;
    let hammer = Hammer::start(&scene);
    let mut recovery = Duration::ZERO;
    for kill in 0..options.kills {
        // Somewhere in its share of the events.
        let share = events / (options.kills + 1);
        let at = kill * share + share / 2 + noise.below(share.max(1));
        ensure!(hammer.until(PATIENCE, |it| it.answered() >= at).await, "events are no longer accepted");
        tokio::time::sleep(Duration::from_millis(noise.below(LATE_MS) as u64)).await;
        scene.server.kill()?;
        tokio::time::sleep(AWAY).await;
        recovery = recovery.max(back(&mut scene, sink, &hammer).await?);
    }
    ensure!(hammer.until(PATIENCE, |it| it.answered() >= events).await, "events are no longer accepted");
    let told = hammer.stop().await;
    Verdict::reach(format!("{engine}: {} kills", options.kills), &scene, sink, told, options.kills, recovery)
        .await
}

/// Starts the server; how long it took from there to the first delivery.
async fn back(scene: &mut Scene, sink: &Sink, hammer: &Hammer) -> Result<Duration> {
    let began = Instant::now();
    scene.server.start_again()?;
    let mut first = None;
    let came = hammer.until(PATIENCE, |_| {
        first = sink.first_after(began);
        first.is_some()
    });
    ensure!(came.await, "nothing is delivered after a start");
    Ok(first.map_or(PATIENCE, |first| first.duration_since(began)))
}
