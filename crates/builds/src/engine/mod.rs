//! What carries a build out once its dependencies are there. Two engines stand behind one trait: the
//! server's own, for sites that need a command and files, and a pinned `@netlify/build`, for sites
//! with plugins and functions. Which one it is, is decided in `choose`, purely.

mod bench;
mod choose;
mod native;
mod netlify;

pub(crate) use bench::{Bench, Site};
pub(crate) use choose::{Choice, Wants, choose};
pub(crate) use netlify::pass::{issue as issue_pass, revoke as revoke_pass};

use crate::failure::Outcome;
use futures_util::future::BoxFuture;

/// Carries a build out.
pub(crate) trait Engine: Send + Sync {
    /// From installed dependencies to a deploy that is ready.
    fn make<'a>(&'a self, bench: &'a Bench<'a>) -> BoxFuture<'a, Outcome<()>>;
}

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Native,
    Netlify,
}

impl Kind {
    /// What it is called in logs.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Native => "native".to_owned(),
            Self::Netlify => format!("@netlify/build {}", crate::builder::VERSION),
        }
    }

    pub(crate) fn engine(self) -> &'static dyn Engine {
        match self {
            Self::Native => &native::Native,
            Self::Netlify => &netlify::Netlify,
        }
    }
}
