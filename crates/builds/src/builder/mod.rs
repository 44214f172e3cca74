//! The builder: a pinned `@netlify/build` in a folder of its own, installed once by npm exactly as its
//! lock says, and only read by builds.

mod install;
mod lock;
mod programs;

pub use programs::OLDEST_NODE;
pub(crate) use programs::{node, version_of};

use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::Watch;
use context::Settings;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Version of `@netlify/build`: the newest line that runs on Node 20.
pub const VERSION: &str = "35.15.0";
/// Version of `@netlify/build-info`, which knows frameworks.
pub const INFO_VERSION: &str = "10.5.1";
/// What npm installs; the lock names every package with its digest.
const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../builder/package.json")),
    ("package-lock.json", include_str!("../../builder/package-lock.json")),
    (".npmrc", include_str!("../../builder/.npmrc")),
];

/// Whoever is told how an install goes on.
pub trait Progress: Send + Sync {
    /// Takes a line.
    fn tell(&self, line: String) -> BoxFuture<'_, ()>;
}

impl Progress for Watch {
    fn tell(&self, line: String) -> BoxFuture<'_, ()> {
        Box::pin(self.log.say(section::INSTALL, line))
    }
}

/// Where the builder is, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    folder: PathBuf,
}

/// What is at the place of a builder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The builder, whole and of the right version.
    Ready,
    /// Nothing.
    Missing,
    /// Another version.
    Other(String),
}

impl Builder {
    /// The builder of a server.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let own = || settings.data_dir.join("builder").join(VERSION);
        Self::at(settings.builds.builder.clone().unwrap_or_else(own))
    }

    /// The builder in this folder.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder: folder.canonicalize().unwrap_or(folder) }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is there. An install that was cut off has left nothing in this place.
    #[must_use]
    pub fn state(&self) -> State {
        #[derive(Deserialize)]
        struct Package {
            version: String,
        }
        let file = self.folder.join("node_modules/@netlify/build/package.json");
        let package = std::fs::read(file).ok().and_then(|text| serde_json::from_slice::<Package>(&text).ok());
        match package {
            Some(package) if package.version == VERSION => State::Ready,
            Some(package) => State::Other(package.version),
            None => State::Missing,
        }
    }

    /// Installs the builder, unless it is there. `progress` is told of it.
    ///
    /// # Errors
    /// A sentence for the server's operator.
    pub async fn install(&self, progress: &dyn Progress) -> Result<(), String> {
        install::install(self, progress).await
    }

    /// Installs it for a build that needs it and finds none, with its progress in the build's log.
    pub(crate) async fn ready(&self, watch: &Watch) -> Outcome<()> {
        if self.state() == State::Ready {
            return programs::check_node().await.map_err(Failure::Build);
        }
        let said = "The builder is not installed yet; it is installed now, once for all sites.";
        watch.log.say(section::INSTALL, said).await;
        let install = self.install(watch);
        tokio::select! {
            installed = install => installed.map_err(Failure::Build),
            () = watch.stop.cancelled() => Err(Failure::Cancelled),
            () = tokio::time::sleep_until(watch.deadline) => watch.check(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_holds_the_versions_and_names_no_registry() {
        let text = |name: &str| FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text);
        let lock: serde_json::Value =
            serde_json::from_str(text("package-lock.json").expect("a lock")).expect("JSON");
        for (package, version) in [("build", VERSION), ("build-info", INFO_VERSION)] {
            assert_eq!(lock["packages"][format!("node_modules/@netlify/{package}")]["version"], version);
            assert_eq!(lock["packages"][""]["dependencies"][format!("@netlify/{package}")], version);
        }
        assert!(!text("package-lock.json").expect("a lock").contains("\"resolved\""));
    }

    #[test]
    fn only_the_pinned_version_is_ready() {
        let dir = tempfile::tempdir().expect("a folder");
        let builder = Builder::at(dir.path().to_owned());
        assert_eq!(builder.state(), State::Missing);
        let package = dir.path().join("node_modules/@netlify/build");
        std::fs::create_dir_all(&package).expect("a folder");
        for (version, expect) in [("1.0.0", State::Other("1.0.0".into())), (VERSION, State::Ready)] {
            std::fs::write(package.join("package.json"), format!(r#"{{"version":"{version}"}}"#))
                .expect("a file");
            assert_eq!(builder.state(), expect);
        }
    }
}
