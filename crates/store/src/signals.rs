//! What a commit tells the rest of the process: caches to drop, jobs to look at.

use crate::parcels::Parcel;
use parking_lot::RwLock;
use tokio::sync::Notify;

/// What kind of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A site: its settings, addresses, aliases or live pointer. The key is the site's id.
    Site,
    /// A compressed form of a blob came to be. The key is the blob's digest.
    Blob,
    /// A person, token or membership. The key is the user's id.
    User,
    /// A hook: its settings, or what waits for it. The key is the hook's id.
    Hook,
    /// The secrets of an add-on. The key is the add-on's id.
    Addon,
}

impl ChangeKind {
    /// The kind's name in the `changes` table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Blob => "blob",
            Self::User => "user",
            Self::Hook => "hook",
            Self::Addon => "addon",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let kinds = [Self::Site, Self::Blob, Self::User, Self::Hook, Self::Addon];
        kinds.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that caches must forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// Which one.
    pub key: String,
}

/// What a transaction has to tell once it is committed.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    pub(crate) changes: Vec<Change>,
    pub(crate) parcels: Vec<Parcel>,
    /// Whether jobs were left behind.
    pub(crate) jobs: bool,
}

type Listener = Box<dyn Fn(&Change) + Send + Sync>;
type ParcelListener = Box<dyn Fn(Vec<Parcel>) + Send + Sync>;

/// Listeners of this process.
#[derive(Default)]
pub(crate) struct Signals {
    listeners: RwLock<Vec<Listener>>,
    /// One, since each parcel is to be sent once; the newest counts.
    parcels: RwLock<Option<ParcelListener>>,
    pub(crate) jobs: Notify,
}

impl Signals {
    pub(crate) fn listen(&self, listener: Listener) {
        self.listeners.write().push(listener);
    }

    pub(crate) fn listen_for_parcels(&self, listener: ParcelListener) {
        *self.parcels.write() = Some(listener);
    }

    pub(crate) fn announce(&self, change: &Change) {
        for listener in self.listeners.read().iter() {
            listener(change);
        }
    }

    pub(crate) fn tell(&self, after: Aftermath) {
        for change in &after.changes {
            self.announce(change);
        }
        if let Some(listener) = self.parcels.read().as_ref().filter(|_| !after.parcels.is_empty()) {
            listener(after.parcels);
        }
        if after.jobs {
            self.jobs.notify_one();
        }
    }
}
