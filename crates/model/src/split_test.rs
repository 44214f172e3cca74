//! A split test as the API and the event payloads show it (seed 004 `SplitTest`).

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A test that shares visitors between branches.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SplitTest {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// What its owner calls it.
    pub name: String,
    /// Path it covers; `/` for all.
    pub path: String,
    /// Branches and their shares, which add up to 100.
    pub branches: Vec<SplitBranch>,
    /// Whether visitors are being shared out.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpublished_at: Option<Timestamp>,
}

/// One branch of a split test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct SplitBranch {
    /// The branch.
    pub branch: String,
    /// Its share of visitors, 0 to 100.
    pub percentage: f64,
}
