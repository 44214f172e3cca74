//! Accounts: made, changed, ended; and their audit log.

use super::world::first;
use super::{Refusal, World, refusal};
use crate::account::{self, AccountChange, NewAccount};
use crate::{audit, user};
use model::{Page, Role};
use serde_json::json;
use store::events::{self, NewEvent};
use testbed::both;

both!(
    an_account_belongs_to_whoever_makes_it,
    lists_show_what_clients_read,
    a_foreign_account_is_not_found,
    bad_accounts_are_refused,
    names_slugs_and_billing_fields_change,
    only_an_empty_account_that_is_not_the_last_one_ends,
    the_audit_log_is_the_ledger_of_the_account,
);

fn named(name: &str) -> NewAccount {
    NewAccount { name: name.to_owned(), type_id: None }
}

async fn an_account_belongs_to_whoever_makes_it(w: &World) {
    let owner = w.owner().await;
    w.pass(1);
    let new = NewAccount { type_id: Some(account::types()[0].id.clone()), ..named("My Team") };
    let team = account::create(&w.cx, &owner, &new).await.unwrap();
    assert_eq!((team.slug.as_str(), team.role.as_str(), team.is_default), ("my-team", "Owner", false));
    assert_eq!(team.owner_ids, std::slice::from_ref(&owner.user_id));
    let again = account::create(&w.cx, &owner, &named("My Team")).await.unwrap();
    assert!(again.slug.starts_with("my-team-") && again.slug.len() == 14, "{}", again.slug);
    let slugs: Vec<_> = account::list(&w.cx, &owner).await.unwrap().into_iter().map(|a| a.slug).collect();
    assert_eq!((slugs.len(), slugs[0].as_str()), (3, "boathook"));
}

async fn lists_show_what_clients_read(w: &World) {
    let owner = w.owner().await;
    w.site(first(&owner), "blog").await;
    w.member(&owner, "ada@example.org", "Developer").await;
    let full = &account::list(&w.cx, &owner).await.unwrap()[0];
    assert_eq!(full.capabilities["sites"]["used"], json!(1));
    assert_eq!((&full.capabilities["collaborators"]["used"], full.members_count), (&json!(2), 2));
    assert_eq!(user::current(&w.cx, &owner).await.unwrap().site_count, 1);
    let minimal = serde_json::to_value(account::list_minimal(&w.cx, &owner).await.unwrap()).unwrap();
    let expect = json!([{
        "id": full.id, "name": "Boathook", "slug": "boathook", "default": true,
        "type_slug": "self-hosted", "type_name": "Self-hosted"
    }]);
    assert_eq!(minimal, expect);
}

async fn a_foreign_account_is_not_found(w: &World) {
    let owner = w.owner().await;
    let ada = w.member(&owner, "ada@example.org", "Developer").await;
    let team = account::create(&w.cx, &owner, &named("Private")).await.unwrap();
    assert_eq!(refusal(account::get(&w.cx, &ada, &team.id).await), Refusal::NotFound);
    assert_eq!(account::get(&w.cx, &ada, first(&owner)).await.unwrap().role, Role::Developer.as_str());
}

async fn bad_accounts_are_refused(w: &World) {
    let owner = w.owner().await;
    let unknown_type = NewAccount { type_id: Some("enterprise".into()), ..named("x") };
    for bad in [named(""), named(&"x".repeat(101)), unknown_type] {
        assert_eq!(refusal(account::create(&w.cx, &owner, &bad).await), Refusal::Unprocessable, "{bad:?}");
    }
    for n in 1..account::ACCOUNTS_MAX {
        account::create(&w.cx, &owner, &named(&format!("team {n}"))).await.unwrap();
    }
    let refused = account::create(&w.cx, &owner, &named("one too many")).await;
    assert_eq!(refusal(refused), Refusal::Unprocessable);
}

async fn names_slugs_and_billing_fields_change(w: &World) {
    let owner = w.owner().await;
    let id = first(&owner);
    account::create(&w.cx, &owner, &named("Other")).await.unwrap();
    w.pass(5);
    let change = AccountChange {
        name: Some("Crew".into()),
        slug: Some("crew".into()),
        billing_email: Some("pay@example.org".into()),
        ..AccountChange::default()
    };
    let crew = account::update(&w.cx, &owner, id, change).await.unwrap();
    assert_eq!((crew.name.as_str(), crew.slug.as_str()), ("Crew", "crew"));
    assert_eq!((crew.billing_email.as_deref(), crew.billing_name), (Some("pay@example.org"), None));
    assert_eq!(crew.updated_at, w.cx.now());
    for slug in ["other", "sites", "Not A Slug"] {
        let change = AccountChange { slug: Some(slug.into()), ..AccountChange::default() };
        assert_eq!(
            refusal(account::update(&w.cx, &owner, id, change).await),
            Refusal::Unprocessable,
            "{slug}"
        );
    }
    let same = AccountChange { slug: Some("crew".into()), ..AccountChange::default() };
    assert_eq!(account::update(&w.cx, &owner, id, same).await.unwrap().slug, "crew");
}

async fn only_an_empty_account_that_is_not_the_last_one_ends(w: &World) {
    let owner = w.owner().await;
    assert_eq!(refusal(account::cancel(&w.cx, &owner, first(&owner)).await), Refusal::Unprocessable);
    let team = account::create(&w.cx, &owner, &named("Team")).await.unwrap();
    w.site(&team.id, "blog").await;
    assert_eq!(refusal(account::cancel(&w.cx, &owner, &team.id).await), Refusal::Unprocessable);
    let empty = account::create(&w.cx, &owner, &named("Empty")).await.unwrap();
    account::cancel(&w.cx, &owner, &empty.id).await.unwrap();
    assert_eq!(refusal(account::get(&w.cx, &owner, &empty.id).await), Refusal::NotFound);
    assert_eq!(refusal(account::cancel(&w.cx, &owner, &empty.id).await), Refusal::NotFound);
}

async fn the_audit_log_is_the_ledger_of_the_account(w: &World) {
    let mut tx = w.cx.begin().await.unwrap();
    for (id, account, event) in
        [("msg_1", "a", "deploy_created"), ("msg_2", "b", "x"), ("msg_3", "a", "deploy_failed")]
    {
        let new = NewEvent {
            id: id.into(),
            event: event.into(),
            account_id: account.into(),
            site_id: "s".into(),
            resource_id: "d".into(),
            at: w.cx.now(),
            body: "{}".into(),
            fired: false,
        };
        events::insert(&mut tx, &new).await.unwrap();
    }
    tx.commit().await.unwrap();
    let ids = async |query: Option<&str>, log_type: Option<&str>| {
        let entries = audit::list(&w.cx, "a", query, log_type, Page::default()).await.unwrap();
        entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(None, None).await, "msg_3 msg_1");
    assert_eq!(ids(Some("deploy_created"), Some("event")).await, "msg_1");
    assert_eq!(ids(None, Some("login")).await, "");
    let entry = &audit::list(&w.cx, "a", None, None, Page::default()).await.unwrap()[0];
    let payload = json!({
        "action": "deploy_failed", "timestamp": w.cx.now().to_string(), "log_type": "event",
        "traits": {"site_id": "s", "resource_id": "d"}
    });
    assert_eq!(serde_json::to_value(&entry.payload).unwrap(), payload);
}
