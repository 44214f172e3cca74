//! One build from clone to deploy, step by step.

use crate::Cause;
use crate::configuration::Plan;
use crate::environment::{EnvSource, Facts, SiteVariables, encode, merge, table};
use crate::failure::{Failure, Outcome};
use crate::install::install_command;
use crate::log::section;
use crate::masker::Masker;
use crate::process::{Watch, run};
use crate::publish::publish_folder;
use crate::repository::{CommitInfo, Source, checkout};
use crate::sandbox::{Room, Sandbox};
use crate::workspace::Workspace;
use context::Context;
use model::DeployContext;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use store::builds::{self, BuildRow};
use store::deploys::DeployRow;
use store::sites::SiteRow;

/// Everything a build works with.
pub(crate) struct Run<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) build: &'a BuildRow,
    pub(crate) deploy: &'a DeployRow,
    pub(crate) site: &'a SiteRow,
    pub(crate) cause: &'a Cause,
    pub(crate) watch: &'a Watch,
    pub(crate) variables: &'a dyn EnvSource,
    pub(crate) sandbox: &'a dyn Sandbox,
}

/// What the steps after the clone share.
struct Ready {
    plan: Plan,
    /// The base directory on disk.
    folder: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Run<'_> {
    /// Carries the build out and leaves nothing behind on disk.
    pub(crate) async fn carry_out(&self) -> Outcome<()> {
        let log = &self.watch.log;
        log.say(section::QUEUED, format!("The build begins (sandbox: {}).", self.sandbox.name())).await;
        let space = Workspace::create(&self.cx.settings.builds.work_dir, &self.build.id).await?;
        let outcome = self.steps(&space).await;
        space.remove().await;
        outcome
    }

    async fn steps(&self, space: &Workspace) -> Outcome<()> {
        self.hide(&SiteVariables::new());
        let (source, commit) = self.clone(space).await?;
        let ready = self.configure(space, &source, &commit).await?;
        space.hand_over().await?;
        self.install(space, &ready).await?;
        self.command(space, &ready).await?;
        self.publish(space, &ready.plan).await
    }

    async fn clone(&self, space: &Workspace) -> Outcome<(Source, CommitInfo)> {
        let branch = self.deploy.branch.as_deref();
        let (source, commit) = checkout(self.cx, self.site, branch, space, self.watch).await?;
        let mut tx = self.cx.begin().await?;
        builds::set_sha(&mut tx, &self.build.id, &commit.sha).await?;
        tx.commit().await?;
        deploys::begin_build(self.cx, &self.deploy.id, commit.of_deploy(&source.public)).await?;
        Ok((source, commit))
    }

    async fn configure(&self, space: &Workspace, source: &Source, commit: &CommitInfo) -> Outcome<Ready> {
        let context = self.deploy.context.as_str();
        let plan = Plan::read(&space.repo, &self.site.info.build, context, &commit.branch)?;
        let folder = base_folder(&space.repo, &plan.base)?;
        let site = &self.site.id;
        let (account, kind, branch) =
            (&self.site.account_id, self.deploy.context, Some(commit.branch.as_str()));
        let set = self.variables.resolve(account, site, kind, branch).await?;
        self.hide(&set);
        let platform = self.platform(space, source, commit, &plan).await?;
        let (environment, unfit) = merge(platform, &set, &plan.environment);
        if !unfit.is_empty() {
            let names = unfit.join(", ");
            let notice = format!("Left out of the environment, too long or no name for a variable: {names}");
            self.watch.log.complain(section::BUILD, notice).await;
        }
        Ok(Ready { plan, folder, environment })
    }

    async fn platform(
        &self,
        space: &Workspace,
        source: &Source,
        commit: &CommitInfo,
        plan: &Plan,
    ) -> Outcome<BTreeMap<String, String>> {
        let mut db = self.cx.read().await?;
        let cached = builds::last_sha(&mut db, &self.site.id).await?.filter(|_| !self.cause.clear_cache);
        let (at, name) = (self.cx.addresses(), &self.site.name);
        let facts = Facts {
            build_id: &self.build.id,
            context: self.deploy.context.as_str(),
            branch: &commit.branch,
            commit: &commit.sha,
            cached_commit: cached.as_deref(),
            review_id: self.deploy.info.review_id,
            repository: &source.public,
            url: &at.primary_url(name, self.site.info.custom_domain.as_deref()),
            deploy_url: &at.deploy_url(&self.deploy.id, name),
            deploy_prime_url: &self.prime_url(),
            deploy_id: &self.deploy.id,
            site_id: &self.site.id,
            site_name: name,
            base: &plan.base,
            home: &space.home.to_string_lossy(),
            hook: self.cause.hook.as_ref(),
        };
        Ok(table(&facts))
    }

    /// The address that stays the same for later deploys of this kind.
    fn prime_url(&self) -> String {
        let (at, name) = (self.cx.addresses(), &self.site.name);
        match &self.deploy.info.alias {
            Some(alias) => at.deploy_url(alias, name),
            None if self.deploy.context == DeployContext::Production => {
                at.primary_url(name, self.site.info.custom_domain.as_deref())
            }
            None => at.deploy_url(&self.deploy.id, name),
        }
    }

    /// Masks what must not show: secrets, the password of the repository, and the hook's URL.
    fn hide(&self, set: &SiteVariables) {
        let secrets = set.values().filter(|(_, secret)| *secret).map(|(value, _)| value.as_str());
        let source = Source::of(&self.site.info.build).ok();
        let password = source.as_ref().and_then(|source| source.password.as_deref());
        let hook = self.cause.hook.as_ref().map(|hook| hook.url.as_str());
        self.watch.log.mask(Masker::new(secrets.chain(password).chain(hook)));
    }

    async fn install(&self, space: &Workspace, ready: &Ready) -> Outcome<()> {
        let Some(command) = install_command(&ready.folder) else { return Ok(()) };
        let status = self.shell(space, ready, command, section::INSTALL).await?;
        verdict(status, "installing the dependencies")
    }

    async fn command(&self, space: &Workspace, ready: &Ready) -> Outcome<()> {
        let Some(command) = &ready.plan.command else {
            self.watch
                .log
                .say(section::BUILD, "There is no build command; the files are published as they are.")
                .await;
            return Ok(());
        };
        let status = self.shell(space, ready, command, section::BUILD).await?;
        verdict(status, "the build command")
    }

    async fn shell(
        &self,
        space: &Workspace,
        ready: &Ready,
        script: &str,
        part: &'static str,
    ) -> Outcome<ExitStatus> {
        self.watch.check()?;
        self.watch.log.say(part, format!("$ {script}")).await;
        let room = Room::of_build(&self.cx.settings, space, ready.folder.clone());
        let process = self.sandbox.command(&room, script).map_err(Failure::disk)?;
        let ended = run(process.into(), Some(encode(&ready.environment)), part, self.watch)
            .await
            .map_err(Failure::disk)?;
        self.watch.judge(ended.status)
    }

    async fn publish(&self, space: &Workspace, plan: &Plan) -> Outcome<()> {
        self.watch.check()?;
        let folder = publish_folder(&space.repo, plan)?;
        let shown = if plan.publish.is_empty() { "/" } else { &plan.publish };
        self.watch.log.say(section::DEPLOY, format!("Deploying `{shown}`")).await;
        deploys::publish_folder(self.cx, &self.deploy.id, &folder).await?;
        let address = self.cx.addresses().deploy_url(&self.deploy.id, &self.site.name);
        self.watch.log.say(section::DEPLOY, format!("The deploy is ready: {address}")).await;
        Ok(())
    }
}

/// The base directory on disk; a link in the repository may not lead out of it.
fn base_folder(repo: &Path, base: &str) -> Outcome<PathBuf> {
    let folder =
        repo.join(base).canonicalize().ok().filter(|folder| folder.is_dir() && folder.starts_with(repo));
    folder.ok_or_else(|| {
        Failure::Build(format!("the base directory `{base}` does not exist in the repository"))
    })
}

fn verdict(status: ExitStatus, what: &str) -> Outcome<()> {
    match (status.success(), status.code()) {
        (true, _) => Ok(()),
        (false, Some(code)) => Err(Failure::Build(format!("{what} failed with exit code {code}"))),
        (false, None) => Err(Failure::Build(format!("{what} was killed by the system"))),
    }
}
