//! The state of a commit: one line beside it, in each Git host's words.

use super::super::{Gear, Meaning, Message, Tried};
use super::api::{Access, Host, Session};
use super::commit;
use super::markdown::cut;
use super::slot::{Teller, Told, database_failed, settle};
use super::stage::Stage;
use super::subject::{Progress, Subject};
use super::{check_with_token, errand};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Characters of a description: GitHub takes no more.
pub(crate) const DESCRIPTION_MAX: usize = 140;
/// Characters of a context: hosts take 255.
pub(crate) const CONTEXT_MAX: usize = 255;

/// What is told of a commit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Status {
    progress: Progress,
    pub(crate) stage: Stage,
    pub(crate) sha: String,
    pub(crate) branch: Option<String>,
    pub(crate) context: String,
    pub(crate) description: String,
    pub(crate) target_url: String,
    /// The deploy's page, where its log is.
    pub(crate) page: String,
}

impl Status {
    pub(crate) fn of(subject: &Subject) -> Self {
        Self {
            progress: subject.progress(),
            stage: subject.stage,
            sha: subject.sha.clone(),
            branch: subject.deploy.branch.clone(),
            context: cut(&subject.context(), CONTEXT_MAX),
            description: cut(&subject.description(), DESCRIPTION_MAX),
            target_url: subject.target_url(),
            page: subject.page(),
        }
    }

    /// The same of a commit that the deploy is not of any more: the host must not wait for its end.
    fn left(subject: &Subject, sha: &str) -> Self {
        Self::of(&Subject { stage: Stage::Canceled, sha: sha.to_owned(), ..subject.clone() })
    }

    /// The newer of the two. Of the same progress the one at hand: it may show a new address.
    pub(crate) fn or_newer(self, before: Option<Self>) -> Self {
        before.filter(|before| before.is_newer_than(&self)).unwrap_or(self)
    }

    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        self.progress > other.progress
    }
}

/// How a host is told.
pub(crate) struct Dialect {
    pub(crate) host: Host,
    /// What the token must be allowed to do.
    pub(crate) scope: &'static str,
    /// Path under the API's root, from repository and commit.
    pub(crate) path: for<'a> fn(&'a str, &'a str) -> Vec<&'a str>,
    /// The body.
    pub(crate) body: fn(&Status) -> Value,
    /// Whether a refusal says that the host has the state already.
    pub(crate) has_it_already: fn(StatusCode, &Value) -> bool,
}

/// Most hosts take the same state twice.
pub(crate) fn never(_: StatusCode, _: &Value) -> bool {
    false
}

/// A host that is told statuses with the hook's own token.
pub(crate) trait Statuses {
    /// How.
    const DIALECT: Dialect;
}

/// Settings of a hook for that host.
///
/// # Errors
/// `Unprocessable` with the setting that would not do.
pub(crate) fn check<S: Statuses>(data: &Map<String, Value>) -> context::Result<()> {
    check_with_token(&S::DIALECT.host, data)
}

/// Tells that host.
pub(crate) fn send<'a, S: Statuses>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    async move { send_as(gear, message, &S::DIALECT, Access::own(message, &S::DIALECT.host)).await }.boxed()
}

struct StatusTeller<'a> {
    gear: &'a Gear,
    dialect: &'a Dialect,
    access: &'a Access,
    repo: &'a str,
    status: Status,
}

impl Teller for StatusTeller<'_> {
    type Wish = Status;

    fn merge(&self, before: Option<Status>) -> Status {
        self.status.clone().or_newer(before)
    }

    fn text(&self, wish: &Status) -> String {
        (self.dialect.body)(wish).to_string()
    }

    async fn tell(&self, wish: &Status, _remote: Option<&str>) -> Told {
        let Dialect { host, scope, .. } = self.dialect;
        let mut session = Session::new(self.gear, host, self.access, scope);
        let (path, body) = ((self.dialect.path)(self.repo, &wish.sha), (self.dialect.body)(wish));
        let tried = match session.call(Method::POST, &path, &[], Some(&body)).await {
            Ok(answer) if (self.dialect.has_it_already)(answer.status, &answer.body) => {
                Tried { meaning: Meaning::Delivered, error: None, ..answer.tried }
            }
            Ok(answer) => answer.tried,
            Err(tried) => *tried,
        };
        Told { tried, remote: None }
    }
}

/// Tells a host. Without access that fails, unless there is nothing to tell.
pub(crate) async fn send_as(
    gear: &Gear,
    message: &Message<'_>,
    dialect: &Dialect,
    access: Result<Access, String>,
) -> Tried {
    match errand(gear, message, &dialect.host, access, |_| Ok(())).await {
        Ok((subject, access, ())) => tell(gear, dialect, &access, &subject).await,
        Err(tried) => *tried,
    }
}

/// Tells the host of a deploy, and that it left a commit, where it did.
pub(crate) async fn tell(gear: &Gear, dialect: &Dialect, access: &Access, subject: &Subject) -> Tried {
    let left = match commit::left(&gear.cx, subject).await {
        Ok(left) => left,
        Err(error) => return database_failed(&error),
    };
    if let Some(sha) = left {
        let tried = put(gear, dialect, access, subject, Status::left(subject, &sha)).await;
        if tried.meaning != Meaning::Delivered || sha == subject.sha {
            return tried;
        }
    }
    put(gear, dialect, access, subject, Status::of(subject)).await
}

async fn put(gear: &Gear, dialect: &Dialect, access: &Access, subject: &Subject, status: Status) -> Tried {
    let key = format!("status {} {} {} {}", access.api, subject.repo, status.sha, status.context);
    let teller = StatusTeller { gear, dialect, access, repo: &subject.repo, status };
    settle(&gear.cx, &subject.place(key), &teller).await
}
