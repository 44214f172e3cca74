//! The cases, and one run of one: events in, notes of the receiver out, figures from both.

use crate::Options;
use crate::stage::{EVENT, Engine, Scene, Stage};
use anyhow::{Result, ensure};
use boathook_bench::{Fired, Manner, Note, Spread, Stop, Volley, fire, load_now, millis, settle_disk};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Longest wait for the next delivery while some are missing.
const PATIENCE: Duration = Duration::from_secs(60);
/// By then the second try of what failed is over: 5 s and a fifth more, and some for the way.
const RETRIED: Duration = Duration::from_secs(8);

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Hooks whose receivers are well.
    pub(crate) healthy: usize,
    /// A hook beside them, or the manner of all hooks when none is healthy.
    pub(crate) other: Option<(Manner, usize)>,
    pub(crate) events: usize,
    /// Events a second; as many as go when absent.
    pub(crate) rate: Option<u32>,
}

pub(crate) const ONE: &str = "1 hook";
pub(crate) const TEN: &str = "10 hooks";
pub(crate) const PACED: &str = "1 hook, 100/s";
pub(crate) const FAILING: &str = "10 hooks, 10 % failing";
pub(crate) const BURST: [&str; 3] = ["9 hooks, burst", "9 + 1 hanging, burst", "9 + 1 slow, burst"];
pub(crate) const EVEN: [&str; 3] = ["9 hooks, 50/s", "9 + 1 hanging, 50/s", "9 + 1 slow, 50/s"];

const fn case(
    name: &'static str,
    healthy: usize,
    other: Option<(Manner, usize)>,
    events: usize,
    rate: Option<u32>,
) -> Case {
    Case { name, healthy, other, events, rate }
}

pub(crate) const CASES: [Case; 10] = [
    case(ONE, 1, None, 20_000, None),
    case(TEN, 10, None, 5_000, None),
    case(PACED, 1, None, 2_000, Some(100)),
    case(FAILING, 0, Some((Manner::Failing, 10)), 1_000, None),
    case(BURST[0], 9, None, 1_000, None),
    case(BURST[1], 9, Some((Manner::Hanging, 1)), 1_000, None),
    case(BURST[2], 9, Some((Manner::Slow, 1)), 1_000, None),
    case(EVEN[0], 9, None, 1_000, Some(50)),
    case(EVEN[1], 9, Some((Manner::Hanging, 1)), 1_000, Some(50)),
    case(EVEN[2], 9, Some((Manner::Slow, 1)), 1_000, Some(50)),
];

/// What a run brought. Deliveries are those of the healthy hooks, or of all when none is.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) accepted_rate: f64,
    pub(crate) delivery_rate: f64,
    /// Milliseconds from the answer to the event until the first try arrived.
    pub(crate) arrival: Spread,
    /// Milliseconds from the answer to the event until the receiver accepted it.
    pub(crate) success: Spread,
    /// Milliseconds from sending the request for the event until the receiver accepted it.
    pub(crate) whole: Spread,
    /// Milliseconds of the server's processor time for each delivery, the API's part included.
    pub(crate) cpu_ms: f64,
    /// The same of the database's processes.
    pub(crate) database_cpu_ms: f64,
    /// Most memory that the server used, in megabytes.
    pub(crate) memory: f64,
    /// Deliveries that were accepted, of all.
    pub(crate) done: (usize, usize),
    /// Connections opened to the receiver after the warming up, for each 1,000 deliveries.
    pub(crate) connections: f64,
    pub(crate) load: f64,
}

impl Case {
    fn receivers(&self) -> Vec<Manner> {
        let mut receivers = vec![Manner::Healthy; self.healthy];
        receivers.extend(self.other.into_iter().flat_map(|(manner, count)| vec![manner; count]));
        receivers
    }

    /// How many hooks are measured: they come first.
    fn measured(&self) -> usize {
        if self.healthy > 0 { self.healthy } else { self.receivers().len() }
    }
}

/// One run on a fresh server.
pub(crate) async fn run(
    stage: &mut Stage,
    engine: Engine,
    case: &Case,
    options: &Options,
) -> Result<Figures> {
    let scene = stage.set(engine, &case.receivers()).await?;
    warm_up(stage, &scene, case).await?;
    settle_disk(&options.ground.folder)?;
    let load = load_now();
    let before = (scene.server.cpu_seconds()?, stage.database_cpu(engine)?);
    let began = Instant::now();
    let volley = Volley {
        site: scene.site.clone(),
        event: EVENT,
        count: options.scaled(case.events),
        rate: case.rate,
    };
    let fired = fire(&scene.server, volley, Stop::default()).await?;
    let accepting = began.elapsed();
    let (notes, connections) = collect(stage, case, fired.len()).await?;
    scene.server.wait_quiet()?;
    let cpu = (scene.server.cpu_seconds()? - before.0, stage.database_cpu(engine)? - before.1);
    let seen = Seen::of(&fired, &notes);
    let total = fired.len() * case.measured();
    if !failing(case) {
        ensure!(
            seen.success.len() == total,
            "{}: {} of {total} deliveries arrived",
            case.name,
            seen.success.len()
        );
    }
    let all = notes.len().max(1) as f64;
    Ok(Figures {
        accepted_rate: fired.len() as f64 / accepting.as_secs_f64(),
        delivery_rate: notes.len() as f64 / seen.last.duration_since(began).as_secs_f64(),
        cpu_ms: cpu.0 * 1000.0 / all,
        database_cpu_ms: cpu.1 * 1000.0 / all,
        memory: scene.server.memory()?.1,
        done: (seen.success.len(), total),
        connections: connections as f64 * 1000.0 / all,
        arrival: Spread::new(seen.arrival),
        success: Spread::new(seen.success),
        whole: Spread::new(seen.whole),
        load,
    })
}

fn failing(case: &Case) -> bool {
    case.healthy == 0
}

/// A few events first: connections are open and limits have grown, as on a server that runs for long.
async fn warm_up(stage: &Stage, scene: &Scene, case: &Case) -> Result<()> {
    const EVENTS: usize = 64;
    let volley = Volley { site: scene.site.clone(), event: EVENT, count: EVENTS, rate: None };
    stage.sink.clear();
    fire(&scene.server, volley, Stop::default()).await?;
    if case.other.is_none() {
        ensure!(stage.sink.wait(EVENTS * case.healthy, PATIENCE).await, "the warming up does not end");
    } else {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    scene.server.wait_quiet()?;
    stage.sink.clear();
    Ok(())
}

/// What came in from measured hooks until everything did, and over how many new connections.
async fn collect(stage: &Stage, case: &Case, events: usize) -> Result<(Vec<Note>, usize)> {
    let total = events * case.measured();
    if failing(case) {
        stage.sink.wait(total * 9 / 10 - total / 50, PATIENCE).await;
        tokio::time::sleep(RETRIED).await;
    } else {
        ensure!(
            stage.sink.wait_for_hooks(case.measured(), total, PATIENCE).await,
            "{}: only {} of {total} came",
            case.name,
            stage.sink.good_of(case.measured())
        );
    }
    let measured = |note: &Note| usize::from(note.hook) < case.measured();
    let connections = stage.sink.connections();
    Ok((stage.sink.take().into_iter().filter(measured).collect(), connections))
}

/// Milliseconds of each delivery that began in this run.
struct Seen {
    arrival: Vec<f64>,
    success: Vec<f64>,
    whole: Vec<f64>,
    last: Instant,
}

impl Seen {
    fn of(fired: &[Fired], notes: &[Note]) -> Self {
        let asked: HashMap<u128, &Fired> = fired.iter().map(|one| (one.event, one)).collect();
        let mut first: HashMap<(u128, u16), Instant> = HashMap::new();
        let mut good: HashMap<(u128, u16), Instant> = HashMap::new();
        for note in notes.iter().filter(|note| asked.contains_key(&note.event)) {
            let key = (note.event, note.hook);
            let known = first.entry(key).or_insert(note.at);
            *known = note.at.min(*known);
            if note.ok {
                good.entry(key).or_insert(note.at);
            }
        }
        let last = good.values().copied().max().unwrap_or_else(Instant::now);
        let times = |at: &HashMap<(u128, u16), Instant>, from: fn(&Fired) -> Instant| {
            at.iter().map(|((event, _), at)| between(from(asked[event]), *at)).collect()
        };
        Self {
            arrival: times(&first, |one| one.accepted),
            success: times(&good, |one| one.accepted),
            whole: times(&good, |one| one.asked),
            last,
        }
    }
}

/// Milliseconds from one instant to the other; below zero when the second came first, as a
/// notification does that overtakes the answer.
fn between(from: Instant, to: Instant) -> f64 {
    millis(to.saturating_duration_since(from)) - millis(from.saturating_duration_since(to))
}
