//! Deploy keys: drawn, shown without their private half, deleted.

use super::world::first;
use super::{Refusal, World, refusal};
use crate::deploy_keys::{self, KEYS_MAX, NewDeployKey, private_key};
use store::deploy_keys::DeployKeyRow;
use testbed::both;

both!(
    a_pair_is_drawn_and_only_its_public_half_is_shown,
    keys_belong_to_accounts_and_roles_count,
    an_account_has_at_most_so_many_keys,
);

async fn a_pair_is_drawn_and_only_its_public_half_is_shown(w: &World) {
    let owner = w.owner().await;
    let key = deploy_keys::create(&w.cx, &owner, &NewDeployKey::default()).await.unwrap();
    assert!(key.public_key.starts_with("ssh-ed25519 AAAA") && !key.public_key.ends_with('\n'));
    assert_eq!(deploy_keys::list(&w.cx, &owner).await.unwrap(), std::slice::from_ref(&key));
    assert_eq!(deploy_keys::get(&w.cx, &owner, &key.id).await.unwrap(), key);
    let private = private_key(&w.cx, first(&owner), &key.id).await.unwrap();
    assert!(private.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n") && private.ends_with('\n'));
    assert_eq!(refusal(private_key(&w.cx, "elsewhere", &key.id).await), Refusal::NotFound);
    let mut db = w.cx.read().await.unwrap();
    let row = store::deploy_keys::find(&mut db, &key.id).await.unwrap().unwrap();
    assert!(!row.sealed.windows(7).any(|window| window == b"PRIVATE"), "kept encrypted");
}

async fn keys_belong_to_accounts_and_roles_count(w: &World) {
    let owner = w.owner().await;
    let reviewer = w.member(&owner, "rita@example.org", "Reviewer").await;
    let key = deploy_keys::create(&w.cx, &owner, &NewDeployKey::default()).await.unwrap();
    assert_eq!(deploy_keys::get(&w.cx, &reviewer, &key.id).await.unwrap(), key);
    assert_eq!(refusal(deploy_keys::delete(&w.cx, &reviewer, &key.id).await), Refusal::Forbidden);
    for (asked, expect) in [
        (None, Refusal::Forbidden),
        (Some(first(&owner).to_owned()), Refusal::Forbidden),
        (Some("elsewhere".to_owned()), Refusal::NotFound),
    ] {
        let new = NewDeployKey { account_id: asked };
        assert_eq!(refusal(deploy_keys::create(&w.cx, &reviewer, &new).await), expect, "{new:?}");
    }
    deploy_keys::delete(&w.cx, &owner, &key.id).await.unwrap();
    assert_eq!(refusal(deploy_keys::get(&w.cx, &owner, &key.id).await), Refusal::NotFound);
}

async fn an_account_has_at_most_so_many_keys(w: &World) {
    let owner = w.owner().await;
    let mut tx = w.cx.begin().await.unwrap();
    for n in 0..KEYS_MAX {
        let row = DeployKeyRow {
            id: format!("{n:024}"),
            account_id: first(&owner).to_owned(),
            public_key: String::new(),
            sealed: Vec::new(),
            created_at: w.cx.now(),
        };
        store::deploy_keys::insert(&mut tx, &row).await.unwrap();
    }
    tx.commit().await.unwrap();
    let refused = deploy_keys::create(&w.cx, &owner, &NewDeployKey::default()).await;
    assert_eq!(refusal(refused), Refusal::Unprocessable);
}
