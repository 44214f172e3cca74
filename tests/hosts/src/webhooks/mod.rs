//! Webhooks as each Git host words and signs them: the bodies that the hosts document, with the
//! repository, the commits and the people of a test in them. One file a host. What a server makes of
//! them is not known here.

mod bitbucket;
mod body;
mod data_center;
mod gitea;
mod github;
mod gitlab;

use crate::Repository;
use body::Body;
use serde_json::Value;
use signing::hmac_sha256_hex;
use std::sync::atomic::{AtomicI64, Ordering};

/// The commit of zeros that stands for none.
const NONE: &str = "0000000000000000000000000000000000000000";
/// Who belongs to the repository.
pub const INSIDER: &str = "ada";
/// Who forked it.
pub const OUTSIDER: &str = "mallory";
/// The title of every request.
pub const TITLE: &str = "Better words";

/// A Git host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// GitHub.
    GitHub,
    /// GitLab, with a secret token.
    GitLab,
    /// Gitea.
    Gitea,
    /// Forgejo, which words bodies as Gitea does.
    Forgejo,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Bitbucket Data Center.
    DataCenter,
}

/// What happened in a repository.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Commits came to a branch, whose newest one was `before`; none where the branch is new.
    Pushed {
        /// The branch.
        branch: &'a str,
        /// Its newest commit until then.
        before: Option<&'a str>,
        /// Its newest commit.
        after: &'a str,
    },
    /// A branch is gone.
    Deleted {
        /// The branch.
        branch: &'a str,
        /// Its last commit.
        last: &'a str,
    },
    /// A request was opened.
    Opened(Request<'a>),
    /// Commits came to a request, whose newest one was this.
    Updated(Request<'a>, &'a str),
    /// A request was closed without being merged.
    Closed(Request<'a>),
    /// A request was merged.
    Merged(Request<'a>),
}

/// A pull or merge request against `main`.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its number.
    pub number: i64,
    /// Its branch.
    pub branch: &'a str,
    /// Its newest commit.
    pub commit: &'a str,
    /// Whether its branch is in a fork of somebody who is not trusted.
    pub fork: bool,
}

impl Request<'_> {
    /// Who opened it, and did everything about it.
    fn person(&self) -> &'static str {
        if self.fork { OUTSIDER } else { INSIDER }
    }

    /// Whose repository its branch is in.
    fn owner(&self) -> &'static str {
        if self.fork { OUTSIDER } else { "acme" }
    }
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its headers, those of the signature among them.
    pub headers: Vec<(&'static str, String)>,
    /// Its body, as it is signed.
    pub body: String,
}

impl Host {
    /// Every host.
    pub const ALL: [Self; 6] =
        [Self::GitHub, Self::GitLab, Self::Gitea, Self::Forgejo, Self::Bitbucket, Self::DataCenter];

    /// What a repository of it is cloned from.
    ///
    /// # Panics
    /// When the repository is not one of the host of this crate.
    #[must_use]
    pub fn clone_url(self, repository: &Repository) -> String {
        let (root, path) = root_of(&repository.url);
        match self {
            Self::DataCenter => format!("{root}/scm/{path}"),
            _ => repository.url.clone(),
        }
    }

    /// What it keeps a request under in the repository; nothing where it keeps none.
    #[must_use]
    pub fn reference(self, number: i64) -> Option<String> {
        match self {
            Self::GitHub | Self::Gitea | Self::Forgejo => Some(format!("refs/pull/{number}/head")),
            Self::GitLab => Some(format!("refs/merge-requests/{number}/head")),
            Self::DataCenter => Some(format!("refs/pull-requests/{number}/from")),
            Self::Bitbucket => None,
        }
    }

    /// The page of a request.
    #[must_use]
    pub fn review_page(self, repository: &Repository, number: i64) -> String {
        let root = root_of(&repository.url).0;
        match self {
            Self::GitHub => format!("{root}/acme/site/pull/{number}"),
            Self::GitLab => format!("{root}/acme/site/-/merge_requests/{number}"),
            Self::Gitea | Self::Forgejo => format!("{root}/acme/site/pulls/{number}"),
            Self::Bitbucket => format!("{root}/acme/site/pull-requests/{number}"),
            Self::DataCenter => format!("{root}/projects/ACME/repos/site/pull-requests/{number}"),
        }
    }

    /// The webhook that tells of an event in the repository `acme/site`, signed with a secret.
    ///
    /// # Panics
    /// When the repository is not one of the host of this crate, or GitHub's examples are not installed.
    #[must_use]
    pub fn tells(self, repository: &Repository, event: Event<'_>, secret: &str) -> Webhook {
        let told = Told { root: root_of(&repository.url).0.to_owned(), at: next(&AT) };
        let (names, body) = match self {
            Self::GitHub => github::word(&told, event),
            Self::GitLab => gitlab::word(&told, event),
            Self::Gitea => gitea::word(&told, event, gitea::GITEA),
            Self::Forgejo => gitea::word(&told, event, gitea::FORGEJO),
            Self::Bitbucket => bitbucket::word(&told, event),
            Self::DataCenter => data_center::word(&told, event),
        };
        self.signed(names, body.to_string(), secret)
    }

    /// A webhook with any headers and body, signed with a secret.
    #[must_use]
    pub fn signed(self, mut headers: Vec<(&'static str, String)>, body: String, secret: &str) -> Webhook {
        headers.push(("Content-Type", "application/json".to_owned()));
        headers.extend(self.signature(secret, &body));
        Webhook { headers, body }
    }

    fn signature(self, secret: &str, body: &str) -> Vec<(&'static str, String)> {
        let mac = hmac_sha256_hex(secret.as_bytes(), body.as_bytes());
        match self {
            Self::GitHub => vec![("X-Hub-Signature-256", format!("sha256={mac}"))],
            Self::GitLab => vec![("X-Gitlab-Token", secret.to_owned())],
            Self::Gitea => {
                vec![("X-Gitea-Signature", mac.clone()), ("X-Hub-Signature-256", format!("sha256={mac}"))]
            }
            Self::Forgejo => vec![("X-Forgejo-Signature", mac.clone()), ("X-Gitea-Signature", mac)],
            Self::Bitbucket | Self::DataCenter => vec![("X-Hub-Signature", format!("sha256={mac}"))],
        }
    }
}

/// What a host puts into every webhook.
struct Told {
    /// Its address.
    root: String,
    /// When it is, in seconds: later than in the webhook before.
    at: i64,
}

/// Headers of a webhook, and its body.
type Worded = (Vec<(&'static str, String)>, Value);

static AT: AtomicI64 = AtomicI64::new(1_790_000_000);
static DELIVERY: AtomicI64 = AtomicI64::new(1);

fn next(counter: &AtomicI64) -> i64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

/// An id that no other webhook has.
fn delivery() -> String {
    format!("6f1a2b3c-0000-4000-8000-{:012}", next(&DELIVERY))
}

/// The address of the host, and the path of the repository there.
fn root_of(url: &str) -> (&str, &str) {
    let host = url.find("://").expect("an address") + "://".len();
    let slash = url[host..].find('/').expect("a path") + host;
    (&url[..slash], &url[slash + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        assert_eq!(root_of("http://127.0.0.1:81/acme/site.git"), ("http://127.0.0.1:81", "acme/site.git"));
    }
}
