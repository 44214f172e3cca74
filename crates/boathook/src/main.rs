//! The command line: parses, starts, prints. Everything else is in libraries.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks to its user")]

use anyhow::Context as _;
use boathook::{Config, Outside, Server, backup, builder, doctor, reference};
use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// A self-hosted, Netlify-compatible platform: sites, deploys, builds, hooks and signed
/// notifications in one binary.
#[derive(Parser)]
#[command(name = "boathook", version, max_term_width = 100, propagate_version = true)]
struct Boathook {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, the dashboard and the sites
    Serve(Box<Config>),
    /// Print the environment that makes an unmodified Netlify CLI talk to a server
    Env(cli::EnvArgs),
    /// Run the Netlify CLI against a server
    Netlify(cli::NetlifyArgs),
    /// Make a sample site with a hook and show a signed delivery
    Demo(cli::DemoArgs),
    /// Events of a site
    Events {
        #[command(subcommand)]
        command: EventsCommand,
    },
    /// Hooks and their consumers
    Hooks {
        #[command(subcommand)]
        command: HooksCommand,
    },
    /// Add-ons and their providers
    Addons {
        #[command(subcommand)]
        command: AddonsCommand,
    },
    /// Forward the deliveries of a hook to this machine
    Listen(cli::ListenArgs),
    /// What builds with plugins and functions are driven through
    Builder {
        #[command(subcommand)]
        command: BuilderCommand,
    },
    /// Say what is wrong with this machine, and what to do about it
    Doctor(doctor::Args),
    /// Write everything a server holds into one file, while it runs
    Backup(backup::BackupArgs),
    /// Put a backup into a new data folder
    Restore(backup::RestoreArgs),
    /// Write the generated reference pages
    Reference(ReferenceArgs),
}

#[derive(Subcommand)]
enum EventsCommand {
    /// Send a sample of an event to the hooks of a site
    Fire(Box<cli::FireArgs>),
}

#[derive(Subcommand)]
enum HooksCommand {
    /// Say whether a consumer of notifications verifies them, and answers as it should
    Check(cli::CheckArgs),
}

#[derive(Subcommand)]
enum AddonsCommand {
    /// Say whether a provider of an add-on keeps the whole contract
    Check(cli::AddonCheckArgs),
}

#[derive(Subcommand)]
enum BuilderCommand {
    /// Install it now, rather than with the first build that needs it
    Install(builder::BuilderArgs),
    /// Say whether it is installed
    Status(builder::BuilderArgs),
}

#[derive(clap::Args)]
struct ReferenceArgs {
    /// Folder to write them to
    #[arg(long, default_value = "docs/reference", value_name = "DIR")]
    out: PathBuf,
}

fn main() -> ExitCode {
    let command = Boathook::parse().command;
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("boathook: another TLS provider is installed in this process");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("boathook: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("boathook: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, those left out that were told with what they caused.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(config) => serve(&config).await?,
        Command::Env(args) => cli::env(&args, &mut std::io::stdout()).await?,
        Command::Netlify(args) => return cli::netlify(&args).await,
        Command::Demo(args) => cli::demo(&args, &mut std::io::stdout()).await?,
        Command::Events { command: EventsCommand::Fire(args) } => {
            return cli::fire(&args, &mut std::io::stdout()).await;
        }
        Command::Hooks { command: HooksCommand::Check(args) } => {
            return cli::check(&args, &mut std::io::stdout()).await;
        }
        Command::Addons { command: AddonsCommand::Check(args) } => {
            return cli::check_addon(&args, &mut std::io::stdout()).await;
        }
        Command::Listen(args) => cli::listen(&args, &mut std::io::stdout()).await?,
        Command::Builder { command: BuilderCommand::Install(args) } => {
            builder::install(&args, &mut std::io::stdout()).await?;
        }
        Command::Builder { command: BuilderCommand::Status(args) } => {
            let ready = builder::status(&args, &mut std::io::stdout())?;
            return Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Doctor(args) => return doctor::run(&args, &mut std::io::stdout()).await,
        Command::Backup(args) => println!("{}", backup::backup(&args).await?),
        Command::Restore(args) => println!("{}", backup::restore(&args).await?),
        Command::Reference(args) => reference::write(&args.out)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    start_log();
    allow_many_connections();
    let server = Server::start(config, Outside::default()).await?;
    println!("{}", greeting(config, &server));
    wait_for_signal().await?;
    eprintln!("boathook: stopping");
    server.stop().await;
    Ok(())
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BOATHOOK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}

fn greeting(config: &Config, server: &Server) -> String {
    let root = server.addresses.control_url();
    let example = server.addresses.site_url("<site>");
    let mut lines = vec![
        format!("Boathook {} is serving.", env!("CARGO_PKG_VERSION")),
        format!("  dashboard   {root}"),
        format!("  API         {}", server.addresses.api_url()),
        format!("  sites       {example}"),
        format!("  data        {}", config.data.display()),
        format!("  builds      {}", builds::sandbox_report()),
    ];
    if server.address.ip().is_loopback() && !config.allow_private_targets {
        lines.push("  targets     loopback is allowed, since this server listens on it; other private addresses are not".to_owned());
    }
    if let Some(address) = server.tls_address {
        lines.push(format!("  TLS         {address}"));
    }
    if let Some(token) = &server.new_owner_token {
        let file = config.data.join("owner-token");
        lines.push(format!("  owner token {token}   (shown once; kept in {})", file.display()));
    }
    lines.push(format!(
        "Netlify CLI:  eval \"$(boathook env --server {root} --data {})\"",
        config.data.display()
    ));
    lines.join("\n")
}

/// Raises the number of files this process may open to what the system allows: shells start programs
/// with 1,024, and every visitor's connection is one.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

async fn wait_for_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C")?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let refused = || anyhow::anyhow!("refused");
        for (error, expect) in [
            (refused(), "refused"),
            (refused().context("cannot reach it"), "cannot reach it: refused"),
            (
                refused().context("database: refused").context("cannot use it"),
                "cannot use it: database: refused",
            ),
        ] {
            assert_eq!(sentence(&error), expect);
        }
    }
}
