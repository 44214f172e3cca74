//! Reads what a host stands for from the database.

use super::access::{self, Access};
use super::addons::AddonsView;
use super::forms::FormsView;
use super::rules::RulesView;
use super::signer::Signer;
use super::snippets::SnippetsView;
use super::splits::{self, BranchView, Plan, SplitView};
use super::view::{BadDigest, DeployView, SiteView, Times};
use super::visitors::Visitors;
use super::{Absent, Found};
use crate::phases::robots;
use context::{Context, Error, Result};
use model::{DeployContext, DeployState, HostTarget, Timestamp};
use std::sync::Arc;
use store::Conn;
use store::addon_instances;
use store::deploy_files::{self, Served};
use store::deploys::{self, DeployRow};
use store::sites::{self, SiteRow};
use store::snippets;

/// Files whose tables are made on the event loop; larger deploys are made beside it.
const BUILD_INLINE_FILES: usize = 500;
/// Bytes of rules that are compiled there too.
const BUILD_INLINE_RULES: usize = 32 * 1024;

/// The site and deploy of a host name. Several reads make one answer: a change between them is
/// found out by whoever keeps it.
///
/// # Errors
/// When the database fails.
pub(super) async fn load(cx: &Context, host: &str) -> Result<Found> {
    let target = cx.addresses().target(host);
    let mut db = cx.read().await?;
    let Some((site, target)) = site(&mut db, target).await? else { return Ok(Found::Nothing(Absent::Site)) };
    let shown = shown(&mut db, &target, &site).await?;
    let instances = addon_instances::list(&mut db, &site.id).await?;
    if shown.is_none() && (instances.is_empty() || !is_own(&target)) {
        return Ok(Found::Nothing(Absent::Deploy));
    }
    let rows = snippets::list(&mut db, &site.id).await?;
    let forms = FormsView::load(&mut db, &site.id).await?.map(Arc::new);
    let plan = splits::plan(&mut db, &target, &site).await?;
    let proxied = ::addons::proxied::of_site(cx, &mut db, &instances).await?;
    drop(db);
    let site_url = cx.addresses().primary_url(&site.name, site.info.custom_domain.as_deref());
    let addons = AddonsView::of(proxied, &site_url).map(Arc::new);
    let snippets = SnippetsView::of(&rows, &instances).map(Arc::new);
    let visitors = Visitors::of(cx, &site);
    let host = Host { cx, name: host, target: &target, site: &site, visitors, snippets, forms, addons };
    let Some((deploy, served)) = shown else { return Ok(Found::Site(Arc::new(host.bare()?))) };
    let mut view = host.view(deploy, served).await?;
    if let Some(plan) = plan {
        view.split = Some(Box::new(host.split(plan).await?));
    }
    Ok(Found::Site(Arc::new(view)))
}

/// An address of a site, whatever deploy is shown there.
struct Host<'a> {
    cx: &'a Context,
    name: &'a str,
    target: &'a HostTarget,
    site: &'a SiteRow,
    visitors: Option<Arc<Visitors>>,
    snippets: Option<Arc<SnippetsView>>,
    forms: Option<Arc<FormsView>>,
    addons: Option<Arc<AddonsView>>,
}

impl Host<'_> {
    /// A deploy as visitors of this address see it.
    async fn view(&self, deploy: DeployRow, served: Served) -> Result<SiteView> {
        let (context, pretty_urls) = (deploy.context, self.site.info.processing.html.pretty_urls);
        let pages = self.snippets.clone().map(|snippets| (snippets, self.site.updated_at));
        let built = build(deploy, served, pretty_urls, pages).await?;
        Ok(self.showing(context, built))
    }

    /// The address of a site that was never deployed: it has nothing to show, and its add-ons answer.
    fn bare(&self) -> Result<SiteView> {
        let times = Times { published: None, ready: None, created: self.site.created_at };
        let nothing = DeployView::new(&Served::default(), Vec::new(), times).map_err(Error::internal)?;
        let view = self.showing(DeployContext::Production, (nothing, RulesView::default()));
        Ok(SiteView { deployed: false, ..view })
    }

    fn showing(&self, context: DeployContext, (deploy, mut rules): (DeployView, RulesView)) -> SiteView {
        let Self { cx, site, .. } = *self;
        let signer = Signer::of(cx, site, context);
        let (visitors, snippets, forms) = (self.visitors.clone(), self.snippets.clone(), self.forms.clone());
        let own_rules = rules.redirects.names_host(self.name);
        let access = Access::of(self.target, self.name, &site.info, context, own_rules);
        let (site_id, disabled) = (site.id.as_str().into(), site.disabled);
        let left_out = robots::leaves_out(self.target, context);
        if left_out {
            rules.add_to_files(&robots::NAME, &robots::VALUE);
        }
        let (addons, split) = (self.addons.clone(), None);
        SiteView {
            site_id,
            disabled,
            left_out,
            access,
            signer,
            rules,
            visitors,
            forms,
            snippets,
            addons,
            split,
            deployed: true,
            deploy,
        }
    }

    /// The active split test with every deploy that it shows here.
    async fn split(&self, plan: Plan) -> Result<SplitView> {
        let mut branches = Vec::with_capacity(plan.branches.len());
        for (name, shown) in plan.branches {
            let site = match shown {
                Some((deploy, served)) => Some(self.view(deploy, served).await?),
                None => None,
            };
            branches.push(BranchView::new(&name, site));
        }
        Ok(SplitView::new(plan.shares, branches))
    }
}

/// The site, and what of it is meant: a label in front of a domain for branch deploys or deploy
/// previews is an alias like one under the site domain.
async fn site(db: &mut Conn, target: HostTarget) -> store::Result<Option<(SiteRow, HostTarget)>> {
    let found = match &target {
        HostTarget::Live(name) => sites::find_by_name(db, name).await?,
        HostTarget::Permalink { site, .. } | HostTarget::Alias { site, .. } => {
            sites::find_by_name(db, site).await?
        }
        HostTarget::Other(domain) => match sites::find_by_domain(db, domain).await? {
            Some(site) => Some(site),
            None => return unlisted(db, domain).await,
        },
        HostTarget::Control => None,
    };
    Ok(found.map(|site| (site, target)))
}

/// A domain that no site lists, but that follows from one that is listed: the label of a branch or
/// preview in front of it, or the `www` that is missing or too many before a primary domain.
async fn unlisted(db: &mut Conn, domain: &str) -> store::Result<Option<(SiteRow, HostTarget)>> {
    if let Some((label, parent)) = domain.split_once('.')
        && let Some(owner) = sites::find_owner_of_domain(db, parent).await?
        && let Some(alias) = access::alias_at(label, parent, &owner.info)
    {
        let target = HostTarget::Alias { alias: alias.to_owned(), site: owner.name.clone() };
        return Ok(Some((owner, target)));
    }
    let counterpart = ::sites::counterpart(domain);
    let owner = sites::find_by_domain(db, &counterpart).await?;
    let owner = owner.filter(|site| site.info.custom_domain.as_deref() == Some(counterpart.as_str()));
    Ok(owner.map(|site| (site, HostTarget::Other(domain.to_owned()))))
}

/// Whether an address is the site's own, and not that of one of its deploys.
fn is_own(target: &HostTarget) -> bool {
    matches!(target, HostTarget::Live(_) | HostTarget::Other(_))
}

/// The deploy that is shown at an address, and what of it is served.
async fn shown(
    db: &mut Conn,
    target: &HostTarget,
    site: &SiteRow,
) -> store::Result<Option<(DeployRow, Served)>> {
    let Some(deploy) = deploy(db, target, site).await? else { return Ok(None) };
    Ok(deploy_files::served(db, &deploy.id).await?.map(|served| (deploy, served)))
}

async fn deploy(db: &mut Conn, target: &HostTarget, site: &SiteRow) -> store::Result<Option<DeployRow>> {
    let id = match target {
        HostTarget::Permalink { deploy, .. } => Some(deploy.clone()),
        HostTarget::Alias { alias, .. } => deploys::by_alias(db, &site.id, alias).await?,
        _ => site.published_deploy_id.clone(),
    };
    let Some(id) = id else { return Ok(None) };
    let deploy = deploys::find(db, &id).await?;
    Ok(deploy.filter(|deploy| deploy.site_id == site.id && deploy.state == DeployState::Ready))
}

/// `pages` are the snippets, and when they may have changed last.
async fn build(
    deploy: DeployRow,
    served: Served,
    pretty_urls: bool,
    pages: Option<(Arc<SnippetsView>, Timestamp)>,
) -> Result<(DeployView, RulesView)> {
    let mut times =
        Times { published: deploy.published_at, ready: deploy.info.ready_at, created: deploy.created_at };
    if let Some((_, changed)) = &pages {
        times = times.not_before(*changed);
    }
    let functions: Vec<String> = deploy.info.functions.into_iter().map(|function| function.n).collect();
    let small = served.files.len() <= BUILD_INLINE_FILES && served.rules.len() <= BUILD_INLINE_RULES;
    let work = move || {
        let mut deploy = DeployView::new(&served, functions, times)?;
        if let Some((snippets, _)) = &pages {
            deploy = deploy.with_snippets(snippets);
        }
        let rules = RulesView::new(&served.rules, pretty_urls, &mut deploy);
        Ok::<_, BadDigest>((deploy, rules))
    };
    if small {
        return work().map_err(Error::internal);
    }
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::internal)
}
