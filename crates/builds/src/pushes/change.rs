//! What a webhook says, in words that are the same for every host.

use model::Timestamp;

/// A webhook that was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The repository it is about.
    pub(crate) repository: Repository,
    /// Who did it, as the host calls them.
    pub(crate) sender: Option<String>,
    /// What happened; one webhook may tell of several branches.
    pub(crate) changes: Vec<Change>,
}

/// A repository as its host names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repository {
    /// The host's number of it.
    pub(crate) id: Option<i64>,
    /// `owner/name`.
    pub(crate) name: Option<String>,
    /// Its page, or where it is cloned from.
    pub(crate) url: Option<String>,
    /// Its default branch.
    pub(crate) default_branch: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Commits came to a branch.
    Push(Pushed),
    /// A pull or merge request was opened, or opened again.
    RequestOpened(Request),
    /// Commits came to a request.
    RequestUpdated(Request),
    /// A request was closed or merged.
    RequestClosed {
        /// Its number.
        id: i64,
    },
    /// A branch is gone.
    BranchDeleted {
        /// Its name.
        branch: String,
    },
    /// The host tries the URL out.
    Ping,
    /// Nothing that builds follow; says what.
    Other(String),
}

/// Commits that came to a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    pub(crate) branch: String,
    /// The branch's newest commit.
    pub(crate) commit: String,
    /// The commit that was newest before.
    pub(crate) before: Option<String>,
    pub(crate) commit_url: Option<String>,
    /// Message of the newest commit.
    pub(crate) message: Option<String>,
    /// Who made that commit.
    pub(crate) committer: Option<String>,
    /// When the host took the push.
    pub(crate) at: Option<Timestamp>,
}

/// A pull or merge request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: i64,
    pub(crate) url: Option<String>,
    pub(crate) title: Option<String>,
    /// The branch that it wants to be merged, in its own repository.
    pub(crate) branch: String,
    /// The branch that it wants to be merged into.
    pub(crate) target: Option<String>,
    /// Its newest commit, full; absent where the host tells a shortened one.
    pub(crate) commit: Option<String>,
    /// The same as the host tells it, shortened perhaps: enough to tell news from what is known.
    pub(crate) tip: String,
    pub(crate) commit_url: Option<String>,
    /// What to fetch from the site's repository; absent where the host has nothing there for requests.
    pub(crate) reference: Option<String>,
    /// Whether its branch is in another repository.
    pub(crate) fork: bool,
    /// What that is cloned from, where the host keeps nothing of the request in the site's repository.
    pub(crate) source: Option<String>,
    /// Who opened it.
    pub(crate) author: Option<String>,
    /// Whether the host says that the author belongs to the repository.
    pub(crate) insider: bool,
    /// When it last changed.
    pub(crate) at: Option<Timestamp>,
    /// The commit that was its newest before.
    pub(crate) before: Option<String>,
}
