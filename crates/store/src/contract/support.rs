//! A database of its own for each test, on either engine, and rows to put into it. Knows where the
//! test services are from the environment that `make test` sets, and nothing about them.

use crate::deploys::{DeployInfo, DeployRow};
use crate::sites::SiteRow;
use crate::{Error, Result, Store, Tx, accounts, deploys, sites};
use model::{DeployContext, DeployState, Timestamp};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

/// Runs each named `async fn(&Db)` of this module once on SQLite and once on PostgreSQL.
macro_rules! both {
    ($($rule:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let db = $crate::contract::support::Db::sqlite().await;
                super::$rule(&db).await;
                db.end().await;
            })+
        }
        mod pg {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let db = $crate::contract::support::Db::pg().await;
                super::$rule(&db).await;
                db.end().await;
            })+
        }
    };
}
pub(crate) use both;

/// When the rows of tests come to be.
pub(crate) const NOW: Timestamp = Timestamp(1_767_323_045_678);

/// An empty database with the present schema.
pub(crate) struct Db {
    /// The store under test.
    pub(crate) store: Store,
    place: Place,
}

/// Where a database lies, before anything is opened on it.
pub(crate) enum Place {
    Folder(TempDir),
    Server { admin: String, name: String },
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn pg() -> Self {
        let admin = service("BOATHOOK_TEST_PG_URL");
        let name = format!("store_{}", unique());
        let mut server = PgConnection::connect(&admin).await.unwrap();
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        server.close().await.unwrap();
        Self::Server { admin, name }
    }

    /// A store on this place, as a further process would open it.
    pub(crate) async fn open(&self) -> Result<Store> {
        match self {
            Self::Folder(_) => Store::open_sqlite(&self.file()).await,
            Self::Server { .. } => Store::open_postgres(&self.url()).await,
        }
    }

    /// The file of an SQLite database.
    pub(crate) fn file(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().join("boathook.db"),
            Self::Server { .. } => panic!("a database on a server has no file"),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Folder(_) => panic!("a database in a file has no address"),
            Self::Server { admin, name } => {
                let (server, _) = admin.rsplit_once('/').unwrap();
                format!("{server}/{name}")
            }
        }
    }

    /// Drops the database as far as it can; the server of a test run goes away as a whole.
    pub(crate) async fn end(self) {
        if let Self::Server { admin, name } = self
            && let Ok(mut server) = PgConnection::connect(&admin).await
        {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let _ = server.execute(AssertSqlSafe(drop)).await;
        }
    }
}

impl Db {
    pub(crate) async fn sqlite() -> Self {
        Self::on(Place::sqlite()).await
    }

    pub(crate) async fn pg() -> Self {
        Self::on(Place::pg().await).await
    }

    async fn on(place: Place) -> Self {
        Self { store: place.open().await.unwrap(), place }
    }

    /// A second store on the same database, as another process would open it.
    pub(crate) async fn again(&self) -> Result<Store> {
        self.place.open().await
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.place.file()
    }

    /// What the engine objects to in each of these statements.
    pub(crate) async fn objections(&self, statements: &[String]) -> Vec<Option<String>> {
        let mut out = Vec::new();
        match &self.place {
            Place::Folder(_) => {
                let raw = rusqlite::Connection::open(self.file()).unwrap();
                out.extend(statements.iter().map(|sql| raw.prepare(sql).err().map(|e| e.to_string())));
            }
            Place::Server { .. } => {
                let mut raw = PgConnection::connect(&self.place.url()).await.unwrap();
                for sql in statements {
                    let sql = AssertSqlSafe(sql.clone()).into_sql_str();
                    out.push((&mut raw).prepare(sql).await.err().map(|e| e.to_string()));
                }
            }
        }
        out
    }

    pub(crate) async fn end(self) {
        self.store.close().await;
        self.place.end().await;
    }

    /// An account and its sites, all with ids that are their names.
    pub(crate) async fn account(&self, id: &str, names: &[&str]) {
        let mut tx = self.store.begin().await.unwrap();
        insert_account(&mut tx, id).await;
        for name in names {
            sites::insert(&mut tx, &site(id, name)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Account `a`, site `s` and its deploys.
    pub(crate) async fn deploys(&self, rows: &[DeployRow]) {
        self.account("a", &["s"]).await;
        let mut tx = self.store.begin().await.unwrap();
        for row in rows {
            deploys::insert(&mut tx, row).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

pub(crate) async fn insert_account(tx: &mut Tx, id: &str) {
    let account = accounts::AccountRow::new(id, &format!("{id}-slug"), id, NOW);
    accounts::insert(tx, &account).await.unwrap();
}

pub(crate) fn site(account_id: &str, name: &str) -> SiteRow {
    SiteRow::new(name, account_id, name, NOW)
}

/// A production deploy of site `s`, made `age` milliseconds after [`NOW`].
pub(crate) fn deploy(id: &str, state: DeployState, age: i64) -> DeployRow {
    DeployRow {
        id: id.to_owned(),
        site_id: "s".to_owned(),
        account_id: "a".to_owned(),
        build_id: None,
        state,
        context: DeployContext::Production,
        branch: None,
        draft: false,
        pending: 0,
        created_at: NOW.plus_millis(age),
        updated_at: NOW.plus_millis(age),
        published_at: None,
        info: DeployInfo::default(),
    }
}

/// The value of a variable that tells where a test service is.
pub(crate) fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set: run the tests through `make test`, or set what `cargo xtask services` prints"
        )
    })
}

/// A word that no other test of any run uses.
pub(crate) fn unique() -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let nanos = UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("{nanos:x}_{:x}_{count:x}", std::process::id())
}

/// Polls `work` at most `polls` times and drops it, as a caller does who stops waiting. None when it
/// did not come to its end.
pub(crate) async fn give_up_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut count = 0;
    std::future::poll_fn(|cx| {
        if count == polls {
            return Poll::Ready(None);
        }
        count += 1;
        match work.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if count == polls => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

pub(crate) fn is_taken<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Taken))
}

/// Whether two rows say the same, for rows that are not compared outside tests.
#[track_caller]
pub(crate) fn assert_same(found: &impl std::fmt::Debug, expect: &impl std::fmt::Debug) {
    assert_eq!(format!("{found:?}"), format!("{expect:?}"));
}
