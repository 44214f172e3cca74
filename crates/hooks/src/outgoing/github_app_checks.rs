//! Target `github_app_checks`: the deploy as a check run, with what was noticed about its redirects
//! and headers. Only tokens of GitHub Apps may make check runs; with another the commit gets the
//! status that `github_app_commit_status` gives it.

use super::git_host::api::Session;
use super::git_host::status::{self, Status};
use super::git_host::{Access, Stage, Subject, Teller, Told, errand, settle};
use super::github::{HOST, app_access, repos};
use super::github_commit_status::DIALECT;
use super::{Gear, Meaning, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const SCOPE: &str = "to be the token of a GitHub App with the permission `checks`, read and write";
/// Messages of a deploy that a check run shows.
const NOTICES_MAX: usize = 30;
/// Characters of a check run's summary; GitHub takes 65,535.
const SUMMARY_MAX: usize = 60_000;

/// What a check run shows.
#[derive(Serialize, Deserialize)]
struct Check {
    status: Status,
    name: String,
    deploy_id: String,
    summary: String,
}

struct CheckTeller<'a> {
    gear: &'a Gear,
    access: &'a Access,
    subject: &'a Subject,
}

impl Teller for CheckTeller<'_> {
    type Wish = Check;

    fn merge(&self, before: Option<Check>) -> Check {
        let check = Check::of(self.subject);
        before.filter(|before| before.status.is_newer_than(&check.status)).unwrap_or(check)
    }

    fn text(&self, wish: &Check) -> String {
        wish.body().to_string()
    }

    async fn tell(&self, wish: &Check, remote: Option<&str>) -> Told {
        let mut session = Session::new(self.gear, &HOST, self.access, SCOPE);
        let body = wish.body();
        let call = match remote {
            Some(id) => {
                let path = repos(&self.subject.repo, &["check-runs", id]);
                session.call(Method::PATCH, &path, &[], Some(&body)).await
            }
            None => {
                let mut body = body;
                body["head_sha"] = wish.status.sha.clone().into();
                session
                    .call(Method::POST, &repos(&self.subject.repo, &["check-runs"]), &[], Some(&body))
                    .await
            }
        };
        match call {
            Ok(answer) => {
                let id = if answer.is_success() { answer.id() } else { None };
                Told { tried: answer.tried, remote: id }
            }
            Err(tried) => Told { tried: *tried, remote: None },
        }
    }
}

impl Check {
    fn of(subject: &Subject) -> Self {
        Self {
            status: Status::of(subject),
            name: format!("{} - {}", subject.label(), subject.first_name),
            deploy_id: subject.deploy.id.clone(),
            summary: summary(subject.deploy.summary.as_ref()),
        }
    }

    fn body(&self) -> Value {
        let status = &self.status;
        let mut body = json!({
            "name": self.name,
            "details_url": status.target_url,
            "external_id": self.deploy_id,
            "status": state(status.stage),
            "output": { "title": status.description, "summary": self.summary },
        });
        if let Some(conclusion) = conclusion(status.stage) {
            body["conclusion"] = conclusion.into();
        }
        body
    }
}

/// What was noticed about the deploy, as a list.
fn summary(summary: Option<&Value>) -> String {
    let messages = summary.and_then(|summary| summary["messages"].as_array());
    let line = |message: &Value| {
        let text = |name: &str| message[name].as_str().map(str::trim).filter(|text| !text.is_empty());
        let parts: Vec<_> = [text("title"), text("description")].into_iter().flatten().collect();
        format!("- {}\n", super::git_host::escape(&parts.join(": ")))
    };
    let lines: String = messages.into_iter().flatten().take(NOTICES_MAX).map(line).collect();
    let all = if lines.is_empty() { "Nothing of note.".to_owned() } else { lines };
    all.chars().take(SUMMARY_MAX).collect()
}

fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Review => "queued",
        Stage::Building => "in_progress",
        Stage::Ready | Stage::Failed | Stage::Canceled | Stage::Rejected => "completed",
    }
}

fn conclusion(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Queued | Stage::Review | Stage::Building => None,
        Stage::Ready => Some("success"),
        Stage::Failed => Some("failure"),
        Stage::Canceled | Stage::Rejected => Some("cancelled"),
    }
}

pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    async move {
        let (subject, access, ()) =
            match errand(gear, message, &HOST, app_access(gear, message), |_| Ok(())).await {
                Ok(errand) => errand,
                Err(tried) => return *tried,
            };
        let place = subject.place(format!("check {} {} {}", access.api, subject.repo, subject.deploy.id));
        let teller = CheckTeller { gear, access: &access, subject: &subject };
        let tried = settle(&gear.cx, &place, &teller).await;
        if tried.status != Some(403) || tried.meaning != Meaning::Failed(None) {
            return tried;
        }
        let mut instead = status::tell(gear, &DIALECT, &access, &subject).await;
        instead.request.add("note", "a status in place of a check run, which only GitHub Apps may make");
        instead
    }
    .boxed()
}
