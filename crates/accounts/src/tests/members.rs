//! Members come, change roles and go; an owner stays.

use super::world::first;
use super::{Refusal, World, refusal};
use crate::members::{self, MemberChange, NewMember};
use crate::{Access, authenticate, tokens};
use model::{Role, Scope};
use testbed::both;

both!(
    people_are_added_by_their_address,
    bad_invitations_are_refused,
    an_account_has_at_most_so_many_members,
    the_last_owner_can_neither_step_down_nor_leave,
    two_owners_cannot_both_step_down_at_once,
    whoever_is_removed_reaches_nothing_any_more,
);

fn invite(email: &str, role: Option<&str>) -> NewMember {
    NewMember { email: email.to_owned(), role: role.map(str::to_owned), full_name: None }
}

fn to(role: &str) -> MemberChange {
    MemberChange { role: Some(role.to_owned()) }
}

async fn people_are_added_by_their_address(w: &World) {
    let owner = w.owner().await;
    let account = first(&owner);
    let ada = members::add(&w.cx, account, &invite(" Ada@Example.org", None)).await.unwrap();
    assert_eq!(
        (ada.email.as_str(), ada.full_name.as_str(), ada.role),
        ("ada@example.org", "ada", Role::Developer)
    );
    let shown = members::get(&w.cx, account, &ada.id).await.unwrap();
    assert_eq!((shown.id, shown.role), (ada.id, Role::Developer));
    w.pass(1);
    members::add(&w.cx, account, &invite("bill@example.org", Some("billing admin"))).await.unwrap();
    let list = members::list(&w.cx, account).await.unwrap();
    let roles: Vec<_> = list.iter().map(|member| member.role.as_str()).collect();
    assert_eq!(roles, ["Owner", "Developer", "Billing Admin"]);
}

async fn bad_invitations_are_refused(w: &World) {
    let owner = w.owner().await;
    for bad in [invite("nobody", None), invite("a@b", Some("King")), invite("owner@localhost", None)] {
        let refused = members::add(&w.cx, first(&owner), &bad).await;
        assert_eq!(refusal(refused), Refusal::Unprocessable, "{bad:?}");
    }
    let nobody = "0".repeat(24);
    assert_eq!(refusal(members::get(&w.cx, first(&owner), &nobody).await), Refusal::NotFound);
    assert_eq!(
        refusal(members::update(&w.cx, first(&owner), &nobody, &to("Owner")).await),
        Refusal::NotFound
    );
    assert_eq!(refusal(members::remove(&w.cx, first(&owner), &nobody).await), Refusal::NotFound);
}

async fn an_account_has_at_most_so_many_members(w: &World) {
    let owner = w.owner().await;
    let mut tx = w.cx.begin().await.unwrap();
    for n in 1..members::MEMBERS_MAX - 1 {
        let user = crate::user::new_row(&w.cx, format!("m{n}@example.org"), "M".into());
        store::users::insert(&mut tx, &user).await.unwrap();
        store::users::add_member(&mut tx, first(&owner), &user.id, Role::Reviewer, w.cx.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    members::add(&w.cx, first(&owner), &invite("last@example.org", None)).await.unwrap();
    let refused = members::add(&w.cx, first(&owner), &invite("late@example.org", None)).await;
    assert_eq!(refusal(refused), Refusal::Unprocessable);
}

async fn the_last_owner_can_neither_step_down_nor_leave(w: &World) {
    let owner = w.owner().await;
    let (account, id) = (first(&owner), owner.user_id.as_str());
    assert_eq!(refusal(members::update(&w.cx, account, id, &to("Developer")).await), Refusal::Unprocessable);
    assert_eq!(refusal(members::remove(&w.cx, account, id).await), Refusal::Unprocessable);
    members::update(&w.cx, account, id, &to("Owner")).await.expect("staying owner is fine");
    members::update(&w.cx, account, id, &MemberChange::default())
        .await
        .expect("nothing said, nothing changed");
    w.member(&owner, "ada@example.org", "Owner").await;
    assert_eq!(members::update(&w.cx, account, id, &to("Reviewer")).await.unwrap().role, Role::Reviewer);
}

async fn two_owners_cannot_both_step_down_at_once(w: &World) {
    let owner = w.owner().await;
    let ada = w.member(&owner, "ada@example.org", "Owner").await;
    let (account, down) = (first(&owner), to("Reviewer"));
    let (one, two) = tokio::join!(
        members::update(&w.cx, account, &owner.user_id, &down),
        members::update(&w.cx, account, &ada.user_id, &down)
    );
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
}

async fn whoever_is_removed_reaches_nothing_any_more(w: &World) {
    let owner = w.owner().await;
    let ada = w.member(&owner, "ada@example.org", "Developer").await;
    let new =
        tokens::NewToken { name: "own".into(), user_id: Some(ada.user_id.clone()), ..Default::default() };
    let token = tokens::create(&w.cx, &owner, &new).await.unwrap().access_token;
    assert_eq!(w.who(&token).await.may(first(&owner), Scope::Read), Access::Granted);
    members::remove(&w.cx, first(&owner), &ada.user_id).await.unwrap();
    assert_eq!(refusal(authenticate(&w.cx, &token).await), Refusal::Unauthorized);
    assert_eq!(refusal(members::get(&w.cx, first(&owner), &ada.user_id).await), Refusal::NotFound);
}
