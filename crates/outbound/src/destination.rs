//! An address made ready to be called many times: read once, whoever calls it. Judges no address.

use crate::Origin;
use http::uri::PathAndQuery;
use std::sync::Arc;
use url::{Position, Url};

/// Where calls go. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Destination(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    url: Url,
    way: Option<(Origin, PathAndQuery)>,
}

impl Destination {
    /// Of this address.
    #[must_use]
    pub fn of(url: Url) -> Self {
        let way = way(&url);
        Self(Arc::new(Parts { url, way }))
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// Whom to ask for what; none when that is not all the address says, or when it cannot be asked so.
    pub(crate) fn way(&self) -> Option<&(Origin, PathAndQuery)> {
        self.0.way.as_ref()
    }
}

fn way(url: &Url) -> Option<(Origin, PathAndQuery)> {
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let target = &url[Position::BeforePath..Position::AfterQuery];
    Some((Origin::of(url)?, target.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (text, expect) in [
            ("http://a.example", Some(("a.example", "/"))),
            ("https://a.example:8443/in?x=1&y#part", Some(("a.example:8443", "/in?x=1&y"))),
            ("http://[::1]:80/a%20b|c?", Some(("[::1]", "/a%20b|c?"))),
            ("http://user@a.example/", None),
            ("http://:word@a.example/", None),
            ("ftp://a.example/", None),
        ] {
            let destination = Destination::of(Url::parse(text).expect("an address of this test"));
            let way = destination.way();
            let found =
                way.map(|(origin, target)| (origin.authority().to_str().unwrap_or(""), target.as_str()));
            assert_eq!(found, expect, "{text}");
        }
    }
}
