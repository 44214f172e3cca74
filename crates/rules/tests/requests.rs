//! Recorded requests (`data/requests.json`) against a small evaluator of the request chain: rules,
//! files, headers. What needs a running server is left to the edge and named below.

use std::collections::HashMap;

use boathook_rules::headers::{self, HeaderMatcher};
use boathook_rules::paths::{clean, request_paths_of};
use boathook_rules::redirects::{self, Effect, Hit, Matcher, Outcome, RequestFacts};
use serde_json::Value;

const DATA: &str = include_str!("data/requests.json");

/// Suites of which some cases need a server, and how many of level must are left out of each:
/// validators, ranges and encodings belong to the server; `proxy` needs an upstream (one of its
/// cases is a file and is not left out).
const NEED_A_SERVER: [(&str, usize); 2] = [("http", 18), ("proxy", 5)];

/// Cases of level must that are judged here; the set holds 188.
const JUDGED: usize = 165;

#[test]
fn every_must_case_holds() {
    let data: Value = serde_json::from_str(DATA).expect("the data is JSON");
    let sites: HashMap<&str, Site> =
        objects(&data["sites"]).map(|(name, site)| (name, Site::new(site))).collect();
    let mut judged = 0;
    let mut left_out: HashMap<&str, usize> = HashMap::new();
    let mut failures = Vec::new();
    for case in data["cases"].as_array().expect("cases").iter().filter(|case| case["level"] == "must") {
        let suite = text(&case["suite"]);
        if needs_a_server(case) {
            *left_out.entry(suite).or_default() += 1;
            continue;
        }
        judged += 1;
        failures.extend(sites[text(&case["site"])].failure(case));
    }
    assert!(failures.is_empty(), "{} of {judged} fail:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(left_out, HashMap::from(NEED_A_SERVER));
    assert_eq!(judged, JUDGED);
}

#[test]
fn cases_below_must_that_hold_as_well() {
    let data: Value = serde_json::from_str(DATA).expect("the data is JSON");
    let mut failing: Vec<&str> = Vec::new();
    for case in data["cases"].as_array().expect("cases").iter().filter(|case| case["level"] != "must") {
        let site = Site::new(&data["sites"][text(&case["site"])]);
        if !needs_a_server(case) && site.failure(case).is_some() {
            failing.push(text(&case["id"]));
        }
    }
    assert_eq!(failing, KNOWN_DIFFERENCES);
}

/// The originals disagree among themselves on the first two; redirects to the pretty form of a path
/// and folding of case are switches of the edge, not rules.
const KNOWN_DIFFERENCES: [&str; 6] = [
    "static-basic/noext-2",
    "static-basic/about-html-2",
    "pretty-on/file-slash",
    "pretty-on/folder",
    "case-fold/mixed-page",
    "case-fold/mixed-page-html",
];

fn needs_a_server(case: &Value) -> bool {
    case["suite"] == "http"
        || case["expect"].get("echo").is_some()
        || case["expect"]["headers"].get("x-upstream").is_some()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn objects(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// A deploy, compiled as the edge would at deploy time.
struct Site {
    paths: HashMap<String, (String, u8)>,
    redirects: Matcher,
    headers: HeaderMatcher,
}

#[derive(Debug, Default, PartialEq)]
struct Answer {
    status: u16,
    file: Option<String>,
    location: Option<String>,
    headers: Vec<(String, String)>,
}

impl Site {
    fn new(site: &Value) -> Self {
        let file = |name: &str| site["files"][name].as_str().unwrap_or_default();
        let toml = file("/netlify.toml").replace("{{UPSTREAM}}", "http://upstream.test");
        let redirects =
            redirects::merge(redirects::parse_file(file("/_redirects")).0, redirects::parse_toml(&toml).0);
        let headers = headers::merge(headers::parse_file(file("/_headers")).0, headers::parse_toml(&toml).0);
        Self {
            paths: path_map(objects(&site["files"]).map(|(name, _)| name)),
            redirects: Matcher::new(redirects),
            headers: HeaderMatcher::new(headers),
        }
    }

    fn failure(&self, case: &Value) -> Option<String> {
        let answer = self.answer(&case["request"]);
        let expect = &case["expect"];
        let status = match &expect["status"] {
            Value::Array(allowed) => allowed.contains(&answer.status.into()),
            one => *one == answer.status,
        };
        let file = expect.get("file").is_none_or(|file| answer.file.as_deref() == file.as_str());
        let location = expect["location"].as_str().map(|location| location.replace("{{ORIGIN}}", ""));
        let headers = objects(&expect["headers"]).all(|(name, value)| answer.header(name) == value.as_str());
        let holds = status && file && location == answer.location && headers;
        (!holds).then(|| format!("{} {}: found {answer:?}, expected {expect}", case["level"], case["id"]))
    }

    fn answer(&self, request: &Value) -> Answer {
        let (path, query) = text(&request["path"]).split_once('?').unwrap_or((text(&request["path"]), ""));
        let header = |name: &str| request["headers"][name].as_str().unwrap_or_default();
        let facts = RequestFacts {
            scheme: "http",
            host: request["host"].as_str().unwrap_or("site.test"),
            path,
            query,
            cookies: header("cookie"),
            accept_language: header("accept-language"),
            country: None,
            has_role: &|wanted| has_role(&request["jwt"], wanted),
        };
        match self.redirects.find(&facts) {
            Outcome::NoRule => self.file(path, 200),
            Outcome::Denied => self.not_found(),
            Outcome::Hit(hit) => self.hit(&hit, path),
        }
    }

    fn hit(&self, hit: &Hit<'_>, path: &str) -> Answer {
        if !hit.overrides_files() && self.lookup(path).is_some() {
            return self.file(path, 200);
        }
        match &hit.effect {
            Effect::Redirect { status, location } => {
                Answer { status: *status, location: Some(location.clone()), ..Answer::default() }
            }
            Effect::Rewrite { status, path, .. } => self.file(path, *status),
            Effect::NotFound => self.not_found(),
            Effect::Proxy { url } => panic!("{url} needs a server"),
        }
    }

    fn file(&self, raw_path: &str, status: u16) -> Answer {
        let Some(file) = self.lookup(raw_path) else {
            return self.not_found();
        };
        let headers = self.headers.find(&clean(raw_path).expect("a found path is clean")).headers;
        Answer { status, file: Some(file.to_owned()), location: None, headers }
    }

    fn lookup(&self, raw_path: &str) -> Option<&str> {
        let path = clean(raw_path).ok()?;
        self.paths.get(&path).map(|(file, _)| file.as_str())
    }

    fn not_found(&self) -> Answer {
        let page = self.paths.get("/404.html").map(|(file, _)| file.clone());
        Answer { status: 404, file: page, ..Answer::default() }
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

fn has_role(token: &Value, wanted: &[String]) -> bool {
    let roles = token["roles"].as_array().into_iter().flatten();
    let held = roles.filter_map(Value::as_str).any(|role| wanted.iter().any(|one| one == role));
    held && token["expired"] != true
}

fn path_map<'a>(files: impl Iterator<Item = &'a str>) -> HashMap<String, (String, u8)> {
    const NOT_SERVED: [&str; 3] = ["/_redirects", "/_headers", "/netlify.toml"];
    let mut map: HashMap<String, (String, u8)> = HashMap::new();
    for file in files.filter(|file| !NOT_SERVED.contains(file)) {
        for (path, rank) in request_paths_of(file) {
            let better = map.get(&path).is_none_or(|(_, known)| rank < *known);
            if better {
                map.insert(path, (file.to_owned(), rank));
            }
        }
    }
    map
}
