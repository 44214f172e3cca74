//! `POST /hooks?site_id=`: makes a hook. Some clients name the site in the body, and some leave out
//! `type`, which then is `url`.

use super::named_site;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::hooks::HookInput;
use model::Scope;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let input: HookInput = call.json().await?;
    let who = call.user()?;
    let key = call.query("site_id").or(input.site_id.as_deref());
    let site = named_site(&call.cx, who, key, Scope::Write).await?;
    let hook = ::hooks::create(&call.cx, &site.id, Some(who.user_id.as_str()), input).await?;
    Ok(Reply::created(&hook))
}
