//! What a message has to tell a Git host: the deploy, its commit, its repository, and the name under
//! which the host knows the site.

use super::super::{Message, Tried};
use super::api::Host;
use super::markdown::cut;
use super::slot::{database_failed, quiet};
use super::stage::{Stage, label};
use super::{markdown, repository};
use context::{Context, Result};
use events::Subject as About;
use model::{Deploy, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::sites::{self, SiteRow};
use store::target_memory::{self, Place};

/// Events after which a deploy stands where it stood, as far as a commit is concerned.
const BESIDE: [&str; 4] = ["deploy_locked", "deploy_unlocked", "deploy_restored", "deploy_deleted"];
/// Characters of a commit's id: abbreviated SHA-1 to SHA-256.
const SHA: std::ops::RangeInclusive<usize> = 7..=64;

/// A deploy of a commit in a repository.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) deploy: Deploy,
    pub(crate) stage: Stage,
    pub(crate) account_id: String,
    pub(crate) site_id: String,
    /// `owner/name`.
    pub(crate) repo: String,
    pub(crate) sha: String,
    /// The site's name when a Git host heard of it first: it stays when the site is renamed, since
    /// rules of the repository may name it.
    pub(crate) first_name: String,
}

/// When something was told of which deploy: what is later in this order is newer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Progress {
    created_at: Timestamp,
    deploy_id: String,
    rank: u8,
    updated_at: Timestamp,
}

impl Subject {
    /// Reads the message.
    ///
    /// # Errors
    /// The try as it ends here: there is nothing to tell, or it cannot be told.
    pub(crate) async fn read(
        cx: &Context,
        message: &Message<'_>,
        host: &Host,
    ) -> std::result::Result<Self, Box<Tried>> {
        let deploy = deploy_of(message)?;
        let Some(sha) = deploy.commit_ref.clone() else {
            return Err(nothing("the deploy has no commit"));
        };
        if !SHA.contains(&sha.len()) || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(nothing("the deploy's commit_ref is no commit"));
        }
        let site = match site_of(cx, &message.hook.site_id).await {
            Ok(Some(site)) => site,
            Ok(None) => return Err(nothing("the site is gone")),
            Err(error) => return Err(Box::new(database_failed(&error))),
        };
        let repo = match repo_of(message, &site, host).map_err(|why| Box::new(Tried::unsent(why)))? {
            Some(repo) => repo,
            None => return Err(nothing("the site has no repository")),
        };
        let first_name =
            first_name(cx, &site, &deploy.name).await.map_err(|error| Box::new(database_failed(&error)))?;
        let stage = Stage::of(&deploy);
        let SiteRow { id: site_id, account_id, .. } = site;
        Ok(Self { deploy, stage, account_id, site_id, repo, sha, first_name })
    }

    /// Where it is remembered what was told of this site.
    pub(crate) fn place(&self, key: String) -> Place {
        Place { account_id: self.account_id.clone(), key, site_id: Some(self.site_id.clone()) }
    }

    /// Where it stands among all that is told of this site.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            created_at: self.deploy.created_at,
            deploy_id: self.deploy.id.clone(),
            rank: self.stage.rank(),
            updated_at: self.deploy.updated_at,
        }
    }

    /// `netlify/<site>/<what for>`: by this a host tells statuses apart. It never changes.
    pub(crate) fn context(&self) -> String {
        format!("netlify/{}/{}", self.first_name, self.deploy.context.as_str())
    }

    /// `Deploy Preview ready!` and the like.
    pub(crate) fn description(&self) -> String {
        format!("{} {}", self.label(), self.stage.words())
    }

    /// `Deploy Preview` and the like.
    pub(crate) fn label(&self) -> &'static str {
        label(self.deploy.context)
    }

    /// The deploy's page, where its log is.
    pub(crate) fn page(&self) -> String {
        format!("{}/deploys/{}", self.deploy.admin_url, self.deploy.id)
    }

    /// Where the deploy can be visited once it is ready.
    pub(crate) fn preview(&self) -> &str {
        &self.deploy.deploy_ssl_url
    }

    /// Where a reader is led: to the deploy when it is ready, else to its page.
    pub(crate) fn target_url(&self) -> String {
        match self.stage {
            Stage::Ready => self.preview().to_owned(),
            _ => self.page(),
        }
    }

    /// What the commit is called in a comment.
    pub(crate) fn commit_link(&self) -> String {
        let short = format!("`{}`", cut(&self.sha, 40));
        markdown::link(&short, self.deploy.commit_url.as_deref().unwrap_or_default())
    }
}

fn deploy_of(message: &Message<'_>) -> std::result::Result<Deploy, Box<Tried>> {
    let about = events::entry(message.event).map(|entry| entry.subject);
    if about != Some(About::Deploy) {
        return Err(nothing("the event is not about a deploy"));
    }
    if BESIDE.contains(&message.event) {
        return Err(nothing("the event does not change how the commit's deploy went"));
    }
    serde_json::from_str(message.body).map_err(|_| {
        let why = "the event's body is not a whole deploy; a hook of this type takes no list of fields";
        Box::new(Tried::unsent(why))
    })
}

fn nothing(why: &str) -> Box<Tried> {
    Box::new(quiet(&format!("nothing to tell: {why}")))
}

async fn site_of(cx: &Context, site_id: &str) -> Result<Option<SiteRow>> {
    Ok(sites::find(&mut cx.read().await?, site_id).await?)
}

fn repo_of(
    message: &Message<'_>,
    site: &SiteRow,
    host: &Host,
) -> std::result::Result<Option<String>, String> {
    let written = message.hook.data.get("repo").and_then(Value::as_str).filter(|text| !text.is_empty());
    match written {
        Some(text) => repository::written(text, host.nested).map(Some),
        None => repository::linked(&site.info.build, host.provider, host.nested),
    }
}

/// The name under which the site is known to Git hosts: `name`, when this is the first time.
async fn first_name(cx: &Context, site: &SiteRow, name: &str) -> Result<String> {
    let place = Place {
        account_id: site.account_id.clone(),
        key: format!("name {}", site.id),
        site_id: Some(site.id.clone()),
    };
    if let Some(known) = target_memory::find(&mut cx.read().await?, &place).await? {
        return Ok(known.value);
    }
    let mut tx = cx.begin().await?;
    target_memory::insert(&mut tx, &place, name, None).await?;
    let known = target_memory::find(&mut tx, &place).await?;
    tx.commit().await?;
    Ok(known.map_or_else(|| name.to_owned(), |known| known.value))
}
