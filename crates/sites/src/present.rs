//! A stored site as the API shows it.

use crate::password::PasswordContext;
use context::{Context, Result};
use model::Site;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use store::Conn;
use store::accounts::{self, AccountRow};
use store::sites::SiteRow;

/// Name of the one plan a self-hosted server has.
pub const PLAN: &str = "self-hosted";

/// Git hosts whose webhooks are understood.
const GIT_HOSTS: [&str; 5] = ["github", "gitlab", "gitea", "forgejo", "bitbucket"];

/// The site, with its account looked up. `published` is its live deploy as the deploys feature
/// shows it.
///
/// # Errors
/// When the database fails.
pub async fn present(
    db: &mut Conn,
    cx: &Context,
    site: &SiteRow,
    published: Option<model::Deploy>,
) -> Result<Site> {
    let account = accounts::find(db, &site.account_id).await?;
    Ok(shown(cx, site, account.as_ref(), published))
}

/// Sites with their live deploys, accounts looked up once each.
///
/// # Errors
/// When the database fails.
pub async fn present_all(
    db: &mut Conn,
    cx: &Context,
    sites: Vec<(SiteRow, Option<model::Deploy>)>,
) -> Result<Vec<Site>> {
    let mut known: HashMap<String, Option<AccountRow>> = HashMap::new();
    let mut out = Vec::with_capacity(sites.len());
    for (site, published) in sites {
        if !known.contains_key(&site.account_id) {
            known.insert(site.account_id.clone(), accounts::find(db, &site.account_id).await?);
        }
        let account = known.get(&site.account_id).and_then(Option::as_ref);
        out.push(shown(cx, &site, account, published));
    }
    Ok(out)
}

/// What Git hosts call. The name of the host in it is for people: the request itself says whose it is.
#[must_use]
pub fn push_url(cx: &Context, provider: Option<&str>, hook_id: &str) -> String {
    let host = provider.filter(|provider| GIT_HOSTS.contains(provider)).unwrap_or("git");
    format!("{}/hooks/{host}/{hook_id}", cx.addresses().control_url())
}

fn shown(
    cx: &Context,
    site: &SiteRow,
    account: Option<&AccountRow>,
    published: Option<model::Deploy>,
) -> Site {
    let at = cx.addresses();
    let info = site.info.clone();
    let url = at.primary_url(&site.name, info.custom_domain.as_deref());
    let hook = info.deploy_hook_id.as_deref().unwrap_or(&site.id);
    Site {
        id: site.id.clone(),
        site_id: site.id.clone(),
        state: if site.disabled { "disabled" } else { "current" }.to_owned(),
        plan: PLAN.to_owned(),
        name: site.name.clone(),
        has_password: info.password_hash.is_some(),
        password_context: info
            .password_hash
            .as_ref()
            .map(|_| PasswordContext::from_stored(info.password_spares_production).as_str().to_owned()),
        custom_domain: info.custom_domain,
        domain_aliases: info.domain_aliases,
        branch_deploy_custom_domain: info.branch_deploy_custom_domain,
        deploy_preview_custom_domain: info.deploy_preview_custom_domain,
        token_terms: info.token_terms,
        notification_email: info.notification_email,
        ssl_url: url.clone(),
        ssl: at.scheme == "https",
        url,
        admin_url: at.admin_url(&site.name),
        screenshot_url: None,
        created_at: site.created_at,
        updated_at: site.updated_at,
        user_id: info.user_id,
        session_id: None,
        force_ssl: info.force_ssl,
        managed_dns: false,
        deploy_url: published.as_ref().map_or_else(|| at.site_url(&site.name), |d| d.deploy_url.clone()),
        deploy_id: site.published_deploy_id.clone(),
        published_deploy: published,
        account_id: site.account_id.clone(),
        account_name: account.map(|a| a.name.clone()).unwrap_or_default(),
        account_slug: account.map(|a| a.slug.clone()).unwrap_or_default(),
        git_provider: info.build.provider.clone(),
        deploy_hook: Some(push_url(cx, info.build.provider.as_deref(), hook)),
        capabilities: json!({}),
        processing_settings: info.processing,
        build_settings: info.build,
        id_domain: format!("{}.{}", site.id, at.site_domain),
        build_image: "boathook".to_owned(),
        prerender: info.prerender,
        functions_region: None,
        prevent_non_git_prod_deploys: info.prevent_non_git_prod_deploys,
        use_envelope: true,
        feature_flags: Map::new(),
        plugins: info.plugins,
        functions_config: Value::Object(Map::new()),
        disabled: site.disabled,
    }
}
