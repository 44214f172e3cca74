//! The handler of build jobs: begins a build, waits for its end however it comes, and writes that
//! end down in the build's row and its deploy.

use crate::environment::EnvSource;
use crate::failure::{Failure, Outcome};
use crate::ground::{Ground, Grounds};
use crate::log::{Log, section};
use crate::process::Watch;
use crate::run::Run;
use crate::running::Place;
use crate::{Builds, Cause, disk, leftovers, queue};
use context::{Context, Error, Result};
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use model::{BuildState, DeployState};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use store::builds::{self, BuildRow};
use store::deploys::DeployRow;
use store::sites::{self, SiteRow};
use tokio::sync::SetOnce;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Kind of the jobs that carry out builds.
pub const BUILD_JOB: &str = "build";
/// How long a node that fell silent keeps a build.
const LEASE: Duration = Duration::from_secs(60);
/// Runs of a build that a dying process may begin; the next one fails it.
pub(crate) const RUNS_MAX: i64 = 2;
/// How long a build rests when the database fails under it.
const REST_MILLIS: i64 = 15_000;
/// How often a running build looks whether it was stopped elsewhere.
const LOOK: Duration = Duration::from_secs(1);

/// What a build says that failed through no fault of its own.
const SERVER_FAULT: &str = "the server could not complete the build; its own log says why";

/// Carries out builds.
pub struct BuildHandler {
    cx: Context,
    builds: Builds,
    variables: Arc<dyn EnvSource>,
    grounds: Grounds,
}

impl BuildHandler {
    /// A handler whose running builds can be stopped and followed through `builds`, and which asks
    /// `variables` for what people set on accounts and sites.
    #[must_use]
    pub fn new(cx: Context, builds: Builds, variables: Arc<dyn EnvSource>) -> Self {
        Self { grounds: Grounds::new(cx.clone()), cx, builds, variables }
    }

    async fn carry_out(&self, build_id: &str, tries: i64) -> Result<()> {
        let Some((build, deploy)) = self.open(build_id).await? else { return Ok(()) };
        let place = self.builds.running.enter(build_id, &build.site_id);
        let log = Log::open(&self.cx, &self.builds.running, build_id);
        let deploy = self.completed(deploy).await?;
        if let Some(end) = end_of(&deploy) {
            return self.close(&build, end).await;
        }
        if build.state == BuildState::Building {
            leftovers::clear_build(&self.cx.settings.builds.work_dir, build_id).await;
        }
        let (begun, ground) = tokio::join!(self.begin(&build, &log), self.grounds.take(build_id));
        let outcome = match begun.map(|begun| begun.then(|| again(&build, tries))) {
            Ok(Some(Ok(notice))) => {
                if let Some(notice) = notice {
                    log.complain(section::QUEUED, notice).await;
                }
                self.watched(&build, deploy, &log, &place, ground).await
            }
            other => {
                if let Ok(ground) = ground {
                    ground.give_back().await;
                }
                match other? {
                    Some(Err(failure)) => Err(failure),
                    _ => return Ok(()),
                }
            }
        };
        let ended = self.end(&build, &log, outcome).await;
        self.grounds.make_ahead();
        ended
    }

    /// Writes down that a build has begun, unless it may not; whether it has.
    async fn begin(&self, build: &BuildRow, log: &Log) -> Result<bool> {
        if self.called_off(build).await? {
            return Ok(false);
        }
        if let Err(failure) = disk::check(&self.cx.settings.builds).await {
            self.end(build, log, Err(failure)).await?;
            return Ok(false);
        }
        let mut tx = self.cx.begin().await?;
        let begun = builds::begin(&mut tx, &build.id, self.cx.now()).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// The deploy of a build that was cut off after all its files were stored: nothing is left to
    /// build, and the deploy becomes what it would have become.
    async fn completed(&self, deploy: DeployRow) -> Result<DeployRow> {
        if !matches!(deploy.state, DeployState::Uploaded | DeployState::Processing) {
            return Ok(deploy);
        }
        deploys::process(&self.cx, &deploy.id).await?;
        let mut db = self.cx.read().await?;
        Ok(store::deploys::find(&mut db, &deploy.id).await?.unwrap_or(deploy))
    }

    /// The build and its deploy, unless nothing is left to do.
    async fn open(&self, build_id: &str) -> Result<Option<(BuildRow, DeployRow)>> {
        let mut db = self.cx.read().await?;
        let Some(build) = builds::find(&mut db, build_id).await?.filter(|build| !build.state.is_final())
        else {
            return Ok(None);
        };
        let deploy = store::deploys::find(&mut db, &build.deploy_id).await?;
        drop(db);
        if let Some(deploy) = deploy {
            return Ok(Some((build, deploy)));
        }
        self.close(&build, (BuildState::Cancelled, Some("its deploy was deleted".to_owned()))).await?;
        Ok(None)
    }

    /// Ends a build that waited while the builds of its site were stopped; whether it did.
    async fn called_off(&self, build: &BuildRow) -> Result<bool> {
        let site = sites::find(&mut self.cx.read().await?, &build.site_id).await?;
        let stopped = site.is_some_and(|site| site.info.build.stop_builds == Some(true));
        if !stopped || build.state != BuildState::Enqueued {
            return Ok(false);
        }
        let mut tx = self.cx.begin().await?;
        let waited = queue::give_up(&mut tx, &self.cx, build, queue::STOPPED).await?;
        tx.commit().await?;
        Ok(waited)
    }

    /// Runs the build, and stops it when a person does, here or through the database.
    async fn watched(
        &self,
        build: &BuildRow,
        deploy: DeployRow,
        log: &Log,
        place: &Place,
        ground: Outcome<Ground>,
    ) -> Outcome<()> {
        let about = self.about(build).await;
        let Ground { sandbox, space } = ground?;
        let (site, cause) = match about {
            Ok(about) => about,
            Err(failure) => {
                space.remove().await;
                return Err(failure);
            }
        };
        let limit = self.cx.settings.builds.time_limit;
        let watch = Watch {
            build: build.id.clone(),
            log: log.clone(),
            stop: place.stop.clone(),
            deadline: Instant::now() + limit,
            limit,
            littered: Arc::default(),
        };
        let work = async {
            let (cx, variables, sandbox) = (&self.cx, &*self.variables, &*sandbox);
            let run = Run {
                cx,
                build,
                deploy: &deploy,
                site: &site,
                cause: &cause,
                watch: &watch,
                variables,
                sandbox,
                noted: SetOnce::new(),
            };
            run.carry_out(space).await
        };
        tokio::select! {
            outcome = Box::pin(work) => outcome,
            never = self.look(build, &place.stop) => match never {},
        }
    }

    /// The site of a build, and what asked for it.
    async fn about(&self, build: &BuildRow) -> Outcome<(SiteRow, Cause)> {
        let mut db = self.cx.read().await?;
        let site = sites::find(&mut db, &build.site_id).await?.ok_or(Failure::Cancelled)?;
        let cause = serde_json::from_value(build.cause.clone()).map_err(Error::internal)?;
        Ok((site, cause))
    }

    /// Stops a build whose row or deploy was ended by another hand.
    async fn look(&self, build: &BuildRow, stop: &CancellationToken) -> Infallible {
        loop {
            tokio::time::sleep(LOOK).await;
            // a database that fails for a moment stops no build
            if self.ended_elsewhere(build).await.unwrap_or(false) {
                stop.cancel();
                return std::future::pending().await;
            }
        }
    }

    async fn ended_elsewhere(&self, build: &BuildRow) -> Result<bool> {
        let mut db = self.cx.read().await?;
        let row = builds::find(&mut db, &build.id).await?;
        let deploy = store::deploys::find(&mut db, &build.deploy_id).await?;
        let failed = |deploy: DeployRow| matches!(deploy.state, DeployState::Error | DeployState::Rejected);
        Ok(row.is_none_or(|row| row.state.is_final()) || deploy.is_none_or(failed))
    }

    async fn end(&self, build: &BuildRow, log: &Log, outcome: Outcome<()>) -> Result<()> {
        let message = match outcome {
            Ok(()) => {
                log.flush().await;
                return self.close(build, (BuildState::Done, None)).await;
            }
            Err(Failure::Cancelled) => return self.cancelled(build, log).await,
            Err(Failure::Skipped(reason)) => return self.skipped(build, log, reason).await,
            Err(Failure::Build(message)) => log.masked(message),
            Err(Failure::Server(error)) => {
                tracing::error!(%error, cause = ?error, build = build.id, "a build failed through the server's fault");
                SERVER_FAULT.to_owned()
            }
        };
        log.complain(log.section(), format!("Failed: {message}")).await;
        log.flush().await;
        or_gone(deploys::fail(&self.cx, &build.deploy_id, &message).await)?;
        self.close(build, (BuildState::Failed, Some(message))).await
    }

    async fn cancelled(&self, build: &BuildRow, log: &Log) -> Result<()> {
        log.complain(log.section(), "Cancelled.").await;
        log.flush().await;
        or_gone(deploys::cancel(&self.cx, &build.deploy_id).await)?;
        self.close(build, (BuildState::Cancelled, None)).await
    }

    /// A build that found nothing to do: no failure, and no deploy.
    async fn skipped(&self, build: &BuildRow, log: &Log, reason: String) -> Result<()> {
        let reason = log.masked(reason);
        log.say(log.section(), format!("Skipped: {reason}")).await;
        log.flush().await;
        or_gone(deploys::skip(&self.cx, &build.deploy_id, &reason).await)?;
        self.close(build, (BuildState::Cancelled, Some(reason))).await
    }

    async fn close(&self, build: &BuildRow, (state, error): (BuildState, Option<String>)) -> Result<()> {
        let mut tx = self.cx.begin().await?;
        builds::finish(&mut tx, &build.id, state, error.as_deref(), self.cx.now()).await?;
        Ok(tx.commit().await?)
    }
}

/// A deploy that is ready or deleted needs no failing.
fn or_gone<T>(done: Result<T>) -> Result<()> {
    match done {
        Ok(_) | Err(Error::NotFound | Error::Unprocessable(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// How a build ended whose deploy has come to its end: the process died between the two.
fn end_of(deploy: &DeployRow) -> Option<(BuildState, Option<String>)> {
    let message = deploy.info.error_message.clone();
    match deploy.state {
        DeployState::Ready => Some((BuildState::Done, None)),
        DeployState::Error if message.as_deref() == Some(deploys::CANCELED) => {
            Some((BuildState::Cancelled, None))
        }
        DeployState::Error | DeployState::Rejected => Some((BuildState::Failed, message)),
        _ => None,
    }
}

/// What is said of a build that an earlier process left in the middle.
fn again(build: &BuildRow, tries: i64) -> Outcome<Option<&'static str>> {
    match (build.state, tries) {
        (BuildState::Building, 2..=RUNS_MAX) => {
            Ok(Some("The server was interrupted in the middle of this build; it starts over."))
        }
        (BuildState::Building, tries) if tries > RUNS_MAX => Err(Failure::build(
            "the server was interrupted twice in the middle of this build; start it again",
        )),
        _ => Ok(None),
    }
}

impl Handler for BuildHandler {
    fn kind(&self) -> &'static str {
        BUILD_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: self.cx.settings.builds.concurrency, per_tenant: 1, lease: LEASE }
    }

    fn per_owner(&self) -> Option<usize> {
        Some(self.cx.settings.builds.queue.per_account)
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let Some(build_id) = job.payload.get("build").and_then(serde_json::Value::as_str) else {
                tracing::error!(job = job.id, "a build job names no build");
                return Verdict::Done;
            };
            match self.carry_out(build_id, job.tries).await {
                Ok(()) => Verdict::Done,
                Err(error) => {
                    tracing::error!(%error, cause = ?error, build = build_id, "a build cannot be carried out now");
                    Verdict::Again(self.cx.now().plus_millis(REST_MILLIS))
                }
            }
        })
    }
}
