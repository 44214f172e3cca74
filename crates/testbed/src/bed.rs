//! What a test stands on: a context with a fresh database, and the means to move its surroundings.

use crate::database::Database;
use crate::{Dice, ManualClock};
use context::{BuildPolicy, Context, DeployCreated, GithubSettings, Limits, Sandbox, Settings};
use model::Addresses;
use signing::{KEY_LEN, Vault};
use std::error::Error;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store::blob::Blobs;
use tempfile::TempDir;

/// The same in every run, so that a failure can be looked at again.
const SEED: u64 = 7;

/// A context with an empty database, a clock that stands still and randomness from a seed. Dropping
/// it removes the database and the folder as far as it can.
pub struct Bed {
    /// What a feature is handed.
    pub cx: Context,
    /// The clock of `cx`.
    pub clock: Arc<ManualClock>,
    // Fields are dropped in order: the database goes before its folder.
    _database: Option<Database>,
    folder: TempDir,
}

impl Bed {
    /// On SQLite: the file `boathook.db` of the data folder.
    ///
    /// # Panics
    /// When there is no room on the disk of temporary files.
    pub async fn sqlite() -> Self {
        made(Self::on_sqlite().await)
    }

    /// On a PostgreSQL database of its own.
    ///
    /// # Panics
    /// When `BOATHOOK_TEST_PG_URL` is not set, or its server makes no database.
    pub async fn postgres() -> Self {
        made(Self::on_postgres(Database::start().await).await)
    }

    async fn on_sqlite() -> Result<Self, Box<dyn Error>> {
        let folder = folder()?;
        let store = Store::open_sqlite(&data(&folder).join("boathook.db")).await?;
        Self::new(store, None, folder)
    }

    async fn on_postgres(database: Database) -> Result<Self, Box<dyn Error>> {
        let store = Store::open_postgres(&database.url()).await?;
        Self::new(store, Some(database), folder()?)
    }

    fn new(store: Store, database: Option<Database>, folder: TempDir) -> Result<Self, Box<dyn Error>> {
        let clock = Arc::new(ManualClock::default());
        let data = data(&folder);
        let cx = Context {
            store,
            blobs: Blobs::local(&data)?,
            clock: Arc::<ManualClock>::clone(&clock),
            entropy: Arc::new(Dice::new(SEED)),
            vault: Vault::new(&[7; KEY_LEN]),
            settings: Arc::new(settings(data)),
        };
        Ok(Self { cx, clock, _database: database, folder })
    }

    /// A folder of this test; the server's data folder is `data` in it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same world as a server that is set up differently sees it.
    #[must_use]
    pub fn configured(&self, change: impl FnOnce(&mut Settings)) -> Context {
        let mut settings = Settings::clone(&self.cx.settings);
        change(&mut settings);
        Context { settings: Arc::new(settings), ..self.cx.clone() }
    }
}

fn made(bed: Result<Bed, Box<dyn Error>>) -> Bed {
    bed.unwrap_or_else(|error| panic!("a test needs a bed: {error}"))
}

fn folder() -> std::io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    // Closed to others, as the server makes it.
    DirBuilder::new().mode(0o700).create(data(&folder))?;
    Ok(folder)
}

fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}

fn settings(data_dir: PathBuf) -> Settings {
    Settings {
        addresses: Addresses {
            scheme: "http".to_owned(),
            control_host: "localhost".to_owned(),
            site_domain: "localhost".to_owned(),
            port: None,
        },
        deploy_created: DeployCreated::default(),
        limits: Limits::default(),
        builds: BuildPolicy {
            work_dir: data_dir.join("builds"),
            concurrency: 1,
            time_limit: Duration::from_secs(60),
            spare: Duration::ZERO,
            sandbox: Sandbox::Off,
            limits: context::BuildLimits::default(),
            logs: context::LogPolicy::default(),
            builder: None,
            queue: context::QueuePolicy { disk_reserve: 0, ..context::QueuePolicy::default() },
        },
        git: context::GitPolicy::of_own_machine(),
        deliveries: context::Retention::default(),
        mail: None,
        github: GithubSettings::default(),
        captcha: false,
        data_dir,
        node: "n1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{START, both};
    use model::Clock as _;
    use store::Engine;

    both!(a_fresh_world_is_usable, another_set_up_shares_the_world, a_test_leaves_nothing_on_the_disk);

    async fn a_fresh_world_is_usable(bed: &Bed) {
        let tx = bed.cx.begin().await.expect("a transaction");
        tx.commit().await.expect("a commit");
        let put = bed.cx.blobs.put(b"x").await.expect("room for a blob");
        assert_eq!(bed.cx.blobs.get(&put.sha256).await.expect("the blob"), "x");
        assert_eq!(bed.cx.now(), START);
        let sealed = bed.cx.seal("test", b"secret");
        assert_eq!(bed.cx.open("test", &sealed).expect("it opens"), b"secret");
    }

    async fn another_set_up_shares_the_world(bed: &Bed) {
        let other = bed.configured(|settings| settings.limits.hooks = 2);
        assert_eq!((other.settings.limits.hooks, bed.cx.settings.limits.hooks), (2, Limits::default().hooks));
        bed.clock.advance(Duration::from_secs(1));
        assert_eq!((other.now(), bed.clock.now()), (START.plus_millis(1000), START.plus_millis(1000)));
        assert_ne!(other.id(), bed.cx.id());
    }

    async fn a_test_leaves_nothing_on_the_disk(bed: &Bed) {
        let again = match bed.cx.store.engine() {
            Engine::Sqlite => Bed::sqlite().await,
            Engine::Postgres => Bed::postgres().await,
        };
        let path = again.folder().to_owned();
        assert!(path.join("data").is_dir() && path != bed.folder());
        drop(again);
        assert!(!path.exists());
    }
}
