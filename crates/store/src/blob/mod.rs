//! Contents of files, addressed by the SHA-256 of their bytes, on disk or in an S3 bucket. A blob
//! is written once and never changes; writing it again is nothing.

mod laid;
mod local;
mod s3;
mod stage;

pub use laid::{Laid, Unsettled};
pub use s3::S3Settings;
pub use stage::{Digests, Staged};

use crate::{Error, Result};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use stage::aside;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where blobs are kept. Cloning is cheap.
#[derive(Clone)]
pub struct Blobs {
    place: Arc<Place>,
    /// Folder for half-received files, on the same file system as a local place.
    spool: Arc<Path>,
    unsettled: Unsettled,
}

enum Place {
    Local(local::Local),
    S3(s3::S3),
}

/// Bytes of a blob as they come.
pub type BlobStream = BoxStream<'static, Result<Bytes>>;

impl Blobs {
    /// Blobs under `root`, made if missing.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub fn local(root: &Path) -> Result<Self> {
        let spool = spool(root)?;
        let place = Place::Local(local::Local::open(root, &spool)?);
        Ok(Self { place: Arc::new(place), spool, unsettled: Unsettled::default() })
    }

    /// Blobs in an S3 bucket, with half-received files under `spool_root`.
    ///
    /// # Errors
    /// When the settings make no sense or the folder cannot be made.
    pub fn s3(settings: &S3Settings, spool_root: &Path) -> Result<Self> {
        let place = s3::S3::open(settings)?;
        let spool = spool(spool_root)?;
        Ok(Self { place: Arc::new(Place::S3(place)), spool, unsettled: Unsettled::default() })
    }

    /// Starts receiving a blob; nothing of it is visible before [`Blobs::keep`].
    ///
    /// # Errors
    /// When there is no place for it. A folder for half-received files that cannot be written shows
    /// with the first bytes: the file is made where blocking is allowed.
    pub async fn stage(&self) -> Result<Staged> {
        Ok(Staged::new(Arc::clone(&self.spool)))
    }

    /// Keeps what was staged.
    ///
    /// # Errors
    /// When it cannot be stored; then nothing of it is visible.
    pub async fn keep(&self, staged: Staged) -> Result<Digests> {
        match &*self.place {
            Place::Local(local) => {
                let local = local.clone();
                let ((), digests) =
                    staged.finish(move |file, digests| local.keep(file, &digests.sha256)).await?;
                Ok(digests)
            }
            Place::S3(s3) => {
                let (file, digests) = staged.finish(|file, _| Ok(file)).await?;
                s3.keep(file, &digests.sha256).await?;
                Ok(digests)
            }
        }
    }

    /// Whether [`Blobs::lay`] works here: where blobs are files that can have two names.
    #[must_use]
    pub fn can_lay(&self) -> bool {
        matches!(&*self.place, Place::Local(local) if local.laid.is_some())
    }

    /// What was laid and waits to be settled.
    #[must_use]
    pub fn unsettled(&self) -> &Unsettled {
        &self.unsettled
    }

    /// Takes in what was staged without waiting for the disk: it outlives this process under its label,
    /// and becomes a blob when it is settled. It is not put among [`Blobs::unsettled`].
    ///
    /// # Errors
    /// When it cannot be stored, or not here (see [`Blobs::can_lay`]).
    pub async fn lay(&self, staged: Staged, label: &str) -> Result<Laid> {
        let (folder, label) = (self.laid()?, label.to_owned());
        let (laid, _) = staged.finish(move |file, digests| folder.lay(file, label, digests)).await?;
        Ok(laid)
    }

    /// Makes laid blobs durable: now they are blobs like others. Those that are there; one is missing
    /// only when somebody else removed its file.
    ///
    /// # Errors
    /// When the disk fails; then they are as they were.
    pub async fn settle(&self, all: Vec<Laid>) -> Result<Vec<Laid>> {
        match &*self.place {
            Place::Local(local) => {
                let local = local.clone();
                aside(&self.spool, move || local.settle(all)).await
            }
            Place::S3(_) => Err(no_files()),
        }
    }

    /// Takes the labels off blobs that nobody waits for any more.
    ///
    /// # Errors
    /// When the process is about to end. A label that stays does no harm.
    pub async fn forget(&self, all: Vec<Laid>) -> Result<()> {
        let work = move || {
            laid::forget(&all);
            Ok(())
        };
        aside(&self.spool, work).await
    }

    /// What an earlier process laid and did not forget, with digests of the bytes that are there: after a
    /// power cut they may be others.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn left(&self) -> Result<Vec<Laid>> {
        match self.laid() {
            Ok(folder) => aside(&self.spool, move || folder.left()).await,
            Err(_) => Ok(Vec::new()),
        }
    }

    fn laid(&self) -> Result<laid::Folder> {
        match &*self.place {
            Place::Local(local) => local.laid.clone().ok_or_else(no_files),
            Place::S3(_) => Err(no_files()),
        }
    }

    /// Keeps bytes that are in memory.
    ///
    /// # Errors
    /// When they cannot be stored.
    pub async fn put(&self, bytes: &[u8]) -> Result<Digests> {
        let mut staged = self.stage().await?;
        staged.write(bytes).await?;
        self.keep(staged).await
    }

    /// The whole blob.
    ///
    /// # Errors
    /// When there is no such blob or it cannot be read.
    pub async fn get(&self, digest: &str) -> Result<Bytes> {
        match &*self.place {
            Place::Local(local) => local.get(digest).await,
            Place::S3(s3) => s3.get(digest).await,
        }
    }

    /// A part of the blob, streamed.
    ///
    /// # Errors
    /// When there is no such blob or it cannot be read.
    pub async fn stream(&self, digest: &str, range: Range<u64>) -> Result<BlobStream> {
        match &*self.place {
            Place::Local(local) => local.stream(digest, range).await,
            Place::S3(s3) => s3.stream(digest, range).await,
        }
    }

    /// Whether the blob is here.
    ///
    /// # Errors
    /// When the place cannot be asked.
    pub async fn contains(&self, digest: &str) -> Result<bool> {
        match &*self.place {
            Place::Local(local) => Ok(local.path(digest)?.exists()),
            Place::S3(s3) => s3.contains(digest).await,
        }
    }

    /// The file that holds the blob, where blobs are files.
    #[must_use]
    pub fn path(&self, digest: &str) -> Option<PathBuf> {
        match &*self.place {
            Place::Local(local) => local.path(digest).ok(),
            Place::S3(_) => None,
        }
    }
}

fn no_files() -> Error {
    Error::Setting("blobs are not laid here".to_owned())
}

fn spool(root: &Path) -> Result<Arc<Path>> {
    let spool = root.join("spool");
    std::fs::create_dir_all(&spool).map_err(|e| Error::Io(spool.display().to_string(), e))?;
    Ok(spool.into())
}

/// A digest that may become part of a path: 64 lower-case hex digits and nothing else.
fn checked(digest: &str) -> Result<&str> {
    let fine = digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    fine.then_some(digest).ok_or_else(|| Error::Setting("not a blob digest".to_owned()))
}

fn io(what: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let what = what.display().to_string();
    move |e| Error::Io(what, e)
}
