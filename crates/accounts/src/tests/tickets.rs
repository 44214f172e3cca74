//! The login of a command line, from asking to fetching.

use super::{Refusal, World, hidden, refusal};
use crate::tickets::{self, CLIENT_ID_MAX, LIFE_MS, MESSAGE_MAX, NewTicket, TicketView};
use crate::tokens::{self, NewToken};
use crate::user;
use model::Scope;
use testbed::both;

both!(
    a_ticket_is_approved_and_exchanged_once,
    of_two_exchanges_at_once_one_gets_the_token,
    a_denied_or_late_ticket_is_as_good_as_unknown,
    what_is_handed_out_reaches_no_further_than_the_token_that_said_yes,
    a_grantor_that_ended_grants_nothing,
    what_anybody_may_write_is_bounded,
    tickets_are_forgotten_and_never_more_than_the_limit,
);

async fn ticket(w: &World) -> TicketView {
    let client_id = "ab".repeat(32);
    tickets::create(&w.cx, &client_id, &NewTicket::default()).await.expect("a ticket")
}

async fn a_ticket_is_approved_and_exchanged_once(w: &World) {
    let owner = w.owner().await;
    let id = ticket(w).await.ticket.id;
    assert!(!tickets::show(&w.cx, &id).await.unwrap().ticket.authorized);
    assert_eq!(refusal(hidden(tickets::exchange(&w.cx, &id).await)), Refusal::Unauthorized);
    assert!(tickets::authorize(&w.cx, &owner, &id).await.unwrap().ticket.authorized);
    assert!(tickets::show(&w.cx, &id).await.unwrap().ticket.authorized);
    let got = tickets::exchange(&w.cx, &id).await.unwrap();
    assert_eq!((got.user_id.as_str(), got.user_email.as_str()), (owner.user_id.as_str(), "owner@localhost"));
    let who = w.who(&got.access_token).await;
    assert_eq!((who.scope, &who.token_id), (Scope::Admin, &got.id));
    assert_eq!(user::current(&w.cx, &who).await.unwrap().last_login, Some(w.cx.now()));
    assert_eq!(refusal(hidden(tickets::exchange(&w.cx, &id).await)), Refusal::NotFound);
    assert_eq!(refusal(tickets::show(&w.cx, &id).await), Refusal::NotFound);
}

async fn of_two_exchanges_at_once_one_gets_the_token(w: &World) {
    let owner = w.owner().await;
    let id = ticket(w).await.ticket.id;
    tickets::authorize(&w.cx, &owner, &id).await.unwrap();
    let (one, two) = tokio::join!(tickets::exchange(&w.cx, &id), tickets::exchange(&w.cx, &id));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(tokens::list(&w.cx, &owner).await.unwrap().len(), 2);
}

async fn a_denied_or_late_ticket_is_as_good_as_unknown(w: &World) {
    let owner = w.owner().await;
    let (denied, late) = (ticket(w).await.ticket.id, ticket(w).await.ticket.id);
    tickets::deny(&w.cx, &owner, &denied).await.unwrap();
    tickets::authorize(&w.cx, &owner, &late).await.unwrap();
    w.pass(LIFE_MS);
    for id in [&denied, &late, &"0".repeat(24)] {
        assert_eq!(refusal(tickets::show(&w.cx, id).await), Refusal::NotFound);
        assert_eq!(refusal(tickets::authorize(&w.cx, &owner, id).await), Refusal::NotFound);
        assert_eq!(refusal(hidden(tickets::exchange(&w.cx, id).await)), Refusal::NotFound);
    }
}

async fn what_is_handed_out_reaches_no_further_than_the_token_that_said_yes(w: &World) {
    let owner = w.owner().await;
    let new = NewToken {
        name: "small".into(),
        scope: Some(Scope::Read),
        expires_in: Some(300),
        account_id: Some("boathook".into()),
        user_id: None,
    };
    let small = tokens::create(&w.cx, &owner, &new).await.unwrap();
    let small = w.who(&small.access_token).await;
    let id = ticket(w).await.ticket.id;
    tickets::authorize(&w.cx, &small, &id).await.unwrap();
    let got = w.who(&tickets::exchange(&w.cx, &id).await.unwrap().access_token).await;
    assert_eq!((got.scope, &got.only_account), (Scope::Read, &small.only_account));
    let list = tokens::list(&w.cx, &owner).await.unwrap();
    assert_eq!(list.iter().filter(|token| token.info.expires_at.is_some()).count(), 2);

    let id = ticket(w).await.ticket.id;
    tickets::authorize(&w.cx, &small, &id).await.unwrap();
    tokens::delete(&w.cx, &owner, &small.token_id).await.unwrap();
    assert_eq!(refusal(hidden(tickets::exchange(&w.cx, &id).await)), Refusal::NotFound);
}

async fn a_grantor_that_ended_grants_nothing(w: &World) {
    let owner = w.owner().await;
    let new = NewToken { name: "short".into(), expires_in: Some(60), ..NewToken::default() };
    let short = tokens::create(&w.cx, &owner, &new).await.unwrap();
    let id = ticket(w).await.ticket.id;
    tickets::authorize(&w.cx, &w.who(&short.access_token).await, &id).await.unwrap();
    w.pass(60_000);
    assert_eq!(refusal(hidden(tickets::exchange(&w.cx, &id).await)), Refusal::NotFound);
}

async fn what_anybody_may_write_is_bounded(w: &World) {
    for (client_id, message, is_fine) in [
        ("a".repeat(CLIENT_ID_MAX), Some("m".repeat(MESSAGE_MAX)), true),
        ("a".repeat(CLIENT_ID_MAX + 1), None, false),
        (String::new(), None, false),
        ("a".to_owned(), Some("m".repeat(MESSAGE_MAX + 1)), false),
    ] {
        let made = tickets::create(&w.cx, &client_id, &NewTicket { message: message.clone() }).await;
        assert_eq!(made.is_ok(), is_fine, "{client_id} {message:?}");
        if let Ok(made) = made {
            assert_eq!(tickets::show(&w.cx, &made.ticket.id).await.unwrap().message, message);
        }
    }
}

async fn tickets_are_forgotten_and_never_more_than_the_limit(w: &World) {
    let mut tx = w.cx.begin().await.unwrap();
    let row = |id: String| store::tickets::TicketRow {
        id,
        client_id: "flood".into(),
        message: None,
        state: store::tickets::TicketState::Waiting,
        token_id: None,
        created_at: w.cx.now(),
        expires_at: w.cx.now().plus_millis(LIFE_MS),
    };
    for _ in 0..tickets::TICKETS_MAX {
        store::tickets::insert(&mut tx, &row(w.cx.id())).await.unwrap();
    }
    tx.commit().await.unwrap();
    let refused = tickets::create(&w.cx, "late", &NewTicket::default()).await;
    assert_eq!(refusal(refused), Refusal::TooMany);
    w.pass(LIFE_MS + 1);
    ticket(w).await;
    let mut db = w.cx.read().await.unwrap();
    assert_eq!(store::tickets::count(&mut db).await.unwrap(), 1);
}
