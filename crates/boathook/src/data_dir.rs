//! The data folder: who may use it, and the key of everything that is encrypted in it.

use anyhow::{Context as _, bail};
use context::Entropy;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// File of the embedded database.
pub(crate) const DATABASE: &str = "boathook.sqlite";
/// How long a server that was killed may take to let go of its folder: what it was about to start
/// holds it for an instant more.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// File of the key.
pub(crate) const KEY: &str = "key";
/// Folders that only the server may look into.
const CLOSED: [&str; 2] = ["blobs", "spool"];
/// File of this node's name.
const NODE: &str = "node";
/// File of the owner's first token, for commands on the same machine.
pub(crate) const OWNER_TOKEN: &str = "owner-token";

/// A data folder that this process holds.
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if missing and holds it until dropped.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path)
            .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("cannot use {}", path.display()))?;
        // The unprivileged user of builds walks through to its workspace and finds the rest closed.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o711)).with_context(|| {
            format!("{} belongs to another user; choose another folder with --data", path.display())
        })?;
        for name in CLOSED {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path.join(name))?;
        }
        let lock = private().create(true).truncate(false).read(true).open(path.join("lock"))?;
        if !is_ours_within(&lock, PATIENCE) {
            bail!(
                "{} is in use by another boathook; stop it first, or choose another folder with --data",
                path.display()
            );
        }
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The embedded database's file, closed to others before anything is in it: the files that the
    /// database puts beside it take its mode over.
    pub(crate) fn database(&self) -> anyhow::Result<PathBuf> {
        let file = self.path.join(DATABASE);
        private()
            .create(true)
            .truncate(false)
            .open(&file)
            .with_context(|| format!("cannot open {}", file.display()))?;
        Ok(file)
    }

    /// The key, drawn on the first start.
    pub(crate) fn key(&self, entropy: &dyn Entropy) -> anyhow::Result<[u8; signing::KEY_LEN]> {
        let file = self.path.join(KEY);
        let mut key = [0; signing::KEY_LEN];
        match File::open(&file) {
            Ok(mut open) => {
                open.read_exact(&mut key)
                    .with_context(|| format!("{} is damaged; restore it from a backup", file.display()))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                entropy.fill(&mut key);
                let mut new = private().create_new(true).open(&file)?;
                new.write_all(&key)?;
                new.sync_all()?;
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
        Ok(key)
    }

    /// The name of this node in leases, drawn on the first start: a node that starts again frees what
    /// it held before at once, since nobody else can hold its folder.
    pub(crate) fn node(&self, entropy: &dyn Entropy) -> anyhow::Result<String> {
        let file = self.path.join(NODE);
        if let Ok(name) = std::fs::read_to_string(&file)
            && !name.is_empty()
        {
            return Ok(name);
        }
        let mut random = [0; 8];
        entropy.fill(&mut random);
        let name = hex::encode(random);
        private().create(true).truncate(true).open(&file)?.write_all(name.as_bytes())?;
        Ok(name)
    }

    /// Leaves the owner's token for commands on this machine.
    pub(crate) fn leave_token(&self, token: &str) -> anyhow::Result<()> {
        let mut file = private().create(true).truncate(true).open(self.path.join(OWNER_TOKEN))?;
        Ok(writeln!(file, "{token}")?)
    }
}

/// Options for a file that only this user reads.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Whether nobody else holds the lock, or lets go of it in time.
fn is_ours_within(lock: &File, patience: Duration) -> bool {
    let began = Instant::now();
    while lock.try_lock().is_err() {
        if began.elapsed() >= patience {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use context::SystemEntropy;

    #[test]
    fn the_key_is_private_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("new")).unwrap();
        let key = data.key(&SystemEntropy).unwrap();
        assert_eq!(data.key(&SystemEntropy).unwrap(), key);
        let mode = std::fs::metadata(data.path().join(KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(data.path().join(KEY), b"short").unwrap();
        assert!(data.key(&SystemEntropy).is_err());
    }

    #[test]
    fn a_node_keeps_its_name_and_shares_it_with_nobody() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = |dir: &Path| DataDir::open(dir).unwrap().node(&SystemEntropy).unwrap();
        assert_eq!(name(one.path()), name(one.path()));
        assert_ne!(name(one.path()), name(two.path()));
    }

    #[test]
    fn everything_but_the_way_through_is_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        data.database().unwrap();
        let mode =
            |name: &str| std::fs::metadata(data.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode("."), mode("blobs"), mode("spool"), mode(DATABASE)], [0o711, 0o700, 0o700, 0o600]);
    }

    #[test]
    fn a_server_waits_a_moment_for_one_that_goes() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| DataDir::open(dir.path()).map(|_| ()));
            drop(first);
            second.join().unwrap().unwrap();
        });
    }

    #[test]
    fn two_servers_cannot_share_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        let second = DataDir::open(dir.path()).map(|_| ()).unwrap_err().to_string();
        assert!(second.contains("in use"), "{second}");
        drop(first);
        assert!(DataDir::open(dir.path()).is_ok());
    }
}
