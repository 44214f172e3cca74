//! One address for each page, where a site wants that: `/file/` leads to `/file`, and `/folder` to
//! `/folder/` (contract edge 1.2).

use crate::answer::Next;
use crate::exchange::Exchange;
use crate::phases::redirects::redirect;
use crate::sites::SiteView;
use http::Method;
use rules::paths;
use std::ops::ControlFlow::{Break, Continue};

/// 301 to the address of the page, on where this is it. What a rule leads to has any address.
pub(crate) fn run(exchange: &Exchange, site: &SiteView) -> Next {
    if !site.rules.pretty_urls || exchange.rewritten().is_some() {
        return Continue(());
    }
    let reads = matches!(*exchange.method(), Method::GET | Method::HEAD);
    let Some(path) = exchange.path().filter(|_| reads) else { return Continue(()) };
    let Some(pretty) = site.deploy.rank_of(path).and_then(|rank| pretty(path, rank)) else {
        return Continue(());
    };
    let mut location = paths::encode(&pretty);
    if let Some(query) = exchange.uri().query() {
        location.push('?');
        location.push_str(query);
    }
    Break(redirect(301, &location))
}

/// The address of a page that answers `path` with this rank, when it is another one.
pub(crate) fn pretty(path: &str, rank: u8) -> Option<String> {
    match (rank, path.strip_suffix('/')) {
        (1 | 2, Some(stem)) if !stem.is_empty() => Some(stem.to_owned()),
        (3 | 4, None) => Some(format!("{path}/")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_no_slash_and_folders_have_one() {
        for (path, rank, expect) in [
            ("/file", 1, None),
            ("/file/", 1, Some("/file")),
            ("/file/", 2, Some("/file")),
            ("/folder", 3, Some("/folder/")),
            ("/folder/", 3, None),
            ("/folder", 4, Some("/folder/")),
            ("/file.html", 0, None),
            ("/folder/index.html", 0, None),
            ("/", 3, None),
        ] {
            assert_eq!(pretty(path, rank).as_deref(), expect, "{path}");
        }
    }
}
