//! `getSiteBuildHook`.

use context::{Context, Error, Result};
use store::Conn;
use store::build_hooks::{self, BuildHookRow};

/// One build hook of a site.
///
/// # Errors
/// `NotFound` when the site has no such hook.
pub async fn get(cx: &Context, site_id: &str, id: &str) -> Result<BuildHookRow> {
    of_site(&mut cx.read().await?, site_id, id).await
}

/// The same for who has a connection.
pub(super) async fn of_site(db: &mut Conn, site_id: &str, id: &str) -> Result<BuildHookRow> {
    let hook = build_hooks::find(db, id).await?.filter(|hook| hook.site_id == site_id);
    hook.ok_or(Error::NotFound)
}
