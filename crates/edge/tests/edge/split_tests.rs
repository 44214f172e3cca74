//! Visitors of a split test: how they are shared out, that they stay where they are, and what ends it.
//! Randomness comes from a seed, so that every draw is the same in every run.

use crate::support::{Answer, Platform};
use model::{BuildSettings, DeployContext, DeployState, SplitBranch};
use std::collections::HashMap;
use std::time::Duration;
use store::deploys::DeployRow;
use store::sites::SiteInfo;
use store::splits::SplitRow;
use store::{ChangeKind, Tx};
use testbed::both;

both!(
    new_visitors_are_shared_out_by_the_shares,
    a_visitor_stays_where_it_is,
    other_addresses_are_not_part_of_a_test,
    a_branch_shows_its_newest_deploy_and_the_live_one_when_it_has_none,
    everything_in_an_answer_comes_from_the_branch,
    the_end_of_a_test_is_seen_by_the_next_request,
);

const HOST: &str = "site.localhost";
const TEST: &str = "5757575757575757575757aa";

/// A site with `main` live, a deploy of `beta`, and an active test of both; its id.
async fn tested(p: &Platform, main: f64) -> String {
    let build = BuildSettings { repo_branch: Some("main".into()), ..BuildSettings::default() };
    let info = SiteInfo { build, ..SiteInfo::default() };
    let site = p.site_with("site", info).await;
    let live = p.deploy(&site, &[("/index.html", "live")]).await;
    p.publish(&site, &live).await;
    branch_deploy(p, &site, "beta", &[("/index.html", "beta")]).await;
    activate(p, &site, main).await;
    site
}

async fn branch_deploy(p: &Platform, site: &str, branch: &str, files: &[(&str, &str)]) -> String {
    p.clock.advance(Duration::from_secs(1));
    let id = p.deploy(site, files).await;
    let mut tx = p.cx.begin().await.unwrap();
    let row = store::deploys::find(&mut tx, &id).await.unwrap().unwrap();
    let (context, branch) = (DeployContext::BranchDeploy, Some(branch.to_owned()));
    let row = DeployRow { context, branch, ..row };
    assert!(store::deploys::update(&mut tx, &row, DeployState::Ready).await.unwrap());
    changed(p, tx, site).await;
    id
}

fn split(p: &Platform, site: &str, main: f64) -> SplitRow {
    let branch = |branch: &str, percentage| SplitBranch { branch: branch.to_owned(), percentage };
    SplitRow {
        id: TEST.to_owned(),
        site_id: site.to_owned(),
        name: String::new(),
        branches: vec![branch("main", main), branch("beta", 100.0 - main)],
        active: true,
        created_at: p.cx.now(),
        updated_at: p.cx.now(),
        unpublished_at: None,
    }
}

async fn activate(p: &Platform, site: &str, main: f64) {
    let mut tx = p.cx.begin().await.unwrap();
    store::splits::delete(&mut tx, site, TEST).await.unwrap();
    store::splits::insert(&mut tx, &split(p, site, main)).await.unwrap();
    changed(p, tx, site).await;
}

async fn changed(p: &Platform, mut tx: Tx, site: &str) {
    tx.changed(ChangeKind::Site, site, p.cx.now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn visit(p: &Platform, cookie: &str) -> Answer {
    p.send("GET", HOST, "/", &[("cookie", cookie)]).await
}

/// The number that an answer gives its visitor.
fn drawn(answer: &Answer) -> Option<f64> {
    let cookie = answer.header("set-cookie")?;
    let number = cookie.strip_prefix("nf_ab=")?.strip_suffix("; Path=/; Max-Age=31536000; SameSite=Lax")?;
    assert_eq!(number.len(), 8, "{number}");
    number.parse().ok()
}

const VISITORS: usize = 2000;

async fn new_visitors_are_shared_out_by_the_shares(p: &Platform) {
    tested(p, 70.0).await;
    let mut seen: HashMap<String, usize> = HashMap::new();
    for _ in 0..VISITORS {
        let answer = p.get(HOST, "/").await;
        let number = drawn(&answer).expect("a new visitor gets a number");
        assert_eq!(answer.text(), if number < 0.7 { "live" } else { "beta" }, "{number}");
        *seen.entry(answer.text()).or_default() += 1;
    }
    // Three standard deviations; the seed makes it the same each time.
    assert!((1340..=1460).contains(&seen["live"]), "{seen:?}");
}

async fn a_visitor_stays_where_it_is(p: &Platform) {
    let site = tested(p, 70.0).await;
    for (cookie, expect) in [
        ("nf_ab=0.123456", "live"),
        ("nf_ab=0.699999", "live"),
        ("nf_ab=0.7", "beta"),
        ("nf_ab=0.999999", "beta"),
        ("a=b; nf_ab=0.7; c=d", "beta"),
        ("nf_ab=beta", "beta"),
        ("nf_ab=main", "live"),
    ] {
        for _ in 0..3 {
            let answer = visit(p, cookie).await;
            assert_eq!((answer.text().as_str(), drawn(&answer)), (expect, None), "{cookie}");
            assert_eq!(answer.header("vary"), Some("cookie"), "{cookie}");
        }
    }
    for cookie in ["nf_ab=1", "nf_ab=gamma", "nf_ab=", "nf_abc=0.5"] {
        let answer = visit(p, cookie).await;
        assert!(drawn(&answer).is_some(), "{cookie}");
        assert_eq!(answer.header("vary"), Some("cookie"), "{cookie}");
    }
    activate(p, &site, 20.0).await;
    for (cookie, expect) in [("nf_ab=0.123456", "live"), ("nf_ab=0.699999", "beta"), ("nf_ab=main", "live")] {
        assert_eq!(visit(p, cookie).await.text(), expect, "{cookie} under other shares");
    }
    activate(p, &site, 100.0).await;
    assert_eq!(visit(p, "nf_ab=0.999999").await.text(), "live");
    assert_eq!(visit(p, "nf_ab=beta").await.text(), "beta", "a branch of 0 % is open to who names it");
}

async fn other_addresses_are_not_part_of_a_test(p: &Platform) {
    let site = tested(p, 0.0).await;
    let other = branch_deploy(p, &site, "gamma", &[("/index.html", "gamma")]).await;
    p.alias(&site, "gamma", &other).await;
    for host in [&format!("{other}--site.localhost"), "gamma--site.localhost"] {
        let answer = p.send("GET", host, "/", &[("cookie", "nf_ab=beta")]).await;
        assert_eq!((answer.text().as_str(), drawn(&answer)), ("gamma", None), "{host}");
        assert_eq!(answer.header("vary"), None, "{host}");
    }
    let mut tx = p.cx.begin().await.unwrap();
    let mut row = store::sites::find(&mut tx, &site).await.unwrap().unwrap();
    row.info.custom_domain = Some("www.example.org".into());
    store::sites::update(&mut tx, &row).await.unwrap();
    changed(p, tx, &site).await;
    let answer = p.get("www.example.org", "/").await;
    assert!(answer.text() == "beta" && drawn(&answer).is_some(), "a domain of its own is a live address");
}

async fn a_branch_shows_its_newest_deploy_and_the_live_one_when_it_has_none(p: &Platform) {
    let site = tested(p, 50.0).await;
    assert_eq!(visit(p, "nf_ab=beta").await.text(), "beta");
    let newer = branch_deploy(p, &site, "beta", &[("/index.html", "newer")]).await;
    assert_eq!(visit(p, "nf_ab=beta").await.text(), "newer");
    let next = p.deploy(&site, &[("/index.html", "next")]).await;
    p.publish(&site, &next).await;
    assert_eq!(
        (visit(p, "nf_ab=0.1").await.text(), visit(p, "nf_ab=0.9").await.text()),
        ("next".into(), "newer".into())
    );
    for expect in ["beta", "next"] {
        let mut tx = p.cx.begin().await.unwrap();
        let id = store::splits::deploy_of_branch(&mut tx, &site, "beta").await.unwrap().unwrap();
        assert_eq!(id == newer, expect == "beta");
        store::deploys::delete(&mut tx, &id).await.unwrap();
        changed(p, tx, &site).await;
        assert_eq!(visit(p, "nf_ab=beta").await.text(), expect);
    }
}

async fn everything_in_an_answer_comes_from_the_branch(p: &Platform) {
    let site = tested(p, 50.0).await;
    branch_deploy(p, &site, "beta", &[("/index.html", "beta"), ("/404.html", "no beta"), ("/only.txt", "b")])
        .await;
    let beta = async |path: &str| p.send("GET", HOST, path, &[("cookie", "nf_ab=beta")]).await;
    assert_eq!((beta("/only.txt").await.status, beta("/gone").await.text()), (200, "no beta".into()));
    let missing = p.send("GET", HOST, "/only.txt", &[("cookie", "nf_ab=main")]).await;
    assert_eq!((missing.status, missing.header("vary")), (404, Some("cookie")));
    // What a visitor holds of the live page is no answer for one of the branch, by tag or by date.
    let live = visit(p, "nf_ab=main").await;
    let (tag, date) = (live.header("etag").unwrap(), live.header("last-modified").unwrap());
    for condition in [("if-none-match", tag), ("if-modified-since", date)] {
        let answer = p.send("GET", HOST, "/", &[("cookie", "nf_ab=beta"), condition]).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "beta"), "{condition:?}");
    }
    let same = p.send("GET", HOST, "/", &[("cookie", "nf_ab=main"), ("if-none-match", tag)]).await;
    assert_eq!((same.status, same.header("vary")), (304, Some("cookie")));
}

async fn the_end_of_a_test_is_seen_by_the_next_request(p: &Platform) {
    let site = tested(p, 0.0).await;
    assert_eq!(p.get(HOST, "/").await.text(), "beta");
    let mut tx = p.cx.begin().await.unwrap();
    store::splits::update(&mut tx, &SplitRow { active: false, ..split(p, &site, 0.0) }).await.unwrap();
    changed(p, tx, &site).await;
    let answer = visit(p, "nf_ab=beta").await;
    assert_eq!((answer.text().as_str(), drawn(&answer), answer.header("vary")), ("live", None, None));
}
