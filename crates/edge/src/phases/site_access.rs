//! Whether a site may be seen at all.

use crate::answer::Next;
use crate::exchange::Exchange;
use crate::pages;
use crate::sites::SiteView;
use http::StatusCode;
use std::ops::ControlFlow;

/// A disabled site answers 404 for everything, its permalinks too: it is away, not forbidden, and
/// comes back as it was.
pub(crate) fn run(_: &Exchange, site: &SiteView) -> Next {
    if !site.disabled {
        return ControlFlow::Continue(());
    }
    let sentence = "The owner of this site has switched it off.";
    ControlFlow::Break(pages::page(StatusCode::NOT_FOUND, "Site disabled", sentence))
}
