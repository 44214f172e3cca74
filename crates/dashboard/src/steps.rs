//! What a build spent its time on, as its page shows it: the parts that its log tells, each once.

use serde::Serialize;
use serde_json::Value;

/// A part of a build, over all the times that it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// As the log has it.
    name: String,
    /// Milliseconds in all.
    millis: i64,
    /// How often it came: plugins run at several moments.
    times: usize,
    /// Whether the build is in it.
    lasts: bool,
}

/// The parts of a build as `getSiteBuild` answers, in the order in which each came first.
pub(crate) fn of(build: &Value) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for section in build["sections"].as_array().into_iter().flatten() {
        let name = section["name"].as_str().unwrap_or_default();
        let millis = section["duration_ms"].as_i64().unwrap_or_default();
        let lasts = section["duration_ms"].is_null() && build["done"] == false;
        match steps.iter_mut().find(|step| step.name == name) {
            Some(step) => {
                step.millis = step.millis.saturating_add(millis);
                step.times += 1;
                step.lasts |= lasts;
            }
            None => steps.push(Step { name: name.to_owned(), millis, times: 1, lasts }),
        }
    }
    steps
}

/// The longest of them, in milliseconds: what the others are drawn against.
pub(crate) fn longest(steps: &[Step]) -> i64 {
    steps.iter().map(|step| step.millis).max().unwrap_or_default().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_part_that_comes_again_is_shown_once() {
        let section = |name: &str, millis: Option<i64>| json!({ "name": name, "duration_ms": millis });
        let sections = json!([
            section("clone", Some(40)),
            section("plugins", Some(5)),
            section("build", Some(900)),
            section("plugins", Some(7)),
            section("upload", None),
        ]);
        let step = |name: &str, millis, times, lasts| Step { name: name.into(), millis, times, lasts };
        let expect = |lasts| {
            [
                step("clone", 40, 1, false),
                step("plugins", 12, 2, false),
                step("build", 900, 1, false),
                step("upload", 0, 1, lasts),
            ]
        };
        assert_eq!(of(&json!({ "done": false, "sections": sections })), expect(true));
        let steps = of(&json!({ "done": true, "sections": sections }));
        assert_eq!((longest(&steps), steps), (900, expect(false).to_vec()));
        assert_eq!((of(&json!({})), longest(&[])), (Vec::new(), 1));
    }
}
