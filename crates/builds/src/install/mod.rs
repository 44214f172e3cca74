//! The dependencies of a build: what is stated in the repository and by variables is brought, by the
//! programs of the machine and, where it has none or others, by what the npm registry has of them. What
//! cannot be brought is told in the log, with what the server's operator can do about it.

mod bring;
mod languages;
mod managers;
mod node;

pub use languages::{Program, programs as dependency_programs};
pub(crate) use managers::{Runner, runner};
pub(crate) use node::own as own_node;

use crate::cache::Cache;
use crate::engine::Bench;
use crate::environment::find_program;
use crate::failure::{Outcome, verdict};
use crate::log::section;
use std::collections::BTreeMap;
use std::path::Path;

/// Where `npm install --global` puts programs, below the home of a build.
const LOCAL: &str = ".local";
/// The machine's own configuration of npm, which says where its registry is and whom to trust: where a
/// prefix is given, npm looks for it below that.
const CONFIGURED: &str = "--globalconfig \"$(npm config get globalconfig)\"";

/// What the site says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Stated<'a> {
    /// The checkout.
    pub(crate) repo: &'a Path,
    /// Its base directory on disk.
    pub(crate) folder: &'a Path,
    /// The home of the build, with what the cache had for it.
    pub(crate) home: &'a Path,
    /// Variables of the build.
    pub(crate) environment: &'a BTreeMap<String, String>,
}

impl Stated<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first line of a file of this name in the base directory or at the root. A link is not
    /// followed: it may lead to any file of the server's.
    fn line(&self, name: &str) -> Option<String> {
        [self.folder, self.repo].into_iter().find_map(|at| {
            let file = at.join(name);
            let text =
                file.symlink_metadata().ok()?.is_file().then(|| std::fs::read_to_string(file).ok())??;
            let line = text.lines().next()?.trim().to_owned();
            (!line.is_empty() && line.len() < LINE_MAX).then_some(line)
        })
    }
}

/// Bytes of a line that names a version.
const LINE_MAX: usize = 40;

/// One command, for the base directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    command: String,
    /// What the log says when it fails and the build goes on without; none fails the build.
    otherwise: Option<String>,
}

impl Step {
    fn must(command: impl Into<String>) -> Self {
        Self { command: command.into(), otherwise: None }
    }
}

/// What is to be done before the build command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Steps {
    /// In their order.
    commands: Vec<Step>,
    /// What the log complains of.
    notices: Vec<String>,
}

/// Brings everything, out of the cache where that has it.
pub(crate) async fn carry_out(bench: &Bench<'_>, cache: Option<&Cache>) -> Outcome<()> {
    let log = &bench.watch.log;
    let (space, environment) = (bench.space, bench.environment);
    let stated = Stated { repo: &space.repo, folder: &bench.folder, home: &space.home, environment };
    let committed = bench.folder.join("node_modules").exists();
    let mut warm = false;
    if let Some(cache) = cache {
        let restored = cache.restore(bench.space, &bench.folder, bench.environment).await;
        warm = restored.modules;
        if !restored.paths.is_empty() {
            let paths = restored.paths.join(", ");
            log.say(section::INSTALL, format!("Restored from the cache: {paths}")).await;
        }
    }
    let mut steps = languages::steps(&stated).await;
    if !committed {
        let of_node = managers::steps(&stated, &is_installed, warm);
        steps.commands.extend(of_node.commands);
        steps.notices.extend(of_node.notices);
    }
    for notice in steps.notices {
        log.complain(section::INSTALL, notice).await;
    }
    for Step { command, otherwise } in steps.commands {
        let status = bench.shell(&command, section::INSTALL).await?;
        match otherwise.filter(|_| !status.success()) {
            Some(notice) => log.complain(section::INSTALL, notice).await,
            None => verdict(status, "installing the dependencies")?,
        }
    }
    Ok(())
}

/// Folders of programs that dependencies bring: those of the base directory and of each folder above
/// it, and those that installers put into the home.
pub(crate) fn programs(repo: &Path, folder: &Path, home: &Path) -> Vec<String> {
    let above = folder.ancestors().take_while(|path| path.starts_with(repo));
    let own = above.map(|path| path.join("node_modules/.bin"));
    let brought = [node::PROGRAMS, ".local/bin", ".venv/bin"].map(|path| home.join(path));
    own.chain(brought).map(|path| path.to_string_lossy().into_owned()).collect()
}

/// Whether the machine has the program, where builds find it.
fn is_installed(program: &str) -> bool {
    find_program(program).is_some()
}

#[cfg(test)]
mod tests;
