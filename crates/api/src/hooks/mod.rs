//! Hooks and their types, as Netlify's clients use them.

pub(crate) mod create_hook_by_site_id;
pub(crate) mod delete_hook;
pub(crate) mod enable_hook;
pub(crate) mod get_hook;
pub(crate) mod list_hook_types;
pub(crate) mod list_hooks_by_site_id;
pub(crate) mod listen_to_hook;
pub(crate) mod rotate_hook_secret;
pub(crate) mod update_hook;

use accounts::{Access, Principal};
use context::{Context, Error, Result};
use model::Scope;
use store::sites::SiteRow;

/// The site that a query or body names, when the caller has this much of a say in it.
pub(crate) async fn named_site(
    cx: &Context,
    who: &Principal,
    key: Option<&str>,
    scope: Scope,
) -> Result<SiteRow> {
    let key = key.ok_or_else(|| Error::Unprocessable("site_id is missing".to_owned()))?;
    let key = cx.addresses().site_key(key);
    let site = store::sites::find_any(&mut cx.read().await?, &key).await?.ok_or(Error::NotFound)?;
    match who.may(&site.account_id, scope) {
        Access::Granted => Ok(site),
        Access::Forbidden => {
            Err(Error::Forbidden(format!("this needs {} rights on the site", scope.as_str())))
        }
        Access::Unknown => Err(Error::NotFound),
    }
}
