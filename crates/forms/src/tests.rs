//! Forms from their page to a submission, on both engines.

use crate::{Finds, Received, Scan, Visit, keep, receive};
use bytes::Bytes;
use context::Error;
use futures_util::TryStreamExt as _;
use model::{Form, Page, Submission};
use std::ops::Deref;
use store::accounts::{self, AccountRow};
use store::events::{self, Filter};
use store::sites::{self, SiteRow};
use store::submissions::SubmissionState;
use testbed::{Bed, Setup, both};

both!(
    a_live_deploy_replaces_what_is_known_and_another_adds,
    a_site_has_only_so_many_forms,
    a_scan_stores_the_page_that_is_served,
    a_submission_is_kept_and_told_of,
    a_form_that_is_gone_takes_nothing,
    spam_is_listed_apart,
    an_export_has_all_columns_and_batches,
);

/// A site with no forms.
struct World {
    bed: Bed,
    site: SiteRow,
}

impl Deref for World {
    type Target = Bed;

    fn deref(&self) -> &Bed {
        &self.bed
    }
}

impl Setup for World {
    async fn on(bed: Bed) -> Self {
        let now = bed.cx.now();
        let site = SiteRow::new(&bed.cx.uuid(), "a", "shop", now);
        let account = AccountRow::new("a", "a", "a", now);
        let mut tx = bed.cx.begin().await.expect("a transaction");
        accounts::insert(&mut tx, &account).await.expect("an account");
        sites::insert(&mut tx, &site).await.expect("a site");
        tx.commit().await.expect("a commit");
        Self { bed, site }
    }
}

impl World {
    /// A deploy whose `index.html` is this; its messages.
    async fn deploy(&self, html: &str, live: bool) -> Vec<serde_json::Value> {
        let mut finds = Finds::default();
        finds.add("/index.html", &self.scan(html).await);
        let mut tx = self.cx.begin().await.expect("a transaction");
        keep(&mut tx, &self.cx, &self.site.id, &mut finds, live).await.expect("it can be kept");
        tx.commit().await.expect("a commit");
        finds.into_messages()
    }

    async fn scan(&self, html: &str) -> Scan {
        let stored = self.cx.blobs.put(html.as_bytes()).await.expect("room for a blob");
        crate::scan(&self.cx, &stored.sha256, stored.size).await.expect("it can be read")
    }

    async fn forms(&self) -> Vec<Form> {
        crate::list(&self.cx, &self.site.id).await.expect("a list")
    }

    /// Sends a form that exists; the submission.
    async fn send(&self, form: &Form, body: &str) -> Submission {
        let kind = crate::Kind::Urlencoded;
        let body =
            futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(body.as_bytes()))]);
        let received: Received = receive(&self.cx.blobs, kind, body, crate::limits::BODY_TIME, |_| true)
            .await
            .expect("it is well formed");
        let visit =
            Visit { ip: "192.0.2.1".parse().unwrap(), user_agent: "ua".into(), referrer: String::new() };
        let sent = received.into_sent(&self.cx, &visit, None).await.expect("it can be stored");
        crate::submit(&self.cx, &form.id, sent).await.expect("it is taken");
        self.submissions(SubmissionState::Verified).await.remove(0)
    }

    async fn submissions(&self, state: SubmissionState) -> Vec<Submission> {
        crate::list_submissions(&self.cx, &self.site, None, state, Page::default()).await.expect("a list")
    }

    async fn events(&self) -> Vec<model::EventRecord> {
        let mut db = self.cx.read().await.expect("a connection");
        events::list(&mut db, &Filter::default(), Page::default()).await.expect("a list")
    }

    async fn csv(&self, form: &Form) -> String {
        let table = crate::export(&self.cx, &form.id, SubmissionState::Verified).await.expect("an export");
        let lines: Vec<Bytes> = table.try_collect().await.expect("all of it");
        String::from_utf8(lines.concat()).expect("text")
    }
}

fn fields(form: &Form) -> Vec<&str> {
    form.fields.iter().map(|field| field.name.as_str()).collect()
}

async fn a_live_deploy_replaces_what_is_known_and_another_adds(world: &World) {
    assert!(world.deploy("<form name=a netlify><input name=x></form>", true).await.is_empty());
    let first = world.forms().await.remove(0);
    world.deploy("<form name=a netlify><input name=y></form><form name=b netlify></form>", false).await;
    let forms = world.forms().await;
    assert_eq!((forms[0].id.as_str(), fields(&forms[0])), (first.id.as_str(), vec!["x"]));
    assert_eq!((forms.len(), forms[1].name.as_str()), (2, "b"));
    world.deploy("<form name=a netlify><input name=y></form>", true).await;
    let forms = world.forms().await;
    assert_eq!((forms[0].id.as_str(), fields(&forms[0])), (first.id.as_str(), vec!["y"]));
    assert_eq!(forms.len(), 2, "a form that is not on a page any more stays");
}

async fn a_site_has_only_so_many_forms(world: &World) {
    let per_page = crate::limits::FORMS_PER_PAGE;
    for page in 0..crate::limits::FORMS_PER_SITE / per_page {
        let form = |n: usize| format!("<form name=f{page}-{n} netlify></form>");
        let html: String = (0..per_page).map(form).collect();
        assert!(world.deploy(&html, true).await.is_empty());
    }
    let messages = world.deploy("<form name=more netlify></form><form name=f0-0 netlify></form>", true).await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(world.forms().await.len(), crate::limits::FORMS_PER_SITE);
}

async fn a_scan_stores_the_page_that_is_served(world: &World) {
    let scan = world.scan("<form name=a netlify></form>").await;
    let (blob, size) = scan.rewritten.expect("it was changed");
    let page = world.cx.blobs.get(&blob).await.expect("a blob");
    assert_eq!(page, "<form name=a><input type=\"hidden\" name=\"form-name\" value=\"a\"></form>");
    assert_eq!(size, page.len() as u64);
    let mut finds = Finds::default();
    finds.remember([("read".to_owned(), world.scan("<form name=a netlify></form>").await)]);
    let mut tx = world.cx.begin().await.expect("a transaction");
    keep(&mut tx, &world.cx, &world.site.id, &mut finds, true).await.expect("it can be kept");
    let kept = store::forms::scans(&mut tx, crate::READER, &["read"]).await.expect("a list");
    assert!(kept["read"].contains(&blob), "{kept:?}");
    drop(tx);
    assert_eq!(world.scan("<form name=a></form>").await, Scan::default());
    let blob = "0".repeat(64);
    let large = crate::scan(&world.cx, &blob, crate::limits::PAGE_BYTES + 1).await.expect("it is not read");
    assert_eq!(large, Scan::default());
}

async fn a_submission_is_kept_and_told_of(world: &World) {
    world.deploy("<form name=contact netlify></form>", true).await;
    let form = world.forms().await.remove(0);
    let first = world.send(&form, "form-name=contact&name=Ann+Lee").await;
    let second = world.send(&form, "form-name=contact&email=a%40b.c").await;
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!((first.name.as_deref(), first.form_name.as_str()), (Some("Ann Lee"), "contact"));
    assert_eq!(first.site_url, "http://shop.localhost");
    let events = world.events().await;
    assert_eq!(events.len(), 2);
    assert_eq!((events[0].event.as_str(), &events[0].resource_id), ("submission_created", &second.id));
    assert_eq!(events[1].payload, serde_json::to_value(&first).expect("JSON"));
    let form = world.forms().await.remove(0);
    assert_eq!((form.submission_count, form.last_submission_at), (2, Some(second.created_at)));
    let again = crate::get_submission(&world.cx, &world.site, &first.id).await.expect("it is there");
    assert_eq!(again.data, first.data);
}

async fn a_form_that_is_gone_takes_nothing(world: &World) {
    world.deploy("<form name=a netlify></form>", true).await;
    let form = world.forms().await.remove(0);
    world.send(&form, "form-name=a&x=y").await;
    crate::delete(&world.cx, &form.id).await.expect("it is there");
    assert!(matches!(crate::delete(&world.cx, &form.id).await, Err(Error::NotFound)));
    let sent = store::submissions::Sent::default();
    assert!(matches!(crate::submit(&world.cx, &form.id, sent).await, Err(Error::NotFound)));
    assert_eq!(
        (world.events().await.len(), world.submissions(SubmissionState::Verified).await.len()),
        (1, 0)
    );
    world.deploy("<form name=a netlify></form>", true).await;
    assert_eq!(world.forms().await[0].submission_count, 0, "it comes back empty");
}

async fn spam_is_listed_apart(world: &World) {
    use SubmissionState::{Spam, Verified};
    world.deploy("<form name=a netlify></form>", true).await;
    let form = world.forms().await.remove(0);
    let one = world.send(&form, "form-name=a&x=1").await;
    world.send(&form, "form-name=a&x=2").await;
    crate::mark(&world.cx, &one.id, Spam).await.expect("it is there");
    assert_eq!((world.submissions(Spam).await.len(), world.submissions(Verified).await.len()), (1, 1));
    assert_eq!(world.forms().await[0].submission_count, 1);
    crate::mark(&world.cx, &one.id, Verified).await.expect("it is there");
    assert_eq!((world.submissions(Spam).await.len(), world.submissions(Verified).await.len()), (0, 2));
    crate::delete_submission(&world.cx, &one.id).await.expect("it is there");
    for gone in
        [crate::mark(&world.cx, &one.id, Spam).await, crate::delete_submission(&world.cx, &one.id).await]
    {
        assert!(matches!(gone, Err(Error::NotFound)));
    }
}

async fn an_export_has_all_columns_and_batches(world: &World) {
    world
        .deploy("<form name=a netlify netlify-honeypot=bot><input name=x><input name=bot></form>", true)
        .await;
    let form = world.forms().await.remove(0);
    assert_eq!(world.csv(&form).await, "number,created_at,x,ip,user_agent,referrer\n");
    for n in 1..=120 {
        world.send(&form, &format!("form-name=a&x={n}")).await;
    }
    let last = world.send(&form, "form-name=a&extra=%3D1&extra=2&x=a%2Cb").await;
    let csv = world.csv(&form).await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (122, "number,created_at,x,extra,ip,user_agent,referrer"));
    assert!(lines[1].starts_with("1,") && lines[1].ends_with(",1,,192.0.2.1,ua,"), "{}", lines[1]);
    let expect = format!("121,{},\"a,b\",\"'=1, 2\",192.0.2.1,ua,", last.created_at);
    assert_eq!(lines[121], expect);
}
