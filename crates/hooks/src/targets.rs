//! What hooks can deliver to: one row for each target. `GET /hooks/types`, the checks of a hook's
//! settings and the sending all read this table.

use crate::outgoing::{self, Gear, Message, Tried};
use context::{Error, Result};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

/// One setting of a target.
pub(crate) struct Field {
    /// Key in `data`, in snake case.
    pub(crate) name: &'static str,
    /// `text`, `url`, `email`, or `secret`, which is sealed and never shown.
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) required: bool,
}

/// Sends one message and says how it went.
type Send = for<'a> fn(&'a Gear, &'a Message<'a>) -> BoxFuture<'a, Tried>;

/// One row.
pub(crate) struct Target {
    /// `type` of its hooks.
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    /// Whether its hooks hear of the whole life of a deploy once they listen to any event of one: a
    /// commit status that was told of the beginning must not stay pending.
    pub(crate) follows: bool,
    /// Judges the settings that are not secret.
    pub(crate) check: fn(&Map<String, Value>) -> Result<()>,
    pub(crate) send: Send,
}

/// Target of hooks that name none: an older client sends no `type`.
pub(crate) const DEFAULT: &str = "url";

pub(crate) const TARGETS: &[Target] = &[Target {
    name: "url",
    fields: &[
        Field { name: "url", kind: "url", title: "URL to notify", required: true },
        Field { name: "signature_secret", kind: "secret", title: "JWS secret token", required: false },
    ],
    follows: false,
    check: outgoing::url::check,
    send: outgoing::url::send,
}];

pub(crate) fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The target of that name, or a refusal that names those there are.
pub(crate) fn find(name: &str) -> Result<&'static Target> {
    named(name).ok_or_else(|| {
        let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        Error::Unprocessable(format!("type \"{name}\" is not one of: {}", known.join(", ")))
    })
}
