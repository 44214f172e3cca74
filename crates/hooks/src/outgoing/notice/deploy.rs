//! Events of deploys in words.

use super::{COMMIT_SHOWN, Line, Notice, Severity, Thing};

/// Message of a deploy that a person ended.
const CANCELED: &str = "Canceled";

pub(super) fn created(deploy: &Thing<'_>) -> Notice {
    // A server set to the hosted meaning fires this event when the deploy is there to be seen.
    if deploy.text("state") == Some("ready") {
        let notice = ready(deploy, deploy.about_site("New deploy of ", " is ready"));
        return finished(deploy, notice);
    }
    let notice = Notice::new(Severity::Begun, deploy.about_site("A new deploy of ", " was made"));
    told(deploy, notice.leading("Follow the deploy", Some(&page(deploy))).saying(title(deploy)))
}

pub(super) fn building(deploy: &Thing<'_>) -> Notice {
    let headline = deploy.about_site("There is a new deploy in process for ", "");
    let notice = Notice::new(Severity::Begun, headline).leading("Visit the build log", Some(&page(deploy)));
    told(deploy, notice.saying(title(deploy)))
}

pub(super) fn succeeded(deploy: &Thing<'_>) -> Notice {
    finished(deploy, ready(deploy, deploy.about_site("Successful deploy of ", "")))
}

pub(super) fn succeeded_after_failing(deploy: &Thing<'_>) -> Notice {
    let headline = deploy.about_site("Deploys of ", " succeed again");
    finished(deploy, ready(deploy, headline))
}

pub(super) fn failed(deploy: &Thing<'_>) -> Notice {
    if deploy.text("error_message") == Some(CANCELED) {
        let notice = Notice::new(Severity::Neutral, deploy.about_site("The deploy of ", " was canceled"));
        return told(deploy, notice.leading("Visit the build log", Some(&page(deploy))));
    }
    if deploy.body.get("skipped").and_then(serde_json::Value::as_bool) == Some(true) {
        return skipped(deploy);
    }
    broken(deploy, deploy.about_site("Something went wrong deploying ", ""))
}

pub(super) fn failed_after_succeeding(deploy: &Thing<'_>) -> Notice {
    broken(deploy, deploy.about_site("Deploys of ", " fail since this one; the one before succeeded"))
}

pub(super) fn locked(deploy: &Thing<'_>) -> Notice {
    let notice = Notice::new(Severity::Neutral, deploy.about_site("", " is held at its published deploy"));
    let notice = notice.leading("Visit the published deploy", deploy.text("deploy_ssl_url"));
    told(deploy, notice.saying(Line::of("Newer deploys do not go live until it is unlocked.")))
}

pub(super) fn unlocked(deploy: &Thing<'_>) -> Notice {
    let notice = Notice::new(Severity::Neutral, deploy.about_site("", " is no longer held at one deploy"));
    let notice = notice.leading("Visit the published deploy", deploy.text("deploy_ssl_url"));
    told(deploy, notice.saying(Line::of("Newer deploys go live again.")))
}

pub(super) fn request_pending(deploy: &Thing<'_>) -> Notice {
    let headline = deploy.about_site("A deploy of ", " waits for a person to let it begin");
    let notice = Notice::new(Severity::Begun, headline).leading("Accept or reject it", Some(&page(deploy)));
    told(deploy, notice.saying(title(deploy)))
}

pub(super) fn request_accepted(deploy: &Thing<'_>) -> Notice {
    let headline = deploy.about_site("The waiting deploy of ", " was accepted");
    let notice = Notice::new(Severity::Good, headline).leading("Visit the build log", Some(&page(deploy)));
    told(deploy, notice.saying(Line::of("Its build begins.")))
}

pub(super) fn request_rejected(deploy: &Thing<'_>) -> Notice {
    let headline = deploy.about_site("The waiting deploy of ", " was rejected");
    let notice = Notice::new(Severity::Bad, headline).leading("Visit the deploy's page", Some(&page(deploy)));
    told(deploy, notice.saying(Line::of("It is not built.")))
}

pub(super) fn restored(deploy: &Thing<'_>) -> Notice {
    let headline = deploy.about_site("", " is back at an earlier deploy");
    let notice =
        Notice::new(Severity::Good, headline).leading("Visit the changes live", deploy.text("ssl_url"));
    let text = Line::of("It was published again by hand. Or check out the ");
    finished(deploy, notice.saying(text.link("deploy log", Some(&page(deploy)))))
}

pub(super) fn deleted(deploy: &Thing<'_>) -> Notice {
    let deploys = format!("{}/deploys", deploy.site.admin_url);
    let notice = Notice::new(Severity::Neutral, deploy.about_site("A deploy of ", " was deleted"));
    told(deploy, notice.leading("Visit the other deploys", Some(&deploys)).saying(title(deploy)))
}

/// A deploy that can be visited.
fn ready(deploy: &Thing<'_>, headline: Line) -> Notice {
    let live = deploy.text("published_at").is_some();
    let (title, before) = match deploy.text("context") {
        Some("deploy-preview") => ("Visit the Deploy Preview", ""),
        Some("branch-deploy") => ("Visit the branch deploy", ""),
        _ if live => ("Visit the changes live", ""),
        _ => ("Visit the deploy", "It is not live. "),
    };
    let text = Line::of(before).plain_text("Or check out the ").link("deploy log", Some(&page(deploy)));
    Notice::new(Severity::Good, headline).leading(title, deploy.text("deploy_ssl_url")).saying(text)
}

/// A deploy that nothing was wrong with: a newer one took its place, or there was nothing to build.
fn skipped(deploy: &Thing<'_>) -> Notice {
    let notice = Notice::new(Severity::Neutral, deploy.about_site("A deploy of ", " was skipped"));
    let notice = notice.leading("Visit the deploy's page", Some(&page(deploy)));
    told(deploy, notice.saying(Line::of(deploy.text("error_message").unwrap_or_default())))
}

fn broken(deploy: &Thing<'_>, headline: Line) -> Notice {
    let notice = Notice::new(Severity::Bad, headline).leading("Visit the build log", Some(&page(deploy)));
    told(deploy, notice.saying(Line::of(deploy.text("error_message").unwrap_or_default())))
}

/// The deploy's page in the dashboard.
fn page(deploy: &Thing<'_>) -> String {
    let id = deploy.text("id").unwrap_or_default();
    format!("{}/deploys/{id}", deploy.site.admin_url)
}

fn title(deploy: &Thing<'_>) -> Line {
    Line::of(deploy.text("title").unwrap_or_default())
}

/// Adds what is said of every deploy.
fn told(deploy: &Thing<'_>, mut notice: Notice) -> Notice {
    notice.at = deploy.time("updated_at");
    notice.footer = footer(deploy);
    match deploy.body.get("review_id").and_then(serde_json::Value::as_i64) {
        Some(number) => {
            notice.with_field("Review", Line::new().link(&format!("#{number}"), deploy.text("review_url")))
        }
        None => notice,
    }
}

/// The same, at the time it went live.
fn finished(deploy: &Thing<'_>, notice: Notice) -> Notice {
    let mut notice = told(deploy, notice);
    notice.at = deploy.time("published_at").or(notice.at);
    notice
}

fn footer(deploy: &Thing<'_>) -> Line {
    let commit = |line: Line, commit: &str| {
        let short: String = commit.chars().take(COMMIT_SHOWN).collect();
        line.link(&short, deploy.text("commit_url"))
    };
    match (deploy.text("branch"), deploy.text("commit_ref")) {
        (Some(branch), Some(sha)) => commit(Line::of(&format!("Using git branch {branch}, commit ")), sha),
        (Some(branch), None) => Line::of(&format!("Using git branch {branch}")),
        (None, Some(sha)) => commit(Line::of("Using git commit "), sha),
        (None, None) => Line::new(),
    }
}
