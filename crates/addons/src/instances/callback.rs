//! A provider tells how far an instance is that it could not finish at once. It signs with the add-on's
//! secret over the exact body, so that nobody else can, and repeating itself does no harm.

use super::claim::busy;
use super::document::take_over;
use super::site_changes;
use crate::polling::advance;
use crate::provider::{ANSWER_MAX, Answer, Said};
use crate::registry::secrets::Secrets;
use context::{Context, Error, Result};
use http::StatusCode;
use serde_json::Value;
use signing::{sha256_hex, verify_hs256};
use store::addon_instances::{self, InstanceRow, InstanceState};
use store::addons::{self, AddonRow};

/// Most bytes of a callback.
pub const CALLBACK_MAX: usize = ANSWER_MAX;
/// Longest life of a provider's token, in seconds: what leaks is soon worth nothing.
const TOKEN_LIFE_MAX: i64 = 3600;

/// Takes over `{state, message?, config?, env?, snippets?, endpoint?}` for the instance that the
/// provider was told to call `uuid`. `token` is a JWS of HS256 with `exp`, `netlify_id` and `sha256` of
/// the body.
///
/// # Errors
/// `Unauthorized` for anything that the provider has not signed, also when there is no such instance;
/// `Unprocessable` for a body that makes no sense; `Conflict` when the instance has come to another
/// end, is being changed, or is not yet known.
pub async fn callback(cx: &Context, slug: &str, uuid: &str, token: Option<&str>, body: &[u8]) -> Result<()> {
    let unknown = Error::Unauthorized("the add-on's signature is missing or does not fit");
    let mut db = cx.read().await?;
    let addon = addons::find_by_slug(&mut db, slug).await?;
    drop(db);
    let Some(addon) = addon.filter(|addon| is_signed(cx, addon, uuid, token, body)) else {
        return Err(unknown);
    };
    let answer = Answer { status: StatusCode::OK, body: body.to_vec() };
    let said = answer.said().map_err(|what| Error::Unprocessable(format!("the add-on {what}")))?;
    let state = said.state.ok_or_else(|| Error::Unprocessable("state is missing".to_owned()))?;
    let mut tx = cx.begin().await?;
    let row = addon_instances::find_by_uuid(&mut tx, uuid).await?.filter(|row| row.addon_id == addon.id);
    let mut row = row.ok_or(Error::NotFound)?;
    if !awaits(cx, &row, state)? {
        return Ok(());
    }
    advance(&mut row, &said);
    take_over(cx, &mut row, Said { id: None, ..said }, None)?;
    site_changes(&mut tx, cx, &row.site_id).await?;
    if !addon_instances::settle(&mut tx, &row).await? {
        return Err(busy());
    }
    Ok(tx.commit().await?)
}

/// Whether the instance waits for this; what it has been told already it need not be told again.
fn awaits(cx: &Context, row: &InstanceRow, state: InstanceState) -> Result<bool> {
    let is_busy = row.busy_until.is_some_and(|until| until > cx.now());
    match row.state {
        InstanceState::Asked => Err(busy()),
        InstanceState::Provisioning if is_busy => Err(busy()),
        InstanceState::Provisioning => Ok(true),
        done if done == state => Ok(false),
        done => Err(Error::Conflict(format!("the instance is {} already", done.as_str()))),
    }
}

fn is_signed(cx: &Context, addon: &AddonRow, uuid: &str, token: Option<&str>, body: &[u8]) -> bool {
    let (Some(token), Ok(secrets)) = (token, Secrets::of(cx, addon)) else { return false };
    let now = cx.now();
    secrets.all(now).any(|secret| {
        verify_hs256(token, secret.as_bytes()).is_ok_and(|claims| {
            let is = |name: &str, expect: &str| claims.get(name).and_then(Value::as_str) == Some(expect);
            let lives = claims
                .get("exp")
                .and_then(Value::as_i64)
                .is_some_and(|exp| exp > now.seconds() && exp <= now.seconds() + TOKEN_LIFE_MAX);
            lives && is("netlify_id", uuid) && is("sha256", &sha256_hex(body))
        })
    })
}
