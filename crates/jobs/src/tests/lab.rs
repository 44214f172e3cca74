//! A context on a fresh database with a clock that is moved by hand, once for each engine.

use context::{BuildPolicy, Context, DeployCreated, Entropy, Limits, Sandbox, Settings};
use model::{Addresses, Clock, Timestamp};
use parking_lot::Mutex;
use serde_json::json;
use signing::{KEY_LEN, Vault};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use store::blob::Blobs;
use store::jobs::NewJob;
use store::{Store, Tx};
use tempfile::TempDir;

/// Names a PostgreSQL server where databases may be made; without it SQLite alone is tested.
const PG_URL: &str = "BOATHOOK_TEST_PG_URL";
pub(crate) const START: i64 = 1_767_323_045_678;

pub(crate) struct Lab {
    pub(crate) cx: Context,
    pub(crate) clock: Arc<HandClock>,
    _dir: TempDir,
}

#[derive(Default)]
pub(crate) struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(START + self.0.load(Ordering::SeqCst))
    }
}

impl HandClock {
    pub(crate) fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).expect("waits of tests are short");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

/// The same numbers in every run, none of them twice.
#[derive(Default)]
struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        for (byte, from) in bytes.iter_mut().rev().zip(number.iter().rev().chain(std::iter::repeat(&7))) {
            *byte = *from;
        }
    }
}

/// One lab for each engine.
pub(crate) async fn labs() -> Vec<Lab> {
    let mut labs = vec![lab(|dir| async move { sqlite(&dir.join("db")).await }).await];
    if let Ok(url) = std::env::var(PG_URL) {
        labs.push(lab(|dir| async move { postgres(&url, &dir).await }).await);
    }
    labs
}

async fn sqlite(file: &Path) -> Store {
    Store::open_sqlite(file).await.expect("a fresh file opens")
}

async fn postgres(server: &str, dir: &Path) -> Store {
    let options: sqlx::postgres::PgConnectOptions = server.parse().expect("BOATHOOK_TEST_PG_URL is a URL");
    let name: String = dir.to_string_lossy().chars().filter(char::is_ascii_alphanumeric).collect();
    let name = format!("jobs_{}_{name}", std::process::id()).to_lowercase();
    let mut admin = options.connect().await.expect("the test server answers");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"));
    admin.execute(sqlx::raw_sql(create)).await.expect("a database can be made");
    admin.close().await.expect("the connection closes");
    let (head, _) = server.rsplit_once('/').expect("the URL names a database");
    Store::open_postgres(&format!("{head}/{name}")).await.expect("a fresh database opens")
}

async fn lab<F: Future<Output = Store>>(open: impl FnOnce(std::path::PathBuf) -> F) -> Lab {
    let dir = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(HandClock::default());
    let cx = Context {
        store: open(dir.path().to_owned()).await,
        blobs: Blobs::local(dir.path()).expect("a folder for blobs"),
        clock: Arc::<HandClock>::clone(&clock),
        entropy: Arc::new(Counted::default()),
        vault: Vault::new(&[7; KEY_LEN]),
        settings: Arc::new(settings(dir.path())),
    };
    Lab { cx, clock, _dir: dir }
}

fn settings(dir: &Path) -> Settings {
    Settings {
        addresses: Addresses {
            scheme: "http".into(),
            control_host: "localhost".into(),
            site_domain: "localhost".into(),
            port: None,
        },
        data_dir: dir.to_owned(),
        deploy_created: DeployCreated::default(),
        limits: Limits::default(),
        builds: BuildPolicy {
            work_dir: dir.to_owned(),
            concurrency: 1,
            time_limit: Duration::from_secs(1),
            sandbox: Sandbox::Off,
        },
        node: "n1".into(),
    }
}

impl Lab {
    /// This lab's world as another node sees it.
    pub(crate) fn node(&self, name: &str) -> Context {
        let settings = Settings { node: name.to_owned(), ..(*self.cx.settings).clone() };
        Context { settings: Arc::new(settings), ..self.cx.clone() }
    }

    /// Leaves jobs behind, all due now, in this order.
    pub(crate) async fn leave(&self, kind: &str, tenants: &[&str]) {
        let mut tx = self.cx.begin().await.expect("the database answers");
        for tenant in tenants {
            self.leave_one(&mut tx, kind, tenant).await;
        }
        tx.commit().await.expect("the database answers");
    }

    async fn leave_one(&self, tx: &mut Tx, kind: &str, tenant: &str) {
        let (id, payload, now) = (self.cx.id(), json!({"for": tenant}), self.cx.now());
        let job = NewJob { id: &id, kind, tenant, payload: &payload, run_at: now, now };
        store::jobs::insert(tx, &job).await.expect("a job is written");
    }

    /// Jobs of a kind that are left.
    pub(crate) async fn left(&self, kind: &str) -> i64 {
        let mut conn = self.cx.read().await.expect("the database answers");
        store::jobs::count(&mut conn, kind).await.expect("jobs are counted")
    }
}

/// A list that handlers write to.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;
