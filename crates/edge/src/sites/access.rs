//! Who may see a site at an address, and at which address it wants to be seen. Made when a host is
//! looked up; a site that asks for nothing of this has none of it.

use model::{DeployContext, HostTarget};
use signing::sha256_hex;
use store::sites::SiteInfo;

/// Digits that tell one password of a site from the next.
const VERSION_DIGITS: usize = 32;

/// Demands of a site on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The domain that visitors of this host are sent on to.
    pub(crate) primary: Option<Box<str>>,
    /// Whether plain http is sent on to https.
    pub(crate) force_https: bool,
    /// The password.
    pub(crate) guard: Option<Guard>,
}

/// A password that guards what is found at a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    /// Its hash.
    pub(crate) hash: Box<str>,
    /// Names this password: another one, or the same set again, has another version.
    pub(crate) version: Box<str>,
}

impl Access {
    /// What a site asks of visitors of `host`, none when it asks nothing. `own_rules` says that the
    /// deploy has redirect rules for this host: they decide where its visitors go.
    pub(crate) fn of(
        target: &HostTarget,
        host: &str,
        info: &SiteInfo,
        context: DeployContext,
        own_rules: bool,
    ) -> Option<Box<Self>> {
        let own = matches!(target, HostTarget::Live(_) | HostTarget::Other(_));
        let access = Self {
            primary: primary(target, host, info).filter(|_| !own_rules).map(Into::into),
            force_https: own && info.force_ssl == Some(true),
            guard: Guard::of(info, context),
        };
        let asks = access.primary.is_some() || access.force_https || access.guard.is_some();
        asks.then(|| Box::new(access))
    }
}

/// Every domain of the site's own leads to the primary one; its name under the site domain goes on
/// answering, since that is how a site is reached before the domain's DNS leads here.
fn primary<'a>(target: &HostTarget, host: &str, info: &'a SiteInfo) -> Option<&'a str> {
    let primary = info.custom_domain.as_deref()?;
    let own = matches!(target, HostTarget::Other(_)) && !primary.eq_ignore_ascii_case(host);
    own.then_some(primary)
}

impl Guard {
    fn of(info: &SiteInfo, context: DeployContext) -> Option<Self> {
        let hash = info.password_hash.as_deref()?;
        if info.password_spares_production && context == DeployContext::Production {
            return None;
        }
        let mut version = sha256_hex(hash.as_bytes());
        version.truncate(VERSION_DIGITS);
        Some(Self { hash: hash.into(), version: version.into() })
    }
}

/// What a label in front of a domain for branch deploys or deploy previews leads to: the alias.
pub(crate) fn alias_at<'a>(label: &'a str, domain: &str, info: &SiteInfo) -> Option<&'a str> {
    let is = |named: &Option<String>| named.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(domain));
    let found = if label.starts_with("deploy-preview-") {
        is(&info.deploy_preview_custom_domain)
    } else {
        is(&info.branch_deploy_custom_domain)
    };
    found.then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> SiteInfo {
        SiteInfo {
            custom_domain: Some("www.example.org".into()),
            domain_aliases: vec!["example.net".into()],
            branch_deploy_custom_domain: Some("dev.example.org".into()),
            deploy_preview_custom_domain: Some("previews.example.org".into()),
            ..SiteInfo::default()
        }
    }

    fn targets() -> [(&'static str, HostTarget, Option<&'static str>); 6] {
        let site = || "blog".to_owned();
        let primary = Some("www.example.org");
        [
            ("www.example.org", HostTarget::Other("www.example.org".into()), None),
            ("example.net", HostTarget::Other("example.net".into()), primary),
            ("example.org", HostTarget::Other("example.org".into()), primary),
            ("blog.localhost", HostTarget::Live(site()), None),
            ("x--blog.localhost", HostTarget::Alias { alias: "x".into(), site: site() }, None),
            ("y--blog.localhost", HostTarget::Permalink { deploy: "y".into(), site: site() }, None),
        ]
    }

    #[test]
    fn a_site_that_asks_nothing_has_nothing() {
        let target = HostTarget::Live("blog".into());
        let access =
            Access::of(&target, "blog.localhost", &SiteInfo::default(), DeployContext::Production, false);
        assert_eq!(access, None);
    }

    #[test]
    fn own_domains_lead_to_the_primary_one_and_no_other_host_does() {
        for (host, target, expect) in targets() {
            let primary = |own_rules| {
                let access = Access::of(&target, host, &info(), DeployContext::Production, own_rules);
                access.and_then(|access| access.primary)
            };
            assert_eq!(primary(false).as_deref(), expect, "{host}");
            assert_eq!(primary(true), None, "{host}");
        }
    }

    #[test]
    fn https_is_forced_on_the_sites_own_addresses() {
        let info = SiteInfo { force_ssl: Some(true), ..info() };
        for (host, target, _) in targets() {
            let forced = Access::of(&target, host, &info, DeployContext::Production, false)
                .is_some_and(|access| access.force_https);
            assert_eq!(forced, !host.contains("--"), "{host}");
        }
    }

    #[test]
    fn a_password_guards_all_or_all_but_production() {
        let target = HostTarget::Live("blog".into());
        for (spares, context, expect) in [
            (false, DeployContext::Production, true),
            (false, DeployContext::DeployPreview, true),
            (true, DeployContext::Production, false),
            (true, DeployContext::DeployPreview, true),
            (true, DeployContext::BranchDeploy, true),
        ] {
            let info = SiteInfo {
                password_hash: Some("h".into()),
                password_spares_production: spares,
                ..SiteInfo::default()
            };
            let guarded = Access::of(&target, "h", &info, context, false).is_some_and(|a| a.guard.is_some());
            assert_eq!(guarded, expect, "{spares} {context:?}");
        }
    }

    #[test]
    fn another_hash_is_another_version() {
        let version = |hash: &str| {
            let info = SiteInfo { password_hash: Some(hash.into()), ..SiteInfo::default() };
            Guard::of(&info, DeployContext::Production).map(|guard| guard.version)
        };
        assert_ne!(version("a"), version("b"));
        assert_eq!(version("a").map(|version| version.len()), Some(VERSION_DIGITS));
    }

    #[test]
    fn labels_lead_to_aliases_on_their_domain_alone() {
        for (label, domain, expect) in [
            ("feat-x", "dev.example.org", true),
            ("feat-x", "DEV.example.org", true),
            ("deploy-preview-7", "previews.example.org", true),
            ("deploy-preview-7", "dev.example.org", false),
            ("feat-x", "previews.example.org", false),
            ("feat-x", "example.org", false),
        ] {
            assert_eq!(alias_at(label, domain, &info()).is_some(), expect, "{label}.{domain}");
        }
    }
}
