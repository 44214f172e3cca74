//! Domains of a site's own.

use context::{Context, Error, Result};
use model::{HostTarget, SiteName, quoted};
use store::sites::{self, SiteInfo, SiteRow};
use store::{ChangeKind, Tx};

/// Longest domain name.
const DOMAIN_MAX: usize = 253;
/// Further domains of one site.
pub(crate) const ALIASES_MAX: usize = 100;

/// The domain, folded, when a site can answer on it.
///
/// # Errors
/// `Unprocessable` when it is no domain name, or belongs to this server.
pub(crate) fn checked(cx: &Context, domain: &str) -> Result<String> {
    let domain = domain.trim().trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() > DOMAIN_MAX || !domain.contains('.') || !domain.split('.').all(label) {
        return Err(Error::Unprocessable(format!("{} is not a domain name", quoted(&domain))));
    }
    match cx.addresses().target(&domain) {
        HostTarget::Other(domain) => Ok(domain),
        HostTarget::Control if domain == cx.addresses().control_host => Err(of_control(&domain)),
        HostTarget::Control => {
            Err(Error::Unprocessable(format!("{domain} is an address, not a domain name")))
        }
        _ => {
            Err(Error::Unprocessable(format!("{domain} belongs to this server; use the site's name instead")))
        }
    }
}

/// The name, when visitors would find a site of this name under the site domain.
///
/// # Errors
/// `Unprocessable` when the API and the dashboard answer there.
pub(crate) fn free_name(cx: &Context, name: SiteName) -> Result<String> {
    let host = format!("{}.{}", name.as_str(), cx.addresses().site_domain);
    if cx.addresses().target(&host) == HostTarget::Control {
        return Err(of_control(&host));
    }
    Ok(name.into_string())
}

fn of_control(host: &str) -> Error {
    let what =
        format!("{host} is where this server's own API and dashboard answer; no site can be found there");
    Error::Unprocessable(what)
}

/// Every domain where a site shows its pages.
pub(crate) fn listed(info: &SiteInfo) -> Vec<String> {
    info.custom_domain.iter().chain(&info.domain_aliases).cloned().collect()
}

/// Makes nodes forget the sites at which the domains of this one were found as long as it did not
/// list them: those of the counterpart and of the domain above.
pub(crate) async fn unsettle(tx: &mut Tx, cx: &Context, site: &SiteRow) -> Result<()> {
    for domain in listed(&site.info) {
        let above = domain.split_once('.').map_or("", |(_, above)| above);
        for kin in [counterpart(&domain).as_str(), above] {
            let owner = sites::find_owner_of_domain(tx, kin).await?;
            if let Some(owner) = owner.filter(|owner| owner.id != site.id) {
                tx.changed(ChangeKind::Site, &owner.id, cx.now()).await?;
            }
        }
    }
    Ok(())
}

/// The other one of `www.<domain>` and `<domain>`.
#[must_use]
pub fn counterpart(domain: &str) -> String {
    domain.strip_prefix("www.").map_or_else(|| format!("www.{domain}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_www_and_without_are_counterparts() {
        assert_eq!(counterpart("example.org"), "www.example.org");
        assert_eq!(counterpart("www.example.org"), "example.org");
    }
}
