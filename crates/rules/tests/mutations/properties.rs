//! What holds for every input of the rules, however broken: nothing panics, limits are kept, and what
//! comes out can be sent. Shared by the mutation test beside it and by the fuzz targets.
#![allow(dead_code, reason = "each fuzz target uses one of them")]

use boathook_rules::config::Config;
use boathook_rules::headers::{self, HeaderMatcher, HeaderRule};
use boathook_rules::paths::{self, MAX_PATH_BYTES};
use boathook_rules::redirects::{self, Effect, Matcher, RequestFacts, Rule};
use boathook_rules::{LineError, MAX_LINE_ERRORS};

/// Paths that every set of rules is asked for.
const PATHS: [&str; 8] = ["/", "/a", "/a/b/c", "/A%20b", "/%2F", "/x//y/", "/%ff", "/é"];
/// Rules whose own paths are asked for as well.
const OWN_PATHS: usize = 16;

/// A `_redirects` file: read, compiled, and asked.
pub fn redirects_file(text: &str) {
    let (rules, errors) = redirects::parse_file(text);
    reported(&errors);
    redirect_rules(rules);
}

/// A `_headers` file: read, compiled, and asked.
pub fn headers_file(text: &str) {
    let (rules, errors) = headers::parse_file(text);
    reported(&errors);
    header_rules(rules);
}

/// A `netlify.toml`: read, resolved, and its rules asked.
pub fn config(text: &str) {
    let Ok(config) = Config::parse(text) else { return };
    for context in config.context_names().chain(["production", "deploy-preview", ""]) {
        let _ = config.resolve(context, "feat/x");
    }
    let (rules, errors) = config.redirects();
    reported(&errors);
    redirect_rules(rules);
    let (rules, errors) = config.headers();
    reported(&errors);
    header_rules(rules);
}

/// A request path: what comes out of cleaning leads nowhere but down.
pub fn clean_path(text: &str) {
    let Ok(path) = paths::clean(text) else { return };
    assert!(path.starts_with('/') && path.len() <= MAX_PATH_BYTES, "{path:?}");
    assert!(!path.contains("//") && !path.contains('\0'), "{path:?}");
    assert!(path.split('/').all(|segment| segment != "." && segment != ".."), "{path:?}");
    assert!(paths::candidates(&path).count() <= usize::from(paths::RANKS), "{path:?}");
}

fn reported(errors: &[LineError]) {
    assert!(errors.len() <= MAX_LINE_ERRORS + 1, "{}", errors.len());
}

fn redirect_rules(rules: Vec<Rule>) {
    let rules = redirects::merge(rules, Vec::new());
    let own: Vec<String> = rules.iter().take(OWN_PATHS).map(|rule| request_path(&rule.from)).collect();
    let matcher = Matcher::new(rules);
    for path in PATHS.into_iter().chain(own.iter().map(String::as_str)) {
        for query in ["", "id=1&q=a%26b&q=", "=&&%"] {
            ask(&matcher, path, query);
        }
    }
}

fn ask(matcher: &Matcher, path: &str, query: &str) {
    let facts = RequestFacts {
        scheme: "https",
        host: "h.example",
        path,
        query,
        cookies: "nf_country=de; nf_lang=de; c=1",
        accept_language: "de-AT, en;q=0.5",
        country: Some("US"),
        has_role: &|roles| roles.len() % 2 == 1,
    };
    let _ = matcher.find(&facts);
    for hit in matcher.hits(&facts) {
        match hit.effect {
            Effect::Redirect { status, location } => {
                assert!(matches!(status, 301..=303 | 307 | 308), "{status}");
                sendable(&location);
            }
            Effect::Rewrite { status, path, .. } => {
                assert!(matches!(status, 200..=299 | 400..=599), "{status}");
                assert!(path.starts_with('/'), "{path:?}");
            }
            Effect::Proxy { url } => {
                assert!(url.starts_with("http://") || url.starts_with("https://"), "{url:?}");
                sendable(&url);
            }
            Effect::NotFound => {}
        }
    }
}

/// Whether it can stand in a header or a request line.
fn sendable(text: &str) {
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
}

fn header_rules(rules: Vec<HeaderRule>) {
    let rules = headers::merge(rules, Vec::new());
    let own: Vec<String> = rules.iter().take(OWN_PATHS).map(|rule| request_path(&rule.path)).collect();
    let matcher = HeaderMatcher::new(rules);
    for path in PATHS.into_iter().chain(own.iter().map(String::as_str)) {
        for (name, value) in matcher.find(path).headers {
            assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name:?}");
            assert!(!value.contains(['\r', '\n', '\0']), "{value:?}");
        }
    }
}

/// A path that a rule's pattern is likely to fit.
fn request_path(pattern: &str) -> String {
    let path = pattern
        .split_once("://")
        .map_or(pattern, |(_, rest)| rest.find('/').map_or("/", |slash| &rest[slash..]));
    path.replace('*', "s/t").replace(':', "v")
}
