//! Changing a site's settings.

use crate::create::taken;
use crate::domain;
use crate::identity;
use crate::password::{self, PasswordContext};
use crate::repo;
use context::{Context, Error, Result};
use events::Note;
use model::{BuildSettings, ProcessingSettings, SiteName};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use store::sites::{self, SiteInfo, SiteRow};
use store::{ChangeKind, pushes};

/// What a client wants changed. Absent fields stay; fields that are null are cleared.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// New name.
    pub name: Option<String>,
    /// Primary domain.
    #[serde(deserialize_with = "present")]
    pub custom_domain: Option<Option<String>>,
    /// Further domains.
    pub domain_aliases: Option<Vec<String>>,
    /// Domain of branch deploys.
    #[serde(deserialize_with = "present")]
    pub branch_deploy_custom_domain: Option<Option<String>>,
    /// Domain of deploy previews.
    #[serde(deserialize_with = "present")]
    pub deploy_preview_custom_domain: Option<Option<String>>,
    /// Password that guards the site; an empty one takes the guard away.
    #[serde(deserialize_with = "present")]
    pub password: Option<Option<String>>,
    /// What the password guards.
    pub password_context: Option<PasswordContext>,
    /// Secret that signs the tokens of the site's visitors; never shown again. It takes the place of all
    /// that were; [`identity::rotate`] leaves them their time.
    #[serde(deserialize_with = "present")]
    pub jwt_secret: Option<Option<String>>,
    /// Where the roles are among the claims of such a token.
    #[serde(deserialize_with = "present")]
    pub jwt_roles_path: Option<Option<String>>,
    /// What `iss` of such a token must be; an empty one takes the demand away.
    #[serde(deserialize_with = "present")]
    pub jwt_issuer: Option<Option<String>>,
    /// What must be in `aud` of such a token; an empty one takes the demand away.
    #[serde(deserialize_with = "present")]
    pub jwt_audience: Option<Option<String>>,
    /// Where form notices go.
    #[serde(deserialize_with = "present")]
    pub notification_email: Option<Option<String>>,
    /// Whether plain http is sent on to https.
    pub force_ssl: Option<bool>,
    /// HTML processing.
    pub processing_settings: Option<ProcessingSettings>,
    /// Repository, as `init` sends it.
    pub repo: Option<Repo>,
    /// The same under the name that sites show it by.
    pub build_settings: Option<Repo>,
    /// Plugins installed through the API.
    pub plugins: Option<Vec<Value>>,
    /// Prerendering.
    #[serde(deserialize_with = "present")]
    pub prerender: Option<Option<String>>,
    /// See the API's field of this name.
    pub prevent_non_git_prod_deploys: Option<bool>,
    /// The person who asks, for the audit log; never out of a request's body.
    #[serde(skip)]
    pub by: Option<String>,
    /// Whether who asks runs the server, and may link what is on its disk; never out of a request's body.
    #[serde(skip)]
    pub by_operator: bool,
    /// The accounts in which who asks may write, whose deploy keys they may name; never out of a request's
    /// body.
    #[serde(skip)]
    pub writes_in: Vec<String>,
}

/// Says nothing: a password and a secret are among the changes.
impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes(..)")
    }
}

/// Tells a field that is null from one that is absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(input).map(Some)
}

/// Repository settings as clients send them: `branch` and `repo` are older names of fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Repo {
    /// Everything with today's names.
    #[serde(flatten)]
    pub settings: BuildSettings,
    /// Older name of `repo_path`.
    pub repo: Option<String>,
    /// Older name of `repo_branch`.
    pub branch: Option<String>,
    /// Branches that are deployed beside the production branch; none when empty.
    pub allowed_branches: Option<Vec<String>>,
    /// Whose requests from forks are trusted; nobody's when empty.
    pub trusted_authors: Option<Vec<String>>,
}

/// Changes a site.
///
/// # Errors
/// `Unprocessable` when a name or domain is taken or a setting makes no sense; nothing is changed
/// then. `NotFound` when there is no such site.
pub async fn update(cx: &Context, site_id: &str, mut changes: Changes) -> Result<SiteRow> {
    hash_password(cx, &mut changes).await?;
    let mut tx = cx.begin().await?;
    let mut site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let before = domain::listed(&site.info);
    let secret_by = changes.jwt_secret.is_some().then(|| changes.by.clone());
    let key_before = site.info.build.deploy_key_id.clone();
    let writes_in = std::mem::take(&mut changes.writes_in);
    apply(cx, &mut site, changes)?;
    repo::check_key(&mut tx, &site, key_before.as_deref(), &writes_in).await?;
    let push_hook = site.info.deploy_hook_id.get_or_insert_with(|| cx.secret_id()).clone();
    pushes::ensure_hook(&mut tx, &push_hook, &site.id, cx.now()).await?;
    site.updated_at = cx.now();
    match sites::update(&mut tx, &site).await {
        Err(store::Error::Taken) => return Err(taken(&site)),
        other => other?,
    }
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    if domain::listed(&site.info) != before {
        domain::unsettle(&mut tx, cx, &site).await?;
    }
    if let Some(by) = secret_by {
        events::note(&mut tx, cx, &site, Note::IdentitySecretSet, by.as_deref()).await?;
    }
    tx.commit().await?;
    Ok(site)
}

/// Puts the hash in the password's place, before any transaction: it takes its time.
pub(crate) async fn hash_password(cx: &Context, changes: &mut Changes) -> Result<()> {
    if let Some(Some(password)) = changes.password.take_if(|change| change.is_some()) {
        let hash = if password.is_empty() { None } else { Some(password::hash(cx, password).await?) };
        changes.password = Some(hash);
    }
    Ok(())
}

/// Writes changes into a site. The password is a hash by now.
pub(crate) fn apply(cx: &Context, site: &mut SiteRow, changes: Changes) -> Result<()> {
    if let Some(name) = &changes.name {
        let name = SiteName::parse(name).map_err(Error::Unprocessable)?;
        // a site that has the name from before the server got its own keeps it
        site.name = if name.as_str() == site.name { site.name.clone() } else { domain::free_name(cx, name)? };
    }
    apply_domains(cx, &mut site.info, &changes)?;
    apply_identity(cx, &mut site.info, &changes)?;
    let info = &mut site.info;
    set(&mut info.password_hash, changes.password);
    if let Some(context) = changes.password_context {
        info.password_spares_production = context == PasswordContext::NonProduction;
    }
    set(&mut info.notification_email, changes.notification_email);
    set(&mut info.prerender, changes.prerender);
    info.force_ssl = changes.force_ssl.or(info.force_ssl);
    info.prevent_non_git_prod_deploys =
        changes.prevent_non_git_prod_deploys.or(info.prevent_non_git_prod_deploys);
    if let Some(processing) = changes.processing_settings {
        info.processing = processing;
    }
    if let Some(plugins) = changes.plugins {
        info.plugins = plugins;
    }
    if let Some(repo) = changes.repo.or(changes.build_settings) {
        repo::link(cx, info, repo, changes.by_operator)?;
    }
    Ok(())
}

fn set<T>(place: &mut Option<T>, change: Option<Option<T>>) {
    if let Some(value) = change {
        *place = value;
    }
}

fn apply_domains(cx: &Context, info: &mut SiteInfo, changes: &Changes) -> Result<()> {
    let one = |change: &Option<Option<String>>| -> Result<Option<Option<String>>> {
        match change {
            Some(Some(name)) if !name.is_empty() => Ok(Some(Some(domain::checked(cx, name)?))),
            Some(_) => Ok(Some(None)),
            None => Ok(None),
        }
    };
    set(&mut info.custom_domain, one(&changes.custom_domain)?);
    set(&mut info.branch_deploy_custom_domain, one(&changes.branch_deploy_custom_domain)?);
    set(&mut info.deploy_preview_custom_domain, one(&changes.deploy_preview_custom_domain)?);
    if let Some(aliases) = &changes.domain_aliases {
        if aliases.len() > domain::ALIASES_MAX {
            let message = format!("a site has at most {} domain aliases", domain::ALIASES_MAX);
            return Err(Error::Unprocessable(message));
        }
        info.domain_aliases = aliases.iter().map(|name| domain::checked(cx, name)).collect::<Result<_>>()?;
        info.domain_aliases.sort();
        info.domain_aliases.dedup();
    }
    Ok(())
}

fn apply_identity(cx: &Context, info: &mut SiteInfo, changes: &Changes) -> Result<()> {
    if let Some(secret) = &changes.jwt_secret {
        identity::set(cx, info, secret.as_deref().unwrap_or_default())?;
    }
    if let Some(path) = &changes.jwt_roles_path {
        info.token_terms.jwt_roles_path = identity::roles_path(path.clone().unwrap_or_default())?;
    }
    if let Some(issuer) = &changes.jwt_issuer {
        info.token_terms.jwt_issuer = identity::name("jwt_issuer", issuer.clone().unwrap_or_default())?;
    }
    if let Some(audience) = &changes.jwt_audience {
        info.token_terms.jwt_audience = identity::name("jwt_audience", audience.clone().unwrap_or_default())?;
    }
    Ok(())
}

/// Lays what the client sent over what is there; a linked repository needs something to clone.
pub(crate) fn merge_repo(build: &mut BuildSettings, repo: Repo) {
    let new = repo.settings;
    let before = (build.provider.clone(), build.repo_path.clone());
    build.id = new.id.or(build.id);
    build.provider = new.provider.or(build.provider.take());
    build.deploy_key_id = new.deploy_key_id.or(build.deploy_key_id.take());
    build.repo_path = new.repo_path.or(repo.repo).or(build.repo_path.take());
    build.repo_branch = new.repo_branch.or(repo.branch).or(build.repo_branch.take());
    build.dir = new.dir.or(build.dir.take());
    build.functions_dir = new.functions_dir.or(build.functions_dir.take());
    build.base = new.base.or(build.base.take());
    build.package_path = new.package_path.or(build.package_path.take());
    build.cmd = new.cmd.or(build.cmd.take());
    build.engine = new.engine.or(build.engine);
    build.public_repo = new.public_repo.or(build.public_repo);
    build.private_logs = new.private_logs.or(build.private_logs);
    build.installation_id = new.installation_id.or(build.installation_id);
    build.stop_builds = new.stop_builds.or(build.stop_builds);
    build.replace_waiting = new.replace_waiting.or(build.replace_waiting);
    build.build_cache = new.build_cache.or(build.build_cache);
    build.untrusted_flow = new.untrusted_flow.or(build.untrusted_flow);
    build.skip_prs = new.skip_prs.or(build.skip_prs);
    build.allowed_branches = repo.allowed_branches.unwrap_or_else(|| build.allowed_branches.split_off(0));
    build.trusted_authors = repo.trusted_authors.unwrap_or_else(|| build.trusted_authors.split_off(0));
    // what was said to be cloned holds until another repository is named
    let is_other = before != (build.provider.clone(), build.repo_path.clone());
    let derived = if is_other || build.repo_url.is_none() { clone_url(build) } else { None };
    build.repo_url = new.repo_url.or(derived).or(build.repo_url.take());
}

/// What to clone, from the provider and the path.
fn clone_url(build: &BuildSettings) -> Option<String> {
    let path = build.repo_path.as_deref()?;
    if path.contains("://") || path.starts_with('/') || path.contains('@') {
        return Some(path.to_owned());
    }
    match build.provider.as_deref() {
        Some("github") => Some(format!("https://github.com/{path}")),
        Some("gitlab") => Some(format!("https://gitlab.com/{path}")),
        Some("bitbucket") => Some(format!("https://bitbucket.org/{path}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_clears_and_absence_keeps() {
        let read = |text: &str| serde_json::from_str::<Changes>(text).map(|c| c.custom_domain).ok();
        assert_eq!(read("{}"), Some(None));
        assert_eq!(read(r#"{"custom_domain": null}"#), Some(Some(None)));
        assert_eq!(read(r#"{"custom_domain": "a.b"}"#), Some(Some(Some("a.b".into()))));
    }

    #[test]
    fn a_linked_repository_knows_what_to_clone() {
        for (sent, url) in [
            (r#"{"provider": "github", "repo_path": "o/r"}"#, Some("https://github.com/o/r")),
            (r#"{"provider": "github", "repo": "o/r", "branch": "main"}"#, Some("https://github.com/o/r")),
            (r#"{"provider": "manual", "repo_path": "/srv/x.git"}"#, Some("/srv/x.git")),
            (r#"{"provider": "manual", "repo_path": "git@h:o/r.git"}"#, Some("git@h:o/r.git")),
            (r#"{"repo_url": "https://h/r"}"#, Some("https://h/r")),
            (r#"{"provider": "other", "repo_path": "o/r"}"#, None),
        ] {
            let mut build = BuildSettings::default();
            merge_repo(&mut build, serde_json::from_str(sent).unwrap());
            assert_eq!(build.repo_url.as_deref(), url, "{sent}");
        }
    }

    #[test]
    fn a_later_change_keeps_the_rest_of_the_repository() {
        let mut build = BuildSettings::default();
        merge_repo(
            &mut build,
            serde_json::from_str(r#"{"repo_url": "https://h/r", "cmd": "make"}"#).unwrap(),
        );
        merge_repo(&mut build, serde_json::from_str(r#"{"dir": "out"}"#).unwrap());
        assert_eq!((build.cmd.as_deref(), build.dir.as_deref()), (Some("make"), Some("out")));
        assert_eq!(build.repo_url.as_deref(), Some("https://h/r"));
    }

    #[test]
    fn an_address_holds_until_another_repository_is_named() {
        let mut build = BuildSettings::default();
        for (sent, url) in [
            (
                r#"{"provider": "github", "repo_path": "o/r", "repo_url": "https://h/o/r.git"}"#,
                "https://h/o/r.git",
            ),
            (r#"{"cmd": "make"}"#, "https://h/o/r.git"),
            (r#"{"provider": "github", "repo_path": "o/r"}"#, "https://h/o/r.git"),
            (r#"{"repo_path": "o/s"}"#, "https://github.com/o/s"),
            (r#"{"provider": "gitlab"}"#, "https://gitlab.com/o/s"),
        ] {
            merge_repo(&mut build, serde_json::from_str(sent).unwrap());
            assert_eq!(build.repo_url.as_deref(), Some(url), "{sent}");
        }
    }

    #[test]
    fn lists_stay_unless_they_are_sent() {
        let mut build = BuildSettings::default();
        for (sent, branches, authors) in [
            (r#"{"allowed_branches": ["main", "feat/*"], "trusted_authors": ["ada"]}"#, 2, 1),
            (r#"{"cmd": "make"}"#, 2, 1),
            (r#"{"trusted_authors": []}"#, 2, 0),
            (r#"{"allowed_branches": []}"#, 0, 0),
        ] {
            merge_repo(&mut build, serde_json::from_str(sent).unwrap());
            assert_eq!(
                (build.allowed_branches.len(), build.trusted_authors.len()),
                (branches, authors),
                "{sent}"
            );
        }
    }
}
