//! Entries of the ledger for the audit log alone: that a secret was changed or shown, and to whom. They
//! are no events: no hook can listen to them, and nothing of the secret is in them.

use context::{Context, Result};
use serde_json::json;
use store::Tx;
use store::events::NewEvent;
use store::sites::SiteRow;

/// What is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The owner of a site chose the secret that verifies its visitors, or emptied it.
    IdentitySecretSet,
    /// A site got a new one while the old one still verifies.
    IdentitySecretRotated,
    /// Replaced ones stopped verifying before their time.
    IdentityOverlapEnded,
    /// An add-on was registered, and its secret shown.
    AddonRegistered,
    /// An add-on got a new secret.
    AddonSecretRotated,
    /// A hook got a new signing secret.
    HookSecretRotated,
    /// A build hook got a new URL.
    BuildHookRotated,
    /// The URL that Git hosts call got a new secret.
    PushHookSecretRotated,
    /// An access token was made that reaches the account, and shown.
    TokenCreated,
}

impl Note {
    /// Every kind of note.
    pub const ALL: [Self; 9] = [
        Self::IdentitySecretSet,
        Self::IdentitySecretRotated,
        Self::IdentityOverlapEnded,
        Self::AddonRegistered,
        Self::AddonSecretRotated,
        Self::HookSecretRotated,
        Self::BuildHookRotated,
        Self::PushHookSecretRotated,
        Self::TokenCreated,
    ];

    /// Its name in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IdentitySecretSet => "identity_secret_set",
            Self::IdentitySecretRotated => "identity_secret_rotated",
            Self::IdentityOverlapEnded => "identity_overlap_ended",
            Self::AddonRegistered => "addon_registered",
            Self::AddonSecretRotated => "addon_secret_rotated",
            Self::HookSecretRotated => "hook_secret_rotated",
            Self::BuildHookRotated => "build_hook_rotated",
            Self::PushHookSecretRotated => "push_hook_secret_rotated",
            Self::TokenCreated => "token_created",
        }
    }

    /// Whether an entry of the ledger is a note.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        Self::ALL.into_iter().any(|note| note.name() == name)
    }
}

/// What a note is about.
#[derive(Clone, Copy, Debug)]
pub struct Noted<'a> {
    account_id: &'a str,
    site_id: &'a str,
    resource_id: &'a str,
}

impl<'a> Noted<'a> {
    /// A thing of an account that belongs to none of its sites.
    #[must_use]
    pub fn of_account(account_id: &'a str, resource_id: &'a str) -> Self {
        Self { account_id, site_id: "", resource_id }
    }

    /// A thing of a site.
    #[must_use]
    pub fn of_site(site: &'a SiteRow, resource_id: &'a str) -> Self {
        Self { account_id: &site.account_id, site_id: &site.id, resource_id }
    }
}

impl<'a> From<&'a SiteRow> for Noted<'a> {
    fn from(site: &'a SiteRow) -> Self {
        Self::of_site(site, &site.id)
    }
}

/// Notes a change in its transaction. `by` is the person who made it.
///
/// # Errors
/// When the database fails; the caller's transaction is then undone with everything in it.
pub async fn note(
    tx: &mut Tx,
    cx: &Context,
    about: impl Into<Noted<'_>>,
    note: Note,
    by: Option<&str>,
) -> Result<()> {
    let Noted { account_id, site_id, resource_id } = about.into();
    let mut body = json!({ "actor_id": by });
    if !site_id.is_empty() {
        body["site_id"] = site_id.into();
    }
    let entry = NewEvent {
        id: format!("msg_{}", cx.id()),
        event: note.name().to_owned(),
        account_id: account_id.to_owned(),
        site_id: site_id.to_owned(),
        resource_id: resource_id.to_owned(),
        at: cx.now(),
        body: body.to_string(),
        fired: false,
    };
    Ok(store::events::insert(tx, &entry).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry;

    #[test]
    fn notes_are_no_events() {
        for note in Note::ALL {
            assert!(Note::is_name(note.name()) && entry(note.name()).is_none(), "{note:?}");
        }
        assert!(!Note::is_name("deploy_created"));
    }
}
