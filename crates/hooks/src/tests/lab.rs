//! A bed with an account and a site, and what happens there.

use crate::{DeliveryWithAttempts, Dispatcher, HookInput};
use context::Context;
use events::Event;
use model::{DeliveryState, Page, SplitTest};
use outbound::{AddressPolicy, Client, Options};
use serde_json::{Value, json};
use std::ops::Deref;
use store::accounts::AccountRow;
use store::sites::SiteRow;
use testbed::{Bed, Setup};

pub(crate) const ACCOUNT: &str = "695735a50000000000000001";
pub(crate) const SITE: &str = "11111111-1111-4111-8111-111111111111";

pub(crate) struct Lab(Bed);

impl Setup for Lab {
    async fn on(bed: Bed) -> Self {
        let lab = Self(bed);
        lab.populate().await;
        lab
    }
}

impl Deref for Lab {
    type Target = Bed;

    fn deref(&self) -> &Bed {
        &self.0
    }
}

impl Lab {
    /// Adds the account and the site that the tests' hooks belong to.
    async fn populate(&self) {
        let now = self.cx.now();
        let account = AccountRow::new(ACCOUNT, "team", "Team", now);
        let mut tx = self.cx.begin().await.expect("the database answers");
        store::accounts::insert(&mut tx, &account).await.expect("an account");
        tx.commit().await.expect("the database answers");
        self.add_site(SITE, "site").await;
    }

    pub(crate) async fn add_site(&self, id: &str, name: &str) {
        let site = SiteRow::new(id, ACCOUNT, name, self.cx.now());
        let mut tx = self.cx.begin().await.expect("the database answers");
        store::sites::insert(&mut tx, &site).await.expect("a site");
        tx.commit().await.expect("the database answers");
    }

    /// Makes a hook that listens to the tests' event.
    pub(crate) async fn hook(&self, data: Value) -> String {
        self.hook_with(json!({"data": data})).await
    }

    /// Makes a hook from an input; it listens to the tests' event unless the input says otherwise.
    pub(crate) async fn hook_with(&self, mut input: Value) -> String {
        if input.get("event").or(input.get("events")).is_none() {
            input["event"] = "split_test_activated".into();
        }
        let input: HookInput = serde_json::from_value(input).expect("an input of this test");
        crate::create(&self.cx, SITE, Some("user"), input).await.expect("a hook").hook.id
    }

    /// Records the tests' event; its id.
    pub(crate) async fn happen(&self) -> String {
        self.happen_to(&self.cx.id()).await
    }

    /// Records the tests' event of this thing; the event's id.
    pub(crate) async fn happen_to(&self, what: &str) -> String {
        let event = activated(&self.cx, what);
        let mut tx = self.cx.begin().await.expect("the database answers");
        let id = events::record(&mut tx, &self.cx, ACCOUNT, SITE, &event).await.expect("an event");
        tx.commit().await.expect("the database answers");
        id
    }

    /// A dispatcher that may call this machine.
    pub(crate) fn dispatcher(&self) -> Dispatcher {
        self.dispatcher_with(AddressPolicy { allow_loopback: true, ..AddressPolicy::default() })
    }

    pub(crate) fn dispatcher_with(&self, policy: AddressPolicy) -> Dispatcher {
        let client = Client::new(Options { policy, ..Options::default() }).expect("a client");
        Dispatcher::new(self.cx.clone(), client)
    }

    /// Runs what is due; how many tries were made.
    pub(crate) async fn deliver(&self) -> usize {
        self.dispatcher().run_due().await.expect("deliveries run")
    }

    /// The only delivery of a hook, with its tries.
    pub(crate) async fn delivery(&self, hook_id: &str) -> DeliveryWithAttempts {
        let all =
            crate::list_deliveries(&self.cx, hook_id, (None, None), Page::default()).await.expect("a list");
        let [one] = all.as_slice() else { panic!("one delivery, not {}", all.len()) };
        crate::get_delivery(&self.cx, hook_id, &one.id).await.expect("the delivery")
    }

    /// How many deliveries of a hook are in a state.
    pub(crate) async fn count(&self, hook_id: &str, state: DeliveryState) -> usize {
        let all = crate::list_deliveries(&self.cx, hook_id, (Some(state), None), Page::default()).await;
        all.expect("a list").len()
    }
}

/// The tests' event of this thing.
pub(crate) fn activated(cx: &Context, what: &str) -> Event {
    let now = cx.now();
    Event::SplitTestActivated(Box::new(SplitTest {
        id: what.to_owned(),
        site_id: SITE.into(),
        name: "Ünïcode".into(),
        path: "/".into(),
        branches: Vec::new(),
        active: true,
        created_at: now,
        updated_at: now,
        unpublished_at: None,
    }))
}
