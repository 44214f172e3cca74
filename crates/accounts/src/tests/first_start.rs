//! Bootstrap: once, twice, and with another token.

use super::world::first;
use super::{Refusal, World, hidden, refusal};
use crate::{CHOSEN_TOKEN_GOOD, Owner, account, authenticate, bootstrap, user};
use model::{Role, Scope};
use signing::sha256_hex;
use testbed::both;

both!(
    the_first_start_makes_an_owner_who_may_do_everything,
    a_second_start_changes_nothing,
    a_chosen_token_works_and_replaces_the_one_chosen_before,
    a_token_chosen_for_the_first_start_is_not_shown_as_drawn,
    an_empty_token_and_a_bad_address_are_refused_and_a_short_one_is_taken,
    two_nodes_that_start_at_once_make_one_owner,
    the_database_holds_the_digest_and_not_the_token,
);

const CHOSEN: &str = "chosen-by-the-operator";

fn choosing(token: &str) -> Owner {
    Owner { token: Some(token.to_owned()), ..Owner::default() }
}

async fn the_first_start_makes_an_owner_who_may_do_everything(w: &World) {
    let made = w.first_start().await;
    assert!(made.drawn && made.token.starts_with("bh_") && made.token.len() == 43);
    let who = w.who(&made.token).await;
    assert_eq!((who.scope, who.user_id.as_str()), (Scope::Admin, made.user_id.as_str()));
    assert_eq!(who.memberships[0].1, Role::Owner);
    let account = account::get(&w.cx, &who, first(&who)).await.unwrap();
    assert_eq!((account.slug.as_str(), account.is_default), ("boathook", true));
    assert_eq!(account.owner_ids, [made.user_id]);
    assert_eq!(user::current(&w.cx, &who).await.unwrap().email, "owner@localhost");
}

async fn a_second_start_changes_nothing(w: &World) {
    let made = w.first_start().await;
    assert!(bootstrap(&w.cx, &Owner::default()).await.unwrap().is_none());
    let same =
        Owner { email: "somebody@else.example".into(), token: Some(made.token.clone()), ..Owner::default() };
    assert!(bootstrap(&w.cx, &same).await.unwrap().is_none());
    let who = w.who(&made.token).await;
    assert_eq!(account::list(&w.cx, &who).await.unwrap().len(), 1);
}

async fn a_chosen_token_works_and_replaces_the_one_chosen_before(w: &World) {
    let drawn = w.first_start().await;
    let added = bootstrap(&w.cx, &choosing(CHOSEN)).await.unwrap().unwrap();
    assert!(!added.drawn && added.user_id == drawn.user_id);
    assert_eq!(w.who(CHOSEN).await.user_id, drawn.user_id);
    bootstrap(&w.cx, &choosing("another-by-the-operator")).await.unwrap().unwrap();
    w.who("another-by-the-operator").await;
    w.who(&drawn.token).await;
    assert_eq!(refusal(authenticate(&w.cx, CHOSEN).await), Refusal::Unauthorized);
}

async fn a_token_chosen_for_the_first_start_is_not_shown_as_drawn(w: &World) {
    let made = bootstrap(&w.cx, &choosing(CHOSEN)).await.unwrap().unwrap();
    assert!(!made.drawn && made.token == CHOSEN);
    assert!(bootstrap(&w.cx, &choosing(CHOSEN)).await.unwrap().is_none());
}

async fn an_empty_token_and_a_bad_address_are_refused_and_a_short_one_is_taken(w: &World) {
    assert_eq!(refusal(hidden(bootstrap(&w.cx, &choosing("")).await)), Refusal::Unprocessable);
    let nobody = Owner { email: "nobody".into(), ..Owner::default() };
    assert_eq!(refusal(hidden(bootstrap(&w.cx, &nobody).await)), Refusal::Unprocessable);
    assert!(bootstrap(&w.cx, &choosing(&"x".repeat(CHOSEN_TOKEN_GOOD - 1))).await.unwrap().is_some());
}

async fn two_nodes_that_start_at_once_make_one_owner(w: &World) {
    let owner = Owner::default();
    let (one, two) = tokio::join!(bootstrap(&w.cx, &owner), bootstrap(&w.cx, &owner));
    let made = [one.unwrap(), two.unwrap()];
    assert_eq!(made.iter().flatten().count(), 1);
}

async fn the_database_holds_the_digest_and_not_the_token(w: &World) {
    let made = w.first_start().await;
    let mut db = w.cx.read().await.unwrap();
    assert!(store::tokens::exists(&mut db, &sha256_hex(made.token.as_bytes())).await.unwrap());
    assert!(!store::tokens::exists(&mut db, &made.token).await.unwrap());
    let mut stored = Vec::new();
    for file in ["boathook.db", "boathook.db-wal"] {
        stored.extend(std::fs::read(w.cx.settings.data_dir.join(file)).unwrap_or_default());
    }
    let holds = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert_eq!(holds("owner@localhost"), !stored.is_empty(), "the files that were read are the right ones");
    assert!(!holds(&made.token));
}
