//! A server in a temporary folder with one site, whose repository is made by the test.

use crate::{BuildHandler, Builds, Cause, EnvSource, SiteVariables, read_log, start};
use context::{BuildPolicy, Context, DeployCreated, Limits, Result, Sandbox, Settings, SystemEntropy};
use futures_util::future::BoxFuture;
use model::{Addresses, BuildSettings, Clock, DeployContext, Timestamp};
use signing::{KEY_LEN, Vault};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::Store;
use store::accounts::AccountRow;
use store::blob::Blobs;
use store::builds::BuildRow;
use store::deploys::DeployRow;
use store::sites::{SiteInfo, SiteRow};
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) cx: Context,
    pub(crate) builds: Builds,
    pub(crate) site: SiteRow,
    pub(crate) variables: SiteVariables,
    dir: TempDir,
}

/// A clock that goes on by a millisecond whenever it is read: what comes later is later.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp(1_767_323_045_678 + self.0.fetch_add(1, Ordering::SeqCst))
    }
}

struct Fixed(SiteVariables);

impl EnvSource for Fixed {
    fn resolve<'a>(
        &'a self,
        _account_id: &'a str,
        _site_id: &'a str,
        _context: DeployContext,
        _branch: Option<&'a str>,
    ) -> BoxFuture<'a, Result<SiteVariables>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

pub(crate) fn policy(work_dir: PathBuf) -> BuildPolicy {
    BuildPolicy {
        work_dir,
        concurrency: 2,
        time_limit: Duration::from_secs(120),
        spare: Duration::ZERO,
        sandbox: Sandbox::Strict,
        limits: context::BuildLimits::default(),
        logs: context::LogPolicy::default(),
        builder: None,
        queue: context::QueuePolicy { disk_reserve: 0, ..context::QueuePolicy::default() },
    }
}

fn settings(root: &Path, change: impl FnOnce(&mut BuildPolicy)) -> Settings {
    let mut builds = policy(root.join("data/builds"));
    change(&mut builds);
    let local = || "localhost".to_owned();
    Settings {
        addresses: Addresses {
            scheme: "http".into(),
            control_host: local(),
            site_domain: local(),
            port: None,
        },
        data_dir: root.join("data"),
        deploy_created: DeployCreated::default(),
        limits: Limits { build_hooks: 2, ..Limits::default() },
        builds,
        git: context::GitPolicy::of_own_machine(),
        deliveries: context::Retention::default(),
        mail: None,
        github: context::GithubSettings::default(),
        captcha: false,
        node: "n1".into(),
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut BuildPolicy)) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let data = dir.path().join("data");
        std::fs::create_dir(&data).expect("a data folder");
        // as the server makes it
        std::fs::set_permissions(&data, Permissions::from_mode(0o700)).expect("closed");
        let cx = Context {
            store: Store::open_sqlite(&data.join("db")).await.expect("a fresh file opens"),
            blobs: Blobs::local(&data).expect("a folder for blobs"),
            clock: Arc::new(Ticking(AtomicI64::new(0))),
            entropy: Arc::new(SystemEntropy),
            vault: Vault::new(&[7; KEY_LEN]),
            settings: Arc::new(settings(dir.path(), change)),
        };
        let repo = dir.path().join("repo").to_string_lossy().into_owned();
        let site = insert_site(&cx, BuildSettings { repo_url: Some(repo), ..elsewhere() }).await;
        git(dir.path(), &["init", "--quiet", "--initial-branch", "main", "repo"]);
        Self { builds: Builds::new(cx.clone()), cx, site, variables: SiteVariables::new(), dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Commits these files to the branch that is checked out.
    pub(crate) fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        let repo = self.path("repo");
        for (name, text) in files {
            let file = repo.join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Commits a `netlify.toml` with this command, which publishes `out`.
    pub(crate) fn commit_command(&self, command: &str) -> String {
        let toml = format!("[build]\ncommand = '''{command}'''\npublish = \"out\"\n");
        self.commit(&[("netlify.toml", &toml)], "A command")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path("repo"), arguments)
    }

    pub(crate) fn handler(&self) -> BuildHandler {
        BuildHandler::new(self.cx.clone(), self.builds.clone(), Arc::new(Fixed(self.variables.clone())))
    }

    pub(crate) async fn ask(&self, cause: Cause) -> (BuildRow, DeployRow) {
        start(&self.cx, &self.site, cause).await.expect("a build is asked for")
    }

    /// Carries out everything that waits.
    pub(crate) async fn work(&self) {
        let runner = jobs::Runner::new(self.cx.clone()).with(self.handler());
        runner.run_due().await.expect("the database answers");
    }

    /// Asks for a build and carries it out.
    pub(crate) async fn build(&self, cause: Cause) -> (BuildRow, DeployRow) {
        let (build, _) = self.ask(cause).await;
        self.work().await;
        self.look(&build.id).await
    }

    pub(crate) async fn look(&self, build_id: &str) -> (BuildRow, DeployRow) {
        let mut db = self.cx.read().await.expect("the database answers");
        let build = store::builds::find(&mut db, build_id).await.expect("read").expect("there");
        let deploy = store::deploys::find(&mut db, &build.deploy_id).await.expect("read").expect("there");
        (build, deploy)
    }

    pub(crate) async fn log(&self, build_id: &str) -> Vec<String> {
        let lines = read_log(&self.cx, build_id, 0, 5000).await.expect("a log");
        lines.into_iter().map(|(_, line)| line.message).collect()
    }

    /// A file of a ready deploy.
    pub(crate) async fn served(&self, deploy_id: &str, path: &str) -> Option<String> {
        let mut db = self.cx.read().await.expect("the database answers");
        let served = store::deploy_files::served(&mut db, deploy_id).await.expect("read")?;
        let file = served.files.into_iter().find(|file| file.path == path)?;
        let bytes = self.cx.blobs.get(&file.blob).await.expect("a blob");
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A team with a site that is built so.
pub(crate) async fn insert_site(cx: &Context, build: BuildSettings) -> SiteRow {
    let now = cx.now();
    let account = AccountRow::new(&cx.id(), "team", "Team", now);
    let info = SiteInfo { build, ..SiteInfo::default() };
    let site = SiteRow { info, ..SiteRow::new(&cx.uuid(), &account.id, "blog", now) };
    let mut tx = cx.begin().await.expect("the database answers");
    store::accounts::insert(&mut tx, &account).await.expect("an account");
    store::sites::insert(&mut tx, &site).await.expect("a site");
    tx.commit().await.expect("the database answers");
    site
}

/// A repository that is never cloned.
pub(crate) fn elsewhere() -> BuildSettings {
    BuildSettings {
        repo_url: Some("https://git.example/team/blog".into()),
        repo_branch: Some("main".into()),
        ..BuildSettings::default()
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let output =
        Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
