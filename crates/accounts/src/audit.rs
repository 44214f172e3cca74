//! The audit log of an account: its ledger of events in the shape hosted clients read.

use ::events::Note;
use context::{Context, Result};
use model::{EventRecord, Page, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use store::events::{self, Filter};

/// The one kind of entry there is.
const LOG_TYPE: &str = "event";

/// One entry.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEntry {
    /// The event's id.
    pub id: String,
    /// The account.
    pub account_id: String,
    /// What happened.
    pub payload: AuditPayload,
}

/// What happened. Who did it is known of changes of secrets alone.
#[derive(Clone, Debug, Serialize)]
pub struct AuditPayload {
    /// Name of the event.
    pub action: String,
    /// When.
    pub timestamp: Timestamp,
    /// Always `event`.
    pub log_type: &'static str,
    /// The person who did it, where the ledger knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// The site, where it happened to one, and the thing it happened to.
    pub traits: Value,
}

/// A page of entries, newest first. `query` is the name of one event, `log_type` a kind of entry.
///
/// # Errors
/// When the database fails.
pub async fn list(
    cx: &Context,
    account_id: &str,
    query: Option<&str>,
    log_type: Option<&str>,
    page: Page,
) -> Result<Vec<AuditEntry>> {
    if log_type.is_some_and(|kind| kind != LOG_TYPE) {
        return Ok(Vec::new());
    }
    let filter = Filter {
        account_id: Some(account_id.to_owned()),
        event: query.filter(|name| !name.is_empty()).map(str::to_owned),
        ..Filter::default()
    };
    let mut db = cx.read().await?;
    Ok(events::list(&mut db, &filter, page).await?.into_iter().map(entry).collect())
}

fn entry(event: EventRecord) -> AuditEntry {
    // in other entries, visitors may have written the payload
    let actor = event.payload["actor_id"].as_str().filter(|_| Note::is_name(&event.event));
    let mut traits = json!({ "resource_id": event.resource_id });
    if !event.site_id.is_empty() {
        traits["site_id"] = event.site_id.into();
    }
    AuditEntry {
        id: event.id,
        account_id: event.account_id,
        payload: AuditPayload {
            action: event.event,
            timestamp: event.at,
            log_type: LOG_TYPE,
            actor_id: actor.map(str::to_owned),
            traits,
        },
    }
}
