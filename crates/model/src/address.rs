//! Where things are found: addresses of the API, of sites and of permalinks, and the way back from
//! a Host header to what it names.

use crate::ids::is_hex24;

/// The public addresses of one server. Sites live under `site_domain`; the API and the dashboard
/// under `control`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// `http` or `https`.
    pub scheme: String,
    /// Host name of the API and the dashboard, without a port.
    pub control_host: String,
    /// Domain whose subdomains are sites, without a port.
    pub site_domain: String,
    /// The port that belongs into URLs; none when it is the scheme's own.
    pub port: Option<u16>,
}

/// What a host name under the site domain asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostTarget {
    /// `<site>`: the published deploy.
    Live(String),
    /// `<24 hex>--<site>`: one immutable deploy.
    Permalink {
        /// Deploy id.
        deploy: String,
        /// Site name.
        site: String,
    },
    /// `<alias>--<site>`: the newest ready deploy of a branch, alias or preview.
    Alias {
        /// The label before `--`.
        alias: String,
        /// Site name.
        site: String,
    },
    /// The API and the dashboard.
    Control,
    /// Any other name: a custom domain, or nobody.
    Other(String),
}

impl Addresses {
    fn port_suffix(&self) -> String {
        self.port.map(|port| format!(":{port}")).unwrap_or_default()
    }

    /// Root of the API and the dashboard, no slash at the end.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.control_host, self.port_suffix())
    }

    /// Root of the Netlify-compatible API: what `NETLIFY_API_URL` should be.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api/v1", self.control_url())
    }

    /// Address of a site's published deploy under the site domain.
    #[must_use]
    pub fn site_url(&self, name: &str) -> String {
        format!("{}://{name}.{}{}", self.scheme, self.site_domain, self.port_suffix())
    }

    /// Address of a deploy or alias of a site.
    #[must_use]
    pub fn deploy_url(&self, prefix: &str, name: &str) -> String {
        format!("{}://{prefix}--{name}.{}{}", self.scheme, self.site_domain, self.port_suffix())
    }

    /// Address on a site's own domain.
    #[must_use]
    pub fn domain_url(&self, domain: &str) -> String {
        format!("{}://{domain}{}", self.scheme, self.port_suffix())
    }

    /// Where visitors find a site: its own domain when it has one, else under the site domain.
    #[must_use]
    pub fn primary_url(&self, name: &str, custom_domain: Option<&str>) -> String {
        custom_domain.map_or_else(|| self.site_url(name), |domain| self.domain_url(domain))
    }

    /// Page of a site in the dashboard.
    #[must_use]
    pub fn admin_url(&self, name: &str) -> String {
        format!("{}/sites/{name}", self.control_url())
    }

    /// What a client calls a site by: its name where the address under the site domain is given, as
    /// `blog.localhost` for `blog`, else the same text.
    #[must_use]
    pub fn site_key(&self, key: &str) -> String {
        match self.target(key) {
            HostTarget::Live(name) => name,
            _ => key.to_owned(),
        }
    }

    /// What the value of a Host header names. Case and port are ignored; a literal address is the
    /// control host, so that a server on loopback answers by number too.
    #[must_use]
    pub fn target(&self, host: &str) -> HostTarget {
        let host = host_name(host);
        if host == self.control_host || host.is_empty() || is_address(&host) {
            return HostTarget::Control;
        }
        let label = host.strip_suffix(&self.site_domain).and_then(|rest| rest.strip_suffix('.'));
        match label {
            Some(label) if !label.contains('.') => label_target(label),
            _ => HostTarget::Other(host),
        }
    }
}

fn label_target(label: &str) -> HostTarget {
    match label.rsplit_once("--") {
        Some((deploy, site)) if is_hex24(deploy) => {
            HostTarget::Permalink { deploy: deploy.to_owned(), site: site.to_owned() }
        }
        Some((alias, site)) if !alias.is_empty() => {
            HostTarget::Alias { alias: alias.to_owned(), site: site.to_owned() }
        }
        _ => HostTarget::Live(label.to_owned()),
    }
}

fn host_name(host: &str) -> String {
    let bare = match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    bare.trim_end_matches('.').to_ascii_lowercase()
}

fn is_address(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Addresses {
        Addresses {
            scheme: "http".into(),
            control_host: "localhost".into(),
            site_domain: "localhost".into(),
            port: Some(8888),
        }
    }

    #[test]
    fn urls_carry_the_port() {
        let a = local();
        assert_eq!(a.api_url(), "http://localhost:8888/api/v1");
        assert_eq!(a.site_url("blog"), "http://blog.localhost:8888");
        assert_eq!(a.deploy_url("feat", "blog"), "http://feat--blog.localhost:8888");
        assert_eq!(a.admin_url("blog"), "http://localhost:8888/sites/blog");
        let public = Addresses { scheme: "https".into(), port: None, ..local() };
        assert_eq!(public.site_url("blog"), "https://blog.localhost");
    }

    #[test]
    fn hosts_name_their_target() {
        let id = "695735a5abababababababab";
        let permalink = HostTarget::Permalink { deploy: id.into(), site: "blog".into() };
        let alias = |alias: &str| HostTarget::Alias { alias: alias.into(), site: "blog".into() };
        for (host, expect) in [
            ("localhost:8888", HostTarget::Control),
            ("127.0.0.1:8888", HostTarget::Control),
            ("[::1]:8888", HostTarget::Control),
            ("", HostTarget::Control),
            ("blog.localhost:8888", HostTarget::Live("blog".into())),
            ("BLOG.localhost.", HostTarget::Live("blog".into())),
            (&format!("{id}--blog.localhost"), permalink),
            ("feat--blog.localhost", alias("feat")),
            ("a--b--blog.localhost", alias("a--b")),
            ("deploy-preview-7--blog.localhost", alias("deploy-preview-7")),
            ("a.b.localhost", HostTarget::Other("a.b.localhost".into())),
            ("www.example.org", HostTarget::Other("www.example.org".into())),
            ("notlocalhost", HostTarget::Other("notlocalhost".into())),
        ] {
            assert_eq!(local().target(host), expect, "{host}");
        }
    }
}
