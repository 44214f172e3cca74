//! A site as the API shows it.

use crate::{Deploy, Timestamp, TokenTerms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A site, with the fields of Netlify's `site` schema and those real clients read beside it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Site {
    /// UUID.
    pub id: String,
    /// The same id; older clients read it.
    pub site_id: String,
    /// `current`, or `disabled`.
    pub state: String,
    /// Plan name for display.
    pub plan: String,
    /// One DNS label, unique on the server.
    pub name: String,
    /// Primary domain of the site's own.
    #[serde(default)]
    pub custom_domain: Option<String>,
    /// Further domains.
    #[serde(default)]
    pub domain_aliases: Vec<String>,
    /// Domain of branch deploys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_deploy_custom_domain: Option<String>,
    /// Domain of deploy previews.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_preview_custom_domain: Option<String>,
    /// Whether a password guards the site. The password itself is never shown.
    pub has_password: bool,
    /// What the password guards: `all`, or `non_production`. Absent without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_context: Option<String>,
    /// What tokens of visitors must say. The secret that signs them is never shown.
    #[serde(flatten)]
    pub token_terms: TokenTerms,
    /// Where form notices go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_email: Option<String>,
    /// Address of the published deploy.
    pub url: String,
    /// Address of the published deploy, preferred by clients.
    pub ssl_url: String,
    /// Page in the dashboard.
    pub admin_url: String,
    /// Picture of the site, empty when there is none.
    #[serde(default)]
    pub screenshot_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Session that made it, for sites made before logging in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Whether it answers by https.
    pub ssl: bool,
    /// Whether plain http is sent on to https.
    #[serde(default)]
    pub force_ssl: Option<bool>,
    /// Whether the server holds the domain's DNS; never.
    pub managed_dns: bool,
    /// Permalink of the published deploy.
    pub deploy_url: String,
    /// The deploy that is live.
    #[serde(default)]
    pub published_deploy: Option<Deploy>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_id: Option<String>,
    /// Owner account.
    pub account_id: String,
    /// Owner account's name.
    pub account_name: String,
    /// Owner account's slug.
    pub account_slug: String,
    /// `github`, `gitlab`, ... of the linked repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_provider: Option<String>,
    /// URL that a Git host calls on a push. Whoever knows it may start builds, so that only those see it who
    /// may change the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy_hook: Option<String>,
    /// What the site may use.
    pub capabilities: Value,
    /// How files are changed on their way out.
    pub processing_settings: ProcessingSettings,
    /// How the site is built; always an object, clients write into it.
    pub build_settings: BuildSettings,
    /// The name that identifies the site whatever its domains: `<id>.<site domain>`.
    pub id_domain: String,
    /// Image of the build; one.
    pub build_image: String,
    /// Prerendering; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prerender: Option<String>,
    /// Where functions run; one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions_region: Option<String>,
    /// Whether deploys that do not come from Git may be published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prevent_non_git_prod_deploys: Option<bool>,
    /// Always true: environment variables live in the account's env operations.
    pub use_envelope: bool,
    /// Switches of the hosted service; empty.
    pub feature_flags: Map<String, Value>,
    /// Build plugins installed through the API.
    pub plugins: Vec<Value>,
    /// Limits of functions.
    pub functions_config: Value,
    /// Whether the site is switched off.
    #[serde(default)]
    pub disabled: bool,
}

/// How HTML is changed on its way out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessingSettings {
    /// HTML settings.
    #[serde(default)]
    pub html: HtmlSettings,
    /// Whether forms in pages are left as they are; the default is to find them.
    #[serde(default)]
    pub ignore_html_forms: bool,
}

/// Settings of HTML processing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HtmlSettings {
    /// Whether visitors of `/about/` are sent on to `/about`, the address of `about.html`, and those
    /// of `/docs` to `/docs/`, the address of `docs/index.html`. Off, all of them show the page.
    pub pretty_urls: bool,
}

/// What becomes of builds of code whose author the site's owner does not trust: Netlify's policy for
/// sensitive variables, under the words that it has on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UntrustedFlow {
    /// Each waits for a person, and is built without secrets unless that person says otherwise.
    #[default]
    #[serde(alias = "ask")]
    Review,
    /// Each is built at once, without secrets.
    #[serde(alias = "always")]
    Redact,
    /// None is built. Boathook's own.
    Never,
}

/// What carries a build out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BuildEngine {
    /// Whichever the site needs.
    #[default]
    Auto,
    /// The server's own: build command and files.
    Native,
    /// A pinned `@netlify/build`: plugins and functions too.
    NetlifyBuild,
}

/// The linked repository and how it is built: Netlify's `repoInfo`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BuildSettings {
    /// The provider's number of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// `github`, `gitlab`, `bitbucket`, `manual`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Key pair that reads the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_key_id: Option<String>,
    /// `owner/name`, or a path or URL for `manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_path: Option<String>,
    /// Production branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_branch: Option<String>,
    /// Publish directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// Directory of functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions_dir: Option<String>,
    /// Base directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Folder of the package that is deployed, from the base directory: where a monorepo keeps the
    /// `netlify.toml` of this site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_path: Option<String>,
    /// Build command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    /// What builds are carried out with; `auto` where absent. Boathook's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<BuildEngine>,
    /// Branches that are deployed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_branches: Vec<String>,
    /// Whether everybody may read the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_repo: Option<bool>,
    /// Whether only members may read build logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_logs: Option<bool>,
    /// What is cloned; clients take its presence as "builds are configured".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<String>,
    /// Old place of environment variables; always empty here.
    pub env: Map<String, Value>,
    /// The provider's app installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation_id: Option<i64>,
    /// Whether builds are switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_builds: Option<bool>,
    /// Whether a build that is asked for takes the place of those that wait for the same branch or
    /// request; yes where absent. Boathook's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_waiting: Option<bool>,
    /// Whether builds keep dependencies and caches for the next one; yes where absent. Boathook's
    /// own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_cache: Option<bool>,
    /// Whether pull and merge requests make no deploy previews.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_prs: Option<bool>,
    /// Logins at the Git host whose requests from forks are trusted like those of the repository's own
    /// people. Boathook's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_authors: Vec<String>,
    /// What becomes of builds of code whose author is not trusted; `review` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untrusted_flow: Option<UntrustedFlow>,
}
