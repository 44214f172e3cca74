//! Where a site's repository is, and which of the ways that Git knows are let through.

use model::BuildSettings;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use url::{Host, Position, Url};

/// Transports that Git may use, also after a redirect. `ext::` and remote helpers run commands.
pub(super) const NETWORK: &str = "https:ssh:git";
/// The same for a repository that is read by http: nothing leads from https to it.
const PLAIN: &str = "http:https:ssh:git";
/// The same for a repository on this machine.
const LOCAL: &str = "file:https:ssh:git";
/// Longest address of a repository, in bytes.
pub(crate) const ADDRESS_MAX: usize = 2048;

/// Characters that must be escaped in the path of a `file://` address, which Git decodes.
const PATH: &AsciiSet = &CONTROLS.add(b'%').add(b' ').add(b'?').add(b'#');

/// How addresses are completed with credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    /// How addresses begin that have them: `https://user:password@host/`.
    pub(super) with: String,
    /// The same beginning without them.
    pub(super) without: String,
}

/// A host that programs dial by themselves: ssh, and Git for `git://`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dialled {
    /// Whether it is dialled by ssh.
    pub(super) ssh: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// How addresses of it begin, those of `git://`.
    pub(super) start: String,
}

impl Dialled {
    /// How an address begins that leads there without a name, and what it stands for. Of ssh, the name is
    /// needed, since a host is known by it.
    pub(super) fn instead(&self, address: IpAddr) -> Option<(String, String)> {
        let with = format!("git://{}/", SocketAddr::new(address, self.port));
        (!self.ssh).then(|| (with, self.start.clone()))
    }
}

/// A repository that may be cloned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// What Git is given. May hold a password.
    pub(crate) address: String,
    /// The same without user name and password: for logs, and for `REPOSITORY_URL`.
    pub(crate) public: String,
    /// The password in the address.
    pub(crate) password: Option<String>,
    /// The folder, when the repository is on this machine.
    pub(crate) local: Option<PathBuf>,
    /// Whether it is reached by ssh.
    pub(crate) ssh: bool,
    /// What is written into the checkout: the address without what is secret.
    pub(super) remote: String,
    /// What makes the address of that.
    pub(super) login: Option<Login>,
    /// Whether it is read by http, which hides nothing on the way.
    plain: bool,
}

impl Source {
    /// The repository of a site: its URL, or else its path, which for the known providers is
    /// `owner/name`.
    ///
    /// # Errors
    /// A sentence for the site's owner.
    pub(crate) fn of(build: &BuildSettings) -> Result<Self, String> {
        let written = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned)
        };
        if let Some(source) = Self::by_key(build) {
            return source;
        }
        if let Some(url) = written(&build.repo_url) {
            return Self::parse(&url);
        }
        let path = written(&build.repo_path).ok_or("the site is not linked to a repository")?;
        match build.provider.as_deref().and_then(host_of) {
            Some(host) if is_owner_and_name(&path) => Self::parse(&format!("https://{host}/{path}")),
            // what `init` of newer command lines leaves of an address
            _ if !path.starts_with('/') && is_owner_and_name(&path) => Err(format!(
                "the site is linked to `{path}` without its host; set repo_url to what is to be cloned"
            )),
            _ => Self::parse(&path),
        }
    }

    /// A repository of a known host for which the site has a deploy key: the key works by ssh alone,
    /// while what people see stays the page.
    fn by_key(build: &BuildSettings) -> Option<Result<Self, String>> {
        build.deploy_key_id.as_deref().filter(|id| !id.is_empty())?;
        let host = build.provider.as_deref().and_then(host_of)?;
        let path = build.repo_path.as_deref().map(str::trim).filter(|path| is_owner_and_name(path))?;
        let page = format!("https://{host}/{path}");
        if build.repo_url.as_deref().is_some_and(|url| !url.trim().is_empty() && url.trim() != page) {
            return None;
        }
        Some(Self::parse(&format!("git@{host}:{path}.git")).map(|source| Self { public: page, ..source }))
    }

    /// Transports that Git may use for it.
    pub(crate) fn protocols(&self) -> &'static str {
        match (&self.local, self.plain) {
            (Some(_), _) => LOCAL,
            (None, true) => PLAIN,
            (None, false) => NETWORK,
        }
    }

    /// The host that is dialled without a gate. Of addresses for http, Git asks the gate.
    pub(super) fn dialled(&self) -> Option<Dialled> {
        if !self.remote.contains("://") {
            let host = self.remote.split(':').next()?.rsplit('@').next()?.to_owned();
            return Some(Dialled { ssh: true, host, port: 22, start: String::new() });
        }
        let url = Url::parse(&self.remote).ok()?;
        let port = match url.scheme() {
            "ssh" => 22,
            "git" => 9418,
            _ => return None,
        };
        let start = format!("{}/", &url[..Position::BeforePath]);
        Some(Dialled { ssh: self.ssh, host: bare_host(&url)?, port: url.port().unwrap_or(port), start })
    }

    /// The host of an address for http.
    pub(super) fn host(&self) -> Option<String> {
        let url = Url::parse(&self.remote).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        bare_host(&url)
    }

    /// A fork of this repository: somebody else named its address. The credentials for this repository are
    /// shown to its host alone.
    pub(super) fn fork(&self, address: &str) -> Result<Self, String> {
        let fork = Self::parse(address)?;
        if fork.local.is_some() || fork.password.is_some() || (fork.plain && !self.plain) {
            return Err("the address of the fork is none that is fetched from".to_owned());
        }
        let login = self.login.clone().filter(|login| fork.remote.starts_with(&login.without));
        Ok(Self { login, ..fork })
    }

    /// Reads an address: an absolute path, `file://`, `https://`, `http://`, `ssh://`, `git://` or
    /// `user@host:path`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refused = |why: &str| Err(format!("the repository address {why}"));
        if text.len() > ADDRESS_MAX {
            return refused(&format!("is longer than {ADDRESS_MAX} bytes"));
        }
        if text.starts_with('-') || names_helper(text) || text.chars().any(char::is_control) {
            return refused("holds something that Git would not take as an address");
        }
        if text.starts_with('/') {
            return Ok(Self::local(Path::new(text)));
        }
        if text.contains("://") {
            return Self::url(text);
        }
        if is_scp_like(text) {
            let public = text.rsplit_once('@').map_or(text, |(_, rest)| rest).to_owned();
            return Ok(Self {
                address: text.to_owned(),
                remote: text.to_owned(),
                public,
                password: None,
                local: None,
                ssh: true,
                login: None,
                plain: false,
            });
        }
        refused("must be an absolute path, file://, https://, http://, ssh://, git:// or user@host:path")
    }

    fn local(path: &Path) -> Self {
        let address = format!("file://{}", utf8_percent_encode(&path.to_string_lossy(), PATH));
        Self {
            public: address.clone(),
            remote: address.clone(),
            address,
            password: None,
            local: Some(path.to_owned()),
            ssh: false,
            login: None,
            plain: false,
        }
    }

    fn url(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("the repository address is no URL: {error}"))?;
        match url.scheme() {
            "file" => {
                let path = url
                    .to_file_path()
                    .map_err(|()| "a file:// address needs an absolute path and no host")?;
                return Ok(Self::local(&path));
            }
            "http" if !url.username().is_empty() || url.password().is_some() => {
                return Err("http:// shows a password to everybody on the way; use https://".to_owned());
            }
            "https" | "http" | "ssh" | "git" => {}
            other => return Err(format!("repositories are not read by {other}://")),
        }
        if url.host_str().is_none_or(|host| host.is_empty() || host.starts_with('-')) {
            return Err("the repository address names no host".to_owned());
        }
        if matches!(url.scheme(), "ssh" | "git") && !bare_host(&url).is_some_and(|host| is_plain(&host)) {
            return Err("the repository address names a host that ssh would not take".to_owned());
        }
        let mut public = url.clone();
        // both can only fail for addresses without a host
        let _ = public.set_username("");
        let _ = public.set_password(None);
        let https = url.scheme() == "https";
        let secret = url.password().or((https && !url.username().is_empty()).then_some(url.username()));
        // who logs in by ssh is part of the address, with what key is not
        let mut remote = if url.scheme() == "ssh" { url.clone() } else { public.clone() };
        let _ = remote.set_password(None);
        Ok(Self {
            address: text.to_owned(),
            login: (https && secret.is_some()).then(|| login(&url, &public)),
            remote: remote.to_string(),
            password: secret.map(str::to_owned),
            local: None,
            ssh: url.scheme() == "ssh",
            plain: url.scheme() == "http",
            public: public.to_string(),
        })
    }
}

/// How addresses at this host begin, with credentials and without.
fn login(url: &Url, public: &Url) -> Login {
    let start = |url: &Url| format!("{}/", &url[..Position::BeforePath]);
    Login { with: start(url), without: start(public) }
}

/// The host of an address, an IPv6 one without its brackets.
fn bare_host(url: &Url) -> Option<String> {
    url.host().map(|host| match host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    })
}

/// Whether a host is a name or an address and nothing that a configuration could take for more.
fn is_plain(host: &str) -> bool {
    !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:".contains(c))
}

fn host_of(provider: &str) -> Option<&'static str> {
    match provider {
        "github" => Some("github.com"),
        "gitlab" => Some("gitlab.com"),
        "bitbucket" => Some("bitbucket.org"),
        _ => None,
    }
}

fn is_owner_and_name(path: &str) -> bool {
    !path.starts_with('/') && !path.contains(':') && path.contains('/')
}

/// Whether a program for the address is named before it: `ext::` runs any command.
fn names_helper(text: &str) -> bool {
    let scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    text.split_once("::").is_some_and(|(before, _)| before.chars().all(scheme))
}

/// `[user@]host:path`, the short form of ssh.
fn is_scp_like(text: &str) -> bool {
    let Some((login, path)) = text.split_once(':') else { return false };
    let host = login.rsplit_once('@').map_or(login, |(_, host)| host);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let user = login.rsplit_once('@').map_or("git", |(user, _)| user);
    !path.is_empty()
        && !host.is_empty()
        && !host.starts_with('-')
        && host.chars().all(plain)
        && !user.is_empty()
        && !user.starts_with('-')
        && user.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_let_through() {
        for (text, address, public, ssh) in [
            ("/srv/git/a b.git", "file:///srv/git/a%20b.git", "file:///srv/git/a%20b.git", false),
            ("file:///srv/a.git", "file:///srv/a.git", "file:///srv/a.git", false),
            ("https://example.org/a/b", "https://example.org/a/b", "https://example.org/a/b", false),
            ("https://me:pw@example.org/a", "https://me:pw@example.org/a", "https://example.org/a", false),
            ("ssh://git@example.org:22/a", "ssh://git@example.org:22/a", "ssh://example.org:22/a", true),
            ("git://example.org/a", "git://example.org/a", "git://example.org/a", false),
            ("git@example.org:a/b.git", "git@example.org:a/b.git", "example.org:a/b.git", true),
            ("http://10.0.0.1:3000/a", "http://10.0.0.1:3000/a", "http://10.0.0.1:3000/a", false),
            ("https://[fd00::1]/a", "https://[fd00::1]/a", "https://[fd00::1]/a", false),
        ] {
            let source = Source::parse(text).expect(text);
            assert_eq!(
                (source.address.as_str(), source.public.as_str(), source.ssh),
                (address, public, ssh),
                "{text}"
            );
        }
        let password = Source::parse("https://me:pw@example.org/a").ok().and_then(|s| s.password);
        assert_eq!(password.as_deref(), Some("pw"));
    }

    #[test]
    fn addresses_that_are_refused() {
        for text in [
            "",
            "relative/path",
            "ext::sh -c id",
            "http://me:pw@example.org/a",
            "http://token@example.org/a",
            "ftp://example.org/a",
            "--upload-pack=id",
            "-oProxyCommand=id:x",
            "ssh://-oProxyCommand=id/x",
            "git@-host:x",
            "-u@host:x",
            "host:",
            ":x",
            "a b:c",
            "fd::17/x",
            "::x",
            "ssh://git@*/x",
            "ssh://git@a%20b/x",
            "git://a,b/x",
            "file://host/share",
            "https://",
            "https://example.org/a\nb",
            "javascript:alert(1)\0",
        ] {
            assert!(Source::parse(text).is_err(), "{text:?}");
        }
        assert!(Source::parse(&format!("/{}", "a".repeat(ADDRESS_MAX))).is_err());
        assert!(Source::parse(&format!("/{}", "a".repeat(ADDRESS_MAX - 1))).is_ok());
    }

    #[test]
    fn what_is_secret_stays_out_of_the_checkout() {
        for (text, remote, with, secret) in [
            (
                "https://me:pw@h.example:1/a",
                "https://h.example:1/a",
                Some("https://me:pw@h.example:1/"),
                Some("pw"),
            ),
            (
                "https://token@h.example/a",
                "https://h.example/a",
                Some("https://token@h.example/"),
                Some("token"),
            ),
            ("https://h.example/a", "https://h.example/a", None, None),
            ("ssh://git:pw@h.example/a", "ssh://git@h.example/a", None, Some("pw")),
            ("git@h.example:a", "git@h.example:a", None, None),
        ] {
            let source = Source::parse(text).expect(text);
            let login = source.login.as_ref().map(|login| login.with.as_str());
            assert_eq!((source.remote.as_str(), login, source.password.as_deref()), (remote, with, secret));
        }
    }

    #[test]
    fn what_dials_without_a_gate_is_known() {
        for (text, expect) in [
            ("https://h.example/x", None),
            ("/srv/x", None),
            ("git@h.example:x", Some((true, "h.example", 22, ""))),
            ("ssh://git@h.example:2222/x", Some((true, "h.example", 2222, "ssh://git@h.example:2222/"))),
            ("ssh://[fd00::1]/x", Some((true, "fd00::1", 22, "ssh://[fd00::1]/"))),
            ("git://h.example/x", Some((false, "h.example", 9418, "git://h.example/"))),
        ] {
            let dialled = Source::parse(text).expect(text).dialled();
            let got = dialled.as_ref().map(|it| (it.ssh, it.host.as_str(), it.port, it.start.as_str()));
            assert_eq!(got, expect, "{text}");
        }
    }

    #[test]
    fn a_fork_is_read_with_the_credentials_for_its_own_host_alone() {
        for (own, fork, expect) in [
            ("https://t@h.example/o/r", "https://h.example/m/r.git", Some(true)),
            ("https://t@h.example/o/r", "https://h.example.evil/m/r.git", Some(false)),
            ("https://t@h.example/o/r", "http://h.example/m/r.git", None),
            ("https://h.example/o/r", "https://h.example/m/r.git", Some(false)),
            ("http://h.example/o/r", "http://h.example/m/r.git", Some(false)),
            ("git@h.example:o/r", "https://h.example/m/r.git", Some(false)),
            ("https://h.example/o/r", "/srv/r", None),
            ("https://h.example/o/r", "https://me:pw@h.example/m/r", None),
        ] {
            let fork = Source::parse(own).expect(own).fork(fork);
            assert_eq!(fork.ok().map(|fork| fork.login.is_some()), expect, "{own}");
        }
    }

    #[test]
    fn transports_depend_on_the_repository() {
        for (text, expect) in [
            ("/srv/x", "file:https:ssh:git"),
            ("https://h/x", "https:ssh:git"),
            ("git@h:x", "https:ssh:git"),
            ("http://h/x", "http:https:ssh:git"),
        ] {
            assert_eq!(Source::parse(text).expect(text).protocols(), expect);
        }
    }

    #[test]
    fn a_deploy_key_reads_a_known_host_by_ssh() {
        let settings = |text: &str| serde_json::from_str::<BuildSettings>(text).expect("settings");
        for (text, address, public) in [
            (
                r#"{"provider":"github","repo_path":"o/r","deploy_key_id":"k","repo_url":"https://github.com/o/r"}"#,
                "git@github.com:o/r.git",
                "https://github.com/o/r",
            ),
            (
                r#"{"provider":"github","repo_path":"o/r","deploy_key_id":"k","repo_url":"https://mirror/o/r"}"#,
                "https://mirror/o/r",
                "https://mirror/o/r",
            ),
            (
                r#"{"provider":"github","repo_path":"o/r","repo_url":"https://github.com/o/r"}"#,
                "https://github.com/o/r",
                "https://github.com/o/r",
            ),
            (
                r#"{"provider":"manual","repo_path":"git@h:o/r","deploy_key_id":"k","repo_url":"git@h:o/r"}"#,
                "git@h:o/r",
                "h:o/r",
            ),
        ] {
            let source = Source::of(&settings(text)).expect(text);
            assert_eq!((source.address.as_str(), source.public.as_str()), (address, public), "{text}");
        }
    }

    #[test]
    fn a_site_names_its_repository_by_url_or_path() {
        let settings = |provider: Option<&str>, path: Option<&str>, url: Option<&str>| BuildSettings {
            provider: provider.map(Into::into),
            repo_path: path.map(Into::into),
            repo_url: url.map(Into::into),
            ..BuildSettings::default()
        };
        for (build, expect) in [
            (settings(Some("github"), Some("o/n"), None), Some("https://github.com/o/n")),
            (
                settings(Some("github"), Some("o/n"), Some("https://git.example/x")),
                Some("https://git.example/x"),
            ),
            (settings(Some("gitlab"), Some("g/s/n"), None), Some("https://gitlab.com/g/s/n")),
            (settings(Some("manual"), Some("git@h:o/n"), None), Some("git@h:o/n")),
            (settings(None, Some("/srv/x"), Some("  ")), Some("file:///srv/x")),
            (settings(None, Some("o/n"), None), None),
            (settings(None, None, None), None),
        ] {
            assert_eq!(Source::of(&build).ok().map(|s| s.address).as_deref(), expect, "{build:?}");
        }
    }
}
