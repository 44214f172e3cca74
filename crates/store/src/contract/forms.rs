//! Forms and submissions: one form a name, numbers that never come twice, lists by state.

use super::support::{Db, NOW, both};
use crate::forms::{self, FormDoc, FormRow, Tally};
use crate::sites;
use crate::submissions::{self, Of, Sent, SentField, SentFile, SentValue, SubmissionRow, SubmissionState};
use crate::{Conn, Store};
use model::{FormField, Page};

both!(
    a_form_is_found_again_under_its_name,
    forms_of_sites_are_told_apart,
    a_submission_is_read_back_whole,
    numbers_are_counted_per_site_and_never_given_twice,
    lists_are_by_state_and_newest_first,
    a_form_goes_with_its_submissions,
    scans_are_by_blob_and_reader,
);

fn form(id: &str, site_id: &str, name: &str) -> FormRow {
    let doc = FormDoc {
        fields: vec![FormField { name: "größe \"x\"".to_owned(), kind: "text".to_owned() }],
        paths: vec!["/".to_owned()],
        actions: vec!["/thanks".to_owned()],
        honeypot: Some("bot".to_owned()),
        recaptcha: false,
    };
    FormRow {
        id: id.to_owned(),
        site_id: site_id.to_owned(),
        name: name.to_owned(),
        doc,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn submission(id: &str, site_id: &str, form_id: &str, number: i64) -> SubmissionRow {
    let file = SentFile {
        filename: "a.pdf".to_owned(),
        kind: "application/pdf".to_owned(),
        size: 7,
        blob: "b".repeat(64),
    };
    let field = |name: &str, values: Vec<SentValue>| SentField { name: name.to_owned(), values };
    let text = |text: &str| SentValue::Text(text.to_owned());
    let sent = Sent {
        fields: vec![
            field("name", vec![text("Ann \u{0} 𝄞")]),
            field("topics", vec![text("a"), text("b")]),
            field("cv", vec![SentValue::File(file)]),
        ],
        ip: "2001:db8::1".to_owned(),
        user_agent: "x".to_owned(),
        referrer: String::new(),
    };
    SubmissionRow {
        id: id.to_owned(),
        site_id: site_id.to_owned(),
        form_id: form_id.to_owned(),
        form_name: "contact".to_owned(),
        number,
        state: SubmissionState::Verified,
        sent,
        created_at: NOW.plus_millis(number),
    }
}

/// Sites `s` and `t`, form `f` of the first and `g` of the second, both named `contact`.
async fn two_forms(db: &Db) {
    db.account("a", &["s", "t"]).await;
    let mut tx = db.store.begin().await.unwrap();
    forms::put(&mut tx, &form("f", "s", "contact")).await.unwrap();
    forms::put(&mut tx, &form("g", "t", "contact")).await.unwrap();
    tx.commit().await.unwrap();
}

async fn send(store: &Store, id: &str, site_id: &str, form_id: &str) -> i64 {
    let mut tx = store.begin().await.unwrap();
    let number = submissions::next_number(&mut tx, site_id).await.unwrap();
    submissions::insert(&mut tx, &submission(id, site_id, form_id, number)).await.unwrap();
    tx.commit().await.unwrap();
    number
}

async fn a_form_is_found_again_under_its_name(db: &Db) {
    two_forms(db).await;
    let mut tx = db.store.begin().await.unwrap();
    let changed = FormRow {
        doc: FormDoc::default(),
        updated_at: NOW.plus_millis(5),
        created_at: NOW.plus_millis(5),
        ..form("new", "s", "contact")
    };
    forms::put(&mut tx, &changed).await.unwrap();
    let expect = FormRow { id: "f".to_owned(), created_at: NOW, ..changed };
    assert_eq!(forms::list(&mut tx, "s").await.unwrap(), [expect]);
    assert_eq!(forms::find(&mut tx, "new").await.unwrap(), None);
}

async fn forms_of_sites_are_told_apart(db: &Db) {
    two_forms(db).await;
    let mut tx = db.store.begin().await.unwrap();
    forms::put(&mut tx, &form("h", "s", "Contact")).await.unwrap();
    let mut names: Vec<String> =
        forms::list(&mut tx, "s").await.unwrap().into_iter().map(|f| f.name).collect();
    names.sort();
    assert_eq!(names, ["Contact", "contact"]);
    assert_eq!(forms::list(&mut tx, "t").await.unwrap(), [form("g", "t", "contact")]);
    assert_eq!(forms::find(&mut tx, "g").await.unwrap(), Some(form("g", "t", "contact")));
}

async fn a_submission_is_read_back_whole(db: &Db) {
    two_forms(db).await;
    assert_eq!(send(&db.store, "1", "s", "f").await, 1);
    let mut conn = db.store.read().await.unwrap();
    assert_eq!(submissions::find(&mut conn, "1").await.unwrap(), Some(submission("1", "s", "f", 1)));
    assert_eq!(submissions::find(&mut conn, "2").await.unwrap(), None);
}

async fn numbers_are_counted_per_site_and_never_given_twice(db: &Db) {
    two_forms(db).await;
    assert_eq!(send(&db.store, "1", "s", "f").await, 1);
    assert_eq!(send(&db.store, "2", "s", "f").await, 2);
    assert_eq!(send(&db.store, "3", "t", "g").await, 1);
    let mut tx = db.store.begin().await.unwrap();
    assert!(submissions::delete(&mut tx, "2").await.unwrap());
    assert!(!submissions::delete(&mut tx, "2").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(send(&db.store, "4", "s", "f").await, 3);
    // one that was given up is given to the next
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(submissions::next_number(&mut tx, "s").await.unwrap(), 4);
    drop(tx);
    assert_eq!(send(&db.store, "5", "s", "f").await, 4);
}

async fn ids(db: &mut Conn, of: Of<'_>, state: SubmissionState, number: u32) -> Vec<String> {
    let page = Page { number, size: 2 };
    submissions::list(db, of, state, page).await.unwrap().into_iter().map(|s| s.id).collect()
}

async fn lists_are_by_state_and_newest_first(db: &Db) {
    use SubmissionState::{Spam, Verified};
    two_forms(db).await;
    let mut tx = db.store.begin().await.unwrap();
    forms::put(&mut tx, &form("h", "s", "other")).await.unwrap();
    tx.commit().await.unwrap();
    for (id, form) in [("1", "f"), ("2", "h"), ("3", "f"), ("4", "f"), ("5", "f")] {
        send(&db.store, id, "s", form).await;
    }
    let mut tx = db.store.begin().await.unwrap();
    assert!(submissions::set_state(&mut tx, "4", Spam).await.unwrap());
    assert!(!submissions::set_state(&mut tx, "none", Spam).await.unwrap());
    assert_eq!(ids(&mut tx, Of::Form("f"), Verified, 1).await, ["5", "3"]);
    assert_eq!(ids(&mut tx, Of::Form("f"), Verified, 2).await, ["1"]);
    assert_eq!(ids(&mut tx, Of::Form("f"), Spam, 1).await, ["4"]);
    assert_eq!(ids(&mut tx, Of::Site("s"), Verified, 2).await, ["2", "1"]);
    assert_eq!(ids(&mut tx, Of::Site("t"), Verified, 1).await, Vec::<String>::new());
    let later: Vec<i64> = submissions::after(&mut tx, "f", Verified, 1, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|s| s.number)
        .collect();
    assert_eq!(later, [3, 5]);
    let tallies = forms::tallies(&mut tx, "s").await.unwrap();
    assert_eq!(tallies["f"], Tally { count: 3, last: NOW.plus_millis(5) });
    assert_eq!(tallies["h"], Tally { count: 1, last: NOW.plus_millis(2) });
}

async fn a_form_goes_with_its_submissions(db: &Db) {
    two_forms(db).await;
    send(&db.store, "1", "s", "f").await;
    send(&db.store, "2", "t", "g").await;
    let mut tx = db.store.begin().await.unwrap();
    assert!(forms::delete(&mut tx, "f").await.unwrap() && !forms::delete(&mut tx, "f").await.unwrap());
    assert_eq!(submissions::find(&mut tx, "1").await.unwrap(), None);
    sites::delete(&mut tx, "t").await.unwrap();
    assert_eq!(submissions::find(&mut tx, "2").await.unwrap(), None);
    assert_eq!(forms::find(&mut tx, "g").await.unwrap(), None);
}

async fn scans_are_by_blob_and_reader(db: &Db) {
    let mut tx = db.store.begin().await.unwrap();
    forms::put_scan(&mut tx, 1, "b1", "{}").await.unwrap();
    forms::put_scan(&mut tx, 1, "b1", "later").await.unwrap();
    forms::put_scan(&mut tx, 2, "b2", "[]").await.unwrap();
    let found = forms::scans(&mut tx, 1, &["b1", "b2", "b3"]).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("b1".to_owned(), "{}".to_owned())]);
    assert_eq!(forms::scans(&mut tx, 2, &["b2"]).await.unwrap()["b2"], "[]");
}
