//! Events that are fired by hand: the object they are about, taken from the site or made up in its
//! names, and brought into the state in which the event would find it. Pure.

use crate::Subject;
use crate::route::{Facts, Known};
use model::{
    Addresses, Deploy, DeployContext, DeployState, Hook, SplitBranch, SplitTest, Submission, Timestamp,
};
use serde_json::{Map, Value, json};
use store::sites::SiteRow;

/// Seconds that a made-up deploy took.
const DEPLOY_SECONDS: i64 = 12;
/// Why a made-up deploy failed.
const FAILURE: &str = "Build script returned non-zero exit code: 2";

/// What a fired event is about.
#[derive(Clone, Debug)]
pub enum Sample {
    /// For deploy events.
    Deploy(Box<Deploy>),
    /// For form events.
    Submission(Box<Submission>),
    /// For split test events.
    SplitTest(Box<SplitTest>),
    /// For events about a hook.
    Hook(Box<Hook>),
}

/// The site for which something is made up.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The site.
    pub site: &'a SiteRow,
    /// Public addresses of the server.
    pub addresses: &'a Addresses,
    /// Now.
    pub now: Timestamp,
    /// An id that nothing has: 24 hex digits.
    pub id: &'a str,
    /// Context that a deploy is to have.
    pub context: Option<DeployContext>,
    /// Branch that a deploy is to have.
    pub branch: Option<&'a str>,
    /// Id and name of the form that a submission is to be of.
    pub form: Option<(&'a str, &'a str)>,
}

impl Sample {
    /// An object for a site that has none of its own.
    #[must_use]
    pub fn made_up(subject: Subject, scene: &Scene<'_>) -> Self {
        match subject {
            Subject::Deploy => Self::Deploy(Box::new(deploy(scene))),
            Subject::Submission => Self::Submission(Box::new(submission(scene))),
            Subject::SplitTest => Self::SplitTest(Box::new(split_test(scene))),
            Subject::Hook => Self::Hook(Box::new(hook(scene))),
        }
    }

    /// The object as `event` would find it: a failed deploy has an error, an active split test is on.
    #[must_use]
    pub fn suited(mut self, event: &str, deploy_state: DeployState, now: Timestamp) -> Self {
        match &mut self {
            Self::Deploy(deploy) => suit_deploy(deploy, event, deploy_state, now),
            Self::SplitTest(test) => suit_split_test(test, event, now),
            Self::Hook(hook) => suit_hook(hook, event),
            Self::Submission(_) => {}
        }
        self
    }

    /// The object as JSON: the exact body of a URL notification.
    ///
    /// # Errors
    /// Never for these types; the serialiser's signature asks for it.
    pub fn body(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Deploy(object) => serde_json::to_string(object),
            Self::Submission(object) => serde_json::to_string(object),
            Self::SplitTest(object) => serde_json::to_string(object),
            Self::Hook(object) => serde_json::to_string(object),
        }
    }

    pub(crate) fn facts(&self, event: &'static str) -> Facts<'_> {
        match self {
            Self::Deploy(object) => object.facts(event),
            Self::Submission(object) => object.facts(event),
            Self::SplitTest(object) => object.facts(event),
            Self::Hook(object) => object.facts(event),
        }
    }
}

/// The state in which an event finds its deploy. `created` is that of `deploy_created`, which a server
/// can be set to mean otherwise.
#[must_use]
pub fn deploy_state(event: &str, created: DeployState) -> DeployState {
    match event {
        "deploy_created" => created,
        "deploy_building" => DeployState::Building,
        "deploy_failed" | "deploy_failed_after_succeeding" => DeployState::Error,
        "deploy_request_pending" => DeployState::PendingReview,
        "deploy_request_accepted" => DeployState::Enqueued,
        "deploy_request_rejected" => DeployState::Rejected,
        _ => DeployState::Ready,
    }
}

fn suit_deploy(deploy: &mut Deploy, event: &str, state: DeployState, now: Timestamp) {
    let ready = state == DeployState::Ready;
    deploy.state = state;
    deploy.required.clear();
    deploy.required_functions.clear();
    match event {
        "deploy_locked" => deploy.locked = true,
        "deploy_unlocked" => deploy.locked = false,
        _ => {}
    }
    if ready {
        let live = deploy.context == DeployContext::Production && !deploy.draft;
        deploy.deploy_time = deploy.deploy_time.or(Some(DEPLOY_SECONDS));
        deploy.published_at = deploy.published_at.or_else(|| live.then_some(now));
    } else {
        deploy.deploy_time = None;
        deploy.published_at = None;
        deploy.locked = false;
    }
    let failed = state == DeployState::Error;
    deploy.error_message =
        deploy.error_message.take().or_else(|| Some(FAILURE.to_owned())).filter(|_| failed);
}

fn suit_split_test(test: &mut SplitTest, event: &str, now: Timestamp) {
    test.active = match event {
        "split_test_activated" => true,
        "split_test_deactivated" => false,
        _ => test.active,
    };
    test.unpublished_at = test.unpublished_at.or(Some(now)).filter(|_| !test.active);
}

fn suit_hook(hook: &mut Hook, event: &str) {
    hook.disabled = event == "hook_disabled";
    hook.success = Some(event == "hook_recovered");
}

fn deploy(scene: &Scene<'_>) -> Deploy {
    let Scene { site, addresses: at, id, .. } = *scene;
    let url = site_url(scene);
    let context = scene.context.unwrap_or(DeployContext::Production);
    let usual = site.info.build.repo_branch.as_deref().unwrap_or("main");
    let branch = scene.branch.unwrap_or(usual);
    let deploy_url = at.deploy_url(id, &site.name);
    Deploy {
        id: id.to_owned(),
        site_id: site.id.clone(),
        user_id: site.info.user_id.clone(),
        build_id: None,
        state: DeployState::Ready,
        name: site.name.clone(),
        ssl_url: url.clone(),
        admin_url: at.admin_url(&site.name),
        deploy_url: deploy_url.clone(),
        deploy_ssl_url: deploy_url.clone(),
        screenshot_url: None,
        review_id: None,
        draft: false,
        required: Vec::new(),
        required_functions: Vec::new(),
        error_message: None,
        branch: Some(branch.to_owned()),
        commit_ref: None,
        commit_url: None,
        committer: None,
        skipped: None,
        created_at: scene.now,
        updated_at: scene.now,
        published_at: None,
        title: None,
        context,
        locked: false,
        review_url: None,
        framework: None,
        function_schedules: Vec::new(),
        available_functions: Vec::new(),
        deploy_time: None,
        manual_deploy: true,
        summary: None,
        links: json!({ "permalink": deploy_url, "alias": url }),
        url,
    }
}

fn submission(scene: &Scene<'_>) -> Submission {
    let (form_id, form_name) = scene.form.unwrap_or((scene.id, "contact"));
    let fields =
        [("name", "Ada Lovelace"), ("email", "ada@example.com"), ("message", "Does this reach you?")];
    let title = |name: &str| name[..1].to_uppercase() + &name[1..];
    let mut data: Map<String, Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    for (name, value) in [("ip", "192.0.2.1"), ("user_agent", "Mozilla/5.0"), ("referrer", &site_url(scene))]
    {
        data.insert(name.to_owned(), value.into());
    }
    let text = |value: &str| Some(value.to_owned());
    Submission {
        id: scene.id.to_owned(),
        number: 1,
        title: text(fields[0].1),
        email: text(fields[1].1),
        name: text(fields[0].1),
        first_name: text("Ada"),
        last_name: text("Lovelace"),
        company: None,
        summary: text(fields[2].1),
        body: text(fields[2].1),
        data,
        human_fields: fields.iter().map(|(name, value)| (title(name), (*value).into())).collect(),
        ordered_human_fields: fields
            .iter()
            .map(|(name, value)| json!({ "title": title(name), "name": name, "value": value }))
            .collect(),
        created_at: scene.now,
        form_id: form_id.to_owned(),
        form_name: form_name.to_owned(),
        site_url: site_url(scene),
    }
}

fn split_test(scene: &Scene<'_>) -> SplitTest {
    let usual = scene.site.info.build.repo_branch.as_deref().unwrap_or("main");
    let half = |branch: &str| SplitBranch { branch: branch.to_owned(), percentage: 50.0 };
    SplitTest {
        id: scene.id.to_owned(),
        site_id: scene.site.id.clone(),
        name: format!("{usual} / beta"),
        path: "/".to_owned(),
        branches: vec![half(usual), half("beta")],
        active: true,
        created_at: scene.now,
        updated_at: scene.now,
        unpublished_at: None,
    }
}

fn hook(scene: &Scene<'_>) -> Hook {
    let event = "deploy_succeeded".to_owned();
    Hook {
        id: scene.id.to_owned(),
        site_id: scene.site.id.clone(),
        kind: "url".to_owned(),
        event: event.clone(),
        events: vec![event],
        data: Map::from_iter([("url".to_owned(), "https://example.com/webhooks/boathook".into())]),
        created_at: scene.now,
        updated_at: scene.now,
        disabled: false,
        form_id: None,
        form_name: None,
        user_id: None,
        success: None,
        actor: Subject::Deploy.as_str().to_owned(),
        restricted: false,
    }
}

fn site_url(scene: &Scene<'_>) -> String {
    let site = scene.site;
    scene.addresses.primary_url(&site.name, site.info.custom_domain.as_deref())
}

#[cfg(test)]
mod tests;
