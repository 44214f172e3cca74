//! Hooks, and what happened to the events they are subscribed to.

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A hook as the API shows it: `event` is the first of `events`, for clients that know one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Hook {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// Target, a name from `GET /hooks/types`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The first event.
    pub event: String,
    /// All events.
    pub events: Vec<String>,
    /// The target's settings. Secret ones are masked.
    pub data: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether it receives nothing until enabled.
    pub disabled: bool,
    /// Only submissions of this form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_id: Option<String>,
    /// That form's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_name: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whether the last delivery succeeded; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// What its events are about: `deploy`, `submission`, `split_test`.
    pub actor: String,
    /// Whether a plan keeps it from firing; never.
    pub restricted: bool,
}

/// A target that hooks can have, as `GET /hooks/types` describes it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HookType {
    /// Name, for `type` of a hook.
    pub name: String,
    /// Events it can be told of.
    pub events: Vec<String>,
    /// Its settings.
    pub fields: Vec<HookField>,
    /// What `options` can say of how its deliveries are made.
    pub options: Vec<HookField>,
}

/// One setting of a target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HookField {
    /// Key in `data` or `options`.
    pub name: String,
    /// `text`, `url`, `email`, `secret`; of options also `number`, `boolean`, `list`, `object`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Label on a page.
    pub title: String,
    /// Whether it must be given.
    pub required: bool,
}

/// A recorded event, as `GET /events` lists it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// `msg_` and 24 hex digits; the `webhook-id` of its deliveries.
    pub id: String,
    /// Number in the order of recording, from 1.
    pub seq: i64,
    /// Name from the catalogue.
    pub event: String,
    /// The account.
    pub account_id: String,
    /// The site.
    pub site_id: String,
    /// The deploy, submission or split test.
    pub resource_id: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// The object itself, exactly as it is delivered.
    pub payload: Value,
    /// Whether it was fired by hand, as a sample.
    pub fired: bool,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its next try.
    Waiting,
    /// Kept, because the hook is disabled.
    Held,
    /// Arrived.
    Delivered,
    /// All tries failed.
    GivenUp,
    /// The hook went away first.
    Cancelled,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Held, Self::Delivered, Self::GivenUp, Self::Cancelled];

    /// The state's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One event for one hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// 24 hex digits.
    pub id: String,
    /// The event; also the `webhook-id` header.
    pub event_id: String,
    /// The event's name.
    pub event: String,
    /// The hook.
    pub hook_id: String,
    /// The site.
    pub site_id: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries so far.
    pub tries: i64,
    /// When the next try is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    /// When the event was recorded.
    pub created_at: Timestamp,
    /// When it came to an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// One try of a delivery.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// 24 hex digits.
    pub id: String,
    /// The delivery.
    pub delivery_id: String,
    /// From 1.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long the delivery had been due by then, in milliseconds.
    pub queued_ms: i64,
    /// How long it took, in milliseconds; `response.head_ms` says when the head of the answer was there.
    pub duration_ms: i64,
    /// Status of the answer, when one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// Kind of failure: `status`, `timeout`, `connect`, `refused_address`, `tls`, `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_class: Option<String>,
    /// What went wrong, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Address and headers sent; signatures are masked.
    pub request: Value,
    /// Headers and the first 16 kB of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
}
