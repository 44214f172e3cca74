//! Making a deploy: the row, and the event that tells of it.

use crate::present::present_as;
use context::{Context, DeployCreated, Error, Result};
use events::Event;
use model::{DeployContext, DeployState};
use store::Tx;
use store::deploys::{self, DeployInfo, DeployRow};
use store::sites::SiteRow;

/// A deploy to make.
#[derive(Clone, Debug)]
pub struct NewDeploy {
    /// New when a client brings the files, enqueued when a build will.
    pub state: DeployState,
    /// What it is for.
    pub context: DeployContext,
    /// Branch or alias.
    pub branch: Option<String>,
    /// Whether it must not go live.
    pub draft: bool,
    /// The build that makes it.
    pub build_id: Option<String>,
    /// Title, user, commit and the rest.
    pub info: DeployInfo,
}

impl NewDeploy {
    /// A deploy that a client brings, with the context Netlify gives it: a draft is a preview, a
    /// branch other than the production branch is a branch deploy whose slug is its alias.
    #[must_use]
    pub fn uploaded(site: &SiteRow, draft: bool, branch: Option<String>, info: DeployInfo) -> Self {
        let branch = branch.filter(|b| !b.is_empty());
        let production = site.info.build.repo_branch.as_deref();
        let aliased = branch.as_deref().filter(|b| Some(*b) != production);
        let context = match (draft, aliased) {
            (true, _) => DeployContext::DeployPreview,
            (false, Some(_)) => DeployContext::BranchDeploy,
            (false, None) => DeployContext::Production,
        };
        let alias = aliased.map(model::slug).filter(|label| !label.is_empty());
        let info = DeployInfo { alias, ..info };
        Self { state: DeployState::New, context, branch, draft, build_id: None, info }
    }
}

/// Makes a deploy in a transaction of its own.
///
/// # Errors
/// When the site is switched off, or the database fails.
pub async fn create(cx: &Context, site: &SiteRow, new: NewDeploy) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let deploy = create_in(&mut tx, cx, site, new).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// Makes a deploy in the caller's transaction and records `deploy_created`, unless this server is
/// set to the hosted meaning, where that event waits until the deploy is live.
///
/// # Errors
/// When the site is switched off, or the database fails.
pub async fn create_in(tx: &mut Tx, cx: &Context, site: &SiteRow, new: NewDeploy) -> Result<DeployRow> {
    if site.disabled {
        return Err(Error::Unprocessable("the site is disabled; enable it first".to_owned()));
    }
    let now = cx.now();
    let deploy = DeployRow {
        id: cx.id(),
        site_id: site.id.clone(),
        account_id: site.account_id.clone(),
        build_id: new.build_id,
        state: new.state,
        context: new.context,
        branch: new.branch,
        draft: new.draft,
        pending: 0,
        created_at: now,
        updated_at: now,
        published_at: None,
        info: new.info,
    };
    deploys::insert(tx, &deploy).await?;
    if cx.settings.deploy_created == DeployCreated::Created {
        let shown = present_as(tx, cx, site, &deploy).await?;
        events::record(tx, cx, &site.account_id, &site.id, &Event::DeployCreated(Box::new(shown))).await?;
    }
    Ok(deploy)
}
