//! How quickly notifications are delivered, and what one costs, beside a plain client without any
//! server and beside the store alone; in turns, on both databases.

#![allow(clippy::print_stdout, reason = "the report is what this program is for")]

mod backlog;
mod bounds;
mod case;
mod report;
mod stage;

use anyhow::Result;
use boathook_bench::{Ground, Postgres};
use case::{CASES, Case, Figures};
use clap::{Parser, ValueEnum};
use stage::{Engine, Stage};

/// Measures deliveries from an accepted event to its receivers
#[derive(Parser)]
struct Options {
    /// Databases
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// Rounds; the table shows medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Deliveries that wait when the backlog is measured; 0 leaves it out
    #[arg(long, default_value_t = 1_000_000)]
    backlog: usize,
    /// Only cases whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// A twentieth of everything, in one round, to see that it runs
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    ground: Ground,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engines {
    Sqlite,
    Postgres,
    Both,
}

impl Options {
    fn cases(&self) -> Vec<&'static Case> {
        let wanted = |case: &&Case| self.only.as_ref().is_none_or(|part| case.name.contains(part.as_str()));
        CASES.iter().filter(wanted).collect()
    }

    fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds.max(1) }
    }

    /// How many of so many.
    fn scaled(&self, count: usize) -> usize {
        if self.quick { (count / 20).max(40) } else { count }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let (folder, header) = options.ground.begin("bench-deliveries")?;
    println!("{header}");
    let cluster = cluster(options.engine, folder.path())?;
    let mut stage = Stage::new(options.ground.clone(), folder.path(), cluster)?;
    let engines = engines(options.engine, &stage);
    let mut report = report::Report::default();
    for round in 1..=options.rounds() {
        println!("round {round} of {}", options.rounds());
        report.bounds.push(bounds::plain(&stage, &options)?);
        // Databases take turns case by case, so that a noisy neighbour meets both.
        for case in options.cases() {
            for engine in &engines {
                let figures = case::run(&mut stage, *engine, case, &options).await?;
                println!("  {}", figures.line(case.name, *engine));
                report.add(*engine, case.name, figures);
            }
        }
        for engine in &engines {
            let durable = bounds::durable(&mut stage, *engine, &options).await?;
            println!("  {}: {}", engine.name(), durable.line());
            report.durable.push((*engine, durable));
        }
    }
    println!("\n{}", report.tables(&engines));
    if options.backlog > 0 {
        for engine in &engines {
            println!("{}", backlog::run(&mut stage, *engine, options.scaled(options.backlog)).await?);
        }
    }
    Ok(())
}

fn cluster(engines: Engines, folder: &std::path::Path) -> Result<Option<Postgres>> {
    match engines {
        Engines::Sqlite => Ok(None),
        Engines::Postgres => Postgres::start(folder).map(Some),
        Engines::Both if Postgres::is_installed() => Postgres::start(folder).map(Some),
        Engines::Both => {
            println!("PostgreSQL is left out: it is not installed (apt-get install postgresql)");
            Ok(None)
        }
    }
}

fn engines(wanted: Engines, stage: &Stage) -> Vec<Engine> {
    let all = [Engine::Sqlite, Engine::Postgres];
    let there = |engine: &Engine| match engine {
        Engine::Sqlite => wanted != Engines::Postgres,
        Engine::Postgres => stage.has_postgres(),
    };
    all.into_iter().filter(there).collect()
}

/// What a case brought, in a line of its own as soon as it is there.
impl Figures {
    fn line(&self, name: &str, engine: Engine) -> String {
        format!(
            "{:<9} {name:<26} {:>7.0} accepted/s {:>7.0} deliveries/s, success p50 {:.1} p99 {:.1} ms, {:.3} + {:.3} ms CPU, {:.0} MB, load {:.1}",
            engine.name(),
            self.accepted_rate,
            self.delivery_rate,
            self.success.median(),
            self.success.percentile(99),
            self.cpu_ms,
            self.database_cpu_ms,
            self.memory,
            self.load
        )
    }
}
