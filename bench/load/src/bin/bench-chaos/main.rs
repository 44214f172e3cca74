//! Breaks things under load and counts: what was promised and is lost, and what came twice. Ends with
//! an error when something is lost, or more came twice than may.

#![allow(clippy::print_stdout, reason = "the report is what this program is for")]

mod database;
mod disk;
mod hammer;
mod kill;
mod scene;
mod verdict;

use anyhow::{Result, ensure};
use boathook_bench::{Ground, Postgres, Sink, table};
use clap::{Parser, ValueEnum};
use verdict::Verdict;

/// Kills the server, stops its database and fills its disk, and counts what is lost
#[derive(Parser)]
struct Options {
    /// What is done
    #[arg(long, value_enum, default_value_t = Scenario::All)]
    scenario: Scenario,
    /// Events of a run of kills with one hook; a tenth of them with ten
    #[arg(long, default_value_t = 10_000)]
    events: usize,
    /// Kills of a run
    #[arg(long, default_value_t = 5)]
    kills: usize,
    /// Seconds for which the database is gone
    #[arg(long, default_value_t = 20)]
    outage: u64,
    /// Leave PostgreSQL out
    #[arg(long)]
    sqlite_only: bool,
    #[command(flatten)]
    ground: Ground,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// The server is killed at random moments
    Kill,
    /// PostgreSQL is stopped and comes back
    Database,
    /// The disk of the embedded database is full for a while
    Disk,
    All,
}

impl Options {
    fn wants(&self, scenario: Scenario) -> bool {
        self.scenario == scenario || self.scenario == Scenario::All
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let (folder, header) = options.ground.begin("bench-chaos")?;
    println!("{header}");
    let sink = Sink::start()?;
    let mut cluster = cluster(&options, folder.path())?;
    let mut verdicts = Vec::new();
    if options.wants(Scenario::Kill) {
        for hooks in [1, 10] {
            note(&mut verdicts, kill::run(&options, folder.path(), &sink, None, hooks).await?);
            if let Some(cluster) = &mut cluster {
                let database = Some(cluster.database()?);
                note(&mut verdicts, kill::run(&options, folder.path(), &sink, database, hooks).await?);
            }
        }
    }
    if let Some(cluster) = cluster.as_mut().filter(|_| options.wants(Scenario::Database)) {
        note(&mut verdicts, database::run(&options, folder.path(), &sink, cluster).await?);
    }
    if options.wants(Scenario::Disk) {
        match disk::run(&options, folder.path(), &sink).await? {
            Some(verdict) => note(&mut verdicts, verdict),
            None => println!("disk: left out, since only root can mount a small file system"),
        }
    }
    let rows: Vec<_> = std::iter::once(Verdict::head()).chain(verdicts.iter().map(Verdict::row)).collect();
    println!("\n{}", table(&rows));
    ensure!(verdicts.iter().all(Verdict::fine), "something was lost, made up, or came twice too often");
    Ok(())
}

fn note(verdicts: &mut Vec<Verdict>, verdict: Verdict) {
    println!("{}", verdict.row().join("  "));
    verdicts.push(verdict);
}

fn cluster(options: &Options, folder: &std::path::Path) -> Result<Option<Postgres>> {
    if options.sqlite_only || !Postgres::is_installed() {
        println!("PostgreSQL is left out");
        return Ok(None);
    }
    Postgres::start(folder).map(Some)
}
