//! Targets that tell people: chats against a receiver on a raw socket, mail against a mail server that
//! is not ours.

use super::lab::{ACCOUNT, Lab, SITE};
use super::receiver::{OK, Receiver};
use crate::outgoing::email::{Mailer, Posted, address};
use crate::{Dispatcher, MASK};
use context::{Context, MailSettings};
use events::Event;
use model::DeliveryState;
use outbound::{AddressPolicy, Client, Options};
use serde_json::{Value, json};
use std::time::Duration;
use testbed::{MailServer, both};

both!(
    a_slack_message_arrives_and_its_address_stays_secret,
    a_chat_hook_without_an_address_is_refused,
    a_submission_arrives_as_a_mail,
    what_a_visitor_sends_adds_no_header_and_no_address,
    mails_about_one_deploy_are_a_thread_and_a_mail_keeps_its_bytes,
    an_address_that_is_refused_does_not_keep_the_others,
    nobody_gets_a_mail_twice_because_another_must_wait,
    a_refused_mail_is_on_record_and_the_hook_stays,
    mail_goes_out_over_starttls_with_a_login,
    a_connection_is_used_again,
    without_a_mail_server_a_try_says_what_is_missing,
);

const FROM: &str = "Böathook <hooks@boathook.example>";

/// The lab's world with a mail server.
pub(super) fn with_mail(lab: &Lab, port: u16) -> Context {
    configured(lab, &format!("smtp://127.0.0.1:{port}?tls=none"), None)
}

pub(super) fn configured(lab: &Lab, url: &str, ca: Option<String>) -> Context {
    let mut mail = MailSettings::parse(url, FROM).expect("an address");
    mail.ca = ca.map(String::into_bytes);
    lab.configured(|settings| settings.mail = Some(mail))
}

fn dispatcher(cx: &Context) -> Dispatcher {
    let policy = AddressPolicy { allow_loopback: true, ..AddressPolicy::default() };
    let client = Client::new(Options { policy, ..Options::default() }).expect("a client");
    Dispatcher::new(cx.clone(), client)
}

pub(super) async fn deliver(cx: &Context) -> usize {
    dispatcher(cx).run_due().await.expect("deliveries run")
}

async fn record(lab: &Lab, event: Event) -> String {
    let mut tx = lab.cx.begin().await.expect("a transaction");
    let id = events::record(&mut tx, &lab.cx, ACCOUNT, SITE, &event).await.expect("an event");
    tx.commit().await.expect("a commit");
    id
}

pub(super) async fn submit(lab: &Lab, email: &str, message: &str) -> String {
    let sent = json!({
        "id": lab.cx.id(), "number": 7, "name": "Änn", "email": email, "form_id": "f", "form_name": "contact",
        "data": {}, "human_fields": {}, "site_url": "https://site.example", "created_at": lab.cx.now(),
        "ordered_human_fields": [
            {"title": "Email", "name": "email", "value": email},
            {"title": "Message", "name": "message", "value": message},
        ],
    });
    record(lab, Event::SubmissionCreated(Box::new(serde_json::from_value(sent).expect("a submission")))).await
}

pub(super) async fn deploy(lab: &Lab, id: &str, event: fn(Box<model::Deploy>) -> Event) -> String {
    let url = "https://site.example";
    let deploy = json!({
        "id": id, "site_id": SITE, "state": "error", "name": "site", "url": url, "ssl_url": url, "admin_url": url,
        "deploy_url": url, "deploy_ssl_url": url, "draft": false, "required": [], "required_functions": [],
        "error_message": "it broke", "branch": "größe", "created_at": lab.cx.now(), "updated_at": lab.cx.now(),
        "context": "production", "locked": false, "function_schedules": [], "available_functions": [],
        "manual_deploy": false, "links": {},
    });
    record(lab, event(Box::new(serde_json::from_value(deploy).expect("a deploy")))).await
}

pub(super) async fn mail_hook(lab: &Lab, events: &[&str], data: Value) -> String {
    lab.hook_with(json!({ "type": "email", "events": events, "data": data })).await
}

/// A header of a mail; panics when there are several.
#[track_caller]
pub(super) fn header<'a>(mail: &'a Value, name: &str) -> Option<&'a str> {
    let headers = mail["headers"].as_array().expect("headers");
    let mut found = headers.iter().filter(|pair| pair[0] == name);
    let first = found.next().and_then(|pair| pair[1].as_str());
    assert!(found.next().is_none(), "several {name} in {headers:?}");
    first
}

fn names(mail: &Value) -> Vec<&str> {
    mail["headers"].as_array().expect("headers").iter().filter_map(|pair| pair[0].as_str()).collect()
}

async fn a_slack_message_arrives_and_its_address_stays_secret(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let data = json!({ "url": format!("{}/T0/B0/s3cret", receiver.url), "channel": "#builds" });
    let id = lab.hook_with(json!({ "type": "slack", "data": data })).await;
    lab.happen().await;
    assert_eq!(lab.deliver().await, 1);
    let [seen] = receiver.seen().try_into().expect("one request");
    assert!(seen.head.starts_with("POST /in/T0/B0/s3cret HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.header("Content-Type"), Some("application/json"));
    let message: Value = serde_json::from_slice(&seen.body).expect("JSON");
    assert_eq!(message["text"], "Split test *Ünïcode* began on *site*");
    assert_eq!(
        (&message["channel"], &message["attachments"][0]["color"]),
        (&json!("#builds"), &json!("#3ab259"))
    );

    let found = lab.delivery(&id).await;
    assert_eq!(found.delivery.state, DeliveryState::Delivered);
    let request = &found.attempts[0].request;
    assert!(request["url"].as_str().is_some_and(|url| url.ends_with(&format!("/{MASK}"))), "{request}");
    assert_eq!(request["body"], message);
    let hook = crate::get(&lab.cx, &id).await.expect("the hook").hook;
    assert_eq!(hook.data, *json!({ "channel": "#builds", "url": MASK }).as_object().expect("an object"));
    let shown = serde_json::to_string(&(found, hook)).expect("JSON");
    assert!(!shown.contains("s3cret"), "{shown}");
}

async fn a_chat_hook_without_an_address_is_refused(lab: &Lab) {
    for kind in ["slack", "mattermost", "discord", "microsoft_teams"] {
        for (data, expect) in [
            (json!({}), "data.url is missing"),
            (json!({ "url": "hooks.slack.com" }), "data.url is not an address"),
            (json!({ "url": "ftp://s3cret.example" }), "data.url must begin with http:// or https://"),
        ] {
            let input = json!({ "type": kind, "event": "deploy_failed", "data": data });
            let input = serde_json::from_value(input).expect("an input");
            let said = crate::create(&lab.cx, SITE, None, input).await.expect_err("refused").to_string();
            assert_eq!(said, expect, "{kind}");
        }
    }
}

async fn a_submission_arrives_as_a_mail(lab: &Lab) {
    let server = MailServer::start(&json!({})).await;
    let cx = with_mail(lab, server.port);
    let data = json!({ "email": "ann@bücher.example, bob@example.org", "subject_template": "[{{site}}] {{form}} von {{name}}" });
    let id = mail_hook(lab, &["submission_created"], data).await;
    let event_id = submit(lab, "visitor@example.org", "Grüße\nund <b>mehr</b> & 😀").await;
    assert_eq!(deliver(&cx).await, 1);
    let [mail] = server.wait_for(1).await.try_into().expect("one mail");
    assert_eq!(mail["from"], "hooks@boathook.example");
    assert_eq!(mail["to"], json!(["ann@xn--bcher-kva.example", "bob@example.org"]));
    assert_eq!(header(&mail, "Subject"), Some("[site] contact von Änn"));
    assert_eq!(header(&mail, "From"), Some(FROM));
    assert_eq!(header(&mail, "To"), Some("ann@xn--bcher-kva.example, bob@example.org"));
    assert_eq!(header(&mail, "Reply-To"), Some("visitor@example.org"));
    assert_eq!(header(&mail, "Auto-Submitted"), Some("auto-generated"));
    assert_eq!(header(&mail, "Message-ID"), Some(format!("<{event_id}.{id}@boathook.example>").as_str()));
    assert_eq!(header(&mail, "Date"), Some("Fri, 02 Jan 2026 03:04:05 +0000"));
    assert_eq!(mail["kind"], "multipart/alternative");
    assert_eq!(mail["parts"], json!(["text/plain", "text/html"]));
    assert_eq!(mail["defects"], json!([]));
    let (text, html) = (mail["text"].as_str().expect("text"), mail["html"].as_str().expect("HTML"));
    assert!(text.replace("\r\n", "\n").contains("Message:\nGrüße\nund <b>mehr</b> & 😀\n"), "{text}");
    assert!(html.contains("und &lt;b&gt;mehr&lt;/b&gt; &amp; 😀") && !html.contains("<b>"), "{html}");
    assert!(text.contains(&format!("/hooks/{id}")) && html.contains(&format!("/hooks/{id}")));

    let found = lab.delivery(&id).await;
    let attempt = &found.attempts[0];
    assert_eq!((found.delivery.state, attempt.status), (DeliveryState::Delivered, Some(250)));
    assert_eq!(attempt.request["envelope"]["to"], mail["to"]);
    assert_eq!(attempt.request["server"], format!("127.0.0.1:{}", server.port));
    assert_eq!(attempt.response.as_ref().expect("an answer")["answer"], "2.0.0 taken");
    assert_eq!(attempt.request["bytes"], mail["source"].as_str().map_or(0, str::len));
}

async fn what_a_visitor_sends_adds_no_header_and_no_address(lab: &Lab) {
    let server = MailServer::start(&json!({})).await;
    let cx = with_mail(lab, server.port);
    let data = json!({ "email": "ann@example.org", "subject_template": "{{email}} {{form}}" });
    mail_hook(lab, &["submission_created"], data).await;
    submit(lab, "ordinary@example.org", "x").await;
    deliver(&cx).await;
    let plain = server.wait_for(1).await.remove(0);
    let bad = "a@b.c\r\nBcc: thief@example.org\r\n\r\n<h1>hi";
    submit(lab, bad, "x\r\n.\r\nRCPT TO:<thief@example.org>\r\n.").await;
    deliver(&cx).await;
    let mail = server.wait_for(2).await.remove(1);
    let mut expect = names(&plain);
    expect.retain(|name| *name != "Reply-To");
    assert_eq!(names(&mail), expect, "the same headers, and nobody to answer");
    assert_eq!(mail["to"], json!(["ann@example.org"]));
    assert_eq!(header(&mail, "Subject"), Some("a@b.c Bcc: thief@example.org <h1>hi contact"));
    assert_eq!(header(&mail, "Bcc"), None);
    assert!(mail["text"].as_str().is_some_and(|text| text.contains("RCPT TO:<thief@example.org>")));
    assert_eq!((&mail["defects"], server.mails().len()), (&json!([]), 2));
}

async fn mails_about_one_deploy_are_a_thread_and_a_mail_keeps_its_bytes(lab: &Lab) {
    let later = json!({ "data": ["451 4.3.0 later"] });
    let server = MailServer::start(&later).await;
    let cx = with_mail(lab, server.port);
    let id =
        mail_hook(lab, &["deploy_building", "deploy_failed"], json!({ "email": "ann@example.org" })).await;
    let thing = lab.cx.id();
    let event_id = deploy(lab, &thing, Event::DeployBuilding).await;
    assert_eq!(deliver(&cx).await, 1);
    let found = lab.delivery(&id).await;
    assert_eq!((found.delivery.state, found.attempts[0].status), (DeliveryState::Waiting, Some(451)));
    assert_eq!(found.attempts[0].error.as_deref(), Some("the mail server answered 451: 4.3.0 later"));
    lab.clock.advance(Duration::from_secs(60));
    assert_eq!(deliver(&cx).await, 1);
    let tries = lab.delivery(&id).await.attempts;
    let sent = |number: usize| (&tries[number].request["head"], &tries[number].request["sha256"]);
    assert_eq!((tries.len(), sent(0)), (2, sent(1)));
    deploy(lab, &thing, Event::DeployFailed).await;
    lab.clock.advance(Duration::from_secs(60));
    assert_eq!(deliver(&cx).await, 1);
    let [first, second] = server.wait_for(2).await.try_into().expect("two mails");
    assert_eq!(header(&first, "Message-ID"), Some(format!("<{event_id}.{id}@boathook.example>").as_str()));
    assert_ne!(header(&first, "Message-ID"), header(&second, "Message-ID"));
    assert_eq!(header(&first, "Date"), Some("Fri, 02 Jan 2026 03:04:05 +0000"), "when the build began");
    let root = format!("<deploy-{thing}.{id}@boathook.example>");
    for mail in [&first, &second] {
        assert_eq!(
            (header(mail, "References"), header(mail, "In-Reply-To")),
            (Some(root.as_str()), Some(root.as_str()))
        );
        assert!(mail["text"].as_str().is_some_and(|text| text.contains("Using git branch größe")));
    }
    assert_eq!(header(&second, "Subject"), Some("Something went wrong deploying site"));
}

async fn an_address_that_is_refused_does_not_keep_the_others(lab: &Lab) {
    let server = MailServer::start(&json!({ "rcpt": { "gone@example.org": ["550 5.1.1 nobody"] } })).await;
    let cx = with_mail(lab, server.port);
    let id = mail_hook(lab, &["deploy_failed"], json!({ "email": "gone@example.org,ann@example.org" })).await;
    deploy(lab, &lab.cx.id(), Event::DeployFailed).await;
    assert_eq!(deliver(&cx).await, 1);
    let [mail] = server.wait_for(1).await.try_into().expect("one mail");
    assert_eq!(mail["to"], json!(["ann@example.org"]));
    let found = lab.delivery(&id).await;
    assert_eq!(found.delivery.state, DeliveryState::Delivered);
    let refused = json!([{ "address": "gone@example.org", "answer": "550 5.1.1 nobody" }]);
    assert_eq!(found.attempts[0].response.as_ref().expect("an answer")["refused"], refused);
}

async fn nobody_gets_a_mail_twice_because_another_must_wait(lab: &Lab) {
    let server = MailServer::start(&json!({ "rcpt": { "grey@example.org": ["450 4.7.1 later"] } })).await;
    let cx = with_mail(lab, server.port);
    let id = mail_hook(lab, &["deploy_failed"], json!({ "email": "ann@example.org,grey@example.org" })).await;
    deploy(lab, &lab.cx.id(), Event::DeployFailed).await;
    assert_eq!(deliver(&cx).await, 1);
    assert_eq!(lab.delivery(&id).await.attempts[0].status, Some(450));
    lab.clock.advance(Duration::from_secs(60));
    assert_eq!(deliver(&cx).await, 1);
    let [mail] = server.wait_for(1).await.try_into().expect("one mail");
    assert_eq!(mail["to"], json!(["ann@example.org", "grey@example.org"]));
    assert_eq!(lab.delivery(&id).await.delivery.state, DeliveryState::Delivered);
}

async fn a_refused_mail_is_on_record_and_the_hook_stays(lab: &Lab) {
    let server = MailServer::start(&json!({ "rcpt": { "gone@example.org": ["550 5.1.1 nobody"] } })).await;
    let cx = with_mail(lab, server.port);
    let id = mail_hook(lab, &["deploy_failed"], json!({ "email": "gone@example.org" })).await;
    deploy(lab, &lab.cx.id(), Event::DeployFailed).await;
    deliver(&cx).await;
    let found = lab.delivery(&id).await;
    assert_eq!((found.delivery.state, found.attempts[0].status), (DeliveryState::Waiting, Some(550)));
    assert_eq!(found.attempts[0].error_class.as_deref(), Some("status"));
    assert!(!crate::get(&lab.cx, &id).await.expect("the hook").hook.disabled);
}

async fn mail_goes_out_over_starttls_with_a_login(lab: &Lab) {
    let pki = Pki::new(lab);
    let orders = json!({ "cert": pki.cert, "key": pki.key, "starttls": true, "login": ["ann", "s3cret!"] });
    let server = MailServer::start(&orders).await;
    let id = mail_hook(lab, &["deploy_failed"], json!({ "email": "ann@example.org" })).await;
    let url = format!("smtp://ann:s3cret%21@localhost:{}", server.port);
    let wrong = format!("smtp://ann:s3cret%3F@localhost:{}", server.port);
    for (url, ca, class, says) in [
        (&url, None, "tls", "no secure connection"),
        (&wrong, Some(pki.ca.clone()), "status", "the mail server answered 535"),
        (&url, Some(pki.ca.clone()), "", ""),
    ] {
        deploy(lab, &lab.cx.id(), Event::DeployFailed).await;
        deliver(&configured(lab, url, ca)).await;
        let all =
            crate::list_deliveries(&lab.cx, &id, (None, None), model::Page::default()).await.expect("a list");
        let last = crate::get_delivery(&lab.cx, &id, &all[0].id).await.expect("the delivery");
        let shown = serde_json::to_string(&last).expect("JSON");
        assert!(!shown.contains("s3cret"), "{shown}");
        let attempt = &last.attempts[0];
        assert_eq!(attempt.error_class.as_deref().unwrap_or_default(), class, "{shown}");
        assert!(attempt.error.as_deref().unwrap_or_default().starts_with(says), "{shown}");
    }
    let mails = server.wait_for(1).await;
    assert_eq!((&mails[0]["tls"], &mails[0]["login"], mails.len()), (&json!(true), &json!(true), 1));
    let probed = async |url: &str| {
        let mut mail = MailSettings::parse(url, FROM).expect("an address");
        mail.ca = Some(pki.ca.clone().into_bytes());
        crate::probe_mail(&mail).await
    };
    assert_eq!(probed(&url).await, Ok(()));
    let refused = probed(&wrong).await.expect_err("the login is wrong");
    assert!(refused.starts_with("the mail server answered 535") && !refused.contains("s3cret"), "{refused}");
    let open = MailServer::start(&json!({})).await;
    let mailer = mailer(&format!("smtp://localhost:{}", open.port));
    let posted = mailer.send(&[address("ann@example.org").expect("an address")], b"x").await;
    assert!(matches!(posted, Posted::Unable { class: "tls", .. }), "never without: {posted:?}");
}

async fn a_connection_is_used_again(lab: &Lab) {
    let orders = json!({ "data": ["554 5.6.0 no"], "rcpt": { "hang@example.org": ["hang"] } });
    let server = MailServer::start(&orders).await;
    let mut mailer = mailer(&format!("smtp://127.0.0.1:{}?tls=none", server.port));
    mailer.total = Duration::from_millis(500);
    let to = |name: &str| vec![address(&format!("{name}@example.org")).expect("an address")];
    assert!(matches!(
        mailer.send(&to("ann"), b"Subject: a\r\n\r\na").await,
        Posted::Refused { code: 554, .. }
    ));
    mailer.total = Duration::from_secs(30);
    for _ in 0..2 {
        let posted = mailer.send(&to("ann"), b"Subject: a\r\n\r\n.a\r\n..\r\n").await;
        assert!(matches!(posted, Posted::Taken { .. }), "{posted:?}");
    }
    mailer.total = Duration::from_millis(500);
    assert!(matches!(mailer.send(&to("hang"), b"x").await, Posted::Failed { class: "timeout", .. }));
    mailer.total = Duration::from_secs(30);
    assert!(matches!(mailer.send(&to("ann"), b"Subject: b\r\n\r\nb").await, Posted::Taken { .. }));
    let mails = server.wait_for(3).await;
    assert_eq!(mails[0]["peer"], mails[1]["peer"], "kept");
    assert_ne!(mails[1]["peer"], mails[2]["peer"], "not kept after silence");
    assert_eq!(mails[0]["source"], "Subject: a\r\n\r\n.a\r\n..\r\n");
    assert!(lab.cx.settings.mail.is_none());
}

fn mailer(url: &str) -> Mailer {
    let settings = MailSettings::parse(url, FROM).expect("an address");
    Mailer::new(&settings).expect("settings that do")
}

async fn without_a_mail_server_a_try_says_what_is_missing(lab: &Lab) {
    let id = mail_hook(lab, &["deploy_failed"], json!({ "email": "ann@example.org" })).await;
    deploy(lab, &lab.cx.id(), Event::DeployFailed).await;
    assert_eq!(lab.deliver().await, 1);
    let found = lab.delivery(&id).await;
    assert_eq!(found.delivery.state, DeliveryState::Waiting);
    assert!(found.attempts[0].error.as_deref().is_some_and(|why| why.contains("BOATHOOK_SMTP_URL")));
}

/// An authority of our own and a certificate for `localhost`, as files and as PEM.
struct Pki {
    ca: String,
    cert: String,
    key: String,
}

impl Pki {
    fn new(lab: &Lab) -> Self {
        use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
        let ca_key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&ca_key).expect("a certificate");
        let issuer = Issuer::new(params, ca_key);
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
        let path = |name: &str, pem: String| {
            let path = lab.folder().join(name);
            std::fs::write(&path, pem).expect("a file");
            path.to_string_lossy().into_owned()
        };
        Self { ca: ca.pem(), cert: path("cert.pem", leaf.pem()), key: path("key.pem", key.serialize_pem()) }
    }
}
