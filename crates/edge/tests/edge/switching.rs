//! What changes under way: deploys that go live under load, look-ups that a change overtakes,
//! strangers in masses, and a database that is gone.

use crate::support::Platform;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use testbed::both;
use tokio::task::JoinSet;

both!(threads: a_published_deploy_is_seen_by_the_next_request_and_by_no_half);
both!(
    a_flood_of_strangers_leaves_a_known_site_alone,
    a_site_that_comes_to_be_is_found_although_it_was_asked_for_before,
    known_sites_outlive_the_database,
);

const SWITCHES: usize = 60;
const READERS: usize = 8;

async fn a_published_deploy_is_seen_by_the_next_request_and_by_no_half(p: &Platform) {
    let site = p.site("site").await;
    // The number of the deploy stands in the page and in a second file; each answer must be whole,
    // and none older than what was live before its request began.
    let live = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicBool::new(false));
    publish(p, &site, 0).await;
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        readers.spawn(read_until(p.clone(), Arc::clone(&live), Arc::clone(&done)));
    }
    for number in 1..=SWITCHES {
        publish(p, &site, number).await;
        live.store(number, Ordering::SeqCst);
        assert_eq!(number_of(&p.get("site.localhost", "/").await.text()), number);
    }
    done.store(true, Ordering::SeqCst);
    let reads: usize = readers.join_all().await.into_iter().sum();
    assert!(reads >= READERS, "{reads}");
}

async fn publish(p: &Platform, site: &str, number: usize) {
    let page = format!("<p>{number}</p>").repeat(200);
    let deploy = p.deploy(site, &[("/index.html", &page)]).await;
    p.publish(site, &deploy).await;
}

async fn read_until(p: Platform, live: Arc<AtomicUsize>, done: Arc<AtomicBool>) -> usize {
    let mut reads = 0;
    loop {
        let least = live.load(Ordering::SeqCst);
        let answer = p.get("site.localhost", "/").await;
        assert_eq!(answer.status, 200);
        let text = answer.text();
        let number = number_of(&text);
        assert_eq!(text, format!("<p>{number}</p>").repeat(200));
        assert!(number >= least, "deploy {number} after {least} was live");
        reads += 1;
        if done.load(Ordering::SeqCst) {
            return reads;
        }
    }
}

fn number_of(page: &str) -> usize {
    let number = page.strip_prefix("<p>").and_then(|rest| rest.split('<').next());
    number.and_then(|number| number.parse().ok()).expect("a page tells its number")
}

async fn a_flood_of_strangers_leaves_a_known_site_alone(p: &Platform) {
    p.live("site", &[("/index.html", "x")]).await;
    assert_eq!(p.get("site.localhost", "/").await.status, 200);
    let mut strangers = JoinSet::new();
    for number in 0..200 {
        let p = p.clone();
        strangers.spawn(async move { p.get(&format!("s{number}.localhost"), "/").await.status });
    }
    assert_eq!(p.get("site.localhost", "/").await.status, 200);
    let statuses = strangers.join_all().await;
    assert!(statuses.iter().all(|status| matches!(status, 404 | 503)), "{statuses:?}");
}

async fn a_site_that_comes_to_be_is_found_although_it_was_asked_for_before(p: &Platform) {
    assert_eq!(p.get("late.localhost", "/").await.status, 404);
    let site = p.site("late").await;
    assert_eq!(p.get("late.localhost", "/").await.status, 404);
    let deploy = p.deploy(&site, &[("/index.html", "x")]).await;
    p.publish(&site, &deploy).await;
    assert_eq!(p.get("late.localhost", "/").await.status, 200);
}

async fn known_sites_outlive_the_database(p: &Platform) {
    p.live("warm", &[("/index.html", "x")]).await;
    p.live("cold", &[("/index.html", "x")]).await;
    assert_eq!(p.get("warm.localhost", "/").await.status, 200);
    p.cx.store.close().await;
    assert_eq!(p.get("warm.localhost", "/").await.text(), "x");
    let cold = p.get("cold.localhost", "/").await;
    assert_eq!((cold.status, cold.header("retry-after")), (503, Some("1")));
}
