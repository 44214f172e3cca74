//! Target `github_deployment`: the deploy as a deployment of GitHub, with an environment that leads
//! to it. Nobody has it unless they make such a hook.

use super::git_host::api::{Answer, Session, id_of};
use super::git_host::status::Status;
use super::git_host::{Access, Stage, Subject, Teller, Told, errand, settle};
use super::github::{HOST, repos};
use super::{Gear, Meaning, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Method;
use model::DeployContext;
use serde_json::{Value, json};

const SCOPE: &str = "the scope `repo_deployment` (a fine-grained token: deployments, read and write)";
/// Characters of an environment's name.
const ENVIRONMENT_MAX: usize = 255;

struct DeploymentTeller<'a> {
    gear: &'a Gear,
    access: &'a Access,
    subject: &'a Subject,
}

impl Teller for DeploymentTeller<'_> {
    type Wish = Status;

    fn merge(&self, before: Option<Status>) -> Status {
        Status::of(self.subject).or_newer(before)
    }

    fn text(&self, wish: &Status) -> String {
        state_of(wish).to_string()
    }

    async fn tell(&self, wish: &Status, remote: Option<&str>) -> Told {
        let mut session = Session::new(self.gear, &HOST, self.access, SCOPE);
        let known = match remote {
            Some(id) => Ok(id.to_owned()),
            None => self.make(&mut session).await,
        };
        let id = match known {
            Ok(id) => id,
            Err(tried) => return Told { tried: *tried, remote: None },
        };
        let path = repos(&self.subject.repo, &["deployments", &id, "statuses"]);
        let tried = match session.call(Method::POST, &path, &[], Some(&state_of(wish))).await {
            Ok(answer) => answer.tried,
            Err(tried) => *tried,
        };
        Told { tried, remote: Some(id) }
    }
}

impl DeploymentTeller<'_> {
    /// The id of this deploy's deployment, found when a crash kept it from being written down.
    async fn make(&self, session: &mut Session<'_>) -> Result<String, Box<Tried>> {
        let path = repos(&self.subject.repo, &["deployments"]);
        let query = [("sha", self.subject.sha.as_str()), ("per_page", "100")];
        let list = success(session.call(Method::GET, &path, &query, None).await?)?;
        let ours = |one: &&Value| {
            let payload = &one["payload"];
            // the payload comes back as it was sent, or as text
            payload["deploy_id"] == self.subject.deploy.id.as_str()
                || payload.as_str().is_some_and(|text| text.contains(&self.subject.deploy.id))
        };
        if let Some(id) = list.body.as_array().and_then(|all| all.iter().find(ours)).and_then(id_of) {
            return Ok(id);
        }
        let made = success(session.call(Method::POST, &path, &[], Some(&self.deployment())).await?)?;
        let failed = || Box::new(Tried { meaning: Meaning::Failed(None), ..made.tried.clone() });
        made.id().ok_or_else(failed)
    }

    fn deployment(&self) -> Value {
        let deploy = &self.subject.deploy;
        json!({
            "ref": self.subject.sha,
            "task": "deploy",
            "auto_merge": false,
            // checks that wait for the deploy must not keep it from being told
            "required_contexts": [],
            "environment": environment(self.subject),
            "description": self.subject.label(),
            "payload": { "deploy_id": deploy.id, "site_id": deploy.site_id },
            "transient_environment": deploy.context == DeployContext::DeployPreview,
            "production_environment": deploy.context == DeployContext::Production,
        })
    }
}

fn state_of(wish: &Status) -> Value {
    let mut state = json!({
        "state": state(wish.stage),
        "log_url": wish.page,
        "description": wish.description,
        "auto_inactive": true,
    });
    if wish.stage == Stage::Ready {
        state["environment_url"] = wish.target_url.clone().into();
    }
    state
}

fn success(answer: Answer) -> Result<Answer, Box<Tried>> {
    if answer.is_success() { Ok(answer) } else { Err(Box::new(answer.tried)) }
}

/// One environment for each place a deploy can be visited at, so that one preview does not retire
/// another.
fn environment(subject: &Subject) -> String {
    let deploy = &subject.deploy;
    let place = match (deploy.context, deploy.review_id, &deploy.branch) {
        (DeployContext::DeployPreview, Some(number), _) => format!("-{number}"),
        (DeployContext::BranchDeploy, _, Some(branch)) => format!("/{branch}"),
        _ => String::new(),
    };
    (subject.context() + &place).chars().take(ENVIRONMENT_MAX).collect()
}

fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "queued",
        Stage::Review => "pending",
        Stage::Building => "in_progress",
        Stage::Ready => "success",
        Stage::Failed => "failure",
        Stage::Canceled | Stage::Rejected => "error",
    }
}

pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    async move {
        let (subject, access, ()) =
            match errand(gear, message, &HOST, Access::own(message, &HOST), |_| Ok(())).await {
                Ok(errand) => errand,
                Err(tried) => return *tried,
            };
        let key = format!("deployment {} {} {}", access.api, subject.repo, subject.deploy.id);
        let teller = DeploymentTeller { gear, access: &access, subject: &subject };
        settle(&gear.cx, &subject.place(key), &teller).await
    }
    .boxed()
}
