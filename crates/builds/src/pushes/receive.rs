//! One webhook, from the request to what became of it.

use super::change::{Change, Told};
use super::host::Host;
use super::log::{Outcome, Received, note, shortened};
use super::rules::{Plan, Wanted, plan};
use super::{act, fork, hook};
use crate::Builds;
use context::{Context, Error, Result};
use http::HeaderMap;
use store::pushes::{self, PushHookRow};
use store::sites::{self, SiteRow};

/// Bytes of a webhook's body: what GitHub sends at most.
pub const BODY_MAX: usize = 25 << 20;
/// Webhooks that a site takes in a minute.
pub const PER_MINUTE: i64 = 60;
/// Webhooks whose signature does not fit that are written down in a minute.
pub(crate) const REFUSED_PER_MINUTE: i64 = 10;
const MINUTE_MS: i64 = 60_000;

/// A request to the URL of a site.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, as it came.
    pub body: &'a [u8],
    /// Address that it came from.
    pub address: Option<&'a str>,
}

/// A webhook that was let in.
pub(crate) struct Arrived {
    /// Whether it was signed.
    pub(crate) signed: bool,
    /// What tells the delivery from others.
    pub(crate) keys: Vec<String>,
}

/// Whether a URL is there, so that nobody need read a body for one that is not.
///
/// # Errors
/// `NotFound`.
pub async fn check_address(cx: &Context, hook_id: &str) -> Result<()> {
    find(cx, hook_id).await.map(|_| ())
}

async fn find(cx: &Context, hook_id: &str) -> Result<(PushHookRow, SiteRow)> {
    let mut db = cx.read().await?;
    let hook = pushes::find_hook(&mut db, hook_id).await?.ok_or(Error::NotFound)?;
    let site = sites::find(&mut db, &hook.site_id).await?.ok_or(Error::NotFound)?;
    Ok((hook, site))
}

/// Takes a webhook. An answer says what became of it; a site that builds nothing because of it says so
/// with success, since hosts give URLs up that fail.
///
/// # Errors
/// `NotFound` for an unknown URL; `Invalid` for what is no webhook of a host that is known, or has not
/// the form that its host documents; `Unauthorized` when the site has a secret and the signature does
/// not fit; `TooMany` after [`PER_MINUTE`] in a minute, or when too many builds wait.
pub async fn receive(
    cx: &Context,
    builds: &Builds,
    hook_id: &str,
    call: Webhook<'_>,
) -> Result<Vec<Received>> {
    let (hook, site) = find(cx, hook_id).await?;
    let (host, event) = Host::of(call.headers).ok_or_else(|| {
        let known = "GitHub, GitLab, Gitea, Forgejo or Bitbucket";
        Error::Invalid(format!("no header names an event, as those of {known} do"))
    })?;
    let entry = Received {
        host: Some(host),
        event: shortened(event.to_owned()),
        delivery: host.delivery(call.headers),
        address: call.address.map(str::to_owned),
        ..Received::default()
    };
    let secrets = hook::secrets(cx, &hook)?;
    let fits = |secret: &String| host.verify(call.headers, call.body, secret, cx.now());
    if !secrets.is_empty() && !secrets.iter().any(fits) {
        return Err(refuse(cx, &site.id, entry).await?);
    }
    let signed = !secrets.is_empty();
    let entry = Received { signed, ..entry };
    if too_many(cx, &site.id, false, PER_MINUTE).await? {
        return Err(Error::TooMany { retry_after: 60 });
    }
    let told = match host.read(event, call.headers, call.body) {
        Ok(told) => told,
        Err(why) => {
            write(cx, &site.id, entry.ended(Outcome::Refused, why.clone()), false).await?;
            return Err(Error::Invalid(why));
        }
    };
    let entry = Received { sender: told.sender.clone().map(shortened), ..entry };
    let mut entries = Vec::new();
    for (index, change) in told.changes.iter().enumerate() {
        let arrived = Arrived { signed, keys: keys(host, entry.delivery.as_deref(), call.body, index) };
        entries.push(take(cx, builds, &site, &told, change, &arrived, entry.clone()).await?);
    }
    Ok(entries)
}

/// What tells this delivery from others.
fn keys(host: Host, delivery: Option<&str>, body: &[u8], index: usize) -> Vec<String> {
    let by_id = delivery.map(|id| format!("id:{id}#{index}"));
    let by_body = || format!("body:{}#{index}", signing::sha256_hex(body));
    let by_body = (host.signs_body_alone() || by_id.is_none()).then(by_body);
    by_id.into_iter().chain(by_body).collect()
}

async fn take(
    cx: &Context,
    builds: &Builds,
    site: &SiteRow,
    told: &Told,
    change: &Change,
    arrived: &Arrived,
    entry: Received,
) -> Result<Received> {
    let entry = about(change, entry);
    let done = match plan(&site.info.build, told, change, arrived.signed) {
        Plan::Ignore(why) => return write(cx, &site.id, entry.ended(Outcome::Ignored, why), false).await,
        Plan::Build(wanted) => build(cx, site, *wanted, arrived, entry.clone()).await,
        Plan::End(line) => act::end(cx, builds, site, arrived, line, entry.clone()).await,
    };
    match done {
        // the site's settings say no: nothing that sending it again would mend
        Err(Error::Unprocessable(why) | Error::Invalid(why)) => {
            write(cx, &site.id, entry.ended(Outcome::Ignored, why), false).await
        }
        Err(Error::TooMany { retry_after }) => {
            let why = "too many builds of the site wait already";
            write(cx, &site.id, entry.ended(Outcome::Refused, why), false).await?;
            Err(Error::TooMany { retry_after })
        }
        done => done,
    }
}

/// Asks for a build, once the whole commit is known.
async fn build(
    cx: &Context,
    site: &SiteRow,
    wanted: Wanted,
    arrived: &Arrived,
    entry: Received,
) -> Result<Received> {
    let wanted = match fork::whole(cx, site, wanted).await? {
        Ok(wanted) => wanted,
        Err(why) => return write(cx, &site.id, entry.ended(Outcome::Ignored, why), false).await,
    };
    let commit = wanted.cause.push.as_ref().and_then(|push| push.commit.clone());
    let entry = Received { commit_ref: commit.or(entry.commit_ref), ..entry };
    act::build(cx, site, arrived, wanted, entry).await
}

/// What the change is about.
fn about(change: &Change, entry: Received) -> Received {
    match change {
        Change::Push(pushed) => Received {
            branch: Some(shortened(pushed.branch.clone())),
            commit_ref: Some(pushed.commit.clone()),
            ..entry
        },
        Change::RequestOpened(request) | Change::RequestUpdated(request) => Received {
            branch: Some(shortened(request.branch.clone())),
            commit_ref: Some(shortened(request.tip.clone())),
            review_id: Some(request.id),
            ..entry
        },
        Change::RequestClosed { id } => Received { review_id: Some(*id), ..entry },
        Change::BranchDeleted { branch } => Received { branch: Some(shortened(branch.clone())), ..entry },
        Change::Ping | Change::Other(_) => entry,
    }
}

async fn write(cx: &Context, site_id: &str, entry: Received, refused: bool) -> Result<Received> {
    let mut tx = cx.begin().await?;
    let entry = note(&mut tx, cx, site_id, entry, refused).await?;
    tx.commit().await?;
    Ok(entry)
}

/// Writes a webhook down whose signature does not fit, unless many do not, and says no.
async fn refuse(cx: &Context, site_id: &str, entry: Received) -> Result<Error> {
    if !too_many(cx, site_id, true, REFUSED_PER_MINUTE).await? {
        let why = "the signature is missing, or was not made with the site's secret";
        write(cx, site_id, entry.ended(Outcome::Refused, why), true).await?;
    }
    Ok(Error::Unauthorized("the signature is missing, or was not made with the site's secret"))
}

async fn too_many(cx: &Context, site_id: &str, refused: bool, most: i64) -> Result<bool> {
    let since = cx.now().plus_millis(-MINUTE_MS);
    Ok(pushes::count_since(&mut cx.read().await?, site_id, refused, since).await? >= most)
}
