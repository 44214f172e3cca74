//! One build from clone to deploy, step by step.

use crate::Cause;
use crate::cache::Cache;
use crate::configuration::Plan;
use crate::engine::{Bench, Choice, Kind, Site, Wants, choose, issue_pass, revoke_pass};
use crate::environment::{EnvSource, Facts, SiteVariables, merge, table};
use crate::failure::{Failure, Outcome};
use crate::install;
use crate::log::section;
use crate::masker::Masker;
use crate::process::Watch;
use crate::repository::{Access, CommitInfo, Source, Wanted, checkout, deepen};
use crate::sandbox::Sandbox;
use crate::workspace::Workspace;
use crate::{detect, ignore};
use context::Context;
use deploys::Commit;
use model::DeployContext;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::builds::{self, BuildRow};
use store::deploys::DeployRow;
use store::sites::SiteRow;
use tokio::sync::SetOnce;

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
    /// Whether what is built is written down.
    pub(crate) noted: SetOnce<()>,
}

/// What is known before the repository is there.
struct Known {
    /// The commit of the last successful build, unless this one is to begin afresh.
    cached: Option<String>,
    /// What people set on the account and the site for the branch; none where Git has to say which it is.
    variables: Option<SiteVariables>,
}

/// What is known once the repository is there.
struct Ready {
    commit: CommitInfo,
    plan: Plan,
    /// The base directory on disk.
    folder: PathBuf,
    environment: BTreeMap<String, String>,
    variables: SiteVariables,
}

impl Run<'_> {
    /// Carries the build out and leaves nothing behind on disk.
    pub(crate) async fn carry_out(&self, space: Workspace) -> Outcome<()> {
        let log = &self.watch.log;
        log.say(section::QUEUED, format!("The build begins (sandbox: {}).", self.sandbox.name())).await;
        let outcome = Box::pin(self.steps(&space)).await;
        revoke_pass(self.cx, &self.build.id).await;
        self.watch.tidy_up().await;
        space.remove().await;
        outcome
    }

    async fn steps(&self, space: &Workspace) -> Outcome<()> {
        self.hide(&SiteVariables::new(), None);
        let (cloned, known) = tokio::join!(self.clone(space), self.look_up());
        let (access, commit) = cloned?;
        let (sha, shown) = (commit.sha.clone(), commit.of_deploy(&access.source.public));
        let work = self.work(space, access, commit, known?);
        // what cannot be written down stops the build; a build that fails is written down first
        let (outcome, ()) = tokio::try_join!(async { Ok(work.await) }, self.note(&sha, shown))?;
        outcome
    }

    /// From the code to the deploy.
    async fn work(&self, space: &Workspace, access: Access, commit: CommitInfo, known: Known) -> Outcome<()> {
        let mut ready = self.configure(space, &access, commit, known).await?;
        drop(access);
        ignore::judge(&self.bench(space, &ready, None)).await?;
        self.detect(space, &mut ready).await?;
        let choice = self.choose(space, &ready).await?;
        // what is said already need not be built first; engines look again at what was made
        ready.plan.refuse_edge_functions(&space.repo)?;
        let cache = Cache::of(self.cx, self.site, self.build, self.cause);
        let outcome = self.make(space, &ready, &choice, cache.as_ref()).await;
        self.keep(space, &ready, cache, outcome.is_ok()).await;
        outcome
    }

    async fn make(
        &self,
        space: &Workspace,
        ready: &Ready,
        choice: &Choice,
        cache: Option<&Cache>,
    ) -> Outcome<()> {
        let bench = self.bench(space, ready, None);
        install::carry_out(&bench, cache).await?;
        let token = self.pass(choice, ready).await?;
        choice.kind.engine().make(&Bench { token, ..bench }).await
    }

    async fn clone(&self, space: &Workspace) -> Outcome<(Access, CommitInfo)> {
        let fork = self.cause.push.as_ref().and_then(|push| push.fork.as_deref());
        let mut access = Access::open(self.cx, self.site, fork, &space.git).await?;
        let wanted = Wanted::of(self.deploy.branch.as_deref(), self.cause);
        let commit = checkout(self.cx, &mut access, wanted, space, self.watch).await?;
        Ok((access, commit))
    }

    /// Writes down what is built, while that is built: a flush right after a clone takes the disk as long
    /// as a small command.
    async fn note(&self, sha: &str, shown: Commit) -> Outcome<()> {
        let mut tx = self.cx.begin().await?;
        builds::set_sha(&mut tx, &self.build.id, sha).await?;
        deploys::begin_build_in(&mut tx, self.cx, &self.deploy.id, shown).await?;
        tx.commit().await?;
        let _first = self.noted.set(());
        Ok(())
    }

    /// Reads how the code is to be built, and hands it to the build's user.
    async fn configure(
        &self,
        space: &Workspace,
        access: &Access,
        commit: CommitInfo,
        known: Known,
    ) -> Outcome<Ready> {
        let context = self.deploy.context.as_str();
        let mut plan = Plan::read(&space.repo, &self.site.info.build, context, &commit.branch)?;
        let own = self.site.info.plugins.iter().filter_map(|plugin| plugin["package"].as_str());
        plan.plugins.extend(own.map(str::to_owned));
        let folder = base_folder(&space.repo, &plan.base)?;
        let Known { cached, variables } = known;
        let variables = match variables {
            Some(variables) => self.entrusted(variables).await,
            None => self.entrusted(self.variables(&commit.branch).await?).await,
        };
        self.hide(&variables, None);
        if let (Some(cached), true) = (&cached, plan.ignore.is_some()) {
            deepen(access, space, self.watch, cached).await?;
        }
        let programs = install::programs(&space.repo, &folder, &space.home);
        let platform = self.platform(space, access, &commit, &plan, cached.as_deref(), &programs);
        let (environment, unfit) = merge(platform, &variables, &plan.environment);
        if !unfit.is_empty() {
            let names = unfit.join(", ");
            let notice = format!("Left out of the environment, too long or no name for a variable: {names}");
            self.watch.log.complain(section::CLONE, notice).await;
        }
        space.hand_over().await?;
        Ok(Ready { commit, plan, folder, environment, variables })
    }

    /// What the database knows, while the code is on its way.
    async fn look_up(&self) -> Outcome<Known> {
        let variables = match &self.deploy.branch {
            Some(branch) => Some(self.variables(branch).await?),
            None => None,
        };
        Ok(Known { cached: self.cached_commit().await?, variables })
    }

    /// What people set on the account and the site.
    async fn variables(&self, branch: &str) -> Outcome<SiteVariables> {
        let (account, site) = (&self.site.account_id, &self.site.id);
        Ok(self.variables.resolve(account, site, self.deploy.context, Some(branch)).await?)
    }

    /// What of it the code may see: code that is not trusted gets no secrets.
    async fn entrusted(&self, mut set: SiteVariables) -> SiteVariables {
        if self.cause.untrusted {
            let before = set.len();
            set.retain(|_, (_, secret)| !*secret);
            let gone = before - set.len();
            let notice = format!(
                "The author of this code is not trusted on this site; secret variables withheld: {gone}."
            );
            self.watch.log.complain(section::CLONE, notice).await;
        }
        set
    }

    /// The commit of the last successful build, unless this one is to begin afresh.
    async fn cached_commit(&self) -> Outcome<Option<String>> {
        let mut db = self.cx.read().await?;
        Ok(builds::last_sha(&mut db, &self.site.id).await?.filter(|_| !self.cause.clear_cache))
    }

    fn platform(
        &self,
        space: &Workspace,
        access: &Access,
        commit: &CommitInfo,
        plan: &Plan,
        cached: Option<&str>,
        programs: &[String],
    ) -> BTreeMap<String, String> {
        let (at, name) = (self.cx.addresses(), &self.site.name);
        table(&Facts {
            build_id: &self.build.id,
            context: self.deploy.context.as_str(),
            branch: &commit.branch,
            commit: &commit.sha,
            cached_commit: cached,
            review_id: self.deploy.info.review_id,
            repository: &access.repository,
            url: &at.primary_url(name, self.site.info.custom_domain.as_deref()),
            deploy_url: &at.deploy_url(&self.deploy.id, name),
            deploy_prime_url: &self.prime_url(),
            deploy_id: &self.deploy.id,
            site_id: &self.site.id,
            site_name: name,
            base: &plan.base,
            home: &space.home.to_string_lossy(),
            programs,
            hook: self.cause.hook.as_ref(),
        })
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

    /// Masks what must not show: secrets, the password of the repository, the hook's URL, and the
    /// build's own token.
    fn hide(&self, set: &SiteVariables, token: Option<&str>) {
        let secrets = set.values().filter(|(_, secret)| *secret).map(|(value, _)| value.as_str());
        let source = Source::of(&self.site.info.build).ok();
        let password = source.as_ref().and_then(|source| source.password.as_deref());
        let hook = self.cause.hook.as_ref().map(|hook| hook.url.as_str());
        self.watch.log.mask(Masker::new(secrets.chain(password).chain(hook).chain(token)));
    }

    fn bench<'b>(&'b self, space: &'b Workspace, ready: &'b Ready, token: Option<String>) -> Bench<'b> {
        Bench {
            of: self.of(&ready.commit.branch),
            watch: self.watch,
            sandbox: self.sandbox,
            space,
            plan: &ready.plan,
            folder: ready.folder.clone(),
            environment: &ready.environment,
            token,
            noted: &self.noted,
        }
    }

    fn of<'b>(&'b self, branch: &'b str) -> Site<'b> {
        Site { cx: self.cx, site: self.site, deploy: self.deploy, build: self.build, branch }
    }

    /// Finds out what the site is made with, when it does not say what to publish.
    async fn detect(&self, space: &Workspace, ready: &mut Ready) -> Outcome<()> {
        if ready.plan.publish_is_said {
            return Ok(());
        }
        let home = space.repo.join(ready.plan.home()?);
        let Some(found) = detect::framework(&self.bench(space, ready, None), &home).await? else {
            return Ok(());
        };
        detect::adopt(&mut ready.plan, &found)?;
        let command = ready.plan.command.as_deref().unwrap_or("no command");
        let notice = format!("Detected {}: runs `{command}`, publishes `{}`", found.name, ready.plan.publish);
        self.watch.log.say(self.watch.log.section(), notice).await;
        Ok(())
    }

    async fn choose(&self, space: &Workspace, ready: &Ready) -> Outcome<Choice> {
        let plan = &ready.plan;
        let there = |folder: &String| crate::edge_functions::has_files(&space.repo.join(folder));
        let wants = Wants {
            plugins: plan.plugins.clone(),
            functions: plan.functions.clone().filter(there),
            adapter: detect::adapter(&space.repo.join(plan.home()?)),
            integrations: plan.integrations,
        };
        let choice = choose(self.site.info.build.engine.unwrap_or_default(), &wants);
        let log = &self.watch.log;
        log.say(log.section(), format!("Engine: {}, since {}.", choice.kind.name(), choice.why)).await;
        if let Some(lacking) = &choice.lacking {
            log.complain(log.section(), format!("The native engine leaves out {lacking}.")).await;
        }
        Ok(choice)
    }

    /// Keeps what the next build can use.
    async fn keep(&self, space: &Workspace, ready: &Ready, cache: Option<Cache>, succeeded: bool) {
        let Some(cache) = cache else { return };
        if let Some(notice) = cache.keep(space, &ready.folder, &ready.environment, succeeded).await {
            self.watch.log.say(self.watch.log.section(), notice).await;
        }
    }

    /// The token of a build that asks the API.
    async fn pass(&self, choice: &Choice, ready: &Ready) -> Outcome<Option<String>> {
        if choice.kind == Kind::Native {
            return Ok(None);
        }
        let token = issue_pass(&self.of(&ready.commit.branch)).await?;
        self.hide(&ready.variables, Some(&token));
        Ok(Some(token))
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
