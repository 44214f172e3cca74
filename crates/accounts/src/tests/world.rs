//! A server without doors: a database of its own, a clock moved by hand, randomness from a seed.

use crate::members::{self, NewMember};
use crate::tokens::{self, NewToken};
use crate::{Bootstrapped, Owner, Principal, authenticate, bootstrap};
use context::{BuildPolicy, Context, DeployCreated, Entropy, Limits, Sandbox, Settings};
use model::{Addresses, Clock, Scope, Timestamp};
use signing::Vault;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use store::blob::Blobs;
use store::sites::{SiteInfo, SiteRow};
use store::{Store, sites};
use tempfile::TempDir;

/// When every world begins.
const MORNING: i64 = 1_767_323_045_000;

pub(super) struct World {
    pub(super) cx: Context,
    pub(super) folder: TempDir,
    clock: Arc<HandClock>,
}

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// SplitMix64: the same bytes in every run.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Runs a test on SQLite, and on PostgreSQL where `BOATHOOK_TEST_PG_URL` names a server.
pub(super) async fn on_each_engine(test: impl AsyncFn(&World)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open_sqlite(&folder.path().join("boathook.db")).await.expect("a database");
    test(&World::new(store, folder)).await;
    if let Ok(server) = std::env::var("BOATHOOK_TEST_PG_URL") {
        let database = Database::create(&server);
        let store = Store::open_postgres(&database.url()).await.expect("a database");
        let world = World::new(store, tempfile::tempdir().expect("a temporary folder"));
        test(&world).await;
        world.cx.store.close().await;
    }
}

/// A database of one test on a server that all tests share.
struct Database {
    server: String,
    name: String,
}

impl Database {
    fn create(server: &str) -> Self {
        let name = format!("accounts_{:016x}", u64::from_le_bytes(random()));
        let database = Self { server: server.to_owned(), name };
        database.run("createdb");
        database
    }

    fn url(&self) -> String {
        let (root, _) = self.server.rsplit_once('/').expect("the address names a maintenance database");
        format!("{root}/{}", self.name)
    }

    fn run(&self, program: &str) {
        let status = Command::new(program).args(["--maintenance-db", &self.server, &self.name]).status();
        assert!(status.is_ok_and(|status| status.success()), "{program} {}", self.name);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A failed test leaves its connections behind; its database goes with the server.
        if !std::thread::panicking() {
            self.run("dropdb");
        }
    }
}

fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    context::SystemEntropy.fill(&mut bytes);
    bytes
}

impl World {
    fn new(store: Store, folder: TempDir) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(MORNING)));
        let cx = Context {
            store,
            blobs: Blobs::local(&folder.path().join("blobs")).expect("a folder of blobs"),
            clock: Arc::<HandClock>::clone(&clock),
            entropy: Arc::new(Seeded(AtomicU64::new(7))),
            vault: Vault::new(&[7; signing::KEY_LEN]),
            settings: Arc::new(settings(folder.path().to_owned())),
        };
        Self { cx, folder, clock }
    }

    /// Lets time pass.
    pub(super) fn pass(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// The first start; who comes in with its token.
    pub(super) async fn owner(&self) -> Principal {
        let Bootstrapped { token, .. } = self.first_start().await;
        self.who(&token).await
    }

    pub(super) async fn first_start(&self) -> Bootstrapped {
        bootstrap(&self.cx, &Owner::default()).await.expect("a first start").expect("a new owner")
    }

    pub(super) async fn who(&self, token: &str) -> Principal {
        authenticate(&self.cx, token).await.expect("a token that counts")
    }

    /// A new member of the owner's first account, who comes in with a token that the owner made.
    pub(super) async fn member(&self, owner: &Principal, email: &str, role: &str) -> Principal {
        let account_id = first(owner);
        let new = NewMember { email: email.to_owned(), role: Some(role.to_owned()), full_name: None };
        let member = members::add(&self.cx, account_id, &new).await.expect("a new member");
        let new = NewToken {
            name: "theirs".to_owned(),
            scope: Some(Scope::Admin),
            user_id: Some(member.id),
            ..NewToken::default()
        };
        let token = tokens::create(&self.cx, owner, &new).await.expect("a token");
        self.who(&token.access_token).await
    }

    /// A site of the account.
    pub(super) async fn site(&self, account_id: &str, name: &str) -> SiteRow {
        let site = SiteRow {
            id: self.cx.uuid(),
            account_id: account_id.to_owned(),
            name: name.to_owned(),
            published_deploy_id: None,
            locked: false,
            disabled: false,
            info: SiteInfo::default(),
            created_at: self.cx.now(),
            updated_at: self.cx.now(),
        };
        let mut tx = self.cx.begin().await.expect("a transaction");
        sites::insert(&mut tx, &site).await.expect("a free name");
        tx.commit().await.expect("a commit");
        site
    }
}

/// The account that new things of this person go to.
pub(super) fn first(who: &Principal) -> &str {
    who.first_account(Scope::Read).expect("a member of some account")
}

fn settings(data_dir: PathBuf) -> Settings {
    let builds = BuildPolicy {
        work_dir: data_dir.join("builds"),
        concurrency: 1,
        time_limit: Duration::from_secs(60),
        sandbox: Sandbox::Off,
    };
    Settings {
        addresses: Addresses {
            scheme: "http".to_owned(),
            control_host: "localhost".to_owned(),
            site_domain: "localhost".to_owned(),
            port: Some(8888),
        },
        data_dir,
        deploy_created: DeployCreated::Created,
        limits: Limits::default(),
        builds,
        node: "test".to_owned(),
    }
}
