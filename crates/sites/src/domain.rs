//! Domains of a site's own.

use context::{Context, Error, Result};
use model::HostTarget;

/// Longest domain name.
const DOMAIN_MAX: usize = 253;

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
        return Err(Error::Unprocessable(format!("{domain:?} is not a domain name")));
    }
    match cx.addresses().target(&domain) {
        HostTarget::Other(domain) => Ok(domain),
        _ => {
            Err(Error::Unprocessable(format!("{domain} belongs to this server; use the site's name instead")))
        }
    }
}
