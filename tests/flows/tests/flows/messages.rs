//! Notifications for people: what a chat's webhook and a mail server get when a site is deployed and
//! its form is sent.

use crate::support::{deliveries, id, text};
use http::Method;
use serde_json::{Value, json};
use testbed::MailServer;
use testkit::{Actor, Platform, both};

const FILES: [(&str, &str); 2] = [
    (
        "index.html",
        "<form name=\"contact\" method=\"post\" netlify><input name=\"name\"><input name=\"email\"><textarea name=\"message\"></textarea></form>",
    ),
    ("404.html", "lost"),
];
const EVENTS: [&str; 2] = ["deploy_succeeded", "form_submission"];

/// A server like `p` that sends mail there.
async fn mailing(p: &Platform, server: &MailServer) -> Platform {
    let url = format!("smtp://127.0.0.1:{}?tls=none", server.port);
    Platform::start_with(p.engine(), move |config| {
        config.mail.smtp_url = Some(url);
        config.mail.mail_from = Some("Bööthook <hooks@example.org>".to_owned());
    })
    .await
}

async fn hook(owner: &Actor, site: &str, kind: &str, data: Value) -> Value {
    let hook = json!({ "type": kind, "events": EVENTS, "data": data });
    owner.post(&format!("/hooks?site_id={site}"), hook).await.expect(201).json()
}

async fn send_form(p: &Platform, host: &str, body: &str) {
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    p.visitor().ask(host, Method::POST, "/", &kind, body).await.expect(200);
}

fn header_of<'a>(mail: &'a Value, name: &str) -> &'a str {
    let headers = mail["headers"].as_array().expect("headers");
    headers.iter().find(|pair| pair[0] == name).and_then(|pair| pair[1].as_str()).unwrap_or_default()
}

both! {
    /// A deploy and a submission, in a chat and in a mailbox.
    async fn people_are_told(p: Platform) {
        let server = MailServer::start(&json!({})).await;
        let mailing = mailing(&p, &server).await;
        let (owner, chat) = (mailing.owner(), mailing.receiver().await);
        let site = owner.create_site("harbour").await;
        let slack = hook(&owner, id(&site), "slack", json!({ "url": chat.url() })).await;
        assert_eq!(slack["data"], json!({ "url": hooks::MASK }), "the address is the secret");
        let mail = hook(&owner, id(&site), "email", json!({ "email": "ann@example.org" })).await;
        let deploy = owner.deploy(id(&site), &FILES).await;
        send_form(&mailing, "harbour", "form-name=contact&name=%C3%84nn&email=v%40e.org&message=a+%3Cb%3E%0D%0Ac").await;

        let posted: Vec<Value> = chat.wait_for(2).await.iter().map(testkit::Delivered::json).collect();
        let port = mailing.address().port();
        let page = format!("http://localhost:{port}/sites/harbour");
        let live = text(&deploy, "deploy_ssl_url");
        let published: model::Timestamp = serde_json::from_value(deploy["published_at"].clone()).expect("a time");
        let succeeded = json!({
            "text": "Successful deploy of *harbour*",
            "attachments": [{
                "fallback": format!("Successful deploy of harbour: {live}"),
                "color": "#3ab259",
                "title": "Visit the changes live",
                "title_link": live,
                "text": format!("Or check out the <{page}/deploys/{}|deploy log>", id(&deploy)),
                "ts": published.seconds(),
                "mrkdwn_in": ["text"],
            }],
        });
        let said = |start: &str| posted.iter().find(|one| text(one, "text").starts_with(start)).expect("it came").clone();
        let mut got = said("Successful");
        if let Some(footer) = got["attachments"][0].as_object_mut().and_then(|one| one.shift_remove("footer")) {
            assert!(footer.as_str().is_some_and(|footer| footer.starts_with("Using git branch ")), "{footer}");
        }
        assert_eq!(got, succeeded);
        let sent = said("New submission of *contact* on *harbour*");
        let field = |title: &str, value: &str| json!({ "title": title, "short": !value.contains('\n'), "value": value });
        let fields = json!([field("Name", "Änn"), field("Email", "v@e.org"), field("Message", "a &lt;b&gt;\nc")]);
        assert_eq!(sent["attachments"][0]["fields"], fields);
        assert_eq!(sent["attachments"][0]["title"], "Submission 1 from Änn");

        let mails = server.wait_for(2).await;
        let about = |subject: &str| mails.iter().find(|mail| header_of(mail, "Subject") == subject).expect("it came");
        let (first, second) = (about("Successful deploy of harbour"), about("New submission of contact on harbour"));
        for one in [first, second] {
            assert_eq!((&one["to"], header_of(one, "From")), (&json!(["ann@example.org"]), "Bööthook <hooks@example.org>"));
            assert_eq!((&one["parts"], &one["defects"]), (&json!(["text/plain", "text/html"]), &json!([])));
            assert!(text(one, "text").contains(&format!("{page}/hooks/{}", id(&mail))));
        }
        assert!(text(first, "text").contains(live) && text(first, "html").contains(live));
        assert_eq!((header_of(first, "Reply-To"), header_of(second, "Reply-To")), ("", "v@e.org"));
        assert!(text(second, "text").replace("\r\n", "\n").contains("Name: Änn\nEmail: v@e.org\nMessage:\na <b>\nc\n"));

        for hook in [&slack, &mail] {
            let done = deliveries(&owner, id(hook), "delivered", 2).await;
            let path = format!("/hooks/{}/deliveries/{}", id(hook), id(&done[0]));
            let record = owner.get(&path).await.expect(200).json().to_string();
            assert!(!record.contains(&chat.url()), "{record}");
        }
        mailing.stop().await;
    }
}

both! {
    /// What can be set is described, and what will not do is refused when the hook is made.
    async fn targets_describe_themselves(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("hooked").await;
        let types = owner.get("/hooks/types").await.expect(200).json();
        let found = |name: &str| {
            let all = types.as_array().expect("a list");
            let one = all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} is not described"));
            let fields = one["fields"].as_array().expect("fields").iter();
            fields.map(|field| (text(field, "name").to_owned(), text(field, "type").to_owned(), field["required"] == true)).collect::<Vec<_>>()
        };
        let own = |list: &[(&str, &str, bool)]| {
            list.iter().map(|(name, kind, required)| ((*name).to_owned(), (*kind).to_owned(), *required)).collect::<Vec<_>>()
        };
        let (url, channel, username) = (("url", "secret", true), ("channel", "text", false), ("username", "text", false));
        assert_eq!(found("slack"), own(&[url, channel, username]));
        assert_eq!(found("mattermost"), own(&[url, channel, username]));
        assert_eq!(found("discord"), own(&[url, username]));
        assert_eq!(found("microsoft_teams"), own(&[url]));
        assert_eq!(found("email"), own(&[("email", "email", true), ("subject_template", "text", false)]));
        for one in types.as_array().expect("a list") {
            for field in one["fields"].as_array().expect("fields") {
                assert!(!text(field, "title").is_empty(), "{one}");
            }
        }
        for (kind, data) in [
            ("slack", json!({})),
            ("discord", json!({ "url": "discord.com/api/webhooks/1/x" })),
            ("email", json!({})),
            ("email", json!({ "email": "ann" })),
            ("email", json!({ "email": "ann@example.org", "subject_template": "{{ site" })),
        ] {
            let hook = json!({ "type": kind, "event": "deploy_failed", "data": data });
            owner.post(&format!("/hooks?site_id={}", id(&site)), hook).await.refusal(422);
        }
    }
}
