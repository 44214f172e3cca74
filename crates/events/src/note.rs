//! Entries of the ledger for the audit log alone: that a secret was changed, and by whom. They are no
//! events: no hook can listen to them, and nothing of the secret is in them.

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
}

impl Note {
    /// Every kind of note.
    pub const ALL: [Self; 3] =
        [Self::IdentitySecretSet, Self::IdentitySecretRotated, Self::IdentityOverlapEnded];

    /// Its name in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IdentitySecretSet => "identity_secret_set",
            Self::IdentitySecretRotated => "identity_secret_rotated",
            Self::IdentityOverlapEnded => "identity_overlap_ended",
        }
    }

    /// Whether an entry of the ledger is a note.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        Self::ALL.into_iter().any(|note| note.name() == name)
    }
}

/// Notes a change of a site in its transaction. `by` is the person who made it.
///
/// # Errors
/// When the database fails; the caller's transaction is then undone with everything in it.
pub async fn note(tx: &mut Tx, cx: &Context, site: &SiteRow, note: Note, by: Option<&str>) -> Result<()> {
    let entry = NewEvent {
        id: format!("msg_{}", cx.id()),
        event: note.name().to_owned(),
        account_id: site.account_id.clone(),
        site_id: site.id.clone(),
        resource_id: site.id.clone(),
        at: cx.now(),
        body: json!({ "site_id": site.id, "actor_id": by }).to_string(),
        fired: false,
    };
    store::events::insert(tx, &entry).await?;
    Ok(())
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
