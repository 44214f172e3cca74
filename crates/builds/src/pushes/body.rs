//! Reading the JSON of a webhook leniently: hosts leave out, null and add fields as they please.

use super::change::{Change, Pushed};
use model::Timestamp;
use serde_json::Value;

/// The JSON of a webhook.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<'a>(pub(crate) &'a Value);

impl<'a> Body<'a> {
    /// A part of it.
    pub(crate) fn at(self, pointer: &str) -> Option<Body<'a>> {
        self.0.pointer(pointer).filter(|value| !value.is_null()).map(Body)
    }

    /// A text that is not empty.
    pub(crate) fn text(self, pointer: &str) -> Option<String> {
        self.at(pointer)?.0.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A text that must be there.
    pub(crate) fn need(self, pointer: &str) -> Result<String, String> {
        self.text(pointer).ok_or_else(|| missing(pointer))
    }

    /// A number.
    pub(crate) fn int(self, pointer: &str) -> Option<i64> {
        self.at(pointer)?.0.as_i64()
    }

    /// The number of a request, which must be there.
    pub(crate) fn number(self, pointer: &str) -> Result<i64, String> {
        self.int(pointer).filter(|number| *number > 0).ok_or_else(|| missing(pointer))
    }

    /// Whether something is true.
    pub(crate) fn flag(self, pointer: &str) -> bool {
        self.at(pointer).is_some_and(|value| value.0 == &Value::Bool(true))
    }

    /// The members of a list; none where there is no list.
    pub(crate) fn list(self, pointer: &str) -> impl DoubleEndedIterator<Item = Body<'a>> {
        self.at(pointer).and_then(|value| value.0.as_array()).into_iter().flatten().map(Body)
    }

    /// What a push did to the reference it names, which GitHub and GitLab tell alike. `told` adds what
    /// else is known of commits that came to a branch.
    pub(crate) fn push(self, told: impl FnOnce(Pushed) -> Pushed) -> Result<Change, String> {
        let reference = self.need("/ref")?;
        let Some(branch) = reference.strip_prefix("refs/heads/") else {
            return Ok(Change::Other("only branches are built".to_owned()));
        };
        let branch = branch.to_owned();
        Ok(match self.commit("/after").filter(|_| !self.flag("/deleted")) {
            Some(commit) => {
                let before = self.commit("/before");
                Change::Push(told(Pushed { branch, before, commit, ..Pushed::default() }))
            }
            None => Change::BranchDeleted { branch },
        })
    }

    /// A full commit. The one of zeros that stands for none is none.
    pub(crate) fn commit(self, pointer: &str) -> Option<String> {
        self.text(pointer).filter(|sha| is_commit(sha) && sha.bytes().any(|byte| byte != b'0'))
    }

    /// An instant: seconds, milliseconds, RFC 3339, or `2013-12-03 17:23:34 UTC`.
    pub(crate) fn time(self, pointer: &str) -> Option<Timestamp> {
        let value = self.at(pointer)?.0;
        if let Some(number) = value.as_i64() {
            let millis = if number < SECONDS_MAX { number.checked_mul(1000)? } else { number };
            return Some(Timestamp(millis));
        }
        let text = value.as_str()?.replace(" UTC", "Z");
        Timestamp::parse(&text).ok()
    }
}

/// Numbers below are seconds (until the year 5138), others milliseconds (since 1973).
const SECONDS_MAX: i64 = 100_000_000_000;

/// Whether a text is a full commit in either of Git's formats.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn missing(pointer: &str) -> String {
    format!("the body lacks `{}`", pointer.trim_start_matches('/').replace('/', "."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_as_each_host_writes_them() {
        let at = Timestamp(1_557_933_657_000);
        for (written, expect) in [
            (json!(1_557_933_657), Some(at)),
            (json!(1_557_933_657_000_i64), Some(at)),
            (json!("2019-05-15T15:20:57Z"), Some(at)),
            (json!("2019-05-15T17:20:57+02:00"), Some(at)),
            (json!("2019-05-15 15:20:57 UTC"), Some(at)),
            (json!("yesterday"), None),
            (json!(null), None),
        ] {
            assert_eq!(Body(&json!({ "t": written })).time("/t"), expect, "{written}");
        }
    }

    #[test]
    fn commits_are_full_and_not_of_zeros() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        for (written, good) in [
            (sha.to_owned(), true),
            ("a".repeat(64), true),
            ("0".repeat(40), false),
            (sha[..12].to_owned(), false),
            ("--upload-pack=evil".to_owned(), false),
            (sha.to_uppercase(), false),
        ] {
            assert_eq!(Body(&json!({ "c": written })).commit("/c").is_some(), good, "{written}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let body = json!({ "pull_request": { "head": null } });
        assert_eq!(
            Body(&body).need("/pull_request/head/ref"),
            Err("the body lacks `pull_request.head.ref`".into())
        );
        assert!(
            Body(&json!({ "n": 0 })).number("/n").is_err() && Body(&json!({ "n": 1 })).number("/n").is_ok()
        );
    }
}
