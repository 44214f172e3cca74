//! Changes an account's name, slug or billing fields.

use super::get::shown;
use super::slug;
use crate::{Principal, check};
use context::{Context, Error, Result};
use model::Account;
use serde::Deserialize;
use store::accounts::{self, AccountRow};

/// Longest billing field, in characters.
const BILLING_MAX: usize = 2000;

/// What `PUT /accounts/{account_id}` says; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AccountChange {
    /// The name shown.
    pub name: Option<String>,
    /// The name in paths.
    pub slug: Option<String>,
    /// Where invoices would go.
    pub billing_name: Option<String>,
    /// See `billing_name`.
    pub billing_email: Option<String>,
    /// See `billing_name`.
    pub billing_details: Option<String>,
}

/// Changes the account.
///
/// # Errors
/// [`Error::Unprocessable`] for a bad value or a slug in use; [`Error::NotFound`] when the account
/// went away.
pub async fn update(
    cx: &Context,
    who: &Principal,
    account_id: &str,
    change: AccountChange,
) -> Result<Account> {
    let mut tx = cx.begin().await?;
    if !accounts::lock(&mut tx, account_id).await? {
        return Err(Error::NotFound);
    }
    let mut account = accounts::find(&mut tx, account_id).await?.ok_or(Error::NotFound)?;
    apply(&mut account, change)?;
    account.updated_at = cx.now();
    accounts::update(&mut tx, &account).await.map_err(|error| match error {
        store::Error::Taken => Error::Unprocessable("this slug is in use".to_owned()),
        other => other.into(),
    })?;
    let shown = shown(&mut tx, &who.user_id, account_id).await?;
    tx.commit().await?;
    Ok(shown)
}

fn apply(account: &mut AccountRow, change: AccountChange) -> Result<()> {
    if let Some(name) = change.name {
        account.name = check::text("name", &name, check::NAME_MAX)?;
    }
    if let Some(slug) = change.slug.filter(|slug| *slug != account.slug) {
        account.slug = slug::checked(&slug)?;
    }
    set("billing_name", &mut account.doc.billing_name, change.billing_name)?;
    set("billing_email", &mut account.doc.billing_email, change.billing_email)?;
    set("billing_details", &mut account.doc.billing_details, change.billing_details)
}

/// An empty text takes a billing field away.
fn set(what: &str, field: &mut Option<String>, new: Option<String>) -> Result<()> {
    let Some(text) = new else { return Ok(()) };
    if text.chars().count() > BILLING_MAX {
        return Err(Error::Unprocessable(format!("{what} must have at most {BILLING_MAX} characters")));
    }
    *field = Some(text).filter(|text| !text.is_empty());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billing_fields_are_bounded_and_emptied() {
        let mut field = None;
        assert!(set("billing_name", &mut field, Some("x".repeat(BILLING_MAX))).is_ok());
        assert!(set("billing_name", &mut field, None).is_ok() && field.is_some());
        assert!(set("billing_name", &mut field, Some("x".repeat(BILLING_MAX + 1))).is_err());
        assert!(set("billing_name", &mut field, Some(String::new())).is_ok());
        assert_eq!(field, None);
    }
}
