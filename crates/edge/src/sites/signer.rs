//! What a site says of itself when it signs requests that it passes on.

use context::Context;
use model::DeployContext;
use store::sites::SiteRow;

/// The signer of a site's requests, from one deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    /// The account, whose variables the site shares.
    pub(crate) account_id: Box<str>,
    /// The site.
    pub(crate) site_id: Box<str>,
    /// Where visitors find the site.
    pub(crate) site_url: Box<str>,
    /// What the deploy is for.
    pub(crate) deploy_context: DeployContext,
}

impl Signer {
    pub(crate) fn of(cx: &Context, site: &SiteRow, deploy_context: DeployContext) -> Self {
        let url = cx.addresses().primary_url(&site.name, site.info.custom_domain.as_deref());
        Self {
            account_id: site.account_id.as_str().into(),
            site_id: site.id.as_str().into(),
            site_url: url.into(),
            deploy_context,
        }
    }
}
