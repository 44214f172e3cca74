//! How long a deploy of many files takes, beside what the same bytes cost without any server: read,
//! hash and write, on the same file system. The two take turns, each round with contents that the
//! server has never seen.

#![allow(clippy::print_stdout, reason = "the report is what this program is for")]

use anyhow::{Context as _, Result, ensure};
use boathook_bench::{Api, Files, Noise, OneServer, Server, Spread, settle_disk, table};
use clap::Parser;
use http::Method;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

/// Connections that upload at once, as the official client has them.
const CONNECTIONS: usize = 5;
/// Files fetched from the finished site and compared.
const CHECKED: usize = 3;

/// Measures a deploy beside the physical bound
#[derive(Parser)]
struct Options {
    /// Files of a deploy
    #[arg(long, default_value_t = 2000)]
    files: usize,
    /// Mean bytes of a file
    #[arg(long, default_value_t = 150_000)]
    bytes: usize,
    /// Rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[command(flatten)]
    on: OneServer,
}

/// Seconds of a round.
struct Round {
    bound: f64,
    flushed: f64,
    deploy: Deploy,
}

/// Seconds of a deploy and its parts.
struct Deploy {
    hash: f64,
    digest: f64,
    upload: f64,
    ready: f64,
    /// The server's processor time until it was ready.
    cpu: f64,
    /// The server's processor time afterwards: compressed forms.
    later: f64,
    /// Files the server asked for.
    required: usize,
}

impl Deploy {
    fn total(&self) -> f64 {
        self.hash + self.digest + self.upload + self.ready
    }
}

struct Bench {
    server: Server,
    runtime: Runtime,
    folder: PathBuf,
    files: Files,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let (folder, header, server) = options.on.begin("bench-deploy")?;
    println!("{header}");
    let files = Files::write(&folder.path().join("source"), options.files, options.bytes)?;
    println!("{} files, {:.0} MB, {CONNECTIONS} connections", files.list.len(), files.bytes() as f64 / 1e6);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut bench = Bench { server, runtime, folder: folder.path().to_owned(), files };
    let rounds = (0..options.rounds).map(|number| bench.round(number)).collect::<Result<Vec<_>>>()?;
    report(&rounds);
    let again = bench.one_changed()?;
    println!(
        "second deploy, 1 of {} files changed: {:.2} s (hash {:.2}, digest {:.2}, upload {:.2}, ready {:.2})",
        options.files,
        again.total(),
        again.hash,
        again.digest,
        again.upload,
        again.ready
    );
    Ok(())
}

impl Bench {
    /// Both measurements; who begins changes from round to round.
    fn round(&mut self, number: usize) -> Result<Round> {
        let all = self.files.list.len();
        self.files.salt(all)?;
        let site = format!("round-{number}");
        if number.is_multiple_of(2) {
            let (bound, flushed) = (self.copy(number, false)?, self.copy(number, true)?);
            Ok(Round { bound, flushed, deploy: self.deploy(&site, all)? })
        } else {
            let deploy = self.deploy(&site, all)?;
            Ok(Round { bound: self.copy(number, false)?, flushed: self.copy(number, true)?, deploy })
        }
    }

    /// The copies stay until the end: file systems are slow to give out inodes that were freed a moment
    /// ago, and the next measurement would pay for it.
    fn copy(&self, round: usize, flush: bool) -> Result<f64> {
        settle_disk(&self.folder)?;
        let to = self.folder.join(format!("copy-{round}-{flush}"));
        let began = Instant::now();
        self.files.copy(&to, flush)?;
        Ok(began.elapsed().as_secs_f64())
    }

    /// A deploy to a new site.
    fn deploy(&self, name: &str, expected: usize) -> Result<Deploy> {
        let mut api = self.runtime.block_on(Api::open(self.server.address, &self.server.token))?;
        let (site, host) = self.runtime.block_on(api.new_site(name))?;
        settle_disk(&self.folder)?;
        let before = self.server.cpu_seconds()?;
        let mut deploy = self.run(&mut api, &site)?;
        let ready = self.server.cpu_seconds()?;
        ensure!(deploy.required == expected, "{} files asked for, not {expected}", deploy.required);
        self.runtime.block_on(self.check(&mut api, &host))?;
        self.server.wait_quiet()?;
        (deploy.cpu, deploy.later) = (ready - before, self.server.cpu_seconds()? - ready);
        Ok(deploy)
    }

    fn run(&self, api: &mut Api, site: &str) -> Result<Deploy> {
        let mut clock = Lap(Instant::now());
        let digests = self.files.digests()?;
        let hash = clock.lap();
        let (id, required) = self.runtime.block_on(self.announce(api, site, &digests))?;
        let digest = clock.lap();
        let wanted: Vec<usize> = (0..digests.len()).filter(|at| required.contains(&digests[*at])).collect();
        self.upload(&id, &wanted)?;
        let upload = clock.lap();
        self.runtime.block_on(api.wait_ready(&id))?;
        let ready = clock.lap();
        Ok(Deploy { hash, digest, upload, ready, cpu: 0.0, later: 0.0, required: wanted.len() })
    }

    /// Makes the deploy and sends its digest; its id and the digests the server asks for.
    async fn announce(
        &self,
        api: &mut Api,
        site: &str,
        digests: &[String],
    ) -> Result<(String, HashSet<String>)> {
        let made = api.call(Method::POST, &format!("/sites/{site}/deploys"), Some(&json!({}))).await?;
        let id = made["id"].as_str().context("the deploy has no id")?.to_owned();
        let paths = self.files.list.iter().map(|sample| sample.path.clone());
        let files: Map<String, Value> = paths.zip(digests.iter().cloned().map(Value::String)).collect();
        let path = format!("/sites/{site}/deploys/{id}");
        let shown = api.call(Method::PUT, &path, Some(&json!({ "files": files }))).await?;
        let required = shown["required"].as_array().context("the deploy asks for nothing")?;
        Ok((id, required.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()))
    }

    /// Uploads over all connections, each on a thread of its own.
    fn upload(&self, deploy: &str, wanted: &[usize]) -> Result<()> {
        let next = AtomicUsize::new(0);
        let send = || -> Result<()> {
            Builder::new_current_thread().enable_all().build()?.block_on(async {
                let mut api = Api::open(self.server.address, &self.server.token).await?;
                while let Some(at) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let sample = &self.files.list[*at];
                    api.upload(deploy, &sample.path, &sample.source).await?;
                }
                Ok(())
            })
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(send)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().ok().context("a thread panicked")?
            };
            threads.into_iter().try_for_each(join)
        })
    }

    /// Compares a few files as visitors get them.
    async fn check(&self, api: &mut Api, host: &str) -> Result<()> {
        let mut noise = Noise::drawn()?;
        for _ in 0..CHECKED {
            let sample = &self.files.list[noise.below(self.files.list.len())];
            let got = api.visit(host, &sample.path).await?;
            ensure!(got == same(&sample.source)?, "{} is served with other bytes", sample.path);
        }
        Ok(())
    }

    fn one_changed(&mut self) -> Result<Deploy> {
        self.files.salt(1)?;
        self.deploy("changed", 1)
    }
}

fn same(source: &Path) -> Result<Vec<u8>> {
    std::fs::read(source).with_context(|| format!("cannot read {}", source.display()))
}

struct Lap(Instant);

impl Lap {
    /// Seconds since the last call.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut self.0, now)).as_secs_f64()
    }
}

fn report(rounds: &[Round]) {
    let head = "round bound bound+flush deploy ratio hash digest upload ready cpu cpu-later";
    let mut rows = vec![head.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>()];
    for (number, round) in rounds.iter().enumerate() {
        let deploy = &round.deploy;
        let cells = [
            round.bound,
            round.flushed,
            deploy.total(),
            deploy.total() / round.bound,
            deploy.hash,
            deploy.digest,
            deploy.upload,
            deploy.ready,
            deploy.cpu,
            deploy.later,
        ];
        rows.push(
            std::iter::once(number.to_string()).chain(cells.map(|cell| format!("{cell:.2}"))).collect(),
        );
    }
    println!("{}", table(&rows));
    let spread = |of: fn(&Round) -> f64| Spread::new(rounds.iter().map(of));
    let ratio = spread(|round| round.deploy.total() / round.bound);
    let flushed = spread(|round| round.deploy.total() / round.flushed);
    println!("deploy / bound: median {:.2}, min {:.2}, max {:.2}", ratio.median(), ratio.min(), ratio.max());
    println!("deploy / bound with a flush per file: median {:.2}", flushed.median());
}
