//! What is made of fields, as a table.

use super::*;
use model::Timestamp;
use store::submissions::SubmissionState;

fn addresses() -> Addresses {
    Addresses {
        scheme: "http".to_owned(),
        control_host: "localhost".to_owned(),
        site_domain: "localhost".to_owned(),
        port: None,
    }
}

fn field(name: &str, values: &[&str]) -> SentField {
    let values = values.iter().map(|text| SentValue::Text((*text).to_owned())).collect();
    SentField { name: name.to_owned(), values }
}

fn made(fields: Vec<SentField>) -> Submission {
    let sent = Sent { fields, ip: "192.0.2.1".into(), user_agent: "ua".into(), referrer: "http://r/".into() };
    let row = SubmissionRow {
        id: "1".into(),
        site_id: "s".into(),
        form_id: "f".into(),
        form_name: "contact".into(),
        number: 7,
        state: SubmissionState::Verified,
        sent,
        created_at: Timestamp(0),
    };
    submission(row, &addresses(), "http://site")
}

fn check(fields: &[(&str, &str)], pointer: &str, expect: Option<&str>) {
    let made = made(fields.iter().map(|(name, value)| field(name, &[value])).collect());
    let made = serde_json::to_value(made).expect("a submission is JSON");
    assert_eq!(made.pointer(pointer).and_then(Value::as_str), expect, "{fields:?} {pointer}");
}

#[test]
fn people_are_derived_from_names_of_fields() {
    for name in ["name", "fullname", "Full-Name", "FULL_NAME"] {
        check(&[(name, "Ann")], "/name", Some("Ann"));
    }
    for name in ["email", "E-Mail", "mail", "from", "twitter", "sender"] {
        check(&[(name, "a@b.c")], "/email", Some("a@b.c"));
    }
    for name in ["firstname", "first-name", "givenName", "forename"] {
        check(&[(name, "Ann")], "/first_name", Some("Ann"));
    }
    for name in ["lastname", "Last Name", "surname", "byname"] {
        check(&[(name, "Lee")], "/last_name", Some("Lee"));
    }
    for name in ["company", "Business", "employer"] {
        check(&[(name, "Acme")], "/company", Some("Acme"));
    }
    for name in ["title", "Subject"] {
        check(&[("name", "Ann"), (name, "Hi")], "/title", Some("Hi"));
    }
    for name in ["body", "message", "Comments"] {
        check(&[(name, "text")], "/body", Some("text"));
    }
    check(&[("emails", "a@b.c")], "/email", None);
    check(&[("email", " "), ("from", "a@b.c")], "/email", Some("a@b.c"));
    check(&[], "/summary", None);
}

#[test]
fn a_name_stands_in_for_what_is_missing() {
    check(&[("name", "Ann Lee")], "/title", Some("Ann Lee"));
    check(&[("name", "Ann Lee")], "/first_name", Some("Ann"));
    check(&[("name", "Ann Lee")], "/last_name", Some("Lee"));
    check(&[("name", "Ursula K. Le Guin")], "/first_name", Some("Ursula K. Le Guin"));
    check(&[("name", "Ursula K. Le Guin")], "/last_name", None);
    check(&[("name", "Ann Lee"), ("surname", "Poe")], "/last_name", Some("Poe"));
}

#[test]
fn a_summary_is_short_and_safe_html() {
    check(
        &[("name", "A<b>"), ("message", "1 & 2")],
        "/summary",
        Some("<strong>A&lt;b&gt;</strong> 1 &amp; 2"),
    );
    let long = "é".repeat(SUMMARY_CHARS + 1);
    let short = format!("{}…", "é".repeat(SUMMARY_CHARS));
    check(&[("message", &long)], "/summary", Some(&short));
}

#[test]
fn fields_are_shown_under_titles_and_in_order() {
    let made = made(vec![field("z_last-field", &["1"]), field("a", &["x", "y"])]);
    assert_eq!(Value::Object(made.human_fields), json!({ "Z Last Field": "1", "A": ["x", "y"] }));
    let order = [
        json!({ "title": "Z Last Field", "name": "z_last-field", "value": "1" }),
        json!({ "title": "A", "name": "a", "value": ["x", "y"] }),
    ];
    assert_eq!(made.ordered_human_fields, order);
    assert_eq!((title("_"), title("élan")), ("_".to_owned(), "Élan".to_owned()));
}

#[test]
fn the_sender_cannot_claim_another_address() {
    let made = made(vec![field("ip", &["203.0.113.9"]), field("x", &["y"])]);
    let expect = json!({ "ip": "192.0.2.1", "x": "y", "user_agent": "ua", "referrer": "http://r/" });
    assert_eq!(Value::Object(made.data), expect);
    assert_eq!(made.number, 7);
}

#[test]
fn files_are_links_that_need_a_token() {
    let file =
        SentFile { filename: "a.pdf".into(), kind: "application/pdf".into(), size: 3, blob: "b".repeat(64) };
    let made = made(vec![SentField { name: "my cv/1".into(), values: vec![SentValue::File(file)] }]);
    let url = "http://localhost/api/v1/submissions/1/files/my%20cv%2F1";
    let expect = json!({ "filename": "a.pdf", "type": "application/pdf", "size": 3, "url": url });
    assert_eq!(made.data["my cv/1"], expect);
    assert_eq!(made.human_fields["My Cv/1"], url);
    assert!(!serde_json::to_string(&made.data).unwrap().contains("bbbb"), "blobs are nobody's business");
}
