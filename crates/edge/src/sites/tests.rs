//! How look-ups are shared and bounded. Turns are taken away from them, so that they wait at a
//! known place.

use super::*;
use testbed::Bed;
use tokio::task::JoinSet;

fn is_nobody(found: &Result<Found, Unavailable>) -> bool {
    matches!(found, Ok(Found::Nothing(Absent::Site)))
}

#[test]
fn hosts_that_mean_the_same_are_one() {
    for (host, expect) in [
        ("blog.localhost", "blog.localhost"),
        ("blog.localhost:8888", "blog.localhost"),
        ("BLOG.Localhost.:80", "blog.localhost"),
        ("blog.localhost:", "blog.localhost"),
        ("blog:x", "blog:x"),
        ("[::1]", "[::1]"),
    ] {
        assert_eq!(bare(host), expect, "{host}");
    }
}

#[test]
fn a_look_up_serves_those_who_came_before_the_changes_it_missed() {
    let nobody = Ok(Found::Nothing(Absent::Site));
    for (seen, outcome, arrived, expect) in [
        (5, nobody.clone(), 5, true),
        (6, nobody.clone(), 5, true),
        (3, nobody, 5, false),
        (3, Err(Unavailable::Failed), 5, true),
    ] {
        let landed = Landed { seen, outcome };
        assert_eq!(landed.serves(arrived), expect, "{seen} {arrived}");
    }
}

#[tokio::test]
async fn a_host_is_looked_up_once_for_all_who_ask() {
    let bed = Bed::sqlite().await;
    let sites = Sites::new(bed.cx.clone());
    let turns = sites.0.loads.acquire_many(MAX_LOADS as u32).await.expect("never closed");
    let first = tokio::spawn(ask(sites.clone()));
    while sites.0.flights.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    let flight = sites.board("a.localhost").expect("there is room");
    let mut others = JoinSet::new();
    for _ in 0..20 {
        others.spawn(ask(sites.clone()));
    }
    // The one who asked first goes away; the others are answered all the same, by the same look-up.
    first.abort();
    assert_eq!(sites.0.flights.lock().len(), 1);
    assert!(sites.0.flights.lock().values().all(|other| other.same_channel(&flight)));
    drop(turns);
    assert!(others.join_all().await.iter().all(is_nobody));
    assert!(sites.0.flights.lock().is_empty());
}

async fn ask(sites: Sites) -> Result<Found, Unavailable> {
    sites.find("a.localhost").await
}

#[tokio::test]
async fn look_ups_are_bounded_and_who_comes_on_top_is_told_at_once() {
    let bed = Bed::sqlite().await;
    let sites = Sites::new(bed.cx.clone());
    let turns = sites.0.loads.acquire_many(MAX_LOADS as u32).await.expect("never closed");
    let mut flights = Vec::new();
    for number in 0..MAX_FLIGHTS {
        flights.push(sites.board(&format!("s{number}.localhost")).expect("there is room"));
    }
    assert!(matches!(sites.find("late.localhost").await, Err(Unavailable::Busy)));
    drop(turns);
    for flight in &mut flights {
        let landed = flight.wait_for(Option::is_some).await.expect("the look-up ends").clone();
        assert!(landed.is_some_and(|landed| is_nobody(&landed.outcome)));
    }
    assert!(is_nobody(&sites.find("late.localhost").await));
}

#[tokio::test]
async fn host_names_that_cannot_be_one_are_not_looked_up() {
    let bed = Bed::sqlite().await;
    let sites = Sites::new(bed.cx.clone());
    sites.0.cx.store.close().await;
    assert!(is_nobody(&sites.find("").await));
    assert!(is_nobody(&sites.find(&"a".repeat(MAX_HOST_BYTES + 1)).await));
    assert!(sites.find(&"a".repeat(MAX_HOST_BYTES)).await.is_err());
}
