//! `POST /services` {name, slug, description, endpoint, icon?, long_description?, tags?, public?,
//! account_slug?}: registers an add-on for an account. 201 with its `secret`, shown this once; 422 when
//! something is missing, malformed, reserved or taken. Only admins may make one public.

use super::may_publish;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Access;
use addons::registry::{self, Setup};
use context::{Error, Result};
use http::header::CACHE_CONTROL;
use model::Scope;
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    account_slug: Option<String>,
    #[serde(flatten)]
    setup: Setup,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let body: Body = call.json().await?;
    let account_id = account(&call, body.account_slug.as_deref()).await?;
    may_publish(&call, &account_id, body.setup.public)?;
    let made = registry::register(&call.cx, &account_id, &body.setup, &call.user()?.user_id).await?;
    Ok(Reply::created(&made).header(CACHE_CONTROL, "no-store"))
}

/// The account that was named, or the caller's first.
async fn account(call: &Call, slug: Option<&str>) -> Result<String> {
    let who = call.user()?;
    let Some(slug) = slug else {
        let none = || Error::Forbidden("none of your accounts lets you register an add-on".to_owned());
        return who.first_account(Scope::Write).map(str::to_owned).ok_or_else(none);
    };
    let found = store::accounts::find(&mut call.cx.read().await?, slug).await?.ok_or(Error::NotFound)?;
    match who.may(&found.id, Scope::Write) {
        Access::Granted => Ok(found.id),
        Access::Forbidden => Err(Error::Forbidden("this needs write rights in the account".to_owned())),
        Access::Unknown => Err(Error::NotFound),
    }
}
