//! Access tokens: made, listed and deleted by their owner. A token is shown once and kept as a
//! digest. One that is confined to an account reaches nothing else, whoever its user is.

mod create;
mod delete;
mod list;

pub use create::{EXPIRES_IN_MAX, NewToken, TOKENS_MAX, create};
pub use delete::delete;
pub use list::list;

pub(crate) use create::issue;

use context::Context;
use model::{Scope, TokenInfo};
use serde::Serialize;
use store::tokens::TokenRow;

/// How tokens of this server begin, so that scanners of leaked secrets know them.
pub(crate) const PREFIX: &str = "bh_";

/// A token as lists show it.
#[derive(Clone, Debug, Serialize)]
pub struct TokenView {
    /// What every token has.
    #[serde(flatten)]
    pub info: TokenInfo,
    /// Whose it is.
    pub user_id: String,
    /// The only account it reaches; absent for all accounts of its user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// A token that was just made, with its value: the only time it is shown.
#[derive(Clone, Serialize)]
pub struct IssuedToken {
    /// What lists will show.
    #[serde(flatten)]
    pub token: TokenView,
    /// The value to send as `Authorization: Bearer`.
    pub access_token: String,
}

/// A token's row for all accounts of its user, without an end.
pub(crate) fn row(cx: &Context, user_id: &str, name: &str, scope: Scope) -> TokenRow {
    TokenRow {
        id: cx.id(),
        user_id: user_id.to_owned(),
        account_id: None,
        name: name.to_owned(),
        scope,
        created_at: cx.now(),
        expires_at: None,
        last_used_at: None,
    }
}

fn show(row: TokenRow) -> TokenView {
    TokenView {
        info: TokenInfo {
            id: row.id,
            name: row.name,
            scope: row.scope,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        },
        user_id: row.user_id,
        account_id: row.account_id,
    }
}
