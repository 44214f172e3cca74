//! What a site may be called, and which keys it may name, on both engines.

use super::*;
use context::{Context, Error};
use serde_json::{Value, json};
use store::accounts::AccountRow;
use store::deploy_keys::DeployKeyRow;
use store::sites::SiteRow;
use testbed::{Bed, Setup, both};

both!(
    the_servers_own_host_is_nobodys,
    a_site_that_has_the_servers_host_keeps_its_other_settings,
    a_deploy_key_is_one_of_the_sites_account,
    a_deploy_key_may_be_of_another_account_of_who_asks,
);

/// A server with two accounts, each with a deploy key, whose dashboard is found among its sites.
struct World {
    bed: Bed,
    cx: Context,
}

const CONTROL: &str = "app.example.com is where this server's own API and dashboard answer; no site can be found \
                       there";
const KEY: &str = "deploy_key_id names no deploy key of the site's account; POST /deploy_keys with its account_id \
                   makes one";

impl Setup for World {
    async fn on(bed: Bed) -> Self {
        let mut tx = bed.cx.begin().await.unwrap();
        for id in ["a", "b"] {
            let account = AccountRow::new(id, &format!("team-{id}"), "Team", bed.cx.now());
            store::accounts::insert(&mut tx, &account).await.unwrap();
            let key = DeployKeyRow {
                id: format!("key-{id}"),
                account_id: id.to_owned(),
                public_key: "ssh-ed25519 AAAA".to_owned(),
                sealed: Vec::new(),
                created_at: bed.cx.now(),
            };
            store::deploy_keys::insert(&mut tx, &key).await.unwrap();
        }
        tx.commit().await.unwrap();
        let cx = bed.configured(|settings| {
            settings.addresses.control_host = "app.example.com".to_owned();
            settings.addresses.site_domain = "example.com".to_owned();
        });
        Self { bed, cx }
    }
}

impl World {
    async fn create(&self, sent: Value) -> Result<SiteRow, String> {
        said(create(&self.cx, "a", None, changes(sent)).await)
    }

    async fn update(&self, site: &SiteRow, sent: Value) -> Result<SiteRow, String> {
        said(update(&self.cx, &site.id, changes(sent)).await)
    }
}

fn changes(sent: Value) -> Changes {
    serde_json::from_value(sent).expect("changes of this test")
}

fn said(outcome: context::Result<SiteRow>) -> Result<SiteRow, String> {
    outcome.map_err(|error| match error {
        Error::Unprocessable(message) => message,
        other => panic!("{other:?}"),
    })
}

async fn the_servers_own_host_is_nobodys(w: &World) {
    let site = w.create(json!({"name": "blog"})).await.expect("the name is free");
    let address = "127.0.0.1 is an address, not a domain name";
    let under = "blog.example.com belongs to this server; use the site's name instead";
    for (sent, refusal) in [
        (json!({"name": "app"}), Some(CONTROL)),
        (json!({"name": " APP "}), Some(CONTROL)),
        (json!({"name": "apps"}), None),
        (json!({"custom_domain": "app.example.com"}), Some(CONTROL)),
        (json!({"custom_domain": "App.Example.com."}), Some(CONTROL)),
        (json!({"domain_aliases": ["ok.example.org", "app.example.com"]}), Some(CONTROL)),
        (json!({"branch_deploy_custom_domain": "app.example.com"}), Some(CONTROL)),
        (json!({"deploy_preview_custom_domain": "app.example.com"}), Some(CONTROL)),
        (json!({"custom_domain": "blog.example.com"}), Some(under)),
        (json!({"custom_domain": "127.0.0.1"}), Some(address)),
        (json!({"custom_domain": "a\\b.example"}), Some(r#""a\b.example" is not a domain name"#)),
        (json!({"custom_domain": "app.example.org"}), None),
    ] {
        let renamed = w.update(&site, sent.clone()).await;
        assert_eq!(renamed.map(|_| ()).err().as_deref(), refusal, "{sent}");
        if refusal.is_some() {
            assert_eq!(w.create(sent.clone()).await.map(|_| ()).err().as_deref(), refusal, "{sent}");
        }
    }
}

async fn a_site_that_has_the_servers_host_keeps_its_other_settings(w: &World) {
    let before = create(&w.bed.cx, "a", None, changes(json!({"name": "app"}))).await.expect("it was free");
    let after = w.update(&before, json!({"name": "app", "force_ssl": true})).await.expect("it has that name");
    assert_eq!((after.name.as_str(), after.info.force_ssl), ("app", Some(true)));
    let moved = w.update(&before, json!({"name": "other"})).await.expect("the name is free");
    assert_eq!(w.update(&moved, json!({"name": "app"})).await.map(|_| ()), Err(CONTROL.to_owned()));
}

async fn a_deploy_key_is_one_of_the_sites_account(w: &World) {
    let site = w.create(json!({"name": "blog"})).await.expect("the name is free");
    let linked = |key: &str| json!({"repo": {"repo_url": "https://h.example/r", "deploy_key_id": key}});
    for (key, refusal) in [("key-a", None), ("key-b", Some(KEY)), ("nobody's", Some(KEY)), ("", None)] {
        let made = w.create(linked(key)).await.map(|site| site.info.build.deploy_key_id);
        let changed = w.update(&site, linked(key)).await.map(|site| site.info.build.deploy_key_id);
        for outcome in [made, changed] {
            match refusal {
                Some(refusal) => assert_eq!(outcome, Err(refusal.to_owned()), "{key}"),
                None => assert_eq!(outcome, Ok(Some(key.to_owned())), "{key}"),
            }
        }
    }
    w.update(&site, linked("key-a")).await.expect("it is there");
    let mut tx = w.cx.begin().await.unwrap();
    store::deploy_keys::delete(&mut tx, "key-a").await.unwrap();
    tx.commit().await.unwrap();
    w.update(&site, linked("key-a")).await.expect("a client sends back what it was given");
    assert_eq!(w.create(linked("key-a")).await.map(|_| ()), Err(KEY.to_owned()));
}

async fn a_deploy_key_may_be_of_another_account_of_who_asks(w: &World) {
    let site = w.create(json!({"name": "blog"})).await.expect("the name is free");
    let linked = json!({"repo": {"repo_url": "https://h.example/r", "deploy_key_id": "key-b"}});
    for (writes_in, refused) in [(vec!["a"], true), (vec!["a", "b"], false)] {
        let asked = || Changes {
            writes_in: writes_in.iter().map(ToString::to_string).collect(),
            ..changes(linked.clone())
        };
        let outcomes =
            [said(update(&w.cx, &site.id, asked()).await), said(create(&w.cx, "a", None, asked()).await)];
        for outcome in outcomes {
            let key = outcome.map(|site| site.info.build.deploy_key_id);
            let expect = if refused { Err(KEY.to_owned()) } else { Ok(Some("key-b".to_owned())) };
            assert_eq!(key, expect, "{writes_in:?}");
        }
    }
}
