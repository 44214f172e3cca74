//! Which names certificates are ordered for: those that people gave to a site or to this server.
//! Hosts under the site domain are not among them, since there are as many as anybody likes to
//! make; a wildcard certificate in a file is for them.

use context::{Context, Result};
use model::HostTarget;
use store::sites;

/// Who counts as the owner of the server's own name.
const SERVER: &str = "server";

/// Whose a name is: the site that lists it, also where it lists it with `www` or without, or the
/// server's own; none when it is nobody's.
pub(super) async fn owner(cx: &Context, name: &str) -> Result<Option<String>> {
    let domain = match cx.addresses().target(name) {
        HostTarget::Control => return Ok(name.contains('.').then(|| SERVER.to_owned())),
        HostTarget::Other(domain) => domain,
        _ => return Ok(None),
    };
    let mut db = cx.read().await?;
    if let Some(site) = sites::find_by_domain(&mut db, &domain).await? {
        return Ok(Some(site.id));
    }
    let counterpart = ::sites::counterpart(&domain);
    let site = sites::find_by_domain(&mut db, &counterpart).await?;
    let site = site.filter(|site| site.info.custom_domain.as_deref() == Some(counterpart.as_str()));
    Ok(site.map(|site| site.id))
}
