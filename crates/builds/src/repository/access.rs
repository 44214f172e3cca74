//! How Git reaches the repository of a site: with which credentials, through which gate, and which hosts
//! it may dial without one.

use super::git::{Git, lfs_works};
use super::home::Home;
use super::key::write_key;
use super::source::Source;
use crate::failure::{Failure, Outcome};
use crate::process::Watch;
use crate::workspace::Workspace;
use context::Context;
use outbound::Gate;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use store::sites::SiteRow;

/// What is said where a repository on this machine is not for this site.
const NOT_HERE: &str = "the repository is on this server's disk, which is for whoever runs the server: have them \
                        link it again, or start the server with --local-repositories";

/// How Git reaches a repository, for as long as it is held.
pub(crate) struct Access {
    /// What is fetched: the site's repository, or a fork of it.
    pub(crate) source: Source,
    /// The site's repository, as it may be shown.
    pub(crate) repository: String,
    pub(super) home: Home,
    gate: Gate,
}

impl Access {
    /// Opens the way to the repository of a site, or to a fork of it; `folder` becomes Git's home.
    pub(crate) async fn open(
        cx: &Context,
        site: &SiteRow,
        fork: Option<&str>,
        folder: &Path,
    ) -> Outcome<Self> {
        let own = Source::of(&site.info.build).map_err(Failure::Build)?;
        let repository = own.public.clone();
        let source = fork.map_or(Ok(own.clone()), |fork| own.fork(fork)).map_err(Failure::Build)?;
        if let Some(local) = &source.local {
            if !sites::may_be_local(cx, site) {
                return Err(Failure::build(NOT_HERE));
            }
            guard_local(cx, local)?;
        }
        let key = if source.ssh { write_key(cx, site, folder).await? } else { None };
        let gate = Gate::open(cx.settings.git.addresses.clone(), cx.secret("")).map_err(Failure::disk)?;
        let home = Home {
            folder: folder.to_owned(),
            login: source.login.clone(),
            key,
            known_hosts: cx.settings.builds.work_dir.join("known_hosts"),
            lfs: lfs_works().await,
            proxy: gate.url(),
            ..Home::default()
        };
        let mut access = Self { source, repository, home, gate };
        access.judge(&access.source.remote.clone(), "the repository's host").await?;
        access.home.write()?;
        Ok(access)
    }

    /// Git for the checkout of a build.
    pub(crate) fn git<'a>(&'a self, space: &'a Workspace, watch: &'a Watch) -> Git<'a> {
        self.home.git(&space.repo, watch, self.source.protocols())
    }

    /// Judges the host of an address where Git would dial it without the gate, which judges the others.
    /// Has to be written to a home before Git sees it.
    pub(super) async fn judge(&mut self, address: &str, what: &str) -> Outcome<()> {
        let Some(dialled) = Source::parse(address).map_err(Failure::Build)?.dialled() else { return Ok(()) };
        let judged = self.gate.address_of(&dialled.host).await;
        let judged = judged.map_err(|trouble| Failure::Build(format!("{what} {trouble}")))?;
        self.home.judged.insert(dialled, judged);
        Ok(())
    }

    /// What Git could not reach, as the end of a sentence; it may be another host than it was told, which
    /// sent it on.
    pub(crate) fn trouble(&self) -> Option<String> {
        let trouble = self.gate.trouble()?;
        let own = self.source.host().filter(|own| own != &trouble.host);
        Some(own.map_or(trouble.to_string(), |own| {
            format!("`{own}` leads on to `{}`, which {}", trouble.host, trouble.why)
        }))
    }

    /// A home without any of the site's credentials.
    pub(super) fn home_of_strangers(&self) -> Outcome<Home> {
        let folder = self.home.folder.join("nobody");
        std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&folder).map_err(Failure::disk)?;
        let known_hosts = folder.join("known_hosts");
        let home = Home { folder, known_hosts, login: None, key: None, lfs: false, ..self.home.clone() };
        home.write()?;
        Ok(home)
    }
}

/// The server's own files are no repository, whoever asks.
pub(super) fn guard_local(cx: &Context, folder: &Path) -> Outcome<()> {
    let gone = || Failure::build("the repository does not exist on this machine");
    let real = folder.canonicalize().map_err(|_| gone())?;
    let data = cx.settings.data_dir.canonicalize().unwrap_or_else(|_| cx.settings.data_dir.clone());
    let work =
        cx.settings.builds.work_dir.canonicalize().unwrap_or_else(|_| cx.settings.builds.work_dir.clone());
    if real.starts_with(data) || real.starts_with(work) {
        return Err(Failure::build("the repository address leads into the server's own files"));
    }
    Ok(())
}
