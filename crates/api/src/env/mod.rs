//! Operations on environment variables.

pub(crate) mod create_env_vars;
pub(crate) mod delete_env_var;
pub(crate) mod delete_env_var_value;
pub(crate) mod get_env_var;
pub(crate) mod get_env_vars;
pub(crate) mod get_site_env_vars;
pub(crate) mod set_env_var_value;
pub(crate) mod update_env_var;

use crate::call::Call;
use accounts::env::{Filter, VarInput, foreign};
use context::{Error, Result};
use model::EnvVar;
use store::sites;

/// What a query asks for: `context_name` once, or `context_name[]` several times; and `scope`.
fn filter(call: &Call) -> Result<Filter> {
    let mut names = call.query_all("context_name");
    names.extend(call.query_all("context_name[]"));
    Filter::parse(&names, call.query("scope"))
}

/// A variable of an account as the caller may see it: values are for those who may change them, as the
/// hosted service keeps them from reviewers.
fn seen(call: &Call, account_id: &str, own: EnvVar) -> EnvVar {
    if call.may_write(account_id) { own } else { own.hidden() }
}

/// What the add-ons of a site hand out; nothing for an account, or for a site that is not its. Those who
/// may not change the site get values masked.
async fn of_addons(call: &Call, account_id: &str, site: Option<&str>) -> Result<Vec<EnvVar>> {
    let Some(site) = site else { return Ok(Vec::new()) };
    let found = sites::find_any(&mut call.cx.read().await?, site).await?;
    let Some(site) = found.filter(|site| site.account_id == account_id) else { return Ok(Vec::new()) };
    let shown = call.may_write(account_id);
    let handed = addons::instances::handed(&call.cx, &site.id).await?;
    let entry = |(key, it): (&String, &addons::instances::Handed)| {
        foreign((key, &it.value), (&it.slug, &it.instance_id), it.updated_at, shown)
    };
    Ok(handed.iter().map(entry).collect())
}

/// The variable of the path, when an add-on of the site hands it out.
async fn of_addon(call: &Call) -> Result<Option<EnvVar>> {
    let entries = of_addons(call, &call.account()?.id, call.query("site_id")).await?;
    Ok(entries.into_iter().find(|entry| entry.key == call.param("key")))
}

/// What was done to a variable of the path. Where there is none, but an add-on hands one out, that is said
/// instead: nobody takes it away here.
async fn unless_of_addon(call: &Call, done: Result<()>) -> Result<()> {
    let Err(Error::NotFound) = done else { return done };
    let entry = of_addon(call).await?.ok_or(Error::NotFound)?;
    let slug = entry.service_slug.unwrap_or_default();
    Err(Error::Unprocessable(format!("{} comes from the add-on {slug} and goes with it", entry.key)))
}

/// What became of a change. Where there was nothing to change, but an add-on hands out a variable of the
/// name, the site gets one of its own: command line clients know no other way to put one over it.
async fn or_over_addon(call: &Call, done: Result<EnvVar>, over: VarInput) -> Result<EnvVar> {
    let Err(Error::NotFound) = done else { return done };
    let entry = of_addon(call).await?.ok_or(Error::NotFound)?;
    let new = VarInput { key: Some(entry.key), ..over };
    let (user_id, account_id, site) = (&call.user()?.user_id, &call.account()?.id, call.query("site_id"));
    let mut made = accounts::env::create(&call.cx, user_id, account_id, site, vec![new]).await?;
    made.pop().ok_or_else(|| Error::internal("a variable that was made is not there"))
}
