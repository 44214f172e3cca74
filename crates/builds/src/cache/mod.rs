//! What a build leaves for the next one of its branch: what package managers fetched, installed
//! dependencies, and caches of generators. It is kept for each site and branch on the node that built,
//! taken out by the next build and put back when that succeeds, both by moving folders. A branch
//! without one begins with a copy of the production branch's. Code that is not trusted has none.

mod entries;
mod key;
mod shelf;
mod tree;

pub use shelf::sweep;
pub(crate) use shelf::{forget_site, remove_all, sweep_gone};

use crate::Cause;
use crate::workspace::{Workspace, blocking};
use context::{Context, QueuePolicy};
use entries::Place;
use shelf::{Meta, Shelf};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use store::builds::BuildRow;
use store::sites::SiteRow;

/// Variables of a build.
type Variables = BTreeMap<String, String>;

/// Names of places, and what their packages depend on.
type Keys = BTreeMap<String, String>;

/// The cache that one build works with.
pub(crate) struct Cache {
    /// Of the build's branch.
    own: Shelf,
    /// Of the production branch, when that is another.
    fallback: Option<Shelf>,
    policy: QueuePolicy,
    clear: bool,
    now: i64,
    /// What the packages of each place depend on, as the checkout came: an install may write a lock file
    /// that the next checkout does not have.
    keys: OnceLock<Keys>,
}

/// What was brought back.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    /// Paths as a log shows them.
    pub(crate) paths: Vec<String>,
    /// Whether installed packages are there for just this lock file.
    pub(crate) modules: bool,
}

impl Cache {
    /// The cache of a build; none when the site or the server keeps none, or the code is not trusted.
    pub(crate) fn of(cx: &Context, site: &SiteRow, build: &BuildRow, cause: &Cause) -> Option<Self> {
        let policy = cx.settings.builds.queue;
        let trusted = !cause.untrusted && cause.accepted.is_none();
        if policy.cache_total == 0 || site.info.build.build_cache == Some(false) || !trusted {
            return None;
        }
        let root = shelf::root(&cx.settings.builds.work_dir);
        let own = Shelf::of(&root, &site.id, &build.label)?;
        let production = model::DeployContext::Production.as_str();
        let fallback = (build.label != production).then(|| Shelf::of(&root, &site.id, production)).flatten();
        Some(Self { own, fallback, policy, clear: cause.clear_cache, now: cx.now().0, keys: OnceLock::new() })
    }

    /// Brings back what is there, into folders that belong to the build's user already. What the
    /// repository holds itself stays as it is.
    pub(crate) async fn restore(&self, space: &Workspace, base: &Path, of: &Variables) -> Restored {
        let (places, user) = (places(space, base, of), space.cell.user());
        let (own, fallback, clear) = (self.own.clone(), self.fallback.clone(), self.clear);
        let work = move || {
            let keys: Keys =
                places.iter().filter_map(|place| Some((place.scope.to_owned(), place.key()?))).collect();
            if clear {
                own.remove()?;
                return Ok((keys, Restored::default()));
            }
            let restored = match own.take()? {
                Some(meta) => {
                    let restored = entries::restore(&own, &meta, &keys, &places, user, tree::Way::Move);
                    own.remove()?;
                    restored
                }
                None => match fallback.and_then(|shelf| shelf.read().map(|meta| (shelf, meta))) {
                    Some((shelf, meta)) => {
                        entries::restore(&shelf, &meta, &keys, &places, user, tree::Way::Copy)
                    }
                    None => Ok(Restored::default()),
                },
            };
            Ok((keys, restored?))
        };
        let (keys, restored) = blocking(work).await.unwrap_or_else(|error| {
            tracing::warn!(?error, "the cache of a build cannot be used");
            Default::default()
        });
        self.keys.get_or_init(|| keys);
        restored
    }

    /// Keeps what the build leaves; what the log should say of it. A build that failed may have left
    /// things half written: of those only what package managers fetched is kept, which they check
    /// themselves.
    pub(crate) async fn keep(
        &self,
        space: &Workspace,
        base: &Path,
        of: &Variables,
        succeeded: bool,
    ) -> Option<String> {
        let (places, own, policy, now) = (places(space, base, of), self.own.clone(), self.policy, self.now);
        let keys = self.keys.get().cloned().unwrap_or_default();
        let work = move || {
            let kept = entries::keep(&own, &keys, &places, succeeded)?;
            if kept.is_empty() {
                return Ok(None);
            }
            let bytes = own.bytes()?;
            if bytes > policy.cache_each {
                own.remove()?;
                return Ok(Some(format!(
                    "The cache is thrown away: it has {} MB, and {} MB are allowed.",
                    bytes >> 20,
                    policy.cache_each >> 20
                )));
            }
            own.write(&Meta { used_at: now, bytes, modules: keys })?;
            shelf::trim(own.root(), policy.cache_total)?;
            Ok(Some(format!("Kept for the next build ({} MB): {}", bytes >> 20, kept.join(", "))))
        };
        blocking(work).await.unwrap_or_else(|error| {
            tracing::warn!(?error, "the cache of a build cannot be kept");
            None
        })
    }
}

/// The folders that caches are looked for in.
fn places(space: &Workspace, base: &Path, of: &Variables) -> Vec<Place> {
    let node = of.get("NODE_VERSION").cloned().unwrap_or_default();
    let place = |scope: &'static str, folder: &Path, entries| Place {
        scope,
        folder: PathBuf::from(folder),
        entries,
        node: node.clone(),
    };
    let mut places = vec![
        place(entries::HOME_SCOPE, &space.home, &entries::HOME[..]),
        place(entries::PROGRAMS_SCOPE, &space.home, &entries::PROGRAMS[..]),
        place("base", base, &entries::PROJECT[..]),
    ];
    if base != space.repo {
        places.push(place("root", &space.repo, &entries::PROJECT[..]));
    }
    places
}

#[cfg(test)]
mod tests;
