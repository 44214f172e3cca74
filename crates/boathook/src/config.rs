//! How a server is configured: flags, each with an environment variable. A configuration key is one
//! documented field here.

mod build_limits;
mod build_queue;
mod names;

pub use build_limits::BuildLimitsConfig;
pub(crate) use build_limits::{UIDS, users};
pub use build_queue::BuildQueueConfig;

use clap::builder::BoolishValueParser;
use clap::{Args, Command, FromArgMatches as _, ValueEnum};
use context::{GithubSettings, MailSettings};
use model::{Addresses, Cidr};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::blob::S3Settings;

/// Bytes of a megabyte.
const MB: u64 = 1 << 20;
/// How long after a build folders and a sandbox for the next one stay made: people who try something push
/// again within minutes.
const SPARE: Duration = Duration::from_secs(300);

/// Settings of `boathook serve`.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Folder for the database, blobs and keys; made on the first start
    #[arg(long, env = "BOATHOOK_DATA", default_value = "boathook-data", value_name = "DIR")]
    pub data: PathBuf,

    /// Address and port to listen on
    #[arg(long, env = "BOATHOOK_LISTEN", default_value = "127.0.0.1:8888", value_name = "ADDR:PORT")]
    pub listen: SocketAddr,

    /// Address under which the API and the dashboard are found, when it is not the one listened on
    #[arg(long, env = "BOATHOOK_URL", value_name = "URL", value_parser = names::address)]
    pub url: Option<url::Url>,

    /// Domain whose subdomains are the sites
    #[arg(long, env = "BOATHOOK_SITE_DOMAIN", value_name = "DOMAIN", value_parser = names::domain)]
    pub site_domain: Option<String>,

    /// TLS of its own
    #[command(flatten)]
    pub tls: TlsConfig,

    /// Addresses of proxies in front of this server, whose X-Forwarded-Proto and X-Forwarded-For
    /// count
    #[arg(
        long = "trusted-proxy",
        env = "BOATHOOK_TRUSTED_PROXIES",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<Cidr>,

    /// Database of countries in the format of MaxMind, for redirect rules that ask for a country
    #[arg(long, env = "BOATHOOK_GEOIP", value_name = "FILE")]
    pub geoip: Option<PathBuf>,

    /// PostgreSQL to use in place of the embedded database
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// S3 bucket to keep blobs in, in place of the data folder
    #[command(flatten)]
    pub s3: S3Config,

    /// Mail
    #[command(flatten)]
    pub mail: MailConfig,

    /// GitHub
    #[command(flatten)]
    pub github: GithubConfig,

    /// reCAPTCHA
    #[command(flatten)]
    pub recaptcha: RecaptchaConfig,

    /// Token of the owner, in place of one that is drawn on the first start
    #[arg(long, env = "BOATHOOK_OWNER_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub owner_token: Option<String>,

    /// E-mail address of the owner
    #[arg(long, env = "BOATHOOK_OWNER_EMAIL", default_value = "owner@localhost", value_name = "EMAIL")]
    pub owner_email: String,

    /// When the event `deploy_created` fires
    #[arg(long, env = "BOATHOOK_DEPLOY_CREATED", default_value = "created", value_name = "WHEN")]
    pub deploy_created: DeployCreated,

    /// Let notifications go to private addresses; loopback is allowed when listening on it
    #[arg(long, env = "BOATHOOK_ALLOW_PRIVATE_TARGETS", value_parser = BoolishValueParser::new())]
    pub allow_private_targets: bool,

    /// Let everybody link repositories on this machine's disk, not only whoever runs the server; everybody
    /// may when listening on loopback
    #[arg(long, env = "BOATHOOK_LOCAL_REPOSITORIES", value_parser = BoolishValueParser::new())]
    pub local_repositories: bool,

    /// Proxy through which notifications leave, with a user name and password before the host if it
    /// wants them
    #[arg(long, env = "BOATHOOK_OUTBOUND_PROXY", value_name = "URL", hide_env_values = true)]
    pub outbound_proxy: Option<url::Url>,

    /// Days for which finished deliveries are kept
    #[arg(long, env = "BOATHOOK_DELIVERY_DAYS", default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub delivery_days: i64,

    /// Finished deliveries that are kept at most
    #[arg(long, env = "BOATHOOK_DELIVERIES_KEPT", default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub deliveries_kept: i64,

    /// Builds at once
    #[arg(long, env = "BOATHOOK_BUILD_CONCURRENCY", default_value_t = 2, value_name = "N")]
    pub build_concurrency: usize,

    /// Longest time of one build, in minutes
    #[arg(long, env = "BOATHOOK_BUILD_MINUTES", default_value_t = 30, value_name = "N")]
    pub build_minutes: u64,

    /// How builds are kept apart from the server
    #[arg(long, env = "BOATHOOK_SANDBOX", default_value = "auto", value_name = "HOW")]
    pub sandbox: Sandbox,

    /// What one build may use, and what is kept of logs
    #[command(flatten)]
    pub build_limits: BuildLimitsConfig,

    /// How builds share the machine
    #[command(flatten)]
    pub build_queue: BuildQueueConfig,

    /// Folder of the builder, which builds with plugins and functions need, in place of one in the
    /// data folder
    #[arg(long, env = "BOATHOOK_BUILDER_DIR", value_name = "DIR")]
    pub builder_dir: Option<PathBuf>,

    /// Seconds a client may take over the head of a request
    #[arg(long, env = "BOATHOOK_HEAD_TIMEOUT", default_value_t = 30, value_name = "SECONDS")]
    pub head_timeout: u64,

    /// Seconds another origin may take to answer a request that a site passes on
    #[arg(long, env = "BOATHOOK_PROXY_TIMEOUT", default_value_t = 26, value_name = "SECONDS")]
    pub proxy_timeout: u64,

    /// API requests a minute and token
    #[arg(long, env = "BOATHOOK_RATE_LIMIT", default_value_t = 3000, value_name = "N")]
    pub rate_limit: u32,
}

/// Whether the riddles of forms are judged; without, forms that ask for one are taken without.
#[derive(Args, Clone, Debug)]
pub struct RecaptchaConfig {
    /// Secret of the key that pages show reCAPTCHA with; forms that ask for it are then taken only
    /// when it was solved
    #[arg(long, env = "BOATHOOK_RECAPTCHA_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub recaptcha_secret: Option<String>,

    /// Address of the service that judges solutions
    #[arg(long, env = "BOATHOOK_RECAPTCHA_URL", default_value = RECAPTCHA_URL, value_name = "URL")]
    pub recaptcha_url: url::Url,
}

/// Where solutions of reCAPTCHA are judged.
const RECAPTCHA_URL: &str = "https://www.google.com/recaptcha/api/siteverify";

/// Where and with which certificates TLS is spoken.
#[derive(Args, Clone, Debug, Default)]
pub struct TlsConfig {
    /// Address and port to listen on for TLS
    #[arg(long, env = "BOATHOOK_TLS_LISTEN", value_name = "ADDR:PORT")]
    pub tls_listen: Option<SocketAddr>,

    /// Certificate with its chain, PEM; may be given several times
    #[arg(
        long,
        env = "BOATHOOK_TLS_CERT",
        value_name = "FILE",
        value_delimiter = ',',
        requires = "tls_listen"
    )]
    pub tls_cert: Vec<PathBuf>,

    /// Key of the certificate at the same place, PEM
    #[arg(long, env = "BOATHOOK_TLS_KEY", value_name = "FILE", value_delimiter = ',', requires = "tls_cert")]
    pub tls_key: Vec<PathBuf>,

    /// Directory of an ACME authority, to order certificates for the domains of sites from
    #[arg(long, env = "BOATHOOK_ACME_DIRECTORY", value_name = "URL", requires = "tls_listen")]
    pub acme_directory: Option<String>,

    /// E-mail address that the authority may write to
    #[arg(long, env = "BOATHOOK_ACME_EMAIL", value_name = "EMAIL", requires = "acme_directory")]
    pub acme_email: Option<String>,

    /// Certificate that the authority itself is known by, PEM, when the system does not know it
    #[arg(long, env = "BOATHOOK_ACME_CA", value_name = "FILE", requires = "acme_directory")]
    pub acme_ca: Option<PathBuf>,
}

/// Where blobs are kept when not in the data folder.
#[derive(Args, Clone, Debug)]
pub struct S3Config {
    /// Bucket; blobs stay in the data folder without it
    #[arg(long = "s3-bucket", env = "BOATHOOK_S3_BUCKET", value_name = "NAME")]
    pub bucket: Option<String>,

    /// Address of the service, when it is not the region's own
    #[arg(long = "s3-endpoint", env = "BOATHOOK_S3_ENDPOINT", value_name = "URL")]
    pub endpoint: Option<String>,

    /// Region
    #[arg(long = "s3-region", env = "BOATHOOK_S3_REGION", default_value = "us-east-1", value_name = "NAME")]
    pub region: String,

    /// Access key
    #[arg(
        long = "s3-access-key",
        env = "BOATHOOK_S3_ACCESS_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub access_key: Option<String>,

    /// Secret key
    #[arg(
        long = "s3-secret-key",
        env = "BOATHOOK_S3_SECRET_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub secret_key: Option<String>,
}

/// How mail is sent; without, hooks of the type `email` send none and owners get none.
#[derive(Args, Clone, Debug, Default)]
pub struct MailConfig {
    /// Mail server: smtp://user:pass@host:port with ?tls=starttls (the rule), ?tls=required or
    /// ?tls=none, or smtps://...
    #[arg(
        long,
        env = "BOATHOOK_SMTP_URL",
        value_name = "URL",
        hide_env_values = true,
        requires = "mail_from"
    )]
    pub smtp_url: Option<String>,

    /// Sender of mails: an address, or Name <address>
    #[arg(long, env = "BOATHOOK_MAIL_FROM", value_name = "SENDER")]
    pub mail_from: Option<String>,

    /// Certificate that the mail server is known by, PEM, when the system does not know it
    #[arg(long, env = "BOATHOOK_SMTP_CA", value_name = "FILE", requires = "smtp_url")]
    pub smtp_ca: Option<PathBuf>,
}

impl MailConfig {
    /// Settings of mail, when a server is named.
    ///
    /// # Errors
    /// A sentence that names the variable and repeats no secret.
    pub fn settings(&self) -> Result<Option<MailSettings>, String> {
        let Some(url) = &self.smtp_url else { return Ok(None) };
        let from =
            self.mail_from.as_deref().ok_or("BOATHOOK_SMTP_URL is set, but BOATHOOK_MAIL_FROM is not")?;
        let mut mail = MailSettings::parse(url, from).map_err(|why| format!("BOATHOOK_SMTP_URL: {why}"))?;
        if let Some(file) = &self.smtp_ca {
            let read =
                std::fs::read(file).map_err(|why| format!("BOATHOOK_SMTP_CA: {}: {why}", file.display()));
            mail.ca = Some(read?);
        }
        hooks::check_mail(&mail)?;
        Ok(Some(mail))
    }
}

/// How GitHub is told by hooks of the types `github_app_*` that bring no token of their own.
#[derive(Args, Clone, Debug)]
pub struct GithubConfig {
    /// Token for GitHub. Whoever may make hooks can have it tell of any repository it reaches
    #[arg(long, env = "BOATHOOK_GITHUB_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub github_token: Option<String>,

    /// Root of the API that the token is for, when it is not https://api.github.com
    #[arg(long, env = "BOATHOOK_GITHUB_API_URL", value_name = "URL", requires = "github_token")]
    pub github_api_url: Option<url::Url>,
}

impl GithubConfig {
    pub(crate) fn settings(&self) -> GithubSettings {
        let token = self.github_token.clone().filter(|token| !token.is_empty());
        GithubSettings { token, api_url: self.github_api_url.as_ref().map(url::Url::to_string) }
    }
}

/// Meaning of the event `deploy_created`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeployCreated {
    /// The deploy was made
    Created,
    /// The deploy is live, as the hosted service fires it
    Live,
}

/// How builds are kept apart from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sandbox {
    /// By the strongest means that work here
    Auto,
    /// By bubblewrap, or there are no builds
    Strict,
    /// By landlock, or there are no builds
    Landlock,
    /// Not at all: for a machine of a single user
    Off,
}

impl Default for Config {
    /// What holds when no flag is given, whatever the environment says.
    fn default() -> Self {
        let flags = Self::augment_args(Command::new("serve")).mut_args(|arg| arg.env(None::<&str>));
        let given = flags.try_get_matches_from(["serve"]);
        given.and_then(|given| Self::from_arg_matches(&given)).expect("no flag must be given")
    }
}

impl Config {
    /// Public addresses of a server that listens on `port`.
    #[must_use]
    pub fn addresses(&self, port: u16) -> Addresses {
        let (scheme, host, port) = match &self.url {
            Some(url) => (url.scheme(), url.host_str().unwrap_or("localhost"), url.port()),
            None => ("http", "localhost", Some(port)),
        };
        Addresses {
            scheme: scheme.to_owned(),
            control_host: host.to_owned(),
            site_domain: self.site_domain.clone().unwrap_or_else(|| host.to_owned()).to_ascii_lowercase(),
            port: port.filter(|port| !matches!((scheme, port), ("http", 80) | ("https", 443))),
        }
    }

    /// The bucket, when one is named.
    ///
    /// # Errors
    /// A sentence that says which key is missing.
    pub fn s3(&self) -> Result<Option<S3Settings>, String> {
        let Some(bucket) = &self.s3.bucket else { return Ok(None) };
        let need = |value: &Option<String>, name: &str| {
            value.clone().ok_or_else(|| format!("a bucket is named, but {name} is not set"))
        };
        Ok(Some(S3Settings {
            endpoint: self.s3.endpoint.clone(),
            region: self.s3.region.clone(),
            bucket: bucket.clone(),
            access_key: need(&self.s3.access_key, "BOATHOOK_S3_ACCESS_KEY")?,
            secret_key: need(&self.s3.secret_key, "BOATHOOK_S3_SECRET_KEY")?,
        }))
    }

    /// Rules of builds on a server with this data folder.
    pub(crate) fn build_policy(&self, data: &Path) -> context::BuildPolicy {
        context::BuildPolicy {
            work_dir: data.join("builds"),
            concurrency: self.build_concurrency.max(1),
            time_limit: Duration::from_secs(self.build_minutes.max(1) * 60),
            spare: SPARE,
            sandbox: match self.sandbox {
                Sandbox::Auto => context::Sandbox::Auto,
                Sandbox::Strict => context::Sandbox::Strict,
                Sandbox::Landlock => context::Sandbox::Landlock,
                Sandbox::Off => context::Sandbox::Off,
            },
            limits: self.build_limits.limits(),
            logs: self.build_limits.logs(),
            queue: self.build_queue.policy(),
            builder: self.builder_dir.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: Option<&str>, from: Option<&str>, ca: Option<&str>, expect: Result<bool, &str>) {
        let mail = MailConfig {
            smtp_url: url.map(str::to_owned),
            mail_from: from.map(str::to_owned),
            smtp_ca: ca.map(PathBuf::from),
        };
        let got = mail.settings().map(|settings| settings.is_some());
        match (&got, expect) {
            (Err(got), Err(expect)) => assert!(got.starts_with(expect) && !got.contains("s3cret"), "{got}"),
            (got, expect) => assert_eq!(got.clone().ok(), expect.ok(), "{got:?}"),
        }
    }

    #[test]
    fn a_server_is_found_where_it_listens_or_where_its_url_says() {
        for (url, domain, expect) in [
            (None, None, "http localhost localhost 8888"),
            (None, Some("Sites.Example"), "http localhost sites.example 8888"),
            (Some("https://boat.example"), None, "https boat.example boat.example -"),
            (Some("https://boat.example:443"), None, "https boat.example boat.example -"),
            (Some("https://boat.example:8443/x"), None, "https boat.example boat.example 8443"),
            (Some("http://boat.example:80"), Some("s.example"), "http boat.example s.example -"),
        ] {
            let url = url.map(|url: &str| url.parse().expect("an address"));
            let config = Config { url, site_domain: domain.map(str::to_owned), ..Config::default() };
            let Addresses { scheme, control_host, site_domain, port } = config.addresses(8888);
            let port = port.map_or("-".to_owned(), |port| port.to_string());
            assert_eq!(format!("{scheme} {control_host} {site_domain} {port}"), expect);
        }
    }

    #[test]
    fn a_bucket_needs_both_keys() {
        let bucket = |access: Option<&str>, secret: Option<&str>| {
            let mut config = Config::default();
            config.s3.bucket = Some("sites".to_owned());
            config.s3.access_key = access.map(str::to_owned);
            config.s3.secret_key = secret.map(str::to_owned);
            config.s3().map(|found| found.map(|s3| (s3.bucket, s3.region)))
        };
        let whole = Ok(Some(("sites".to_owned(), "us-east-1".to_owned())));
        assert_eq!(bucket(Some("key"), Some("secret")), whole);
        let lacks = |name| Err(format!("a bucket is named, but {name} is not set"));
        assert_eq!(bucket(None, Some("secret")), lacks("BOATHOOK_S3_ACCESS_KEY"));
        assert_eq!(bucket(Some("key"), None), lacks("BOATHOOK_S3_SECRET_KEY"));
        assert_eq!(Config::default().s3().map(|found| found.is_none()), Ok(true));
    }

    #[test]
    fn mail_is_set_up_whole_or_not_at_all() {
        let (url, from) = (Some("smtp://ann:s3cret@mail.example.org"), Some("Hooks <hooks@example.org>"));
        check(None, None, None, Ok(false));
        check(None, from, None, Ok(false));
        check(url, from, None, Ok(true));
        check(url, None, None, Err("BOATHOOK_SMTP_URL is set, but BOATHOOK_MAIL_FROM is not"));
        check(url, Some("nobody"), None, Err("BOATHOOK_MAIL_FROM: "));
        check(
            Some("http://ann:s3cret@mail.example.org"),
            from,
            None,
            Err("BOATHOOK_SMTP_URL: it must begin with"),
        );
        check(url, from, Some("/nowhere.pem"), Err("BOATHOOK_SMTP_CA: /nowhere.pem: "));
        check(url, from, Some("/dev/null"), Err("BOATHOOK_SMTP_CA: there is no certificate"));
    }
}
