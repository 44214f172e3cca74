//! Provisioning an instance. Its row comes first, so that of two who ask at once the provider hears
//! one; unless the provider agrees, nothing of it stays.

use super::claim::{CLAIM_MS, about};
use super::document::take_over;
use super::{Document, Instance, present, site_changes};
use crate::manifest::check_required;
use crate::provider::{Answer, Ask, Operation, Provider, Said, told, trouble};
use crate::registry::secrets::Secrets;
use crate::{polling, removal};
use context::{Context, Error, Result};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::Tx;
use store::addon_instances::{self, InstanceRow, InstanceState};
use store::addons::{self, AddonRow};
use store::build_hooks::{self, BuildHookRow};
use store::sites::SiteRow;

/// Instances of one site.
pub const INSTANCES_MAX: i64 = 50;

/// Body of a creation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct New {
    /// What the site's people want it to be like.
    pub config: Option<Map<String, Value>>,
}

/// Asks the provider for an instance and keeps what it answers. The provider's `message` is in the
/// configuration that is returned, where clients look for it, and nowhere else.
///
/// # Errors
/// `Conflict` when the site has one; `Unprocessable` for a configuration that is not enough, too many
/// instances, or a refusal of the provider, in its words; `BadGateway` and `GatewayTimeout` when it
/// does not do its part.
pub async fn create(
    cx: &Context,
    provider: &Provider,
    site: &SiteRow,
    addon: &AddonRow,
    new: New,
) -> Result<Instance> {
    let config = new.config.unwrap_or_default();
    refuse_second(&addon_instances::find_of(&mut cx.read().await?, &site.id, &addon.id).await?, cx)?;
    check_required(cx, provider, addon, &config).await?;
    let mut row = reserve(cx, site, addon, &config).await?;
    let said = match ask(cx, provider, site, addon, &row, &config).await {
        Ok(said) => said,
        Err(error) => {
            forget(cx, &row).await?;
            return Err(error);
        }
    };
    let message = said.message.clone();
    row.remote_id.clone_from(&said.id);
    row.state = said.state.unwrap_or(InstanceState::Active);
    row.note = message.clone().filter(|_| row.state != InstanceState::Active);
    take_over(cx, &mut row, said, Some(config))?;
    keep(cx, site, addon, &row).await?;
    // as it is now that its manifest may have been read
    let addon = addons::find(&mut cx.read().await?, &addon.id).await?.ok_or(Error::NotFound)?;
    let mut instance = present(cx, site, &addon, &row, true)?;
    if let Some(message) = message {
        instance.config.insert("message".to_owned(), message.into());
    }
    Ok(instance)
}

fn refuse_second(found: &Option<InstanceRow>, cx: &Context) -> Result<()> {
    match found {
        Some(row) if is_abandoned(row, cx) => Ok(()),
        Some(row) if row.state == InstanceState::Asked => {
            Err(Error::Conflict("this add-on is just being added to the site".to_owned()))
        }
        Some(_) => Err(Error::Conflict("the site has an instance of this add-on".to_owned())),
        None => Ok(()),
    }
}

/// Left behind by a server that died while it asked.
fn is_abandoned(row: &InstanceRow, cx: &Context) -> bool {
    row.state == InstanceState::Asked && row.busy_until.is_none_or(|until| until <= cx.now())
}

/// Writes down that the provider is being asked, with the build hook that it will be given.
async fn reserve(
    cx: &Context,
    site: &SiteRow,
    addon: &AddonRow,
    config: &Map<String, Value>,
) -> Result<InstanceRow> {
    let row = fresh(cx, site, addon, config)?;
    let mut tx = cx.begin().await?;
    let found = addon_instances::find_of(&mut tx, &site.id, &addon.id).await?;
    refuse_second(&found, cx)?;
    if let Some(abandoned) = found {
        addon_instances::delete(&mut tx, &abandoned.id).await?;
    }
    if addon_instances::count(&mut tx, &site.id).await? >= INSTANCES_MAX {
        return Err(Error::Unprocessable(format!("a site may have {INSTANCES_MAX} add-ons")));
    }
    insert_hook(&mut tx, cx, addon, &row).await?;
    match addon_instances::insert(&mut tx, &row).await {
        Err(store::Error::Taken) => {
            return Err(Error::Conflict("the site has an instance of this add-on".to_owned()));
        }
        done => done?,
    }
    tx.commit().await?;
    Ok(row)
}

fn fresh(cx: &Context, site: &SiteRow, addon: &AddonRow, config: &Map<String, Value>) -> Result<InstanceRow> {
    let (id, now) = (cx.id(), cx.now());
    let document = Document { config: config.clone(), env: Map::new() };
    Ok(InstanceRow {
        sealed: document.sealed(cx, &id)?,
        id,
        addon_id: addon.id.clone(),
        site_id: site.id.clone(),
        uuid: cx.uuid(),
        remote_id: None,
        state: InstanceState::Asked,
        note: None,
        endpoint: None,
        snippets: Vec::new(),
        build_hook_id: Some(cx.secret_id()),
        busy_until: Some(now.plus_millis(CLAIM_MS)),
        version: 0,
        created_at: now,
        updated_at: now,
    })
}

async fn insert_hook(tx: &mut Tx, cx: &Context, addon: &AddonRow, row: &InstanceRow) -> Result<()> {
    let Some(id) = row.build_hook_id.clone() else { return Ok(()) };
    let hook = BuildHookRow {
        id,
        secret: None,
        site_id: row.site_id.clone(),
        title: addon.doc.name.clone(),
        branch: String::new(),
        options: json!({}),
        created_at: cx.now(),
    };
    Ok(build_hooks::insert(tx, &hook).await?)
}

/// The one POST, and what its answer says when the provider agreed.
async fn ask(
    cx: &Context,
    provider: &Provider,
    site: &SiteRow,
    addon: &AddonRow,
    row: &InstanceRow,
    config: &Map<String, Value>,
) -> Result<Said> {
    let mut ask = Ask::of(Operation::Create, Some(about(cx, site, row)));
    ask.callback =
        Some(format!("{}/services/{}/instances/{}", cx.addresses().api_url(), addon.slug, row.uuid));
    let body = body(cx, site, addon, row, config)?;
    let answer = provider.ask(cx, addon, &ask.with(body)).await?;
    let said = agreed(&answer);
    // an instance that the provider has and nobody here knows would be nobody's to remove
    if said.is_err()
        && answer.status.is_success()
        && let Some(id) = answer.id()
    {
        removal::leave(cx, site, row, id).await?;
    }
    said
}

fn body(
    cx: &Context,
    site: &SiteRow,
    addon: &AddonRow,
    row: &InstanceRow,
    config: &Map<String, Value>,
) -> Result<Value> {
    let hook = row.build_hook_id.as_deref().unwrap_or_default();
    Ok(json!({
        "uuid": row.uuid,
        "account": site.account_id,
        "config": {
            "site_url": about(cx, site, row).site_url,
            "jwt": { "secret": Secrets::of(cx, addon)?.current },
            "config": config,
            "site_id": site.id,
            "service_id": addon.slug,
            "service_instance": { "config": config },
            "incoming_hook_url": format!("{}/build_hooks/{hook}", cx.addresses().control_url()),
        },
    }))
}

fn agreed(answer: &Answer) -> Result<Said> {
    let said = told(answer, StatusCode::CREATED, "makes an instance")?;
    if said.id.is_none() { Err(trouble("sent no id for the instance")) } else { Ok(said) }
}

async fn forget(cx: &Context, row: &InstanceRow) -> Result<()> {
    let mut tx = cx.begin().await?;
    addon_instances::delete(&mut tx, &row.id).await?;
    Ok(tx.commit().await?)
}

/// Keeps the instance; when its site went away meanwhile, the provider is told to remove it.
async fn keep(cx: &Context, site: &SiteRow, addon: &AddonRow, row: &InstanceRow) -> Result<()> {
    let mut tx = cx.begin().await?;
    site_changes(&mut tx, cx, &site.id).await?;
    if !addon_instances::settle(&mut tx, row).await? {
        drop(tx);
        removal::leave(cx, site, row, row.remote_id.clone().unwrap_or_default()).await?;
        return Err(Error::NotFound);
    }
    if row.state == InstanceState::Provisioning {
        polling::leave(&mut tx, cx, addon, row).await?;
    }
    Ok(tx.commit().await?)
}
