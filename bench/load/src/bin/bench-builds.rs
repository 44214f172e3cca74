//! How long a build takes around its command: from the call that starts it to a visitor who reads the
//! page, beside the same by hand (`git clone`, the command, `cp` into a web root), in turns. And how
//! many builds a storm of calls of a build hook makes.

#![allow(clippy::print_stdout, reason = "the report is what this program is for")]

use anyhow::{Context as _, Result, bail, ensure};
use boathook_bench::{Api, OneServer, Server, Spread, children_cpu, load_now, millis, table};
use clap::Parser;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until};

/// What both run.
const COMMAND: &str = "cp -r src out";
/// The same by hand.
const BY_HAND: &str =
    r#"git clone --quiet --depth 1 --branch main "$1" "$2" && cd "$2" && cp -r src out && cp -r out "$3""#;
/// Shows what the newest call said and the newest commit.
const ECHO: &str = "mkdir out && cp page.txt out && printf %s \"$INCOMING_HOOK_BODY\" > out/index.html";
/// Bytes of a page beside the first.
const PAGE: usize = 4000;
/// Between two looks of a visitor.
const LOOK: Duration = Duration::from_millis(2);
/// Longest wait for a page.
const PATIENCE: Duration = Duration::from_secs(120);
/// Debounce window of the storm, in milliseconds.
const WINDOW_MS: u64 = 2000;
/// Calls of the storm for each commit.
const CALLS_PER_COMMIT: usize = 20;
/// Aim: milliseconds around the command.
const OVERHEAD_MS: f64 = 1500.0;
/// Aim: times what it takes by hand.
const RATIO: f64 = 1.3;
/// Aim: builds of a storm.
const BUILDS: usize = 2;

/// Measures builds around their commands
#[derive(Parser)]
struct Options {
    /// Rounds of each case
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Pages of the larger site
    #[arg(long, default_value_t = 500)]
    pages: usize,
    /// Calls of the storm
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// Seconds of the storm
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// What it stands on.
    #[command(flatten)]
    on: OneServer,
}

/// Milliseconds of a round.
struct Round {
    by_hand: ByHand,
    build: Build,
    load: f64,
}

/// Milliseconds of the way by hand.
struct ByHand {
    took: f64,
    cpu: f64,
    /// Of flushing each file of the web root and its folders to the disk afterwards.
    flush: f64,
}

/// Milliseconds of a build.
struct Build {
    took: f64,
    cpu: f64,
    /// Its parts, as its log tells them.
    parts: BTreeMap<String, f64>,
}

/// A repository and the site that is built from it.
struct Case {
    folder: PathBuf,
    site: String,
    host: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let (folder, header, server) = options.on.begin("bench-builds")?;
    println!("{header}");
    let mut api = Api::open(server.address, &server.token).await?;
    for (name, pages) in [("one-page", 1), ("pages", options.pages)] {
        let case = Case::new(&mut api, folder.path(), name, pages, COMMAND).await?;
        case.commit("src/index.html", "warm")?;
        case.build(&mut api, &server, "warm").await?;
        let mut rounds = Vec::new();
        for number in 0..options.rounds {
            rounds.push(case.round(&mut api, &server, number).await?);
        }
        report(&format!("{name}: {pages} files"), &rounds);
    }
    storm(&mut api, folder.path(), &options).await
}

impl Case {
    async fn new(api: &mut Api, root: &Path, name: &str, pages: usize, command: &str) -> Result<Self> {
        let folder = root.join(name);
        std::fs::create_dir_all(folder.join("src"))?;
        for page in 1..pages {
            let text = format!("<p>Page {page}</p>\n").repeat(PAGE / 16);
            std::fs::write(folder.join(format!("src/{page}.html")), text)?;
        }
        git(&folder, &["init", "--quiet", "--initial-branch=main"])?;
        let (site, host) = api.new_site(name).await?;
        let address = format!("file://{}", folder.display());
        let repo = json!({
            "provider": "manual", "repo_path": address, "repo_url": address, "repo_branch": "main",
            "cmd": command, "dir": "out",
        });
        api.call(Method::PATCH, &format!("/sites/{site}"), Some(&json!({ "repo": repo }))).await?;
        Ok(Self { folder, site, host })
    }

    /// Commits a file.
    fn commit(&self, file: &str, content: &str) -> Result<()> {
        std::fs::write(self.folder.join(file), content)?;
        git(&self.folder, &["add", "--all"])?;
        let author = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"];
        git(&self.folder, &[&author[..], &["commit", "--quiet", "--message", content]].concat())
    }

    /// Both measurements of one commit, each after a rest; who begins changes from round to round.
    async fn round(&self, api: &mut Api, server: &Server, number: usize) -> Result<Round> {
        let (load, content) = (load_now(), number.to_string());
        self.commit("src/index.html", &content)?;
        let early = if number.is_multiple_of(2) { Some(self.by_hand(server, number)?) } else { None };
        let build = self.build(api, server, &content).await?;
        let by_hand = early.map_or_else(|| self.by_hand(server, number), Ok)?;
        Ok(Round { by_hand, build, load })
    }

    /// Takes until the files are in a web root.
    fn by_hand(&self, server: &Server, number: usize) -> Result<ByHand> {
        let name = |what: &str| self.folder.with_extension(format!("{what}-{number}"));
        server.wait_quiet()?;
        let (cpu, began) = (children_cpu()?, Instant::now());
        let mut shell = Command::new("sh");
        shell.args(["-c", BY_HAND, "sh", &format!("file://{}", self.folder.display())]);
        let status = shell.arg(name("clone")).arg(name("web")).status().context("cannot run sh")?;
        let took = millis(began.elapsed());
        ensure!(status.success() && name("web").join("index.html").exists(), "the way by hand fails");
        let cpu = (children_cpu()? - cpu) * 1000.0;
        let began = Instant::now();
        flush(&name("web"))?;
        Ok(ByHand { took, cpu, flush: millis(began.elapsed()) })
    }

    /// Takes from the call to the page; its processor time until the server rests.
    async fn build(&self, api: &mut Api, server: &Server, content: &str) -> Result<Build> {
        server.wait_quiet()?;
        let (cpu, began) = (server.cpu_seconds_with_children()?, Instant::now());
        let started =
            api.call(Method::POST, &format!("/sites/{}/builds", self.site), Some(&json!({}))).await?;
        self.wait_for(api, "/", content).await?;
        let took = millis(began.elapsed());
        server.wait_quiet()?;
        let cpu = (server.cpu_seconds_with_children()? - cpu) * 1000.0;
        let id = started["id"].as_str().context("the build has no id")?;
        let shown = api.call(Method::GET, &format!("/builds/{id}"), None).await?;
        Ok(Build { took, cpu, parts: parts(&shown) })
    }

    /// Waits until visitors read this.
    async fn wait_for(&self, api: &mut Api, path: &str, content: &str) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            // before the first deploy there is no page
            if api.visit(&self.host, path).await.is_ok_and(|body| body == content.as_bytes()) {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        let builds = api.call(Method::GET, &format!("/sites/{}/builds", self.site), None).await?;
        bail!("{path} does not become {content:?}; builds: {builds}")
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("git").arg("-C").arg(folder).args(arguments).status().context("no git")?;
    ensure!(status.success(), "git {arguments:?} fails");
    Ok(())
}

/// Makes a folder durable, as a deploy is.
fn flush(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { flush(&path)? } else { File::open(&path)?.sync_all()? }
    }
    Ok(File::open(folder)?.sync_all()?)
}

fn parts(build: &Value) -> BTreeMap<String, f64> {
    let sections = build["sections"].as_array().into_iter().flatten();
    let part = |one: &Value| Some((one["name"].as_str()?.to_owned(), one["duration_ms"].as_f64()?));
    sections.filter_map(part).collect()
}

fn report(title: &str, rounds: &[Round]) {
    let spread = |of: fn(&Round) -> f64| Spread::new(rounds.iter().map(of));
    let row = |name: &str, spread: &Spread| {
        let cells = [spread.median(), spread.min(), spread.max()].map(|value| format!("{value:.0}"));
        std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let mut rows = vec![[title, "median", "min", "max"].map(ToOwned::to_owned).to_vec()];
    rows.push(row("by hand, ms", &spread(|round| round.by_hand.took)));
    rows.push(row("  flushed, ms", &spread(|round| round.by_hand.took + round.by_hand.flush)));
    rows.push(row("build, ms", &spread(|round| round.build.took)));
    rows.push(row("by hand, CPU ms", &spread(|round| round.by_hand.cpu)));
    rows.push(row("build, CPU ms", &spread(|round| round.build.cpu)));
    let names = rounds.first().map(|round| round.build.parts.keys().cloned().collect()).unwrap_or_default();
    let names: Vec<String> = names;
    for name in names {
        let values = rounds.iter().filter_map(|round| round.build.parts.get(&name).copied());
        rows.push(row(&format!("  {name}, ms"), &Spread::new(values)));
    }
    println!("\n{}", table(&rows));
    let more = spread(|round| round.build.took - round.by_hand.took).median();
    let ratio = spread(|round| round.build.took / round.by_hand.took).median();
    let load = spread(|round| round.load).median();
    println!("build - by hand: {more:.0} ms, aim {OVERHEAD_MS:.0}: {}", met(more <= OVERHEAD_MS));
    println!("build / by hand: {ratio:.2}, aim {RATIO}: {}; load average {load:.1}", met(ratio <= RATIO));
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

/// Calls a hook with a debounce window evenly, with a commit now and then; afterwards the newest of both
/// must be live.
async fn storm(api: &mut Api, root: &Path, options: &Options) -> Result<()> {
    let case = Case::new(api, root, "storm", 1, ECHO).await?;
    let hook = json!({ "title": "Storm", "branch": "main" });
    let hook = api.call(Method::POST, &format!("/sites/{}/build_hooks", case.site), Some(&hook)).await?;
    let hook = hook["id"].as_str().context("the hook has no id")?;
    let path = format!("/sites/{}/build_hooks/{hook}", case.site);
    api.call(Method::PUT, &path, Some(&json!({ "debounce_ms": WINDOW_MS }))).await?;
    let (mut answers, mut commit) = (Vec::new(), String::new());
    let began = tokio::time::Instant::now();
    let pace = Duration::from_secs(options.seconds.into()) / u32::try_from(options.calls.max(1))?;
    for number in 0..options.calls {
        sleep_until(began + pace * u32::try_from(number)?).await;
        if number.is_multiple_of(CALLS_PER_COMMIT) {
            commit = format!("commit {number}");
            case.commit("page.txt", &commit)?;
        }
        let asked = Instant::now();
        api.call(Method::POST, &format!("/build_hooks/{hook}"), Some(&json!(number))).await?;
        answers.push(millis(asked.elapsed()));
    }
    let took = began.elapsed();
    case.wait_for(api, "/", &options.calls.saturating_sub(1).to_string()).await?;
    case.wait_for(api, "/page.txt", &commit).await?;
    let live = began.elapsed() - took;
    let builds = rest(api, &case.site).await?;
    case.wait_for(api, "/", &options.calls.saturating_sub(1).to_string()).await?;
    println!(
        "\nstorm: {} calls of a build hook in {:.1} s, debounce {WINDOW_MS} ms: builds {builds}, aim at most {BUILDS}: {}",
        options.calls,
        took.as_secs_f64(),
        met(builds <= BUILDS)
    );
    let answers = Spread::new(answers);
    println!(
        "newest body and newest commit live {:.0} ms after the last call; answer to a call: median {:.1} ms, p99 {:.1} ms",
        millis(live),
        answers.median(),
        answers.percentile(99)
    );
    Ok(())
}

/// Waits until nothing more is built, also by calls that still wait for their window; how many builds
/// there were.
async fn rest(api: &mut Api, site: &str) -> Result<usize> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        sleep(Duration::from_millis(WINDOW_MS * 2)).await;
        let builds = api.call(Method::GET, &format!("/sites/{site}/builds?per_page=100"), None).await?;
        let builds = builds.as_array().context("no list of builds")?;
        if builds.iter().all(|build| build["done"] == true) {
            return Ok(builds.len());
        }
    }
    bail!("builds of the storm do not end")
}
