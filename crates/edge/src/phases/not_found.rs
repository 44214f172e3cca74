//! The end of the list: the site's own `/404.html`, or a small page.

use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::pages;
use crate::phases::static_file;
use crate::sites::SiteView;
use http::StatusCode;

/// Path of the page that a site shows for what it does not have. Folders have none of their own.
const PAGE: &str = "/404.html";

/// 404, whatever the method.
pub(crate) fn answer(exchange: &Exchange, site: &SiteView) -> Answer {
    match site.deploy.file(PAGE) {
        Some(file) => static_file::stand_in(StatusCode::NOT_FOUND, exchange.headers(), file),
        None => {
            pages::page(StatusCode::NOT_FOUND, "Page not found", "This site has no page at this address.")
        }
    }
}
