//! Makes a hook.

use crate::input::check_form;
use crate::targets::DEFAULT;
use crate::{HookInput, HookView, view};
use context::{Context, Error, Result};
use serde_json::Map;
use store::hook_health::Health;
use store::hooks::{Filters, HookRow, Options};

/// Makes a hook of the site; the caller has seen to it that it exists and that the user may.
///
/// # Errors
/// `Unprocessable` when the target, an event or a setting is not one that will do, the form is none of the
/// site's, or the site has as many hooks as the server's limits allow.
pub async fn create(
    cx: &Context,
    site_id: &str,
    user_id: Option<&str>,
    input: HookInput,
) -> Result<HookView> {
    let now = cx.now();
    let mut row = HookRow {
        id: cx.id(),
        site_id: site_id.to_owned(),
        kind: DEFAULT.to_owned(),
        events: Vec::new(),
        filters: Filters::default(),
        data: Map::new(),
        sealed: Vec::new(),
        options: Options::default(),
        follows: false,
        disabled: false,
        form_id: None,
        user_id: user_id.map(str::to_owned),
        success: None,
        created_at: now,
        updated_at: now,
    };
    input.apply(cx, &mut row)?;
    let mut tx = cx.begin().await?;
    check_form(&mut tx, &row, None).await?;
    let most = cx.settings.limits.hooks;
    if store::hooks::count(&mut tx, site_id).await? >= most {
        return Err(Error::Unprocessable(format!("a site can have at most {most} hooks")));
    }
    store::hooks::insert(&mut tx, &row).await?;
    tx.commit().await?;
    view::view(cx, row, Health::default())
}
