//! What a check found out.

use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Pass,
    Fail,
    /// It works, and could do better.
    Advice,
}

impl Outcome {
    /// How it stands in the table.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::Advice => "advice",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What a good one does.
    pub(crate) check: &'static str,
    pub(crate) outcome: Outcome,
    /// What this one did.
    pub(crate) said: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<&'static str>,
}

impl Finding {
    pub(crate) fn pass(check: &'static str, said: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Pass, said: said.into(), advice: None }
    }

    pub(crate) fn fail(check: &'static str, said: impl Into<String>, advice: &'static str) -> Self {
        Self { check, outcome: Outcome::Fail, said: said.into(), advice: Some(advice) }
    }

    pub(crate) fn advice(check: &'static str, said: impl Into<String>, advice: &'static str) -> Self {
        Self { check, outcome: Outcome::Advice, said: said.into(), advice: Some(advice) }
    }

    /// Passes when `good`, else as `or` says.
    pub(crate) fn judged(
        good: bool,
        or: Outcome,
        check: &'static str,
        said: String,
        advice: &'static str,
    ) -> Self {
        let (outcome, advice) = if good { (Outcome::Pass, None) } else { (or, Some(advice)) };
        Self { check, outcome, said, advice }
    }
}
