//! Deploy keys: key pairs with which builds read a repository. The private half never leaves the
//! server.

mod create;
mod delete;
mod get;
mod keygen;
mod list;
mod private;

pub use create::{KEYS_MAX, NewDeployKey, create};
pub use delete::delete;
pub use get::get;
pub use list::list;
pub use private::private_key;

use crate::{Access, Principal};
use context::{Error, Result};
use model::{Scope, Timestamp};
use serde::Serialize;
use store::Conn;
use store::deploy_keys::{self, DeployKeyRow};

/// What the private half is sealed for.
const PURPOSE: &str = "deploy_keys";

/// A deploy key as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeployKey {
    /// 24 hex digits.
    pub id: String,
    /// The public half as one line of an `authorized_keys` file.
    pub public_key: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn show(row: DeployKeyRow) -> DeployKey {
    DeployKey { id: row.id, public_key: row.public_key, created_at: row.created_at }
}

/// The key, when the caller may do this with it.
async fn find(db: &mut Conn, who: &Principal, key_id: &str, scope: Scope) -> Result<DeployKeyRow> {
    let row = deploy_keys::find(db, key_id).await?.ok_or(Error::NotFound)?;
    match who.may(&row.account_id, scope) {
        Access::Granted => Ok(row),
        Access::Forbidden => Err(Error::Forbidden("this needs a further reaching role or token".to_owned())),
        Access::Unknown => Err(Error::NotFound),
    }
}
