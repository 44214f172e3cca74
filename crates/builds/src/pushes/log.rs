//! What Git hosts said to a site lately, and what became of it, so that its owner can see why nothing
//! was built.

use super::host::Host;
use context::{Context, Result};
use model::{Page, Timestamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::pushes::{self, PushRow};

/// Webhooks of a site that are kept.
pub const KEPT: i64 = 100;
/// Those kept whose signature did not fit: strangers cannot push the others out.
pub(crate) const REFUSED_KEPT: i64 = 20;
/// Longest text of the host's that is kept, in characters.
pub(crate) const TEXT_MAX: usize = 255;

/// What became of a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A build was asked for.
    Built,
    /// A build was asked for that waits until a person lets it begin.
    Held,
    /// Builds were stopped.
    Cancelled,
    /// Nothing was to do; `reason` says why.
    #[default]
    Ignored,
    /// It was not let in, or could not be carried out; `reason` says why.
    Refused,
}

/// A webhook, or one of several branches that a webhook told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Received {
    /// 24 hex digits.
    #[serde(skip_deserializing)]
    pub id: String,
    /// When it came.
    #[serde(skip_deserializing)]
    pub received_at: Timestamp,
    /// `github`, `gitlab`, `gitea`, `bitbucket`.
    pub(crate) host: Option<Host>,
    /// The host's name of the event.
    pub event: String,
    /// The host's id of the delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// Whether it was signed with the site's secret.
    pub signed: bool,
    /// Address that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Who did it, as the host calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_ref: Option<String>,
    /// The pull or merge request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_id: Option<i64>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The build that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// The deploy that it makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_id: Option<String>,
}

impl Received {
    /// The same with an outcome.
    pub(crate) fn ended(self, outcome: Outcome, reason: impl Into<String>) -> Self {
        let reason = Some(shortened(reason.into())).filter(|reason| !reason.is_empty());
        Self { outcome, reason, ..self }
    }
}

pub(crate) fn shortened(text: String) -> String {
    if text.chars().count() <= TEXT_MAX { text } else { text.chars().take(TEXT_MAX).collect() }
}

/// Writes an entry down and gives it its id and time.
pub(crate) async fn note(
    tx: &mut Tx,
    cx: &Context,
    site_id: &str,
    entry: Received,
    refused: bool,
) -> Result<Received> {
    let entry = Received { id: cx.id(), received_at: cx.now(), ..entry };
    let row = PushRow {
        id: entry.id.clone(),
        site_id: site_id.to_owned(),
        refused,
        doc: serde_json::to_value(&entry).map_err(context::Error::internal)?,
        received_at: entry.received_at,
    };
    pushes::note(tx, &row, if refused { REFUSED_KEPT } else { KEPT }).await?;
    Ok(entry)
}

/// A page of what Git hosts said to a site, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site_id: &str, page: Page) -> Result<Vec<Received>> {
    let rows = pushes::list(&mut cx.read().await?, site_id, page).await?;
    let entries = rows.into_iter().map(|row| {
        let entry: Received = serde_json::from_value(row.doc).map_err(context::Error::internal)?;
        Ok(Received { id: row.id, received_at: row.received_at, ..entry })
    });
    entries.collect()
}
