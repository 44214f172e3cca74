//! Accounts: what their members see of them, and the rules for making, changing and ending one.

mod cancel;
mod create;
mod get;
mod list;
mod slug;
mod types;
mod update;

pub use cancel::cancel;
pub use create::{ACCOUNTS_MAX, NewAccount, create};
pub use get::get;
pub use list::{MinimalAccount, list, list_minimal};
pub use types::types;
pub use update::{AccountChange, update};

pub(crate) use create::insert;

use model::{Account, Role};
use serde_json::{Value, json};
use store::accounts::AccountView;

/// Id and slug of the one account type.
pub(crate) const TYPE_ID: &str = "self-hosted";
/// Its name.
pub(crate) const TYPE_NAME: &str = "Self-hosted";
/// What a capability without limit says is included: clients compare it with what is used.
const UNLIMITED: i64 = 1_000_000;

/// The account as the API shows it to one of its members.
fn show(view: AccountView) -> Account {
    let AccountView { account, role, is_first, owners, sites, members } = view;
    Account {
        id: account.id,
        name: account.name,
        slug: account.slug,
        kind: "TEAM".to_owned(),
        type_name: TYPE_NAME.to_owned(),
        type_id: TYPE_ID.to_owned(),
        type_slug: TYPE_ID.to_owned(),
        is_default: is_first,
        role: role.as_str().to_owned(),
        owner_ids: owners,
        members_count: members,
        roles_allowed: Role::ALL.iter().map(|role| role.as_str().to_owned()).collect(),
        billing_name: account.doc.billing_name,
        billing_email: account.doc.billing_email,
        billing_details: account.doc.billing_details,
        capabilities: capabilities(sites, members),
        created_at: account.created_at,
        updated_at: account.updated_at,
    }
}

fn capabilities(sites: i64, members: i64) -> Value {
    json!({
        "sites": {"included": UNLIMITED, "used": sites},
        "collaborators": {"included": UNLIMITED, "used": members},
    })
}
