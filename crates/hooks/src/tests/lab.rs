//! A context on a fresh database with a clock that is moved by hand, once for each engine.

use crate::{Deliver, DeliveryWithAttempts, HookInput};
use context::{BuildPolicy, Context, DeployCreated, Entropy, Limits, Sandbox, Settings};
use events::{DELIVER_JOB, Event};
use jobs::Runner;
use model::{Addresses, Clock, DeliveryState, Page, SplitTest, Timestamp};
use outbound::{AddressPolicy, Client, Options};
use serde_json::{Value, json};
use signing::{KEY_LEN, Vault};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use store::blob::Blobs;
use store::Store;
use store::accounts::{AccountDoc, AccountRow};
use store::sites::{SiteInfo, SiteRow};
use tempfile::TempDir;

/// Names a PostgreSQL server where databases may be made; without it SQLite alone is tested.
const PG_URL: &str = "BOATHOOK_TEST_PG_URL";
pub(crate) const ACCOUNT: &str = "695735a50000000000000001";
pub(crate) const SITE: &str = "11111111-1111-4111-8111-111111111111";
const START: i64 = 1_767_323_045_678;

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
    let name = format!("hooks_{}_{name}", std::process::id()).to_lowercase();
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
    let lab = Lab { cx, clock, _dir: dir };
    lab.populate().await;
    lab
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
    /// Adds the account and the site that the tests' hooks belong to.
    async fn populate(&self) {
        let now = self.cx.now();
        let account = AccountRow {
            id: ACCOUNT.into(),
            slug: "team".into(),
            name: "Team".into(),
            doc: AccountDoc::default(),
            created_at: now,
            updated_at: now,
        };
        let site = SiteRow {
            id: SITE.into(),
            account_id: ACCOUNT.into(),
            name: "site".into(),
            published_deploy_id: None,
            locked: false,
            disabled: false,
            info: SiteInfo::default(),
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.cx.begin().await.expect("the database answers");
        store::accounts::insert(&mut tx, &account).await.expect("an account");
        store::sites::insert(&mut tx, &site).await.expect("a site");
        tx.commit().await.expect("the database answers");
    }

    /// Makes a hook that listens to the tests' event.
    pub(crate) async fn hook(&self, data: Value) -> String {
        let input = json!({"event": "split_test_activated", "data": data});
        let input: HookInput = serde_json::from_value(input).expect("an input of this test");
        crate::create(&self.cx, SITE, Some("user"), input).await.expect("a hook").hook.id
    }

    /// Records the tests' event; its id.
    pub(crate) async fn happen(&self) -> String {
        let now = self.cx.now();
        let test = SplitTest {
            id: self.cx.id(),
            site_id: SITE.into(),
            name: "Ünïcode".into(),
            path: "/".into(),
            branches: Vec::new(),
            active: true,
            created_at: now,
            updated_at: now,
            unpublished_at: None,
        };
        let event = Event::SplitTestActivated(Box::new(test));
        let mut tx = self.cx.begin().await.expect("the database answers");
        let id = events::record(&mut tx, &self.cx, ACCOUNT, SITE, &event).await.expect("an event");
        tx.commit().await.expect("the database answers");
        id
    }

    /// A runner of deliveries that may call this machine.
    pub(crate) fn runner(&self) -> Runner {
        self.runner_with(AddressPolicy { allow_loopback: true, ..AddressPolicy::default() })
    }

    pub(crate) fn runner_with(&self, policy: AddressPolicy) -> Runner {
        let client = Client::new(Options { policy, ..Options::default() }).expect("a client");
        Runner::new(self.cx.clone()).with(Deliver::new(self.cx.clone(), client))
    }

    /// Runs what is due; how many tries were made.
    pub(crate) async fn deliver(&self) -> usize {
        self.runner().run_due().await.expect("deliveries run")
    }

    /// The only delivery of a hook, with its tries.
    pub(crate) async fn delivery(&self, hook_id: &str) -> DeliveryWithAttempts {
        let all = crate::list_deliveries(&self.cx, hook_id, None, Page::default()).await.expect("a list");
        let [one] = all.as_slice() else { panic!("one delivery, not {}", all.len()) };
        crate::get_delivery(&self.cx, hook_id, &one.id).await.expect("the delivery")
    }

    /// How many deliveries of a hook are in a state.
    pub(crate) async fn count(&self, hook_id: &str, state: DeliveryState) -> usize {
        let all = crate::list_deliveries(&self.cx, hook_id, Some(state), Page::default()).await;
        all.expect("a list").len()
    }

    /// Jobs that are left.
    pub(crate) async fn jobs(&self) -> i64 {
        let mut conn = self.cx.read().await.expect("the database answers");
        store::jobs::count(&mut conn, DELIVER_JOB).await.expect("jobs are counted")
    }
}
