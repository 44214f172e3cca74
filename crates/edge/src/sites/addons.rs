//! The add-ons of a site as requests under `/.netlify/` find them, with everything that a request to one
//! of them carries made ready: addresses taken apart, header values written, and a signature that serves
//! for a while.

use addons::proxied::Proxied;
use http::uri::PathAndQuery;
use http::{HeaderValue, uri::InvalidUri};
use model::Timestamp;
use outbound::Origin;
use parking_lot::Mutex;
use std::mem::size_of;
use url::Url;

/// How long a signature is used for further requests: a fifth of the time for which it counts.
pub(crate) const SIGNATURE_REUSED_MS: i64 = 60_000;

/// The add-ons of a site; a site without any has none of it.
pub(crate) struct AddonsView(Box<[AddonView]>);

/// One of them.
pub(crate) struct AddonView {
    pub(crate) instance: Proxied,
    pub(crate) lead: Lead,
    pub(crate) uuid: HeaderValue,
    pub(crate) remote_id: HeaderValue,
    pub(crate) site_url: HeaderValue,
    signed: Mutex<Option<Signed>>,
}

/// Where requests to an add-on lead.
pub(crate) enum Lead {
    /// To its provider.
    To(Endpoint),
    /// Nowhere for now: it is being made, was given up, or cannot be vouched for.
    NotNow,
    /// Nowhere: its provider named no place.
    Nowhere,
}

/// A provider's place.
pub(crate) struct Endpoint {
    pub(crate) origin: Origin,
    path: Box<str>,
    query: Option<Box<str>>,
}

/// Signatures ready to be sent.
#[derive(Clone)]
pub(crate) struct Signed {
    at: Timestamp,
    pub(crate) current: HeaderValue,
    pub(crate) previous: Option<HeaderValue>,
}

impl AddonsView {
    pub(super) fn of(instances: Vec<Proxied>, site_url: &str) -> Option<Self> {
        let views: Box<[_]> = instances.into_iter().map(|one| AddonView::new(one, site_url)).collect();
        (!views.is_empty()).then_some(Self(views))
    }

    /// The add-on of that name.
    pub(crate) fn find(&self, slug: &str) -> Option<&AddonView> {
        self.0.iter().find(|view| view.instance.slug == slug)
    }

    /// Whether one of them is of this add-on.
    pub(crate) fn has(&self, addon_id: &str) -> bool {
        self.0.iter().any(|view| view.instance.addon_id == addon_id)
    }

    /// About how many bytes of memory they take.
    pub(crate) fn weight(&self) -> u64 {
        let each = |view: &AddonView| size_of::<AddonView>() + view.remote_id.len() + 2048;
        self.0.iter().map(each).sum::<usize>() as u64
    }
}

impl AddonView {
    fn new(instance: Proxied, site_url: &str) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        Self {
            lead: Lead::of(&instance),
            uuid: value(&instance.uuid),
            remote_id: value(&instance.remote_id_in_header()),
            site_url: value(site_url),
            signed: Mutex::default(),
            instance,
        }
    }

    /// Signatures of requests that are sent now.
    pub(crate) fn signed(&self, now: Timestamp) -> Signed {
        let mut kept = self.signed.lock();
        if let Some(signed) = &*kept
            && (0..SIGNATURE_REUSED_MS).contains(&(now.0 - signed.at.0))
        {
            return signed.clone();
        }
        let made = self.instance.sign(self.site_url.to_str().unwrap_or_default(), now);
        let (current, previous) = (token(&made.current), made.previous.as_deref().map(token));
        kept.insert(Signed { at: now, current, previous }).clone()
    }
}

/// A token as the value of a header.
pub(crate) fn token(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).expect("a token is made of letters, digits and dots");
    value.set_sensitive(true);
    value
}

impl Lead {
    fn of(instance: &Proxied) -> Self {
        if !instance.active {
            return Self::NotNow;
        }
        let endpoint = instance.endpoint.as_deref().and_then(|text| Endpoint::of(&Url::parse(text).ok()?));
        endpoint.map_or(Self::Nowhere, Self::To)
    }
}

impl Endpoint {
    fn of(url: &Url) -> Option<Self> {
        let query = url.query().filter(|query| !query.is_empty()).map(Into::into);
        Some(Self { origin: Origin::of(url)?, path: url.path().into(), query })
    }

    /// What is asked for there. `rest` is what stands behind the add-on's name: nothing or `/` is the
    /// endpoint itself. Both queries go along, the endpoint's first.
    ///
    /// # Errors
    /// When it comes to more than an address may have.
    pub(crate) fn target(&self, rest: &str, query: Option<&str>) -> Result<PathAndQuery, InvalidUri> {
        let behind = if rest == "/" { "" } else { rest };
        let base = &*self.path;
        let base = if behind.is_empty() { base } else { base.strip_suffix('/').unwrap_or(base) };
        let own = self.query.as_deref().unwrap_or_default();
        let room = base.len() + behind.len() + own.len() + query.map_or(0, str::len) + 2;
        let mut target = String::with_capacity(room);
        target.push_str(base);
        target.push_str(behind);
        if self.query.is_some() || query.is_some() {
            target.push('?');
        }
        target.push_str(own);
        if let Some(query) = query {
            if !own.is_empty() && !query.is_empty() {
                target.push('&');
            }
            target.push_str(query);
        }
        PathAndQuery::from_maybe_shared(bytes::Bytes::from(target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_the_endpoint_and_what_is_behind_it() {
        for (endpoint, rest, query, expect) in [
            ("https://e.example", "", None, "/"),
            ("https://e.example", "/", None, "/"),
            ("https://e.example/", "/a", None, "/a"),
            ("https://e.example/x", "", None, "/x"),
            ("https://e.example/x", "/", None, "/x"),
            ("https://e.example/x/", "/", None, "/x/"),
            ("https://e.example/x/", "/a/", None, "/x/a/"),
            ("https://e.example/x", "//a", None, "/x//a"),
            ("https://e.example/x", "/a%2Fb;c=d+e%20f", Some("g=%2f&&h"), "/x/a%2Fb;c=d+e%20f?g=%2f&&h"),
            ("https://e.example/x?k=1", "/a", None, "/x/a?k=1"),
            ("https://e.example/x?k=1", "/a", Some("l=2"), "/x/a?k=1&l=2"),
            ("https://e.example/x?k=1", "/", Some(""), "/x?k=1"),
            ("https://e.example/x?", "/a", None, "/x/a"),
            ("https://e.example/x", "/a", Some(""), "/x/a?"),
            ("https://e.example/x#top", "/a", None, "/x/a"),
        ] {
            let found = Endpoint::of(&Url::parse(endpoint).expect("an address")).expect("an endpoint");
            let target = found.target(rest, query).expect("a target");
            assert_eq!(target.as_str(), expect, "{endpoint} {rest} {query:?}");
        }
    }
}
