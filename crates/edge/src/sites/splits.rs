//! The active split test of a site: which of its views a visitor sees.

use super::SiteView;
use context::Result;
use model::HostTarget;
use splits::{Shares, Target};
use std::fmt::Write as _;
use store::Conn;
use store::deploy_files::{self, Served};
use store::deploys::{self, DeployRow};
use store::sites::SiteRow;

/// An active split test.
pub(crate) struct SplitView {
    shares: Shares,
    branches: Box<[BranchView]>,
}

/// What visitors of one branch see.
pub(crate) struct BranchView {
    /// The branch, as a cookie may name it.
    name: Box<str>,
    /// The same as scripts write it: `encodeURIComponent`.
    encoded: Box<str>,
    /// Its deploy on this very address; none stands for the live deploy.
    site: Option<Box<SiteView>>,
}

/// A split test that was read and not yet laid out.
pub(super) struct Plan {
    pub(super) shares: Shares,
    /// Names, and the deploys that are not at hand.
    pub(super) branches: Vec<(String, Option<Shown>)>,
}

/// A deploy and its files.
pub(super) type Shown = (DeployRow, Served);

/// The active split test of a site at one of its live addresses; permalinks, branches and previews
/// have none. A branch whose deploys are gone shows the live deploy.
pub(super) async fn plan(db: &mut Conn, target: &HostTarget, site: &SiteRow) -> Result<Option<Plan>> {
    if !matches!(target, HostTarget::Live(_) | HostTarget::Other(_)) {
        return Ok(None);
    }
    let Some(test) = store::splits::active(db, &site.id).await? else { return Ok(None) };
    let Some(shares) = Shares::new(&test.branches) else { return Ok(None) };
    let mut branches = Vec::with_capacity(test.branches.len());
    for branch in test.branches {
        let shown = match splits::target(db, site, &branch.branch).await? {
            Some(Target::Deploy(id)) => shown(db, site, &id).await?,
            Some(Target::Live) | None => None,
        };
        branches.push((branch.branch, shown));
    }
    Ok(Some(Plan { shares, branches }))
}

/// None for the deploy that is live, too: it is at hand.
async fn shown(db: &mut Conn, site: &SiteRow, deploy_id: &str) -> Result<Option<Shown>> {
    if site.published_deploy_id.as_deref() == Some(deploy_id) {
        return Ok(None);
    }
    let Some(deploy) = deploys::find(db, deploy_id).await? else { return Ok(None) };
    Ok(deploy_files::served(db, deploy_id).await?.map(|served| (deploy, served)))
}

impl SplitView {
    pub(super) fn new(shares: Shares, branches: Vec<BranchView>) -> Self {
        Self { shares, branches: branches.into() }
    }

    /// The place of the branch that the value of a cookie selects: by its name, or by a number from
    /// 0 up to but not 1. None when it says neither.
    pub(crate) fn selected(&self, cookie: &str) -> Option<usize> {
        let named = |branch: &BranchView| *branch.name == *cookie || *branch.encoded == *cookie;
        self.branches.iter().position(named).or_else(|| number(cookie).map(|number| self.shares.pick(number)))
    }

    /// The place of the branch for a number that was drawn.
    pub(crate) fn drawn(&self, number: f64) -> usize {
        self.shares.pick(number)
    }

    /// The view of a branch; none for the live one.
    pub(crate) fn site(&self, branch: usize) -> Option<&SiteView> {
        self.branches.get(branch)?.site.as_deref()
    }

    /// Bytes of memory it takes.
    pub(super) fn weight(&self) -> u64 {
        self.branches.iter().map(BranchView::weight).sum()
    }
}

impl BranchView {
    pub(super) fn new(name: &str, site: Option<SiteView>) -> Self {
        Self { name: name.into(), encoded: encode(name).into(), site: site.map(Box::new) }
    }

    fn weight(&self) -> u64 {
        let text = self.name.len() + self.encoded.len() + size_of::<Self>();
        text as u64 + self.site.as_ref().map_or(0, |site| site.weight())
    }
}

/// A plain decimal number from 0 up to but not 1.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = if digits { text.parse().ok()? } else { return None };
    (0.0..1.0).contains(&number).then_some(number)
}

/// What `encodeURIComponent` makes of a text.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // writing to a string cannot fail
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::view;
    use super::*;
    use model::SplitBranch;

    fn split() -> SplitView {
        let branches = [("main", 75.0), ("feat/ü", 25.0), ("0.9x", 0.0)];
        let shares: Vec<SplitBranch> = branches
            .iter()
            .map(|(branch, percentage)| SplitBranch { branch: (*branch).to_owned(), percentage: *percentage })
            .collect();
        let views = vec![
            BranchView::new("main", None),
            BranchView::new("feat/ü", Some(view("s", &["/index.html"]))),
            BranchView::new("0.9x", None),
        ];
        SplitView::new(Shares::new(&shares).unwrap(), views)
    }

    #[test]
    fn a_cookie_selects_by_number_or_by_name() {
        for (cookie, expect) in [
            ("0", Some(0)),
            ("0.123456", Some(0)),
            ("0.749999", Some(0)),
            ("0.75", Some(1)),
            (".8", Some(1)),
            ("0.9999999999999", Some(1)),
            ("main", Some(0)),
            ("feat/ü", Some(1)),
            ("feat%2F%C3%BC", Some(1)),
            ("0.9x", Some(2)),
            ("Main", None),
            ("1", None),
            ("1.0", None),
            ("-0.1", None),
            ("1e-3", None),
            ("inf", None),
            ("NaN", None),
            (".", None),
            ("0.1.2", None),
            ("", None),
            ("other", None),
        ] {
            assert_eq!(split().selected(cookie), expect, "{cookie}");
        }
    }

    #[test]
    fn a_branch_without_a_view_is_the_live_deploy() {
        let split = split();
        assert!(split.site(0).is_none() && split.site(1).is_some() && split.site(7).is_none());
        assert!(split.weight() > view("s", &["/index.html"]).weight());
    }
}
