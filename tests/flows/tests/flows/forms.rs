//! Forms, from a page of a deploy to what its owner gets of it.

use crate::events::schema;
use crate::support::{id, sha1, sha256, text};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Actor, Answer, Platform, both};

const PAGE: &str = "<!doctype html><form name=\"contact\" method=\"post\" action=\"/thanks\" data-netlify=\"true\" \
    netlify-honeypot=\"bot\"><input name=\"name\"><input type=\"email\" name=\"email\">\
    <textarea name=\"message\"></textarea><input type=\"file\" name=\"cv\"><input name=\"bot\">\
    <button>Send</button></form>";
const FILES: [(&str, &str); 4] = [
    ("index.html", PAGE),
    ("thanks.html", "thanks"),
    ("about/index.html", "<form name=about netlify></form>"),
    ("404.html", "lost"),
];
const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=X";
/// What a browser accepts that shows a page.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A site with these forms; its id.
async fn site(owner: &Actor, name: &str) -> String {
    let site = owner.create_site(name).await;
    owner.deploy(id(&site), &FILES).await;
    id(&site).to_owned()
}

/// `POST` of a body, as a browser that shows a page does it.
async fn post(p: &Platform, path: &str, kind: &str, body: &str) -> Answer {
    send(p, path, kind, body, &[("accept", BROWSER), ("referer", "http://before/"), ("user-agent", "Fox/1")])
        .await
}

async fn send(p: &Platform, path: &str, kind: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("content-type", kind)], headers].concat();
    p.visitor().ask("desk", Method::POST, path, &headers, body).await
}

/// A part of a multipart body.
fn part(name: &str, more: &str, content: &str) -> String {
    format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{content}\r\n")
}

fn file(name: &str, content: &str) -> String {
    part(name, "; filename=\"..\\my cv.html\"\r\nContent-Type: text/html", content)
}

fn multipart(parts: &[String]) -> String {
    format!("{}--X--\r\n", parts.concat())
}

async fn forms(owner: &Actor, site: &str) -> Vec<Value> {
    let forms = owner.get(&format!("/sites/{site}/forms")).await.expect(200).json();
    forms.as_array().expect("a list").clone()
}

async fn form(owner: &Actor, site: &str, name: &str) -> Value {
    forms(owner, site).await.into_iter().find(|form| form["name"] == name).expect("the form is listed")
}

async fn submissions(owner: &Actor, path: &str) -> Vec<Value> {
    owner.get(path).await.expect(200).json().as_array().expect("a list").clone()
}

fn names(list: &[Value]) -> Vec<&str> {
    list.iter().map(|one| text(one, "name")).collect()
}

both! {
    /// Detection: what visitors get of a page with a form, and what its owner learns of it.
    async fn a_page_is_served_with_its_form(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "desk").await;
        let page = p.visitor().site("desk", "/").await.expect(200).text();
        let hidden = "<input type=\"hidden\" name=\"form-name\" value=\"contact\">";
        let expect = "<form name=\"contact\" method=\"post\" action=\"/thanks\">";
        assert!(page.contains(&format!("{expect}{hidden}<input name=\"name\">")), "{page}");
        assert!(!page.contains("netlify"), "{page}");
        let files = owner.get(&format!("/sites/{site}/files")).await.expect(200).json();
        let index = files.as_array().expect("a list").iter().find(|file| file["path"] == "/index.html");
        assert_eq!(index.expect("listed")["sha"], sha1(PAGE.as_bytes()));
        let contact = form(&owner, &site, "contact").await;
        assert_eq!(contact["paths"], json!(["/"]));
        let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        let fields = [
            field("name", "text"),
            field("email", "email"),
            field("message", "textarea"),
            field("cv", "file"),
            field("bot", "text"),
        ];
        assert_eq!(contact["fields"], json!(fields));
        assert_eq!((&contact["submission_count"], &contact["site_id"]), (&json!(0), &json!(site)));
        assert_eq!(form(&owner, &site, "about").await["paths"], json!(["/about"]));
        // the same page in another deploy is served the same way, and needs no upload
        let again = owner.deploy(&site, &FILES[..2]).await;
        assert_eq!(again["required"], json!([]));
        assert_eq!(p.visitor().site("desk", "/").await.expect(200).text(), page);
        assert_eq!(names(&forms(&owner, &site).await), ["about", "contact"], "it stays listed");
    }
}

both! {
    /// A deploy says which forms it could not take, and a site may do without.
    async fn what_is_wrong_with_forms_is_said(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("desk").await;
        let files = [("index.html", "<form netlify></form><form name=a netlify data-netlify-recaptcha=true></form>")];
        let deploy = owner.deploy(id(&site), &files).await;
        let messages = deploy["summary"]["messages"].to_string();
        assert!(messages.contains("no usable name") && messages.contains("reCAPTCHA"), "{messages}");
        let off = json!({ "processing_settings": { "html": { "pretty_urls": true }, "ignore_html_forms": true } });
        let site = owner.patch(&format!("/sites/{}", id(&site)), off).await.expect(200).json();
        assert_eq!(site["processing_settings"]["ignore_html_forms"], true);
        owner.deploy(id(&site), &FILES).await;
        assert_eq!(p.visitor().site("desk", "/").await.expect(200).text(), PAGE);
        assert_eq!(names(&forms(&owner, id(&site)).await), ["a"]);
    }
}

both! {
    /// Every way to send a form, and where it leads.
    async fn visitors_are_answered(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "desk").await;
        let body = "form-name=contact&name=Ann";
        let led = post(&p, "/thanks?a=b", URLENCODED, body).await.expect(303);
        assert_eq!(led.header("location"), Some("/thanks?a=b"));
        assert_eq!(p.visitor().site("desk", "/thanks").await.expect(200).text(), "thanks");
        for path in ["/", "/index.html", "/nowhere"] {
            let page = post(&p, path, URLENCODED, body).await.expect(200);
            assert!(page.text().contains("Thank you"), "{path}: {}", page.shown());
        }
        let about = post(&p, "/about/", URLENCODED, "form-name=about").await.expect(200);
        assert!(about.text().contains("Thank you"));
        for headers in [
            &[("accept", "*/*")][..],
            &[("accept", "application/json")],
            &[("accept", BROWSER), ("x-requested-with", "XMLHttpRequest")],
        ] {
            send(&p, "/thanks", URLENCODED, body, headers).await.expect(200);
        }
        let parts = multipart(&[part("form-name", "", "contact"), file("cv", "<p>hi</p>")]);
        post(&p, "/thanks", MULTIPART, &parts).await.expect(303);
        let listed = submissions(&owner, &format!("/sites/{site}/submissions")).await;
        let numbers: Vec<i64> = listed.iter().filter_map(|one| one["number"].as_i64()).collect();
        assert_eq!(numbers, (1..=9).rev().collect::<Vec<_>>());
    }
}

both! {
    /// An application of one page answers for all addresses, and its forms still lead where they say.
    async fn forms_work_behind_a_rule_for_everything(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("desk").await;
        let files = [("index.html", PAGE), ("_redirects", "/* /index.html 200\n")];
        owner.deploy(id(&site), &files).await;
        let led = post(&p, "/thanks", URLENCODED, "form-name=contact&name=Ann").await.expect(303);
        assert_eq!(led.header("location"), Some("/thanks"));
        post(&p, "/elsewhere", URLENCODED, "form-name=contact&name=Ann").await.expect(200);
        assert_eq!(form(&owner, id(&site), "contact").await["submission_count"], 2);
    }
}

both! {
    /// What is no form, or no form of this site, is refused and kept nowhere.
    async fn what_is_no_form_is_refused(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "desk").await;
        let named = part("form-name", "", "contact");
        let large = "x".repeat(1 << 20);
        let files: Vec<String> = (0..9).map(|n| file(&format!("f{n}"), &large)).collect();
        let huge = multipart(&[vec![named.clone()], files].concat());
        for (path, kind, body, status) in [
            ("/", "application/json", r#"{"form-name":"contact"}"#, 415),
            ("/", URLENCODED, "form-name=other&name=Ann", 404),
            ("/", URLENCODED, "name=Ann", 405),
            ("/nowhere", URLENCODED, "name=Ann", 404),
            ("/", "text/plain", "form-name=contact", 405),
            ("/", MULTIPART, "form-name=contact", 400),
            ("/", MULTIPART, &multipart(&[named.clone(), file("cv", "1"), file("cv", "2")]), 400),
            ("/", MULTIPART, &huge, 413),
            ("/", URLENCODED, &format!("form-name=contact&x={large}"), 413),
            ("/.netlify/forms", URLENCODED, "form-name=contact", 404),
        ] {
            let answer = post(&p, path, kind, body).await;
            assert_eq!(answer.status, status, "{path} {kind} {}: {}", &body[..body.len().min(80)], answer.shown());
        }
        let caught = post(&p, "/thanks", URLENCODED, "form-name=contact&name=Ann&bot=x").await.expect(303);
        assert_eq!(caught.header("location"), Some("/thanks"), "a robot is not told");
        for list in ["submissions", "submissions?state=spam"] {
            assert_eq!(submissions(&owner, &format!("/sites/{site}/{list}")).await, Vec::<Value>::new());
        }
        let contact = form(&owner, &site, "contact").await;
        owner.delete(&format!("/sites/{site}/forms/{}", id(&contact))).await.expect(204);
        post(&p, "/", URLENCODED, "form-name=contact&name=Ann").await.expect(404);
        let about = form(&owner, &site, "about").await;
        owner.delete(&format!("/sites/{site}/forms/{}", id(&about))).await.expect(204);
        post(&p, "/", URLENCODED, "form-name=about").await.expect(404);
        assert!(owner.events(&site).await.iter().all(|event| event["event"] != "submission_created"));
    }
}

both! {
    /// An address that sends too much has to wait.
    async fn an_address_is_held_back(p: Platform) {
        let owner = p.owner();
        site(&owner, "desk").await;
        let mut sent = 0;
        let refused = loop {
            let answer = post(&p, "/", URLENCODED, "form-name=about").await;
            match answer.status {
                429 => break answer,
                _ => answer.expect(303),
            };
            sent += 1;
        };
        assert!((60..120).contains(&sent), "{sent}");
        assert_eq!(refused.header("retry-after"), Some("1"));
        p.visitor().site("desk", "/").await.expect(200);
        p.clock().advance(Duration::from_secs(5));
        post(&p, "/", URLENCODED, "form-name=about").await.expect(303);
    }
}

both! {
    /// What the owner gets: lists, one by one, state, files, a table.
    async fn the_owner_reads_what_was_sent(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "desk").await;
        post(&p, "/thanks", URLENCODED, "form-name=contact&name=Ann+Lee&email=a%40b.c&message=%3D1%2B1&bot=").await.expect(303);
        let cv = "<script>alert(1)</script>";
        let body = multipart(&[part("form-name", "", "contact"), part("name", "", "Bob"), file("cv", cv)]);
        post(&p, "/thanks", MULTIPART, &body).await.expect(303);
        let contact = form(&owner, &site, "contact").await;
        assert_eq!(contact["submission_count"], 2);
        assert!(contact["last_submission_at"].is_string(), "{contact}");

        let list = format!("/forms/{}/submissions", id(&contact));
        let listed = submissions(&owner, &list).await;
        assert_eq!(names(&listed), ["Bob", "Ann Lee"]);
        let page = owner.get(&format!("{list}?per_page=1&page=2")).await.expect(200);
        assert_eq!(names(page.json().as_array().expect("a list")), ["Ann Lee"]);
        assert!(page.header("link").is_some_and(|link| link.contains("rel=\"prev\"")));
        let ann = owner.get(&format!("/submissions/{}", id(&listed[1]))).await.expect(200).json();
        assert_eq!(ann, listed[1]);
        assert_eq!((&ann["first_name"], &ann["email"], &ann["body"]), (&json!("Ann"), &json!("a@b.c"), &json!("=1+1")));
        let data = json!({ "name": "Ann Lee", "email": "a@b.c", "message": "=1+1", "ip": "127.0.0.1",
            "user_agent": "Fox/1", "referrer": "http://before/" });
        assert_eq!(ann["data"], data);
        assert_eq!(ann["human_fields"], json!({ "Name": "Ann Lee", "Email": "a@b.c", "Message": "=1+1" }));

        let sent = &listed[0]["data"]["cv"];
        assert_eq!((&sent["filename"], &sent["size"]), (&json!("my cv.html"), &json!(cv.len())));
        let path = text(sent, "url").split_once("/api/v1").expect("a link into the API").1;
        let download = owner.get(path).await.expect(200);
        assert_eq!(download.text(), cv);
        assert_eq!(download.header("content-type"), Some("application/octet-stream"));
        assert!(download.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
        assert_eq!(download.header("x-content-type-options"), Some("nosniff"));
        p.anonymous().get(path).await.refusal(401);
        p.outsider().await.get(path).await.refusal(404);
        owner.get(&path.replace("/cv", "/name")).await.refusal(404);

        let csv = owner.get(&format!("{list}.csv")).await.expect(200);
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
        let table = csv.text();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "number,created_at,name,email,message,cv,ip,user_agent,referrer");
        let expect = format!("1,{},Ann Lee,a@b.c,'=1+1,,127.0.0.1,Fox/1,http://before/", text(&ann, "created_at"));
        assert_eq!((lines.len(), lines[1]), (3, expect.as_str()));

        let path = format!("/submissions/{}", id(&ann));
        owner.put(&format!("{path}/spam"), json!({})).await.expect(200);
        assert_eq!(names(&submissions(&owner, &list).await), ["Bob"]);
        assert_eq!(names(&submissions(&owner, &format!("{list}?state=spam")).await), ["Ann Lee"]);
        assert_eq!(names(&submissions(&owner, &format!("/sites/{site}/submissions?state=spam")).await), ["Ann Lee"]);
        owner.get(&format!("{list}?state=odd")).await.refusal(400);
        owner.put(&format!("{path}/ham"), json!({})).await.expect(200);
        assert_eq!(submissions(&owner, &list).await.len(), 2);
        owner.delete(&path).await.expect(204);
        owner.get(&path).await.refusal(404);
        assert_eq!(form(&owner, &site, "contact").await["submission_count"], 1);
    }
}

both! {
    /// A submission tells every hook that cares, once, signed, as seed 004 describes it.
    async fn hooks_are_told_of_submissions(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "desk").await;
        let (contact, about) = (form(&owner, &site, "contact").await, form(&owner, &site, "about").await);
        let (all, one, other) = (p.receiver().await, p.receiver().await, p.receiver().await);
        owner.hook(&site, &["form_submission", "submission_created"], &all.url(), Some("secret")).await;
        let names = ["form_submission", "submission_created"];
        for (receiver, form, name) in [(&one, &contact, names[0]), (&other, &about, names[1])] {
            let hook = json!({ "type": "url", "event": name, "form_id": id(form),
                "data": { "url": receiver.url() } });
            let hook = owner.post(&format!("/hooks?site_id={site}"), hook).await.expect(201).json();
            assert_eq!(hook["form_id"], form["id"]);
        }
        post(&p, "/thanks", URLENCODED, "form-name=contact&name=Ann&company=Acme").await.expect(303);
        post(&p, "/about", URLENCODED, "form-name=about&x=y").await.expect(200);
        let told = all.wait_for(2).await;
        let first = told.iter().find(|one| one.json()["form_name"] == "contact").expect("both came");
        assert_eq!(first.event(), "submission_created");
        let listed = submissions(&owner, &format!("/forms/{}/submissions", id(&contact))).await;
        assert_eq!(first.json(), listed[0]);
        let validator = jsonschema::validator_for(&schema("Submission")).expect("the seed's schema is one");
        let errors: Vec<String> = validator.iter_errors(&first.json()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let token = first.header("X-Webhook-Signature").expect("it is signed");
        let claims = crate::signatures::claims(token, b"secret").1;
        assert_eq!(claims, json!({ "iss": "netlify", "sha256": sha256(&first.body) }));
        for (receiver, form, name) in [(&one, &contact, names[0]), (&other, &about, names[1])] {
            let told = receiver.wait_for(1).await;
            assert_eq!((&told[0].json()["form_id"], told[0].event()), (&form["id"], name));
        }
        // a third event that all get: nothing else came before it
        post(&p, "/about", URLENCODED, "form-name=about&x=z").await.expect(200);
        assert_eq!(other.wait_for(2).await.len(), 2);
        assert_eq!((all.wait_for(3).await.len(), one.count()), (3, 1));
    }
}
