//! Makes a token: for oneself, or for a member of an account one owns.
//!
//! A token for somebody else is confined to the account in which its maker may give it away.
//! Otherwise an owner could invite a stranger's address and read that person's other accounts.

use super::{IssuedToken, PREFIX, row, show};
use crate::{Access, Principal, check};
use ::events::{Note, Noted};
use context::{Context, Error, Result};
use model::{Scope, Timestamp};
use serde::Deserialize;
use signing::sha256_hex;
use store::tokens::{self, TokenRow};
use store::{Conn, Tx, accounts, users};

/// Tokens of one person.
pub const TOKENS_MAX: i64 = 1000;
/// Longest life of a token that ends, in seconds: ten years.
pub const EXPIRES_IN_MAX: i64 = 10 * 366 * 24 * 3600;

/// What `POST /tokens` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewToken {
    /// What its owner calls it.
    pub name: String,
    /// What it may do; `write` when not said.
    pub scope: Option<Scope>,
    /// Seconds until it is refused; never when not said.
    pub expires_in: Option<i64>,
    /// A member of an account the caller owns; the caller when not said.
    pub user_id: Option<String>,
    /// Id or slug of the only account it is to reach.
    pub account_id: Option<String>,
}

/// Makes a token. Its value is in the answer and nowhere else.
///
/// # Errors
/// [`Error::Unprocessable`] for a bad name or life or too many tokens; [`Error::Forbidden`] when it
/// would reach further than the caller's own; [`Error::NotFound`] for an account or member that the
/// caller may not know of.
pub async fn create(cx: &Context, who: &Principal, new: &NewToken) -> Result<IssuedToken> {
    let name = check::text("name", &new.name, check::NAME_MAX)?;
    let scope = new.scope.unwrap_or(Scope::Write);
    if !who.holds(scope) {
        return Err(Error::Forbidden("a token cannot make one that may do more".to_owned()));
    }
    let expires_at = end(new.expires_in, cx.now())?;
    let mut tx = cx.begin().await?;
    let account_id = confinement(&mut tx, who, new).await?;
    let user_id = new.user_id.as_deref().unwrap_or(&who.user_id);
    let token = TokenRow { account_id, expires_at, ..row(cx, user_id, &name, scope) };
    let issued = issue(&mut tx, cx, token, &who.user_id).await?;
    tx.commit().await?;
    Ok(issued)
}

/// Draws a value for the token and writes it. The audit log of each account that it reaches tells that
/// `by` has it.
pub(crate) async fn issue(tx: &mut Tx, cx: &Context, token: TokenRow, by: &str) -> Result<IssuedToken> {
    if tokens::count(tx, &token.user_id).await? >= TOKENS_MAX {
        return Err(Error::Unprocessable(format!(
            "a person may have at most {TOKENS_MAX} tokens; delete some first"
        )));
    }
    let access_token = cx.secret(PREFIX);
    tokens::insert(tx, &token, &sha256_hex(access_token.as_bytes())).await?;
    for account in accounts::views(tx, &token.user_id, token.account_id.as_deref()).await? {
        let about = Noted::of_account(&account.account.id, &token.id);
        events::note(tx, cx, about, Note::TokenCreated, Some(by)).await?;
    }
    Ok(IssuedToken { token: show(token), access_token })
}

fn end(expires_in: Option<i64>, now: Timestamp) -> Result<Option<Timestamp>> {
    match expires_in {
        None => Ok(None),
        Some(seconds) if (1..=EXPIRES_IN_MAX).contains(&seconds) => Ok(Some(now.plus_millis(seconds * 1000))),
        Some(_) => Err(Error::Unprocessable(format!("expires_in must be 1 to {EXPIRES_IN_MAX} seconds"))),
    }
}

/// The account the new token is confined to.
async fn confinement(db: &mut Conn, who: &Principal, new: &NewToken) -> Result<Option<String>> {
    let asked = match &new.account_id {
        Some(account) => Some(accounts::find(db, account).await?.ok_or(Error::NotFound)?.id),
        None => who.only_account.clone(),
    };
    if asked.as_deref().is_some_and(|id| who.role_in(id).is_none()) {
        return Err(Error::NotFound);
    }
    match new.user_id.as_deref().filter(|id| *id != who.user_id) {
        None => Ok(asked),
        Some(member) => shared_account(db, who, member, asked.as_deref()).await.map(Some),
    }
}

/// The first account that the caller owns and `member` is in.
async fn shared_account(db: &mut Conn, who: &Principal, member: &str, asked: Option<&str>) -> Result<String> {
    for (id, _) in who.memberships.iter().filter(|(id, _)| asked.is_none_or(|asked| asked == id)) {
        if who.may(id, Scope::Admin) == Access::Granted && users::member(db, id, member).await?.is_some() {
            return Ok(id.clone());
        }
    }
    Err(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_bounded() {
        let now = Timestamp(1000);
        assert!(matches!(end(None, now), Ok(None)));
        assert!(matches!(end(Some(1), now), Ok(Some(Timestamp(2000)))));
        assert!(end(Some(EXPIRES_IN_MAX), now).is_ok());
        for bad in [0, -1, EXPIRES_IN_MAX + 1, i64::MAX] {
            assert!(matches!(end(Some(bad), now), Err(Error::Unprocessable(_))), "{bad}");
        }
    }
}
