//! Of which commit and review an uploaded deploy is, as whoever uploads it from a CI job knows:
//! `commit_ref`, `commit_url`, `committer`, `review_id`, `review_url`, in the body or the query.

use crate::call::Call;
use context::{Error, Result};
use serde::Deserialize;
use store::deploys::DeployInfo;

/// Bytes of a text.
const TEXT_MAX: usize = 2048;
/// Digits of a commit's id: abbreviated SHA-1 to SHA-256.
const SHA: std::ops::RangeInclusive<usize> = 7..=64;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Revision {
    commit_ref: Option<String>,
    commit_url: Option<String>,
    committer: Option<String>,
    review_id: Option<i64>,
    review_url: Option<String>,
}

impl Revision {
    /// What the body says, else the query.
    ///
    /// # Errors
    /// `Unprocessable` when it makes no sense.
    pub(crate) fn or_of_query(self, call: &Call) -> Result<Self> {
        let text = |name| call.query(name).map(ToOwned::to_owned);
        let number = call.query("review_id").map(str::parse).transpose();
        let number = number.map_err(|_| refused("review_id must be a number"))?;
        let whole = Self {
            commit_ref: self.commit_ref.or_else(|| text("commit_ref")),
            commit_url: self.commit_url.or_else(|| text("commit_url")),
            committer: self.committer.or_else(|| text("committer")),
            review_id: self.review_id.or(number),
            review_url: self.review_url.or_else(|| text("review_url")),
        };
        whole.check()?;
        Ok(whole)
    }

    fn check(&self) -> Result<()> {
        let is_sha = |text: &str| SHA.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if self.commit_ref.as_deref().is_some_and(|text| !is_sha(text)) {
            return Err(refused("commit_ref must be the id of a commit in hex digits"));
        }
        if self.review_id.is_some_and(|number| number < 1) {
            return Err(refused("review_id must be the number of a pull or merge request"));
        }
        let pages = [("commit_url", &self.commit_url), ("review_url", &self.review_url)];
        for (name, page) in pages {
            let is_page = |text: &str| text.starts_with("https://") || text.starts_with("http://");
            if page.as_deref().is_some_and(|text| !is_page(text)) {
                return Err(refused(&format!("{name} must begin with http:// or https://")));
            }
        }
        let texts = [&self.commit_url, &self.committer, &self.review_url];
        if texts.into_iter().flatten().any(|text| text.len() > TEXT_MAX) {
            return Err(refused(&format!("what is said of a commit may have at most {TEXT_MAX} bytes")));
        }
        Ok(())
    }

    pub(crate) fn write_into(self, info: &mut DeployInfo) {
        info.commit_ref = self.commit_ref;
        info.commit_url = self.commit_url;
        info.committer = self.committer;
        info.review_id = self.review_id;
        info.review_url = self.review_url;
    }
}

fn refused(why: &str) -> Error {
    Error::Unprocessable(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(body: &Value, expect: Option<&str>) {
        let revision: Revision = serde_json::from_value(body.clone()).expect("fields of the right types");
        let refused = revision.check().err().map(|error| error.to_string());
        assert_eq!(refused.is_some(), expect.is_some(), "{body}: {refused:?}");
        assert!(refused.unwrap_or_default().contains(expect.unwrap_or_default()), "{body}");
    }

    #[test]
    fn commits_and_reviews_are_checked() {
        let sha = "5a7f8ce96f3e2a9b0d4c1e8f7a6b5c4d3e2f1a0b";
        check(&json!({}), None);
        check(
            &json!({"commit_ref": sha, "review_id": 7, "commit_url": "https://h/c", "committer": "Ada"}),
            None,
        );
        check(&json!({"commit_ref": "5a7f8ce"}), None);
        check(&json!({"commit_ref": "main"}), Some("hex digits"));
        check(&json!({"commit_ref": ""}), Some("hex digits"));
        check(&json!({"commit_ref": "a".repeat(65)}), Some("hex digits"));
        check(&json!({"review_id": 0}), Some("number of a pull"));
        check(&json!({"commit_url": "javascript:alert(1)"}), Some("commit_url must begin"));
        check(&json!({"review_url": "//h"}), Some("review_url must begin"));
        check(&json!({"committer": "x".repeat(TEXT_MAX + 1)}), Some("at most 2048 bytes"));
    }
}
