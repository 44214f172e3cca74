//! What nothing can be better than: the plain client, and the store alone.

use crate::Options;
use crate::stage::{EVENT, Engine, Scene, Stage};
use anyhow::{Result, ensure};
use boathook_bench::{
    Bare, Manner, Spread, Stop, Template, Volley, bare, fire, insert_rate, load_now, open_store, seed,
};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// Tries at once that the engine allows one hook.
const AT_ONCE: usize = 32;
/// Writers of the store's own rate: as many as clients fire events.
const WRITERS: usize = boathook_bench::POSTERS;
/// Bytes of a body as fired events have it.
const BODY: usize = 1_500;
/// Longest wait for the next delivery.
const PATIENCE: Duration = Duration::from_secs(60);

/// The plain client with one path and with ten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    pub(crate) one: Bare,
    pub(crate) ten: Bare,
    pub(crate) load: f64,
}

pub(crate) fn plain(stage: &Stage, options: &Options) -> Result<Plain> {
    let load = load_now();
    let body = Bytes::from(vec![b'x'; BODY]);
    let path = |hook: usize| format!("/{}/{hook}", Manner::Healthy.word());
    let ten: Vec<String> = (0..10).map(path).collect();
    let one = bare(stage.sink.address, &ten[..1], &body, options.scaled(60_000), AT_ONCE)?;
    let ten = bare(stage.sink.address, &ten, &body, options.scaled(10_000), AT_ONCE)?;
    stage.sink.clear();
    println!("  plain client: {:.0}/s with 1 path, {:.0}/s with 10, load {load:.1}", one.rate, ten.rate);
    Ok(Plain { one, ten, load })
}

/// The store and the door in front of it, without deliveries, and deliveries without either.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Durable {
    /// Events a second that the store takes, each in a transaction with one delivery.
    pub(crate) stored: f64,
    /// Events a second that are accepted for a site without hooks.
    pub(crate) accepted: f64,
    /// Milliseconds of processor time for each of these, the database's included.
    pub(crate) accepted_cpu_ms: f64,
    /// Deliveries that waited already: how many a second, with one hook and with ten.
    pub(crate) drained: [Drained; 2],
    /// Milliseconds until an accepted event was answered, the highest of 99 in 100.
    pub(crate) answer_p99: f64,
    /// Bytes of the body.
    pub(crate) body: usize,
}

/// Deliveries that waited when the server started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drained {
    pub(crate) rate: f64,
    /// Milliseconds of processor time for each, the database's included.
    pub(crate) cpu_ms: f64,
    pub(crate) memory: f64,
}

impl Durable {
    pub(crate) fn line(&self) -> String {
        format!(
            "store alone {:.0} events/s; {:.0} accepted/s without hooks at {:.3} ms CPU (answer p99 {:.1} ms); \
             drained {:.0} and {:.0} deliveries/s at {:.3} and {:.3} ms CPU; body {} bytes",
            self.stored,
            self.accepted,
            self.accepted_cpu_ms,
            self.answer_p99,
            self.drained[0].rate,
            self.drained[1].rate,
            self.drained[0].cpu_ms,
            self.drained[1].cpu_ms,
            self.body
        )
    }
}

pub(crate) async fn durable(stage: &mut Stage, engine: Engine, options: &Options) -> Result<Durable> {
    let mut scene = stage.set(engine, &[]).await?;
    let template = template(&scene, Vec::new()).await?;
    scene.server.wait_quiet()?;
    let before = scene.server.cpu_seconds()? + stage.database_cpu(engine)?;
    let volley = Volley { site: scene.site.clone(), event: EVENT, count: options.scaled(20_000), rate: None };
    let began = Instant::now();
    let fired = fire(&scene.server, volley, Stop::default()).await?;
    let accepted = fired.len() as f64 / began.elapsed().as_secs_f64();
    let cpu = scene.server.cpu_seconds()? + stage.database_cpu(engine)? - before;
    let answers = fired.iter().map(|one| boathook_bench::millis(one.accepted.duration_since(one.asked)));
    scene.server.kill()?;
    let store = open_store(&scene.server).await?;
    let own = template.clone().with_hooks(vec!["0123456789abcdef01234567".to_owned()]);
    let stored = insert_rate(&store, &own, options.scaled(40_000), WRITERS).await?;
    store.close().await;
    let mut drained = Vec::new();
    for hooks in [1, 10] {
        drained.push(drain(stage, engine, hooks, options.scaled(40_000)).await?);
    }
    Ok(Durable {
        stored,
        accepted,
        accepted_cpu_ms: cpu * 1000.0 / fired.len() as f64,
        drained: [drained[0], drained[1]],
        answer_p99: Spread::new(answers).percentile(99),
        body: template.body().len(),
    })
}

/// What an event of the scene's site looks like in the ledger.
pub(crate) async fn template(scene: &Scene, hooks: Vec<String>) -> Result<Template> {
    let mut api = scene.api().await?;
    let number = api.fire(&scene.site, EVENT).await?;
    let record = api.call(http::Method::GET, &format!("/events/msg_{number:024x}"), None).await?;
    Template::of(&record, hooks)
}

/// Starts a server on deliveries that wait, and looks how they go.
async fn drain(stage: &mut Stage, engine: Engine, hooks: usize, count: usize) -> Result<Drained> {
    let mut scene = stage.set(engine, &vec![Manner::Healthy; hooks]).await?;
    let template = template(&scene, scene.hooks.clone()).await?;
    ensure!(stage.sink.wait(hooks, PATIENCE).await, "the first event does not arrive");
    scene.server.wait_quiet()?;
    scene.server.kill()?;
    let store = open_store(&scene.server).await?;
    seed(&store, &template, count / hooks).await?;
    store.close().await;
    stage.sink.clear();
    let database = stage.database_cpu(engine)?;
    scene.server.start_again()?;
    ensure!(stage.sink.wait(count, PATIENCE).await, "only {} of {count} arrive", stage.sink.good());
    scene.server.wait_quiet()?;
    // From the first to the last: starting is not delivering.
    let notes = stage.sink.take();
    let (first, last) = (notes.iter().map(|note| note.at).min(), notes.iter().map(|note| note.at).max());
    let seconds = first.zip(last).map_or(0.0, |(first, last)| last.duration_since(first).as_secs_f64());
    let cpu = scene.server.cpu_seconds()? + stage.database_cpu(engine)? - database;
    Ok(Drained {
        rate: count as f64 / seconds,
        cpu_ms: cpu * 1000.0 / count as f64,
        memory: scene.server.memory()?.1,
    })
}
