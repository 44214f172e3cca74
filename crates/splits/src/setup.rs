//! What a client says of a split test: `{"branch_tests": {"main": 80, "beta": 20}}`, as clients of
//! the hosted service send it, or a list of `{branch, percentage}` as tests are shown.

use crate::shares::{Shares, parts};
use context::{Error, Result};
use model::SplitBranch;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;

/// Branches of one test.
pub const BRANCHES_MAX: usize = 16;
/// Characters of a name, and of a branch.
pub const NAME_MAX: usize = 255;

/// What a client sends. In an update, what is absent stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// Branches and shares by branch, or as a list.
    pub branch_tests: Option<Value>,
    /// The same as tests are shown.
    pub branches: Option<Value>,
    /// What the test is called.
    pub name: Option<String>,
    /// Path it covers: `/`, and nothing else.
    pub path: Option<String>,
}

impl Setup {
    /// The branches with their shares, checked; none when none were sent.
    pub(crate) fn branches(&self) -> Result<Option<Vec<SplitBranch>>> {
        let Some(sent) = self.branch_tests.as_ref().or(self.branches.as_ref()) else { return Ok(None) };
        let branches = read(sent)?;
        check(&branches)?;
        Ok(Some(branches))
    }

    /// The name, checked; none when none was sent.
    pub(crate) fn name(&self) -> Result<Option<String>> {
        if self.path.as_deref().is_some_and(|path| path != "/") {
            return refused("a split test covers the whole site: path must be \"/\"");
        }
        match self.name.as_deref().map(str::trim) {
            Some(name) if name.chars().count() > NAME_MAX => {
                refused(&format!("name must have at most {NAME_MAX} characters"))
            }
            name => Ok(name.map(str::to_owned)),
        }
    }
}

fn refused<T>(why: &str) -> Result<T> {
    Err(Error::Unprocessable(why.to_owned()))
}

fn read(sent: &Value) -> Result<Vec<SplitBranch>> {
    let read = match sent {
        Value::Object(map) => map.iter().map(|(branch, share)| one(branch, share)).collect(),
        Value::Array(list) => list.iter().map(listed).collect(),
        _ => None,
    };
    read.map_or_else(
        || refused("branch_tests must say a percentage for each branch, as in {\"main\": 80, \"beta\": 20}"),
        Ok,
    )
}

fn listed(entry: &Value) -> Option<SplitBranch> {
    one(entry.get("branch")?.as_str()?, entry.get("percentage")?)
}

fn one(branch: &str, share: &Value) -> Option<SplitBranch> {
    let percentage = match share {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Some(SplitBranch { branch: branch.to_owned(), percentage })
}

fn check(branches: &[SplitBranch]) -> Result<()> {
    if !(2..=BRANCHES_MAX).contains(&branches.len()) {
        return refused(&format!("a split test has 2 to {BRANCHES_MAX} branches"));
    }
    let mut seen = HashSet::new();
    for SplitBranch { branch, percentage } in branches {
        if branch.is_empty() || branch.chars().count() > NAME_MAX {
            return refused(&format!("a branch must have 1 to {NAME_MAX} characters"));
        }
        if !seen.insert(branch.as_str()) {
            return refused(&format!("the branch {branch} is named twice"));
        }
        if parts(*percentage).is_none() {
            return refused(&format!(
                "the percentage of {branch} must be a number from 0 to 100 with at most four decimals"
            ));
        }
    }
    if Shares::new(branches).is_none() {
        let sum: f64 = branches.iter().map(|branch| branch.percentage).sum();
        return refused(&format!("the percentages must add up to 100, not {sum}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Branches as `name=share`, or why not.
    fn check(body: Value) -> std::result::Result<Vec<String>, String> {
        let setup: Setup = serde_json::from_value(body).map_err(|error| error.to_string())?;
        let branches = setup.branches().map_err(|error| error.to_string())?.unwrap_or_default();
        setup.name().map_err(|error| error.to_string())?;
        Ok(branches.iter().map(|b| format!("{}={}", b.branch, b.percentage)).collect())
    }

    #[test]
    fn every_shape_that_clients_send_is_read_in_its_order() {
        let expect = Ok(vec!["main=79.5".to_owned(), "beta=20.5".to_owned()]);
        for body in [
            json!({ "branch_tests": { "main": 79.5, "beta": 20.5 } }),
            json!({ "branch_tests": { "main": "79.5", "beta": " 20.5" } }),
            json!({ "branch_tests": [
                { "branch": "main", "percentage": 79.5 },
                { "branch": "beta", "percentage": 20.5 },
            ] }),
            json!({ "branches": [
                { "branch": "main", "percentage": 79.5 },
                { "branch": "beta", "percentage": 20.5 },
            ], "path": "/", "name": "Prices" }),
        ] {
            assert_eq!(check(body.clone()), expect, "{body}");
        }
        assert_eq!(check(json!({})), Ok(vec![]));
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_says_why() {
        let many: serde_json::Map<String, Value> =
            (0..=BRANCHES_MAX).map(|n| (n.to_string(), json!(if n == 0 { 100 } else { 0 }))).collect();
        for (body, why) in [
            (json!({ "branch_tests": { "main": 80, "beta": 19 } }), "add up to 100, not 99"),
            (json!({ "branch_tests": { "main": 80, "beta": 21 } }), "add up to 100, not 101"),
            (json!({ "branch_tests": { "main": -1, "beta": 101 } }), "percentage of main"),
            (json!({ "branch_tests": { "main": 50.00001, "beta": 49.99999 } }), "percentage of main"),
            (json!({ "branch_tests": { "main": 100 } }), "2 to 16 branches"),
            (json!({ "branch_tests": {} }), "2 to 16 branches"),
            (json!({ "branch_tests": many }), "2 to 16 branches"),
            (json!({ "branch_tests": { "main": "x", "beta": 20 } }), "must say a percentage"),
            (json!({ "branch_tests": { "main": null, "beta": 20 } }), "must say a percentage"),
            (json!({ "branch_tests": "main" }), "must say a percentage"),
            (json!({ "branch_tests": [{ "branch": "main" }] }), "must say a percentage"),
            (
                json!({ "branch_tests": [
                    { "branch": "a", "percentage": 50 }, { "branch": "a", "percentage": 50 },
                ] }),
                "a is named twice",
            ),
            (json!({ "branch_tests": { "": 50, "beta": 50 } }), "1 to 255 characters"),
            (json!({ "branch_tests": { "b".repeat(NAME_MAX + 1): 50, "beta": 50 } }), "1 to 255 characters"),
            (json!({ "name": "n".repeat(NAME_MAX + 1) }), "at most 255 characters"),
            (json!({ "path": "/shop" }), "path must be"),
        ] {
            let said = check(body.clone()).expect_err(&body.to_string());
            assert!(said.contains(why), "{body}: {said}");
        }
        assert!(check(json!({ "name": "n".repeat(NAME_MAX) })).is_ok());
        assert!(check(json!({ "branch_tests": { "b".repeat(NAME_MAX): 0, "beta": 100 } })).is_ok());
    }
}
