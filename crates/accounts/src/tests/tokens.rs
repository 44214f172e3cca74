//! Tokens: made, confined, listed, deleted.

use super::world::first;
use super::{Refusal, World, hidden, refusal};
use crate::account::{self, NewAccount};
use crate::tokens::{self, IssuedToken, NewToken};
use crate::{Access, Principal, authenticate, members};
use model::Scope;
use testbed::both;

both!(
    a_token_may_do_what_its_scope_says,
    a_token_cannot_make_one_that_may_do_more,
    lists_show_no_values_and_bad_input_is_refused,
    a_deleted_token_is_refused_at_once_and_strangers_cannot_delete,
    an_owner_makes_tokens_for_members_that_reach_no_other_account,
    nobody_makes_tokens_for_people_outside_their_own_accounts,
    a_person_has_at_most_so_many_tokens,
);

fn named(name: &str) -> NewToken {
    NewToken { name: name.to_owned(), ..NewToken::default() }
}

async fn made(w: &World, who: &Principal, new: NewToken) -> IssuedToken {
    tokens::create(&w.cx, who, &new).await.expect("a token")
}

async fn a_token_may_do_what_its_scope_says(w: &World) {
    let owner = w.owner().await;
    let account = first(&owner);
    let scopes = [Scope::Read, Scope::Write, Scope::Admin];
    for (at, scope) in scopes.into_iter().enumerate() {
        let token = made(w, &owner, NewToken { scope: Some(scope), ..named("t") }).await;
        let who = w.who(&token.access_token).await;
        let granted = scopes.map(|wanted| who.may(account, wanted) == Access::Granted);
        assert_eq!(granted, [true, at >= 1, at >= 2], "{scope:?}");
    }
    let unsaid = made(w, &owner, named("t")).await;
    assert_eq!(unsaid.token.info.scope, Scope::Write);
}

async fn a_token_cannot_make_one_that_may_do_more(w: &World) {
    let owner = w.owner().await;
    let writer = made(w, &owner, named("writer")).await;
    let writer = w.who(&writer.access_token).await;
    let more = NewToken { scope: Some(Scope::Admin), ..named("more") };
    assert_eq!(refusal(hidden(tokens::create(&w.cx, &writer, &more).await)), Refusal::Forbidden);
}

async fn lists_show_no_values_and_bad_input_is_refused(w: &World) {
    let owner = w.owner().await;
    let token = made(w, &owner, named("ci")).await;
    let list = serde_json::to_string(&tokens::list(&w.cx, &owner).await.unwrap()).unwrap();
    assert!(list.contains("\"ci\"") && !list.contains(&token.access_token) && !list.contains("null"));
    let shown = serde_json::to_value(&token).unwrap();
    assert_eq!(shown["access_token"], token.access_token.as_str());
    for bad in [named(""), NewToken { expires_in: Some(0), ..named("x") }] {
        assert_eq!(refusal(hidden(tokens::create(&w.cx, &owner, &bad).await)), Refusal::Unprocessable);
    }
}

async fn a_deleted_token_is_refused_at_once_and_strangers_cannot_delete(w: &World) {
    let owner = w.owner().await;
    let token = made(w, &owner, named("ci")).await;
    let reviewer = w.member(&owner, "rita@example.org", "Reviewer").await;
    let id = &token.token.info.id;
    assert_eq!(refusal(tokens::delete(&w.cx, &reviewer, id).await), Refusal::NotFound);
    w.who(&token.access_token).await;
    tokens::delete(&w.cx, &owner, id).await.unwrap();
    assert_eq!(refusal(authenticate(&w.cx, &token.access_token).await), Refusal::Unauthorized);
    assert_eq!(refusal(tokens::delete(&w.cx, &owner, id).await), Refusal::NotFound);
    tokens::delete(&w.cx, &owner, &reviewer.token_id).await.expect("owners delete what they gave out");
}

async fn an_owner_makes_tokens_for_members_that_reach_no_other_account(w: &World) {
    let owner = w.owner().await;
    let dev = w.member(&owner, "dev@example.org", "Developer").await;
    assert_eq!(dev.only_account.as_deref(), Some(first(&owner)));
    assert_eq!(dev.may(first(&owner), Scope::Write), Access::Granted);
    assert_eq!(dev.may(first(&owner), Scope::Admin), Access::Forbidden, "the role bounds the token");
    let second = NewAccount { name: "Second".into(), type_id: None };
    let second = account::create(&w.cx, &owner, &second).await.unwrap();
    let new =
        members::NewMember { email: "dev@example.org".into(), role: Some("owner".into()), full_name: None };
    members::add(&w.cx, &second.id, &new).await.unwrap();
    assert_eq!(dev.may(&second.id, Scope::Read), Access::Unknown);
    assert_eq!(account::list(&w.cx, &dev).await.unwrap().len(), 1);
    assert_eq!(refusal(account::create(&w.cx, &dev, &NewAccount::default()).await), Refusal::Forbidden);
    let child = made(w, &dev, named("child")).await;
    assert_eq!(child.token.account_id, dev.only_account, "confinement is inherited");
    let wider = NewToken { account_id: Some(second.id), ..named("wider") };
    assert_eq!(refusal(hidden(tokens::create(&w.cx, &dev, &wider).await)), Refusal::NotFound);
}

async fn nobody_makes_tokens_for_people_outside_their_own_accounts(w: &World) {
    let owner = w.owner().await;
    let dev = w.member(&owner, "dev@example.org", "Developer").await;
    for (who, user_id) in [(&dev, &owner.user_id), (&owner, &"0".repeat(24))] {
        let new = NewToken { user_id: Some(user_id.clone()), ..named("theirs") };
        assert_eq!(refusal(hidden(tokens::create(&w.cx, who, &new).await)), Refusal::NotFound);
    }
    let elsewhere = NewToken { account_id: Some("nowhere".into()), ..named("x") };
    assert_eq!(refusal(hidden(tokens::create(&w.cx, &owner, &elsewhere).await)), Refusal::NotFound);
    let own = NewToken { account_id: Some("boathook".into()), ..named("one account, by slug") };
    assert_eq!(made(w, &owner, own).await.token.account_id.as_deref(), Some(first(&owner)));
}

async fn a_person_has_at_most_so_many_tokens(w: &World) {
    let owner = w.owner().await;
    let mut tx = w.cx.begin().await.unwrap();
    for n in 1..tokens::TOKENS_MAX {
        let row = tokens::row(&w.cx, &owner.user_id, "many", Scope::Read);
        store::tokens::insert(&mut tx, &row, &n.to_string()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let refused = tokens::create(&w.cx, &owner, &named("one too many")).await;
    assert_eq!(refusal(hidden(refused)), Refusal::Unprocessable);
    tokens::delete(&w.cx, &owner, &tokens::list(&w.cx, &owner).await.unwrap()[0].info.id).await.unwrap();
    made(w, &owner, named("room again")).await;
}
