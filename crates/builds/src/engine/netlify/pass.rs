//! The token with which a build asks the API about its own site, for as long as it runs.

use crate::engine::Site;
use crate::failure::Outcome;
use context::Context;
use signing::sha256_hex;
use store::build_passes::{self, BuildPass};

/// How tokens of builds begin; the accounts feature knows them by it.
pub(crate) const PREFIX: &str = "bhb_";

/// Makes a token that ends with the longest build.
pub(crate) async fn issue(of: &Site<'_>) -> Outcome<String> {
    let token = of.cx.secret(PREFIX);
    let limit = i64::try_from(of.cx.settings.builds.time_limit.as_millis()).unwrap_or(i64::MAX / 2);
    let pass = BuildPass {
        build_id: of.build.id.clone(),
        account_id: of.site.account_id.clone(),
        site_id: of.site.id.clone(),
        deploy_id: of.deploy.id.clone(),
        expires_at: of.cx.now().plus_millis(limit),
    };
    let mut tx = of.cx.begin().await?;
    build_passes::insert(&mut tx, &pass, &sha256_hex(token.as_bytes())).await?;
    tx.commit().await?;
    Ok(token)
}

/// Takes the token of a build away. One that cannot be taken away ends by itself.
pub(crate) async fn revoke(cx: &Context, build_id: &str) {
    if let Err(error) = take(cx, build_id).await {
        tracing::warn!(%error, build = build_id, "the token of a build lives on until it expires");
    }
}

async fn take(cx: &Context, build_id: &str) -> context::Result<()> {
    let mut tx = cx.begin().await?;
    build_passes::revoke(&mut tx, build_id, cx.now()).await?;
    Ok(tx.commit().await?)
}
