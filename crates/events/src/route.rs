//! Who cares: from an event and the subscriptions of its site to reactions. Pure.

use crate::{Subject, canonical};
use model::{Deploy, Hook, SplitTest, Submission};
use store::hooks::Subscription;

/// What routing and the ledger need to know of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Name from the catalogue.
    pub event: &'a str,
    /// Id of the object it is about.
    pub resource_id: &'a str,
    /// Deploy context.
    pub context: Option<&'a str>,
    /// Branch.
    pub branch: Option<&'a str>,
    /// Form.
    pub form_id: Option<&'a str>,
    /// The hook itself, for events about a hook: it is never told of its own trouble.
    pub about_hook: Option<&'a str>,
}

/// What to do about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction<'a> {
    /// Deliver it to this hook.
    Deliver(&'a Subscription),
    /// Keep it for this hook, which is disabled.
    Hold(&'a Subscription),
}

/// The life of a deploy: what a hook that follows deploys is told, whichever of their events it
/// listens to.
pub const LIFE: [&str; 7] = [
    "deploy_created",
    "deploy_building",
    "deploy_succeeded",
    "deploy_failed",
    "deploy_request_pending",
    "deploy_request_accepted",
    "deploy_request_rejected",
];

/// Objects that events are about.
pub(crate) trait Known {
    fn facts<'a>(&'a self, event: &'static str) -> Facts<'a>;
}

impl Known for Deploy {
    fn facts<'a>(&'a self, event: &'static str) -> Facts<'a> {
        Facts {
            event,
            resource_id: &self.id,
            context: Some(self.context.as_str()),
            branch: self.branch.as_deref(),
            ..Facts::default()
        }
    }
}

impl Known for Submission {
    fn facts<'a>(&'a self, event: &'static str) -> Facts<'a> {
        Facts { event, resource_id: &self.id, form_id: Some(&self.form_id), ..Facts::default() }
    }
}

impl Known for SplitTest {
    fn facts<'a>(&'a self, event: &'static str) -> Facts<'a> {
        Facts { event, resource_id: &self.id, ..Facts::default() }
    }
}

impl Known for Hook {
    fn facts<'a>(&'a self, event: &'static str) -> Facts<'a> {
        Facts { event, resource_id: &self.id, about_hook: Some(&self.id), ..Facts::default() }
    }
}

/// The reactions to an event: at most one for each subscription, in their order.
#[must_use]
pub fn route<'a>(event: Facts<'_>, subscriptions: &'a [Subscription]) -> Vec<Reaction<'a>> {
    subscriptions.iter().filter(|s| cares(event, s)).map(reaction).collect()
}

/// What to do about an event for a hook that cares.
#[must_use]
pub fn reaction(subscription: &Subscription) -> Reaction<'_> {
    if subscription.disabled { Reaction::Hold(subscription) } else { Reaction::Deliver(subscription) }
}

fn listens(event: &str, to: &Subscription) -> bool {
    let about_deploys =
        |name: &String| crate::entry(name).is_some_and(|entry| entry.subject == Subject::Deploy);
    to.events.iter().any(|name| canonical(name) == event)
        || (to.follows && LIFE.contains(&event) && to.events.iter().any(about_deploys))
}

fn cares(event: Facts<'_>, to: &Subscription) -> bool {
    let passes = |list: &[String], value: Option<&str>| {
        list.is_empty() || value.is_some_and(|value| list.iter().any(|item| item == value))
    };
    listens(event.event, to)
        && event.about_hook != Some(&to.hook_id)
        && (event.context.is_none() || passes(&to.filters.contexts, event.context))
        && (event.context.is_none() || passes(&to.filters.branches, event.branch))
        && (event.form_id.is_none() || to.form_id.is_none() || to.form_id.as_deref() == event.form_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::hooks::Filters;

    fn sub(events: &[&str]) -> Subscription {
        Subscription {
            hook_id: "h".into(),
            events: events.iter().map(ToString::to_string).collect(),
            filters: Filters::default(),
            form_id: None,
            follows: false,
            options: store::hooks::Options::default(),
            disabled: false,
        }
    }

    const BUILDING: Facts<'_> = Facts {
        event: "deploy_building",
        resource_id: "d",
        context: Some("production"),
        branch: Some("main"),
        form_id: None,
        about_hook: None,
    };
    const SENT: Facts<'_> =
        Facts { event: "submission_created", context: None, branch: None, form_id: Some("f"), ..BUILDING };

    #[test]
    fn subscriptions_decide() {
        let filtered = |contexts: &[&str], branches: &[&str]| {
            let own = |list: &[&str]| list.iter().map(ToString::to_string).collect();
            Subscription {
                filters: Filters { contexts: own(contexts), branches: own(branches) },
                ..sub(&["deploy_building", "submission_created"])
            }
        };
        let form = |id: &str| Subscription { form_id: Some(id.into()), ..sub(&["submission_created"]) };
        let follows = |events: &[&str]| Subscription { follows: true, ..sub(events) };
        let locked = Facts { event: "deploy_locked", ..BUILDING };
        let about = Facts { event: "hook_failing", about_hook: Some("h"), context: None, ..BUILDING };
        for (facts, subscription, hits) in [
            (BUILDING, sub(&["deploy_building"]), 1),
            (BUILDING, sub(&["deploy_created"]), 0),
            (BUILDING, sub(&["deploy_created", "deploy_building"]), 1),
            (BUILDING, filtered(&["production"], &[]), 1),
            (BUILDING, filtered(&["deploy-preview"], &[]), 0),
            (BUILDING, filtered(&[], &["main", "x"]), 1),
            (BUILDING, filtered(&[], &["x"]), 0),
            (SENT, filtered(&["deploy-preview"], &["x"]), 1),
            (SENT, sub(&["form_submission"]), 1),
            (SENT, sub(&["form_submission", "submission_created"]), 1),
            (SENT, form("f"), 1),
            (SENT, form("g"), 0),
            (about, sub(&["hook_failing"]), 0),
            (BUILDING, follows(&["deploy_failed"]), 1),
            (BUILDING, follows(&["submission_created"]), 0),
            (SENT, follows(&["deploy_failed"]), 0),
            (locked, follows(&["deploy_failed"]), 0),
            (locked, follows(&["deploy_locked"]), 1),
        ] {
            assert_eq!(
                route(facts, std::slice::from_ref(&subscription)).len(),
                hits,
                "{facts:?} {subscription:?}"
            );
        }
    }

    #[test]
    fn disabled_hooks_hold() {
        let off = Subscription { disabled: true, ..sub(&["deploy_building"]) };
        assert_eq!(route(BUILDING, std::slice::from_ref(&off)), [Reaction::Hold(&off)]);
    }
}
