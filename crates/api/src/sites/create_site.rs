//! `POST /sites`: a site in the caller's first account, or in the account that the body's `account_slug` names. 201.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::{show, source};
use accounts::Access;
use context::Error;
use model::Scope;
use serde::Deserialize;
use sites::Changes;

#[derive(Deserialize)]
struct Body {
    account_slug: Option<String>,
    #[serde(flatten)]
    changes: Changes,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let mut body: Body = call.json().await?;
    source::say(&call, &mut body.changes).await?;
    let who = call.user()?.clone();
    let account_id = match &body.account_slug {
        Some(slug) => {
            let mut db = call.cx.read().await?;
            store::accounts::find(&mut db, slug).await?.ok_or(Error::NotFound)?.id
        }
        None => {
            let none = || Error::Forbidden("none of your accounts lets you make a site".to_owned());
            who.first_account(Scope::Write).ok_or_else(none)?.to_owned()
        }
    };
    match who.may(&account_id, Scope::Write) {
        Access::Granted => {}
        Access::Forbidden => {
            return Err(Error::Forbidden("this needs write rights in the account".to_owned()));
        }
        Access::Unknown => return Err(Error::NotFound),
    }
    let site = sites::create(&call.cx, &account_id, Some(&who.user_id), body.changes).await?;
    Ok(Reply::created(&show::one(&call, &site).await?))
}
