//! Add-ons, and what sites have of them: one file an operation.

pub(crate) mod create_service;
pub(crate) mod create_service_instance;
pub(crate) mod delete_service;
pub(crate) mod delete_service_instance;
pub(crate) mod get_services;
pub(crate) mod list_service_calls;
pub(crate) mod list_service_instances_for_site;
pub(crate) mod refresh_service_manifest;
pub(crate) mod report_service_instance;
pub(crate) mod rotate_service_secret;
pub(crate) mod show_service;
pub(crate) mod show_service_instance;
pub(crate) mod show_service_manifest;
pub(crate) mod update_service;
pub(crate) mod update_service_instance;

use crate::call::Call;
use accounts::Access;
use addons::registry;
use context::{Error, Result};
use model::Scope;
use store::addons::AddonRow;

/// The add-on of that slug, when the caller may see it: it is public, or of one of their accounts.
async fn seen(call: &Call, slug: &str) -> Result<AddonRow> {
    let addon = registry::find(&call.cx, slug).await?.ok_or(Error::NotFound)?;
    if addon.public || say(call, &addon, Scope::Read)? != Access::Unknown {
        return Ok(addon);
    }
    Err(Error::NotFound)
}

/// The add-on of the path, when it is the caller's own and they have this much of a say in it.
async fn own(call: &Call, scope: Scope) -> Result<AddonRow> {
    let addon = registry::find(&call.cx, call.param("addonName")).await?.ok_or(Error::NotFound)?;
    match say(call, &addon, scope)? {
        Access::Granted => Ok(addon),
        Access::Forbidden => Err(too_little(scope)),
        Access::Unknown => Err(Error::NotFound),
    }
}

fn say(call: &Call, addon: &AddonRow, scope: Scope) -> Result<Access> {
    let who = call.user()?;
    Ok(addon.account_id.as_deref().map_or(Access::Unknown, |account| who.may(account, scope)))
}

fn too_little(scope: Scope) -> Error {
    Error::Forbidden(format!("this needs {} rights in the account of the add-on", scope.as_str()))
}

/// What all of the server may use is for those who look after the whole account to say.
fn may_publish(call: &Call, account_id: &str, public: Option<bool>) -> Result<()> {
    match public {
        Some(true) if call.user()?.may(account_id, Scope::Admin) != Access::Granted => {
            Err(too_little(Scope::Admin))
        }
        _ => Ok(()),
    }
}

/// Whether the caller may change the site, and so may have what its instances open.
fn is_whole(call: &Call) -> Result<bool> {
    Ok(call.user()?.may(&call.site()?.account_id, Scope::Write) == Access::Granted)
}
