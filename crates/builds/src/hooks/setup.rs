//! What may be said of a build hook, and how one is shown.

use super::options;
use crate::repository::check_branch;
use context::{Context, Error, Result};
use model::{BuildHook, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::build_hooks::{self, BuildHookRow};

/// Longest title of a hook, and of a deploy that a call of it asks for, in characters.
pub const TITLE_MAX: usize = 255;

/// What a client sends of a build hook (`buildHookSetup`). In an update, what is absent stays.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Setup {
    /// What its owner calls it.
    #[serde(default)]
    pub title: Option<String>,
    /// Branch it builds; empty or absent for the production branch.
    #[serde(default)]
    pub branch: Option<String>,
    /// How its calls are taken: the fields of `BuildHookOptions`; null ends one. Others are left
    /// alone.
    #[serde(flatten)]
    pub options: Map<String, Value>,
}

impl Setup {
    /// The title and branch, checked.
    pub(super) fn checked(&self) -> Result<(Option<String>, Option<String>)> {
        let title = self.title.as_deref().map(str::trim);
        if let Some(title) = title {
            check_title(title)?;
        }
        let branch = self.branch.as_deref().map(str::trim);
        if let Some(branch) = branch.filter(|branch| !branch.is_empty()) {
            check_branch(branch).map_err(Error::Unprocessable)?;
        }
        Ok((title.map(str::to_owned), branch.map(str::to_owned)))
    }
}

pub(super) fn check_title(title: &str) -> Result<()> {
    if title.is_empty() || title.chars().count() > TITLE_MAX {
        return Err(Error::Unprocessable(format!("title must have 1 to {TITLE_MAX} characters")));
    }
    Ok(())
}

/// What to POST to.
pub(super) fn url(cx: &Context, key: &str) -> String {
    format!("{}/build_hooks/{key}", cx.addresses().control_url())
}

/// Build hooks of one site as the API shows them.
///
/// # Errors
/// When the database fails.
pub async fn present_all(cx: &Context, rows: &[BuildHookRow]) -> Result<Vec<BuildHook>> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let until = build_hooks::former_until(&mut cx.read().await?, &first.site_id, cx.now()).await?;
    Ok(rows.iter().map(|row| shown(cx, row, until.get(&row.id).copied())).collect())
}

/// One build hook as the API shows it.
///
/// # Errors
/// When the database fails.
pub async fn present(cx: &Context, row: &BuildHookRow) -> Result<BuildHook> {
    let until = build_hooks::former_until(&mut cx.read().await?, &row.site_id, cx.now()).await?;
    Ok(shown(cx, row, until.get(&row.id).copied()))
}

fn shown(cx: &Context, row: &BuildHookRow, previous_until: Option<Timestamp>) -> BuildHook {
    BuildHook {
        id: row.id.clone(),
        title: row.title.clone(),
        branch: row.branch.clone(),
        url: url(cx, row.key()),
        site_id: row.site_id.clone(),
        created_at: row.created_at,
        previous_until,
        options: options::shown(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_branches_are_checked() {
        let setup = |title: Option<&str>, branch: Option<&str>| {
            let (title, branch) = (title.map(Into::into), branch.map(Into::into));
            Setup { title, branch, ..Setup::default() }.checked().ok()
        };
        let text = |t: &str| Some(t.to_owned());
        assert_eq!(setup(Some(" Cron "), Some("")), Some((text("Cron"), text(""))));
        assert_eq!(setup(None, Some("feat/x")), Some((None, text("feat/x"))));
        assert_eq!(setup(Some(" "), None), None);
        assert_eq!(setup(Some("t"), Some("-x")), None);
        assert!(setup(Some(&"ä".repeat(TITLE_MAX)), None).is_some());
        assert!(setup(Some(&"ä".repeat(TITLE_MAX + 1)), None).is_none());
    }
}
