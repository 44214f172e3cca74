//! How soon an event is with its receiver, at an idle pace, beside a bare request to the same
//! receiver; and how many deliveries a second a burst brings.

#![allow(clippy::print_stdout, reason = "the report is what this program is for")]

use anyhow::{Context as _, Result, ensure};
use boathook_bench::{Api, Arrival, OneServer, Receiver, Server, Spread, Wire, full, millis, table};
use clap::Parser;
use http::{Method, Request};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Events that lock and unlock fire.
const EVENTS: [&str; 2] = ["deploy_locked", "deploy_unlocked"];
/// Longest wait for the last delivery.
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures from an accepted request to the arrival of its notification
#[derive(Parser)]
struct Options {
    /// Events at an idle pace
    #[arg(long, default_value_t = 500)]
    events: usize,
    /// Idle pace, in events a second
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// Hooks of a site
    #[arg(long, default_value_t = 1)]
    hooks: usize,
    /// Events of the burst; 0 leaves it out
    #[arg(long, default_value_t = 2000)]
    burst: usize,
    /// Sites, each with a client of its own, that share the burst
    #[arg(long, default_value_t = 4)]
    senders: usize,
    #[command(flatten)]
    on: OneServer,
}

/// A site whose published deploy can be locked.
struct Site {
    id: String,
    deploy: String,
}

/// When an event was asked for, and when the answer came.
struct Fired {
    asked: Instant,
    accepted: Instant,
}

struct Bench {
    server: Server,
    receiver: Receiver,
    hooks: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let (_folder, header, server) = options.on.begin("bench-events")?;
    println!("{header}");
    let bench = Bench { server, receiver: Receiver::start()?, hooks: options.hooks };
    println!("{} events at {} a second, {} hooks", options.events, options.rate, options.hooks);
    bench.idle(options.events, options.rate).await?;
    if options.burst > 0 {
        bench.burst(options.burst, options.senders.max(1)).await?;
    }
    Ok(())
}

impl Bench {
    async fn api(&self) -> Result<Api> {
        Api::open(self.server.address, &self.server.token).await
    }

    /// A site with a published deploy and its hooks.
    async fn site(&self, api: &mut Api, name: &str) -> Result<Site> {
        let (id, deploy) = api.live_site(name).await?;
        for number in 0..self.hooks {
            let url = format!("http://{}/{name}/{number}", self.receiver.address);
            let hook = json!({ "site_id": id, "type": "url", "events": EVENTS, "data": { "url": url } });
            api.call(Method::POST, &format!("/hooks?site_id={id}"), Some(&hook)).await?;
        }
        Ok(Site { id, deploy })
    }

    /// One event after the other at an even pace, and halfway between two a bare request.
    async fn idle(&self, events: usize, rate: u32) -> Result<()> {
        let mut api = self.api().await?;
        let site = self.site(&mut api, "idle").await?;
        let mut wire = Wire::open(self.receiver.address).await?;
        let pace = Duration::from_secs(1) / rate.max(1);
        let (mut fired, mut bare) = (Vec::new(), Vec::new());
        let mut ticks = tokio::time::interval(pace);
        self.server.wait_quiet()?;
        for number in 0..events {
            ticks.tick().await;
            let (event, body) = fire(&mut api, &site, number).await?;
            fired.push(event);
            tokio::time::sleep(pace / 2).await;
            bare.push(round_trip(&mut wire, body).await?);
        }
        self.receiver.wait(events * (self.hooks + 1), PATIENCE).await?;
        let arrivals = first(self.receiver.arrivals().into_iter().filter(|arrival| arrival.path != "/bare"));
        check(&arrivals, &[&site], events * self.hooks)?;
        let order = ledger(&mut api, &site, events).await?;
        print_idle(&fired, &arrivals, &order, &bare)
    }

    /// All events as fast as the clients get them accepted.
    async fn burst(&self, events: usize, senders: usize) -> Result<()> {
        let mut ready = Vec::new();
        for number in 0..senders {
            let mut api = self.api().await?;
            let site = self.site(&mut api, &format!("burst-{number}")).await?;
            ready.push((api, site));
        }
        self.server.wait_quiet()?;
        self.receiver.clear();
        let (began, before) = (Instant::now(), self.server.cpu_seconds()?);
        let clients: Vec<_> = ready
            .into_iter()
            .map(|(api, site)| tokio::spawn(fire_many(api, site, events / senders)))
            .collect();
        let mut sites = Vec::new();
        for client in clients {
            sites.push(client.await??);
        }
        let accepted = began.elapsed();
        let count = events / senders * senders * self.hooks;
        self.receiver.wait(count, PATIENCE).await?;
        self.server.wait_quiet()?;
        let arrivals = first(self.receiver.arrivals().into_iter());
        check(&arrivals, &sites.iter().collect::<Vec<_>>(), count)?;
        let last = arrivals.values().map(|arrival| arrival.at).max().unwrap_or(began);
        let cpu = (self.server.cpu_seconds()? - before) * 1000.0 / count as f64;
        let seconds = last.duration_since(began).as_secs_f64();
        println!(
            "burst: {} events from {senders} clients accepted in {:.2} s ({:.0}/s)",
            events,
            accepted.as_secs_f64(),
            events as f64 / accepted.as_secs_f64()
        );
        println!(
            "burst: {count} deliveries in {seconds:.2} s: {:.0}/s, {cpu:.2} ms of server CPU each, event and API request included",
            count as f64 / seconds
        );
        Ok(())
    }
}

/// Locks or unlocks, by turns; the moments, and the answer.
async fn fire(api: &mut Api, site: &Site, number: usize) -> Result<(Fired, Value)> {
    let verb = ["lock", "unlock"][number % 2];
    let path = format!("/deploys/{}/{verb}", site.deploy);
    let asked = Instant::now();
    let answer = api.call(Method::POST, &path, None).await?;
    Ok((Fired { asked, accepted: Instant::now() }, answer))
}

async fn fire_many(mut api: Api, site: Site, count: usize) -> Result<Site> {
    for number in 0..count {
        fire(&mut api, &site, number).await?;
    }
    Ok(site)
}

/// A request with a body of the same kind straight to the receiver: what no notification can be
/// quicker than.
async fn round_trip(wire: &mut Wire, body: Value) -> Result<f64> {
    let request = Request::post("/bare").header("host", "receiver").body(full(body.to_string().into()))?;
    let began = Instant::now();
    let (status, _) = wire.send(request).await?;
    ensure!(status.is_success(), "the receiver answers {status}");
    Ok(millis(began.elapsed()))
}

type Deliveries = HashMap<(String, String), Arrival>;

/// The first attempt of each delivery, by path and event.
fn first(arrivals: impl Iterator<Item = Arrival>) -> Deliveries {
    let mut out = Deliveries::new();
    for arrival in arrivals {
        out.entry((arrival.path.clone(), arrival.event.clone())).or_insert(arrival);
    }
    out
}

/// Every delivery there, each about a deploy that was locked.
fn check(arrivals: &Deliveries, sites: &[&Site], count: usize) -> Result<()> {
    ensure!(arrivals.len() == count, "{} different deliveries arrived, not {count}", arrivals.len());
    let deploys: HashSet<&str> = sites.iter().map(|site| site.deploy.as_str()).collect();
    for arrival in arrivals.values() {
        let body: Value = serde_json::from_slice(&arrival.body).context("a notification is not JSON")?;
        let id = body["id"].as_str().unwrap_or_default();
        ensure!(deploys.contains(id), "a notification tells of {id:?}, which nobody locked");
    }
    Ok(())
}

/// Ids of the events in the order in which they were fired, from the server's own ledger.
async fn ledger(api: &mut Api, site: &Site, count: usize) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for page in 1.. {
        let path = format!("/events?site_id={}&per_page=100&page={page}", site.id);
        let answer = api.call(Method::GET, &path, None).await?;
        let list = answer.as_array().filter(|list| !list.is_empty());
        let Some(list) = list else { break };
        let ours = list.iter().filter(|event| EVENTS.iter().any(|name| event["event"] == *name));
        found.extend(
            ours.map(|event| (event["seq"].as_i64(), event["id"].as_str().unwrap_or_default().to_owned())),
        );
    }
    ensure!(found.len() == count, "the ledger holds {} events, not {count}", found.len());
    found.sort();
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

fn print_idle(fired: &[Fired], arrivals: &Deliveries, order: &[String], bare: &[f64]) -> Result<()> {
    let numbers: HashMap<&str, usize> = order.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let (mut asked, mut accepted) = (Vec::new(), Vec::new());
    for ((_, event), arrival) in arrivals {
        let fired = numbers
            .get(event.as_str())
            .and_then(|at| fired.get(*at))
            .context("an event of nobody's arrived")?;
        let whole = millis(arrival.at.duration_since(fired.asked));
        asked.push(whole);
        // Below zero when the notification overtakes the answer.
        accepted.push(whole - millis(fired.accepted.duration_since(fired.asked)));
    }
    let api = fired.iter().map(|event| millis(event.accepted.duration_since(event.asked))).collect();
    let head = ["milliseconds", "p50", "p99", "max"].map(ToOwned::to_owned).to_vec();
    let row = |name: &str, values: Vec<f64>| {
        let spread = Spread::new(values);
        let cells = [spread.median(), spread.percentile(99), spread.max()].map(|cell| format!("{cell:.2}"));
        std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    println!(
        "{}",
        table(&[
            head,
            row("accepted -> first attempt", accepted),
            row("asked -> first attempt", asked),
            row("asked -> accepted (the API call)", api),
            row("bare request to the receiver (bound)", bare.to_vec()),
        ])
    );
    Ok(())
}
