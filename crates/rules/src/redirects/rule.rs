//! One redirect rule as its owner meant it, whichever file it came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::matcher::crowd_key;
use crate::list;

/// Most rules one deploy may have; those behind are left out.
pub const MAX_RULES: usize = 100_000;

/// Longest `from` of a rule, in bytes.
const MAX_FROM_BYTES: usize = 2048;
/// Longest `to` of a rule, in bytes.
const MAX_TO_BYTES: usize = 8192;
/// Most places of a `to` that may be filled in: each may take a whole request path.
const MAX_PLACES: usize = 64;
/// Most rules of a deploy with a `*` that is not at the end: such a rule is tried at every slash
/// of a path.
const MAX_INNER_SPLATS: usize = 1000;

/// Status of a rule that names none.
const DEFAULT_STATUS: u16 = 301;

/// A rule with this beginning of its path would catch what the platform itself answers.
const RESERVED_PREFIX: &str = "/.netlify";

/// One redirect rule. The first rule that matches a request wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Path or absolute URL the rule is for, with `*` and `:name`.
    pub from: String,
    /// Query parameters the request must have; a value `:name` captures.
    pub query: BTreeMap<String, String>,
    /// Path or absolute URL to send or to serve.
    pub to: String,
    /// As written; may be no HTTP status at all. See [`Rule::effective_status`].
    pub status: Option<i32>,
    /// Applies even where a file exists (`!`).
    pub force: bool,
    /// `Role`, `Language`, `Country`, `Cookie`, each with the values of which one must hold.
    pub conditions: BTreeMap<String, Vec<String>>,
    /// Name of the environment variable whose value signs a proxied request.
    pub signed: Option<String>,
    /// Request headers to add when proxying.
    pub headers: BTreeMap<String, String>,
}

impl Rule {
    /// The status to answer with: 301 where none or an impossible one is written.
    #[must_use]
    pub fn effective_status(&self) -> u16 {
        let written = self.status.and_then(|status| u16::try_from(status).ok());
        let possible = |status: &u16| matches!(status, 200..=299 | 301..=303 | 307 | 308 | 400..=599);
        written.filter(possible).unwrap_or(DEFAULT_STATUS)
    }

    /// Finishes and judges a rule whose `to` may have been left out.
    pub(super) fn finish(mut self, to: Option<String>) -> Result<Self, &'static str> {
        self.to = match to {
            Some(to) => to,
            None => forward_target(&self.from, self.status).ok_or("\"to\" is missing")?,
        };
        if self.from.len() > MAX_FROM_BYTES || self.to.len() > MAX_TO_BYTES {
            return Err("\"from\" or \"to\" is too long");
        }
        if self.to.matches(':').count() > MAX_PLACES {
            return Err("\"to\" holds too many placeholders");
        }
        if path_of(&self.from)?.starts_with(RESERVED_PREFIX) {
            return Err("the path must not begin with \"/.netlify\"");
        }
        Ok(self)
    }

    pub(super) fn roles(&self) -> Option<&[String]> {
        self.conditions.get("Role").map(Vec::as_slice)
    }
}

/// `/x/* 200` means `/x/* /x/:splat 200`; nothing else may leave its target out.
fn forward_target(from: &str, status: Option<i32>) -> Option<String> {
    let stem = from.strip_suffix("/*")?;
    matches!(status, Some(200..=299)).then(|| format!("{stem}/:splat"))
}

pub(super) fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn path_of(from: &str) -> Result<String, &'static str> {
    if !is_url(from) {
        return Ok(from.to_owned());
    }
    let url = url::Url::parse(from).map_err(|_| "\"from\" is no valid URL")?;
    Ok(url.path().to_owned())
}

/// Takes out what is more than one deploy may have; a sentence for each limit that was passed.
pub(crate) fn bound(rules: &mut Vec<Rule>) -> Vec<String> {
    list::bound(rules, MAX_RULES, drop_costly, crowd_key)
}

/// Takes out the rules behind [`MAX_INNER_SPLATS`] that have a `*` inside their path; how many.
fn drop_costly(rules: &mut Vec<Rule>) -> usize {
    let (before, mut inner) = (rules.len(), 0);
    rules.retain(|rule| {
        let own = has_inner_splat(&rule.from);
        inner += usize::from(own);
        !own || inner <= MAX_INNER_SPLATS
    });
    before - rules.len()
}

fn has_inner_splat(from: &str) -> bool {
    from.trim_end_matches('/').rsplit('/').skip(1).any(|segment| segment.ends_with('*'))
}
