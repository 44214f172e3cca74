//! Several nodes on one database, which is PostgreSQL then: each hook's deliveries are made by one.

use super::lab::Lab;
use super::receiver::{OK, Receiver};
use crate::Dispatcher;
use model::DeliveryState;
use outbound::{AddressPolicy, Client, Options};
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;
use testbed::{Bed, Setup as _};

const HOOKS: usize = 3;
const EVENTS: usize = 40;

async fn lab() -> Lab {
    Lab::on(Bed::postgres().await).await
}

/// A dispatcher of the node of that name.
fn node(lab: &Lab, name: &str) -> Dispatcher {
    let policy = AddressPolicy { allow_loopback: true, ..AddressPolicy::default() };
    let client = Client::new(Options { policy, ..Options::default() }).expect("a client");
    Dispatcher::new(lab.configured(|settings| name.clone_into(&mut settings.node)), client)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_make_each_delivery_once() {
    let lab = lab().await;
    let receiver = Receiver::start(&[OK]).await;
    for _ in 0..HOOKS {
        lab.hook(json!({"url": receiver.url})).await;
    }
    for _ in 0..EVENTS {
        lab.happen().await;
    }
    let (one, two) = (node(&lab, "one"), node(&lab, "two"));
    let (first, second) = tokio::join!(one.run_due(), two.run_due());
    assert_eq!(first.expect("it runs") + second.expect("it runs"), HOOKS * EVENTS);
    let seen = receiver.seen();
    let events: HashSet<_> = seen.iter().filter_map(|seen| seen.header("Webhook-Id")).collect();
    assert_eq!((seen.len(), events.len()), (HOOKS * EVENTS, EVENTS));
}

#[tokio::test]
async fn what_a_dead_node_left_is_taken_over_when_its_lease_ends() {
    let lab = lab().await;
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    let now = lab.cx.now();
    let mut tx = lab.cx.begin().await.expect("a transaction");
    let until = now.plus_millis(30_000);
    let ours = store::parcels::lease(&mut tx, std::slice::from_ref(&id), "dead#1", now, until).await;
    assert_eq!(ours.expect("a lease"), std::slice::from_ref(&id));
    tx.commit().await.expect("a commit");
    lab.happen().await;
    assert_eq!(node(&lab, "alive").run_due().await.expect("it runs"), 0);
    lab.clock.advance(Duration::from_secs(30));
    assert_eq!(node(&lab, "alive").run_due().await.expect("it runs"), 1);
    assert_eq!(lab.count(&id, DeliveryState::Delivered).await, 1);
}
