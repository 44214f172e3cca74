//! A server without doors, and people who come in.

use crate::members::{self, NewMember};
use crate::tokens::{self, NewToken};
use crate::{Bootstrapped, Owner, Principal, authenticate, bootstrap};
use model::Scope;
use std::ops::Deref;
use std::time::Duration;
use store::sites::{self, SiteRow};
use testbed::{Bed, Setup};

pub(super) struct World(Bed);

impl Setup for World {
    async fn on(bed: Bed) -> Self {
        Self(bed)
    }
}

impl Deref for World {
    type Target = Bed;

    fn deref(&self) -> &Bed {
        &self.0
    }
}

impl World {
    /// Lets time pass.
    pub(super) fn pass(&self, millis: i64) {
        self.clock.advance(Duration::from_millis(millis.unsigned_abs()));
    }

    /// The first start; who comes in with its token.
    pub(super) async fn owner(&self) -> Principal {
        let Bootstrapped { token, .. } = self.first_start().await;
        self.who(&token).await
    }

    pub(super) async fn first_start(&self) -> Bootstrapped {
        bootstrap(&self.cx, &Owner::default()).await.expect("a first start").expect("a new owner")
    }

    pub(super) async fn who(&self, token: &str) -> Principal {
        authenticate(&self.cx, token).await.expect("a token that counts")
    }

    /// A new member of the owner's first account, who comes in with a token that the owner made.
    pub(super) async fn member(&self, owner: &Principal, email: &str, role: &str) -> Principal {
        let account_id = first(owner);
        let new = NewMember { email: email.to_owned(), role: Some(role.to_owned()), full_name: None };
        let member = members::add(&self.cx, account_id, &new).await.expect("a new member");
        let new = NewToken {
            name: "theirs".to_owned(),
            scope: Some(Scope::Admin),
            user_id: Some(member.id),
            ..NewToken::default()
        };
        let token = tokens::create(&self.cx, owner, &new).await.expect("a token");
        self.who(&token.access_token).await
    }

    /// A site of the account.
    pub(super) async fn site(&self, account_id: &str, name: &str) -> SiteRow {
        let site = SiteRow::new(&self.cx.uuid(), account_id, name, self.cx.now());
        let mut tx = self.cx.begin().await.expect("a transaction");
        sites::insert(&mut tx, &site).await.expect("a free name");
        tx.commit().await.expect("a commit");
        site
    }
}

/// The account that new things of this person go to.
pub(super) fn first(who: &Principal) -> &str {
    who.first_account(Scope::Read).expect("a member of some account")
}
