//! Every event there is, as one table. The enum, the names, `GET /hooks/types`, the drop-down of
//! the dashboard, the reference page and the AsyncAPI document all come from these rows.

use model::{Deploy, Hook, SplitTest, Submission};

/// What an event is about, and with it the shape of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A `deploy` object.
    Deploy,
    /// A `submission` object.
    Submission,
    /// A `splitTest` object.
    SplitTest,
    /// A `hook` object.
    Hook,
}

impl Subject {
    /// The `actor` of hooks that listen to such events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Submission => "submission",
            Self::SplitTest => "split_test",
            Self::Hook => "hook",
        }
    }
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name on the wire.
    pub name: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// A short title.
    pub title: &'static str,
    /// When it happens.
    pub description: &'static str,
}

macro_rules! catalog {
    ($($variant:ident($subject:ident) $name:literal $title:literal $description:literal;)*) => {
        /// Something that happened, with the object it happened to as it was at that moment.
        #[derive(Clone, Debug)]
        pub enum Event {
            $(#[doc = $description] $variant(Box<$subject>),)*
        }

        /// Every event, in the order of the reference page.
        pub const CATALOG: &[Entry] = &[
            $(Entry {
                name: $name,
                subject: Subject::$subject,
                title: $title,
                description: $description,
            },)*
        ];

        impl Event {
            /// The name on the wire.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }

            /// The object as JSON: the exact body of a URL notification.
            ///
            /// # Errors
            /// Never for these types; the serialiser's signature asks for it.
            pub fn body(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$variant(object) => serde_json::to_string(object),)*
                }
            }

            /// What the event is about, for routing and for the ledger.
            pub(crate) fn facts(&self) -> crate::Facts<'_> {
                match self {
                    $(Self::$variant(object) => crate::route::Known::facts(&**object, $name),)*
                }
            }
        }
    };
}

catalog! {
    DeployCreated(Deploy) "deploy_created" "Deploy created"
        "A deploy was made; its files or its build follow. A server can be set to fire it when the deploy is live instead.";
    DeployBuilding(Deploy) "deploy_building" "Deploy building"
        "The build of a deploy began.";
    DeploySucceeded(Deploy) "deploy_succeeded" "Deploy succeeded"
        "A deploy is ready and can be visited; for production deploys it is live unless the site is locked.";
    DeployFailed(Deploy) "deploy_failed" "Deploy failed"
        "A deploy did not complete; `error_message` says why.";
    DeployLocked(Deploy) "deploy_locked" "Deploy locked"
        "The site is held at its published deploy; newer deploys do not go live.";
    DeployUnlocked(Deploy) "deploy_unlocked" "Deploy unlocked"
        "The site is no longer held; newer deploys go live again.";
    DeployRequestPending(Deploy) "deploy_request_pending" "Deploy request pending"
        "A deploy that is not trusted waits for a person before its build begins.";
    DeployRequestAccepted(Deploy) "deploy_request_accepted" "Deploy request accepted"
        "A person let a waiting deploy begin its build.";
    DeployRequestRejected(Deploy) "deploy_request_rejected" "Deploy request rejected"
        "A person refused a waiting deploy.";
    DeployRestored(Deploy) "deploy_restored" "Deploy restored"
        "An earlier deploy was published again by hand or by a rollback.";
    DeployDeleted(Deploy) "deploy_deleted" "Deploy deleted"
        "A deploy was deleted.";
    DeployFailedAfterSucceeding(Deploy) "deploy_failed_after_succeeding" "Deploy failed after succeeding"
        "A deploy failed and the one before it in the same context had succeeded.";
    DeploySucceededAfterFailing(Deploy) "deploy_succeeded_after_failing" "Deploy succeeded after failing"
        "A deploy succeeded and the one before it in the same context had failed.";
    SubmissionCreated(Submission) "submission_created" "Form submission created"
        "A visitor sent a form.";
    SplitTestActivated(SplitTest) "split_test_activated" "Split test activated"
        "A split test began to share out visitors.";
    SplitTestDeactivated(SplitTest) "split_test_deactivated" "Split test deactivated"
        "A split test stopped sharing out visitors.";
    SplitTestModified(SplitTest) "split_test_modified" "Split test modified"
        "Branches or shares of a split test changed.";
    HookFailing(Hook) "hook_failing" "Hook failing"
        "Deliveries of a hook keep failing.";
    HookDisabled(Hook) "hook_disabled" "Hook disabled"
        "A hook was disabled after failing for long, or because its receiver said it is gone.";
    HookRecovered(Hook) "hook_recovered" "Hook recovered"
        "A failing hook delivered again.";
}

/// Other names of events: `(alias, name)`. A hook that lists both is told once.
pub const ALIASES: &[(&str, &str)] = &[("form_submission", "submission_created")];

/// The catalogue's own name of an event that may be an alias.
#[must_use]
pub fn canonical(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name)
}

/// What an event is called to a hook that listens to `listed`: its own name, or the alias when that is all
/// the hook knows it by. A receiver that goes by names looks for the one it was set up with.
#[must_use]
pub fn name_for<'a>(event: &'a str, listed: &'a [String]) -> &'a str {
    let alias = listed.iter().find(|name| canonical(name) == event);
    alias.filter(|_| listed.iter().all(|name| name != event)).map_or(event, String::as_str)
}

/// The catalogue's row of an event or alias.
#[must_use]
pub fn entry(name: &str) -> Option<&'static Entry> {
    CATALOG.iter().find(|entry| entry.name == canonical(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_aliases_lead_to_events() {
        let names: HashSet<_> = CATALOG.iter().map(|e| e.name).collect();
        assert_eq!(names.len(), CATALOG.len());
        for (alias, name) in ALIASES {
            assert!(!names.contains(alias) && names.contains(name));
            assert_eq!(entry(alias).map(|e| e.name), Some(*name));
        }
        assert!(entry("nothing").is_none());
    }

    #[test]
    fn a_hook_is_told_of_an_event_by_the_name_it_knows() {
        let (own, alias) = ("submission_created", "form_submission");
        for (event, listed, expect) in [
            (own, &[own][..], own),
            (own, &[alias], alias),
            (own, &["deploy_created", alias], alias),
            (own, &[alias, own], own),
            (own, &[], own),
            ("deploy_created", &[alias], "deploy_created"),
            ("digest", &[alias], "digest"),
        ] {
            let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
            assert_eq!(name_for(event, &listed), expect, "{event} {listed:?}");
        }
    }

    #[test]
    fn every_channel_of_seed_004_is_an_event_or_an_alias() {
        let channels = [
            "deploy_created",
            "deploy_building",
            "deploy_failed",
            "deploy_locked",
            "deploy_unlocked",
            "deploy_request_pending",
            "deploy_request_accepted",
            "deploy_request_rejected",
            "submission_created",
            "form_submission",
            "split_test_activated",
            "split_test_deactivated",
            "split_test_modified",
        ];
        for channel in channels {
            assert!(entry(channel).is_some(), "{channel}");
        }
    }
}
