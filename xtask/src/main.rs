//! The project's own chores: run the tests with real services, hold the style rules, write the reference.
//! Knows the shape of the workspace and nothing about the product's behaviour.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its user")]

mod args;
mod floors;
mod generate;
mod lint;
mod npm;
mod provision;
mod services;
mod shell;
mod signals;
mod step;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use args::Command;
use workspace::Workspace;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let command = args::parse(std::env::args().skip(1))?;
    if let Command::Help = command {
        println!("{}", args::USAGE);
        return Ok(());
    }
    let workspace = Workspace::find()?;
    match command {
        Command::Help => Ok(()),
        Command::Test(options) => test::run(&workspace, &options),
        Command::Services(without) => services::stay(&workspace, &without),
        Command::Tidy => tidy::run(&workspace),
        Command::Lint => lint::run(&workspace),
        Command::Generate { check } => generate::run(&workspace, check),
    }
}
