//! Environment variables of an account or of one of its sites (contract clients 5). Values are kept
//! encrypted; those of secrets are never shown again, save for context `dev`.

mod create;
mod delete;
mod delete_value;
mod filter;
mod foreign;
mod get;
mod input;
mod keep;
mod list;
mod resolve;
mod set_value;
mod update;

pub use create::create;
pub use delete::delete;
pub use delete_value::delete_value;
pub use filter::Filter;
pub use foreign::{foreign, with_foreign};
pub use get::get;
pub use input::{KEY_MAX, VALUE_MAX, VALUES_MAX, ValueInput, VarInput};
pub use list::list;
pub use resolve::{Resolved, resolve};
pub use set_value::set_value;
pub use update::update;

use context::{Context, Error, Result};
use model::{EnvVar, EnvVarUser};
use store::Conn;
use store::env_vars::{EnvVarRow, Place};

/// Variables of one account (shared ones) or of one site.
pub const VARS_MAX: i64 = 1000;
/// What values are sealed for.
const PURPOSE: &str = "env_vars";

/// Whose variables are meant: the account's, or those of the site with this id, name or domain.
/// A site of another account is as good as none. Real clients send an empty site, too.
async fn place(db: &mut Conn, account_id: &str, site: Option<&str>) -> Result<Place> {
    let site_id = match site.filter(|site| !site.is_empty()) {
        None => String::new(),
        Some(site) => {
            let found = store::sites::find_any(db, site).await?;
            found.filter(|found| found.account_id == account_id).ok_or(Error::NotFound)?.id
        }
    };
    Ok(Place { account_id: account_id.to_owned(), site_id })
}

fn open(cx: &Context, row: EnvVarRow) -> Result<EnvVar> {
    let plain = cx.open(PURPOSE, &row.sealed)?;
    Ok(EnvVar {
        key: row.key,
        scopes: row.scopes,
        values: serde_json::from_slice(&plain).map_err(Error::internal)?,
        is_secret: row.is_secret,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        service_slug: None,
    })
}

fn seal(cx: &Context, var: &EnvVar) -> Result<EnvVarRow> {
    let plain = serde_json::to_vec(&var.values).map_err(Error::internal)?;
    Ok(EnvVarRow {
        key: var.key.clone(),
        scopes: var.scopes.clone(),
        is_secret: var.is_secret,
        sealed: cx.seal(PURPOSE, &plain),
        updated_at: var.updated_at,
        updated_by: var.updated_by.clone(),
    })
}

/// The person who changes a variable, as it will name them.
async fn editor(db: &mut Conn, user_id: &str) -> Result<Option<EnvVarUser>> {
    let user = store::users::find(db, user_id).await?;
    Ok(user.map(|user| EnvVarUser {
        id: user.id,
        full_name: user.full_name,
        email: user.email,
        avatar_url: user.avatar_url,
    }))
}

fn taken(key: &str) -> impl FnOnce(store::Error) -> Error {
    move |error| match error {
        store::Error::Taken => Error::Unprocessable(format!("environment variable {key} exists already")),
        other => other.into(),
    }
}
