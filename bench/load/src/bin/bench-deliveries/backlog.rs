//! A long backlog: worked off with flat memory, while events go on being accepted.

use crate::bounds::template;
use crate::stage::{EVENT, Engine, Scene, Stage};
use anyhow::{Result, ensure};
use boathook_bench::{Fired, Manner, Spread, Stop, Volley, fire, load_now, millis, open_store, seed, table};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Hooks that the backlog is spread over.
const HOOKS: usize = 10;
/// Clients fire as quickly as they can for so long, and then at [`RATE`] for as long.
const WINDOW: Duration = Duration::from_secs(10);
/// Events a second of the even load.
const RATE: u32 = 100;
/// Longest wait for the next delivery.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines about memory.
const LINES: usize = 10;
/// Most memory that should be used, in megabytes.
const MEMORY: f64 = 300.0;

/// How events were accepted for a while.
struct Accepting {
    /// A second, as quickly as it went.
    rate: f64,
    /// Milliseconds to the answer at [`RATE`].
    answers: Spread,
    events: usize,
}

/// Memory and deliveries at a moment.
struct Look {
    seconds: f64,
    memory: f64,
    good: usize,
}

pub(crate) async fn run(stage: &mut Stage, engine: Engine, count: usize) -> Result<String> {
    let load = load_now();
    let mut scene = stage.set(engine, &[Manner::Healthy; HOOKS]).await?;
    let live = live_site(stage, &scene).await?;
    let window = if count < 200_000 { WINDOW / 5 } else { WINDOW };
    let template = template(&scene, scene.hooks.clone()).await?;
    let before = accept(&scene, &live, window).await?;
    ensure!(stage.sink.wait(before.events + HOOKS, PATIENCE).await, "the first events do not arrive");
    scene.server.wait_quiet()?;
    scene.server.kill()?;
    let seeding = Instant::now();
    let store = open_store(&scene.server).await?;
    seed(&store, &template, count / HOOKS).await?;
    store.close().await;
    let seeding = seeding.elapsed();
    stage.sink.clear();
    scene.server.start_again()?;
    let began = Instant::now();
    let (during, looks) = tokio::try_join!(accept(&scene, &live, window), look(stage, &scene, count, began))?;
    let total = count / HOOKS * HOOKS + during.events;
    ensure!(stage.sink.wait(total, PATIENCE).await, "only {} of {total} arrive", stage.sink.good());
    let took = began.elapsed();
    let (_, peak) = scene.server.memory()?;
    stage.sink.clear();
    let rate = total as f64 / took.as_secs_f64();
    let mut out = format!(
        "Backlog on {}: {count} deliveries for {HOOKS} hooks (seeded in {:.0} s), worked off in {:.1} s with {} more \
         accepted meanwhile: {rate:.0} deliveries/s, load {load:.1}\n",
        engine.name(),
        seeding.as_secs_f64(),
        took.as_secs_f64(),
        during.events
    );
    out += &format!("most memory {peak:.0} MB (aim <= {MEMORY:.0}: {})\n", met(peak <= MEMORY));
    out += &accepting(&before, &during);
    Ok(out + &memory(&looks))
}

fn met(met: bool) -> &'static str {
    if met { "yes" } else { "NO" }
}

/// Another site, whose hook is none of those with the backlog.
async fn live_site(stage: &Stage, scene: &Scene) -> Result<String> {
    let mut api = scene.api().await?;
    let (site, _) = api.live_site("live").await?;
    api.hook(&site, EVENT, &stage.sink.url(Manner::Healthy, HOOKS)).await?;
    Ok(site)
}

async fn accept(scene: &Scene, site: &str, window: Duration) -> Result<Accepting> {
    let volley = |count, rate| Volley { site: site.to_owned(), event: EVENT, count, rate };
    let stop = Stop::default();
    let bell = Stop::clone(&stop);
    let timer = tokio::spawn(async move {
        tokio::time::sleep(window).await;
        bell.store(true, Ordering::Relaxed);
    });
    let quick = fire(&scene.server, volley(usize::MAX, None), stop).await?;
    timer.await?;
    let paced = usize::try_from(u64::from(RATE) * window.as_secs())?;
    let even = fire(&scene.server, volley(paced, Some(RATE)), Stop::default()).await?;
    let answer = |one: &Fired| millis(one.accepted.duration_since(one.asked));
    Ok(Accepting {
        rate: quick.len() as f64 / window.as_secs_f64(),
        answers: Spread::new(even.iter().map(answer)),
        events: quick.len() + even.len(),
    })
}

/// Memory over time until `count` deliveries were made.
async fn look(stage: &Stage, scene: &Scene, count: usize, began: Instant) -> Result<Vec<Look>> {
    let mut looks = Vec::new();
    let mut last = (0, Instant::now());
    loop {
        let (good, memory) = (stage.sink.good(), scene.server.memory()?.0);
        looks.push(Look { seconds: began.elapsed().as_secs_f64(), memory, good });
        if good > last.0 {
            last = (good, Instant::now());
        }
        if good >= count || last.1.elapsed() > PATIENCE {
            return Ok(looks);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn accepting(before: &Accepting, during: &Accepting) -> String {
    let row = |name: &str, one: &Accepting| {
        vec![
            name.to_owned(),
            format!("{:.0}", one.rate),
            format!("{:.2}", one.answers.median()),
            format!("{:.2}", one.answers.percentile(99)),
        ]
    };
    let head =
        ["accepting", "events/s at most", "answer p50 at 100/s", "p99"].map(ToOwned::to_owned).to_vec();
    let ratio = vec![
        "with / without".to_owned(),
        format!("{:.2}", during.rate / before.rate),
        format!("{:.2}", during.answers.median() / before.answers.median()),
        format!("{:.2}", during.answers.percentile(99) / before.answers.percentile(99)),
    ];
    table(&[head, row("without a backlog", before), row("with it", during), ratio])
}

fn memory(looks: &[Look]) -> String {
    let mut rows = vec![["seconds", "deliveries", "MB"].map(ToOwned::to_owned).to_vec()];
    let step = looks.len().div_ceil(LINES).max(1);
    let last = looks.last().filter(|_| !(looks.len() - 1).is_multiple_of(step));
    for look in looks.iter().step_by(step).chain(last) {
        rows.push(vec![format!("{:.1}", look.seconds), look.good.to_string(), format!("{:.0}", look.memory)]);
    }
    table(&rows)
}
