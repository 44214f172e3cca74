//! Asks search engines to leave out what is shown of a site beside what it publishes: permalinks and
//! deploy previews, as the hosted service does. Addresses of branches may be meant to be found, as
//! those of older versions of a documentation are, and a site keeps them out by a header rule.

use crate::answer::Answer;
use crate::sites::SiteView;
use http::{HeaderName, HeaderValue};
use model::{DeployContext, HostTarget};

pub(crate) const NAME: HeaderName = HeaderName::from_static("x-robots-tag");
pub(crate) const VALUE: HeaderValue = HeaderValue::from_static("noindex");

/// Whether this address, which shows a deploy of this context, is to be left out.
pub(crate) fn leaves_out(target: &HostTarget, context: DeployContext) -> bool {
    match target {
        HostTarget::Permalink { .. } => true,
        HostTarget::Alias { .. } => context == DeployContext::DeployPreview,
        HostTarget::Live(_) | HostTarget::Other(_) | HostTarget::Control => false,
    }
}

/// Says so, unless a rule of the site or another origin said something of it. Answers that are put
/// together from texts have it among these.
pub(crate) fn run(site: &SiteView, answer: &mut Answer) {
    if site.left_out {
        answer.headers.entry(NAME).or_insert(VALUE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_site_does_not_publish_is_left_out() {
        use DeployContext::{BranchDeploy, DeployPreview, Production};
        let site = || "blog".to_owned();
        let alias = |alias: &str| HostTarget::Alias { alias: alias.into(), site: site() };
        let permalink = || HostTarget::Permalink { deploy: "x".into(), site: site() };
        for (target, context, expect) in [
            (HostTarget::Live(site()), Production, false),
            (HostTarget::Live(site()), DeployPreview, false),
            (HostTarget::Other("a.example".into()), Production, false),
            (permalink(), Production, true),
            (permalink(), BranchDeploy, true),
            (permalink(), DeployPreview, true),
            (alias("deploy-preview-7"), DeployPreview, true),
            (alias("draft"), DeployPreview, true),
            (alias("feat"), BranchDeploy, false),
            (alias("main"), Production, false),
        ] {
            assert_eq!(leaves_out(&target, context), expect, "{target:?} {context:?}");
        }
    }
}
