//! What a fired event is about: the newest thing of its kind that the site has, else one made up in
//! the site's names.

use ::events::{Entry, Sample, Scene, Subject, deploy_state};
use context::{Context, DeployCreated, Result};
use model::{Deploy, DeployContext, DeployState, Hook, Page, SplitTest, Submission};
use store::deploys::{DeployRow, Filter};
use store::sites::SiteRow;
use store::submissions::SubmissionState;

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) event: &'static Entry,
    pub(super) context: Option<DeployContext>,
    pub(super) branch: Option<&'a str>,
    pub(super) form_id: Option<&'a str>,
}

/// The object, in the state in which the event would find it.
pub(super) async fn sample(cx: &Context, site: &SiteRow, wanted: &Wanted<'_>) -> Result<Sample> {
    let event = wanted.event;
    let created = match cx.settings.deploy_created {
        DeployCreated::Created => DeployState::New,
        DeployCreated::Live => DeployState::Ready,
    };
    let state = deploy_state(event.name, created);
    let real = match event.subject {
        Subject::Deploy => deploy(cx, site, wanted, state).await?.map(|it| Sample::Deploy(Box::new(it))),
        Subject::Submission => submission(cx, site, wanted).await?.map(|it| Sample::Submission(Box::new(it))),
        Subject::SplitTest => split_test(cx, site).await?.map(|it| Sample::SplitTest(Box::new(it))),
        Subject::Hook => hook(cx, site, event.name).await?.map(|it| Sample::Hook(Box::new(it))),
    };
    let sample = match real {
        Some(sample) => sample,
        None => made_up(cx, site, wanted).await?,
    };
    Ok(sample.suited(event.name, state, cx.now()))
}

async fn made_up(cx: &Context, site: &SiteRow, wanted: &Wanted<'_>) -> Result<Sample> {
    let forms = match wanted.event.subject {
        Subject::Submission => store::forms::list(&mut cx.read().await?, &site.id).await?,
        _ => Vec::new(),
    };
    let form = forms.iter().find(|form| wanted.form_id.is_none_or(|id| id == form.id));
    let scene = Scene {
        site,
        addresses: cx.addresses(),
        now: cx.now(),
        id: &cx.id(),
        context: wanted.context,
        branch: wanted.branch,
        form: form.map(|form| (form.id.as_str(), form.name.as_str())),
    };
    Ok(Sample::made_up(wanted.event.subject, &scene))
}

/// The newest deploy that is in the event's state already, else the newest.
async fn deploy(
    cx: &Context,
    site: &SiteRow,
    wanted: &Wanted<'_>,
    state: DeployState,
) -> Result<Option<Deploy>> {
    let mut db = cx.read().await?;
    let filter = Filter {
        site_id: site.id.clone(),
        branch: wanted.branch.map(ToOwned::to_owned),
        state: None,
        production: None,
    };
    let rows = store::deploys::list(&mut db, &filter, Page::default()).await?;
    let fits = |row: &&DeployRow| wanted.context.is_none_or(|context| context == row.context);
    let chosen = rows.iter().filter(fits).find(|row| row.state == state).or(rows.iter().find(fits));
    match chosen {
        Some(row) => Ok(Some(deploys::present_as(&mut db, cx, site, row).await?)),
        None => Ok(None),
    }
}

async fn submission(cx: &Context, site: &SiteRow, wanted: &Wanted<'_>) -> Result<Option<Submission>> {
    let newest = Page { number: 1, size: 1 };
    let found = ::forms::list_submissions(cx, site, wanted.form_id, SubmissionState::Verified, newest);
    Ok(found.await?.into_iter().next())
}

async fn split_test(cx: &Context, site: &SiteRow) -> Result<Option<SplitTest>> {
    Ok(::splits::list(cx, &site.id).await?.last().map(::splits::present))
}

/// The newest hook that does not listen to the event, since a hook is not told of its own trouble;
/// else the newest.
async fn hook(cx: &Context, site: &SiteRow, event: &str) -> Result<Option<Hook>> {
    let mut hooks: Vec<Hook> = ::hooks::list(cx, &site.id).await?.into_iter().map(|view| view.hook).collect();
    let silent = hooks.iter().rposition(|hook| !hook.events.iter().any(|name| name == event));
    Ok(match silent {
        Some(place) => Some(hooks.swap_remove(place)),
        None => hooks.pop(),
    })
}
