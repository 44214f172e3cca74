//! Tokens of running builds. One belongs to no person, reaches the site and the deploy of its build,
//! and ends with it.

use crate::Principal;
use crate::authenticate::has_expired;
use crate::principal::BuildReach;
use context::{Context, Error, Result};
use model::{Role, Scope};
use signing::sha256_hex;
use store::build_passes;

/// How tokens of builds begin.
pub const PREFIX: &str = "bhb_";

/// The build behind a token.
pub(crate) async fn authenticate(cx: &Context, bearer: &str) -> Result<Principal> {
    let mut db = cx.read().await?;
    let found = build_passes::find(&mut db, &sha256_hex(bearer.as_bytes())).await?;
    let pass = found
        .filter(|pass| !has_expired(Some(pass.expires_at), cx.now()))
        .ok_or(Error::Unauthorized("the build of this token is over"))?;
    Ok(Principal {
        user_id: String::new(),
        token_id: pass.build_id,
        scope: Scope::Write,
        memberships: vec![(pass.account_id.clone(), Role::Developer)],
        only_account: Some(pass.account_id),
        build: Some(BuildReach { site_id: pass.site_id, deploy_id: pass.deploy_id }),
    })
}
