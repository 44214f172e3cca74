//! How far a deploy has come, as Git hosts and readers of pull requests are told. Pure.

use model::{Deploy, DeployContext, DeployState};
use serde::{Deserialize, Serialize};

/// `error_message` of a deploy that a person called off.
const CANCELED: &str = "Canceled";

/// How far a deploy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Queued,
    /// A person must let it begin.
    Review,
    Building,
    Ready,
    Failed,
    Canceled,
    /// A person did not let it begin.
    Rejected,
}

impl Stage {
    /// The stage of a deploy as an event shows it: its state counts, not the event's name, whose
    /// meaning a server can be set to change.
    pub(crate) fn of(deploy: &Deploy) -> Self {
        let called_off = deploy.error_message.as_deref() == Some(CANCELED) || deploy.skipped == Some(true);
        match deploy.state {
            DeployState::New | DeployState::Enqueued => Self::Queued,
            DeployState::PendingReview => Self::Review,
            DeployState::Ready => Self::Ready,
            DeployState::Error if called_off => Self::Canceled,
            DeployState::Error => Self::Failed,
            DeployState::Rejected => Self::Rejected,
            DeployState::Building
            | DeployState::Prepared
            | DeployState::Uploading
            | DeployState::Uploaded
            | DeployState::Processing => Self::Building,
        }
    }

    /// How far along it is; what is told never goes back.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Queued | Self::Review => 0,
            Self::Building => 1,
            Self::Ready | Self::Failed | Self::Canceled | Self::Rejected => 2,
        }
    }

    /// What follows the name of the deploy in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Queued => "queued.",
            Self::Review => "waiting for review.",
            Self::Building => "processing.",
            Self::Ready => "ready!",
            Self::Failed => "failed.",
            Self::Canceled => "canceled.",
            Self::Rejected => "rejected.",
        }
    }

    /// What stands in front of it in a comment.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Queued | Self::Building => "👷",
            Self::Review => "✋",
            Self::Ready => "✅",
            Self::Failed | Self::Canceled | Self::Rejected => "❌",
        }
    }
}

/// What a deploy of that context is called.
pub(crate) fn label(context: DeployContext) -> &'static str {
    match context {
        DeployContext::Production => "Production deploy",
        DeployContext::DeployPreview => "Deploy Preview",
        DeployContext::BranchDeploy => "Branch deploy",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    fn check(state: DeployState, change: fn(&mut Deploy), expect: Stage) {
        let mut deploy = fixtures::deploy(state);
        change(&mut deploy);
        assert_eq!(Stage::of(&deploy), expect, "{state}");
    }

    #[test]
    fn every_state_of_a_deploy_has_a_stage() {
        for state in DeployState::ALL {
            let stage = Stage::of(&fixtures::deploy(state));
            assert_eq!(stage.rank() == 2, state.is_final(), "{state}: nothing stays pending");
        }
        check(DeployState::Enqueued, |_| (), Stage::Queued);
        check(DeployState::PendingReview, |_| (), Stage::Review);
        check(DeployState::Uploading, |_| (), Stage::Building);
        check(DeployState::Ready, |_| (), Stage::Ready);
        check(DeployState::Rejected, |_| (), Stage::Rejected);
    }

    #[test]
    fn what_was_called_off_did_not_fail() {
        check(DeployState::Error, |deploy| deploy.error_message = Some("broken".into()), Stage::Failed);
        check(DeployState::Error, |deploy| deploy.error_message = Some(CANCELED.into()), Stage::Canceled);
        check(DeployState::Error, |deploy| deploy.skipped = Some(true), Stage::Canceled);
    }
}
