//! What changes under way: deploys that go live under load, look-ups that a change overtakes,
//! strangers in masses, and a database that is gone.

use crate::support::{Answer, GENERAL, Platform, parse};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use testbed::both;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

both!(
    threads: a_published_deploy_is_seen_by_the_next_request_and_by_no_half,
    ten_thousand_switches_mix_no_two_deploys
);
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

/// Switches of the live deploy under load.
const MANY_SWITCHES: usize = 10_000;
/// Deploys that take turns.
const TURNS: usize = 3;
/// Switches after which somebody looks whether the last one counts.
const LOOK: usize = 100;

/// Body, length, ETag and header rule of every answer name one deploy, on connections that stay open,
/// by the short way and by the general server.
async fn ten_thousand_switches_mix_no_two_deploys(p: &Platform) {
    let site = p.site("site").await;
    let (mut deploys, mut tags) = (Vec::new(), Vec::new());
    for number in 0..TURNS {
        let [page, nothing] = pages(number);
        let rules = format!("/*\n X-Deploy: {number}\n");
        let files = [("/index.html", page.as_str()), ("/404.html", &nothing), ("/_headers", &rules)];
        let deploy = p.deploy(&site, &files).await;
        p.publish(&site, &deploy).await;
        tags.push(p.get("site.localhost", "/").await.headers["etag"].clone());
        deploys.push(deploy);
    }
    let (tags, (switched, switches)) = (Arc::new(tags), watch::channel(0));
    let mut readers = JoinSet::new();
    for general in [false, true, false, true] {
        readers.spawn(read_on(p.connect().await, general, Arc::clone(&tags), switches.clone()));
    }
    for number in 0..MANY_SWITCHES {
        let turn = number % TURNS;
        p.publish(&site, &deploys[turn]).await;
        switched.send_replace(number);
        if number % LOOK == 0 {
            assert_eq!(p.get("site.localhost", "/").await.headers["x-deploy"], turn.to_string());
        }
    }
    drop(switched);
    for seen in readers.join_all().await {
        assert!(seen.iter().all(|answers| *answers > 0), "{seen:?}");
    }
}

/// The page of a deploy and the one for what is not there, each of another length.
fn pages(number: usize) -> [String; 2] {
    ["page", "nothing"].map(|what| format!("{what} of {number}\n").repeat(10 + 300 * number))
}

/// Asks on one connection after every switch, while the next one is made, until there are no more; how
/// many answers of each deploy came.
async fn read_on(
    mut socket: TcpStream,
    general: bool,
    tags: Arc<Vec<String>>,
    mut switches: watch::Receiver<usize>,
) -> [usize; TURNS] {
    let mut seen = [0; TURNS];
    let more = if general { format!("{GENERAL}: 1\r\n") } else { String::new() };
    for path in ["/", "/none", "/index.html"].into_iter().cycle() {
        let request = format!("GET {path} HTTP/1.1\r\nhost: site.localhost\r\n{more}\r\n");
        socket.write_all(request.as_bytes()).await.expect("the connection stays open");
        seen[deploy_of(&one_answer(&mut socket).await, &tags)] += 1;
        if switches.changed().await.is_err() {
            break;
        }
    }
    seen
}

/// An answer whose length is said.
async fn one_answer(socket: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    loop {
        assert!(socket.read_buf(&mut bytes).await.expect("the connection stays open") > 0);
        if bytes.windows(4).any(|four| four == b"\r\n\r\n") {
            let answer = parse(&bytes);
            let length: usize = answer.headers["content-length"].parse().expect("a length is a number");
            if answer.body.len() >= length {
                assert_eq!(answer.body.len(), length, "nothing follows");
                return answer;
            }
        }
    }
}

/// The deploy that an answer is of, when all its parts are of one.
fn deploy_of(answer: &Answer, tags: &[String]) -> usize {
    let number: usize = answer.headers["x-deploy"].parse().expect("a number");
    let [page, nothing] = pages(number);
    let expected = if answer.status == 200 { page } else { nothing };
    assert!(answer.body == expected.as_bytes(), "{number}: {:.40}", answer.text());
    assert!(answer.status == 404 || answer.headers["etag"] == tags[number], "{number}: {:?}", answer.headers);
    number
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
