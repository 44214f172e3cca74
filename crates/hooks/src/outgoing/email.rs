//! Target `email`: a mail with a text and an HTML alternative to one or several addresses (seed 003).
//! Mails about one deploy form a thread; a mail about a submission is answered to its sender. Nothing
//! that a visitor or a repository says can add a header or an address.

mod compose;
mod mailer;
mod recipients;
mod subject;

pub(crate) use compose::{Letter, Why};
pub(crate) use mailer::{Mailer, Posted};
pub(crate) use recipients::address;

use super::chat::{self, Told};
use super::digest::{Extent, LISTED_MAX};
use super::notice::Notice;
use super::{Gear, Meaning, Message, Record, Tried};
use context::{Error, MailSettings, Result};
use events::Subject;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use subject::Facts;

/// How much of a digest a mail lists.
const EXTENT: Extent = Extent { events: LISTED_MAX, lines: LISTED_MAX };

/// Said of every try on a server that sends no mail.
const NO_MAIL: &str =
    "this server sends no mail; its operator can set BOATHOOK_SMTP_URL and BOATHOOK_MAIL_FROM";

/// Said where the mail server cannot be used.
const OPERATORS: &str = "this server's operator has to see to that, and no try is used up";

/// Judges the settings of a hook.
///
/// # Errors
/// `Unprocessable` when an address will not do, there are too many, or the template of the subject
/// does not parse.
pub(crate) fn check(data: &Map<String, Value>) -> Result<()> {
    let addresses = data.get("email").and_then(Value::as_str).unwrap_or_default();
    recipients::parse(addresses).map_err(Error::Unprocessable)?;
    match data.get("subject_template") {
        None => Ok(()),
        Some(Value::String(template)) => subject::check(template).map_err(Error::Unprocessable),
        Some(_) => Err(Error::Unprocessable("data.subject_template must be a text".to_owned())),
    }
}

/// Whether mail can be sent by these settings, as far as that can be told without sending.
///
/// # Errors
/// A sentence that names the setting.
pub fn check_mail(mail: &MailSettings) -> std::result::Result<(), String> {
    Mailer::new(mail).map(|_| ())
}

/// Whether mail can be sent by these settings now: the server is reached, and takes the login.
///
/// # Errors
/// A sentence about what is wrong.
pub async fn probe_mail(mail: &MailSettings) -> std::result::Result<(), String> {
    Mailer::new(mail)?.probe().await
}

/// Sends the message.
pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    async move {
        let Some(mailer) = &gear.mail else { return Tried::unsent(NO_MAIL) };
        let letter = match letter(gear, message, mailer).await {
            Ok(letter) => letter,
            Err(why) => return Tried::unsent(why),
        };
        let mail = match letter.compose() {
            Ok(mail) => mail,
            Err(why) => return Tried::unsent(why),
        };
        let record = mail.record(mailer);
        tried(&mailer.send(&letter.to, &mail.bytes).await, record)
    }
    .boxed()
}

async fn letter(gear: &Gear, message: &Message<'_>, mailer: &Mailer) -> std::result::Result<Letter, String> {
    let hook = message.hook;
    let Told { notice, site, body } = chat::told(gear, message, &EXTENT).await?;
    let text = |name: &str| chat::setting(&hook.data, name);
    let (count, events) = match message.digest {
        Some(digest) => (digest.events.len(), digest.counts()),
        None => (1, message.event.to_owned()),
    };
    let facts = Facts { event: message.event, body: &body, site: &site, notice: &notice, count, events };
    let subject =
        text("subject_template").map_or_else(|| subject::default(&notice), |own| subject::write(own, &facts));
    let what =
        if message.digest.is_some() { "gathers events" } else { &format!("listens to {}", message.event) };
    let sentence = format!("A hook of {} {what}.", site.name);
    Ok(Letter {
        from: mailer.from.clone(),
        to: recipients::parse(text("email").unwrap_or_default())?,
        reply_to: reply_to(message.event, &body),
        subject,
        event: message.event.to_owned(),
        id: format!("{}.{}", message.event_id, hook.id),
        thread: thread(message.event, &body, &hook.id),
        why: Why { sentence, link: format!("{}/hooks/{}", site.admin_url, hook.id) },
        at: message.at,
        notice,
    })
}

/// Who sent the form, when that is an address.
fn reply_to(event: &str, body: &Map<String, Value>) -> Option<lettre::Address> {
    let about_submission = events::entry(event).is_some_and(|entry| entry.subject == Subject::Submission);
    let email = body.get("email").and_then(Value::as_str).filter(|_| about_submission)?;
    address(email).ok()
}

/// What mails about one deploy, or one hook, have in common.
fn thread(event: &str, body: &Map<String, Value>, hook_id: &str) -> Option<String> {
    let subject = events::entry(event)?.subject;
    let id = body.get("id").and_then(Value::as_str)?;
    matches!(subject, Subject::Deploy | Subject::Hook).then(|| format!("{}-{id}.{hook_id}", subject.as_str()))
}

fn tried(posted: &Posted, request: Value) -> Tried {
    let (duration_ms, status) = (posted.duration_ms(), posted.code());
    let (meaning, error) = match posted {
        Posted::Taken { .. } => (Meaning::Delivered, None),
        Posted::Refused { code, answer, .. } => {
            (Meaning::Failed(None), Some(("status", format!("the mail server answered {code}: {answer}"))))
        }
        Posted::Failed { class, message, .. } => (Meaning::Failed(None), Some((*class, message.clone()))),
        Posted::Unable { class, message, .. } => {
            let message = format!("{message}; {OPERATORS}");
            (Meaning::Unable, Some((*class, message)))
        }
    };
    let response = posted.response().map(Record::from);
    Tried { meaning, duration_ms, status, error, request: request.into(), response }
}

/// What a hook's mail would be, for tests of its shape.
#[cfg(test)]
fn sample(event: &str, notice: Notice) -> Letter {
    use crate::outgoing::samples;
    let (body, site) = (samples::body(event), samples::site());
    Letter {
        from: "Boathook <hooks@boathook.example>".parse().expect("a mailbox"),
        to: recipients::parse("ann@example.org").expect("an address"),
        reply_to: reply_to(event, &body),
        subject: subject::default(&notice),
        event: event.to_owned(),
        id: "msg_1.hook".to_owned(),
        thread: thread(event, &body, "hook"),
        why: Why { sentence: "Because.".to_owned(), link: format!("{}/hooks/hook", site.admin_url) },
        at: model::Timestamp(1_767_323_045_678),
        notice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::samples;
    use serde_json::json;

    fn check_data(data: Value, expect: std::result::Result<(), &str>) {
        let Value::Object(data) = data else { unreachable!("an object") };
        let got = check(&data).map_err(|error| error.to_string());
        assert_eq!(got, expect.map_err(str::to_owned), "{data:?}");
    }

    #[test]
    fn settings_are_judged() {
        check_data(json!({"email": "ann@example.org"}), Ok(()));
        check_data(json!({"email": "a@b.c, d@e.f", "subject_template": "[{{site}}] {{ event }}"}), Ok(()));
        check_data(json!({}), Err("data.email is missing"));
        check_data(json!({"email": "ann"}), Err("data.email: \"ann\" is not an address"));
        check_data(
            json!({"email": "a@b.c", "subject_template": "{{ site"}),
            Err("data.subject_template: {{ is not closed by }}"),
        );
        check_data(
            json!({"email": "a@b.c", "subject_template": 7}),
            Err("data.subject_template must be a text"),
        );
    }

    #[test]
    fn submissions_are_answered_to_their_senders_alone() {
        let body = |email: &str| {
            let Value::Object(body) = json!({ "email": email }) else { unreachable!() };
            body
        };
        let ann = address("ann@example.org").ok();
        assert_eq!(reply_to("submission_created", &body("ann@example.org")), ann);
        assert_eq!(reply_to("form_submission", &body("ann@example.org")), ann);
        assert_eq!(reply_to("deploy_created", &body("ann@example.org")), None);
        for bad in ["ann", "a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f", ""] {
            assert_eq!(reply_to("submission_created", &body(bad)), None, "{bad:?}");
        }
    }

    #[test]
    fn deploys_and_hooks_make_threads() {
        let of = |event: &str| thread(event, &samples::body(event), "h");
        assert_eq!(of("deploy_failed").as_deref(), Some("deploy-695735a50000000000000001.h"));
        assert_eq!(of("deploy_created"), of("deploy_failed"));
        assert_eq!(of("hook_failing").as_deref(), Some("hook-695735a50000000000000004.h"));
        assert_eq!(of("submission_created"), None);
    }

    #[test]
    fn a_digest_is_one_mail() {
        let digest = samples::digest(&["deploy_created", "submission_created", "deploy_failed"]);
        let notice = digest.notice(&samples::site(), &EXTENT).expect("words");
        let mail = Letter { thread: None, reply_to: None, ..sample("deploy_failed", notice) };
        insta::assert_snapshot!(mail.compose().expect("a mail").text);
    }

    #[test]
    fn every_event_has_a_mail() {
        let mut all = Map::new();
        for entry in events::CATALOG {
            let mail = sample(entry.name, samples::notice_of(entry.name)).compose().expect("a mail");
            all.insert(entry.name.to_owned(), json!({ "text": mail.text, "html": mail.html }));
        }
        insta::assert_snapshot!(serde_json::to_string_pretty(&all).expect("JSON"));
    }
}
