//! One header rule, whichever file it came from.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::pattern::HeaderPattern;
use crate::{list, settable};

/// Most header rules one deploy may have; those behind are left out.
pub const MAX_HEADER_RULES: usize = 100_000;

/// Longest pattern of a rule, in bytes.
pub(super) const MAX_PATTERN_BYTES: usize = 2048;
/// Longest value of a header, in bytes.
pub const MAX_VALUE_BYTES: usize = 8192;
/// Steps of all patterns together that have to be followed character by character. The patterns of
/// a real site come to a few dozen.
const MAX_WALK_STEPS: usize = 20_000;

/// Headers for all paths that match `path`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeaderRule {
    /// The `for` pattern, as written.
    pub path: String,
    /// Values by header name, names exactly as written. May hold `Basic-Auth`.
    pub values: BTreeMap<String, String>,
}

/// Passwords must not reach a log by way of a debug print.
impl fmt::Debug for HeaderRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: BTreeMap<_, _> = self
            .values
            .iter()
            .map(|(name, value)| (name, if is_basic_auth(name) { "(secret)" } else { value }))
            .collect();
        formatter.debug_struct("HeaderRule").field("path", &self.path).field("values", &shown).finish()
    }
}

pub(super) fn is_basic_auth(name: &str) -> bool {
    name.eq_ignore_ascii_case("basic-auth")
}

/// Why a rule cannot say this, if it cannot. What `Basic-Auth` says is for the server alone.
pub(super) fn fault(name: &str, value: &str) -> Option<String> {
    if is_basic_auth(name) { None } else { settable::fault(name, value) }
}

/// Takes out what is more than one deploy may have; a sentence for each limit that was passed.
pub(crate) fn bound(rules: &mut Vec<HeaderRule>) -> Vec<String> {
    list::bound(rules, MAX_HEADER_RULES, drop_costly, |rule| {
        HeaderPattern::new(&rule.path).start().to_owned()
    })
}

/// Takes out the rules behind the one whose pattern is too many to follow; how many.
fn drop_costly(rules: &mut Vec<HeaderRule>) -> usize {
    let (before, mut steps) = (rules.len(), 0);
    rules.retain(|rule| {
        let own = HeaderPattern::new(&rule.path).walk_steps();
        steps += own;
        own == 0 || steps <= MAX_WALK_STEPS
    });
    before - rules.len()
}
