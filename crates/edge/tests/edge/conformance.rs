//! The cases that need only files, from the data shared with the `rules` crate: made by running
//! the hosted service's own packages, its command line client, nginx and caddy.

use crate::support::{Answer, Platform};
use regex::Regex;
use serde_json::{Map, Value};

/// Cases that need no rule, form or setting; the count guards against a filter that finds none.
const CASES: usize = 64;
const RULES: [&str; 3] = ["/_redirects", "/_headers", "/netlify.toml"];

#[tokio::test]
async fn files_are_served_as_the_oracles_serve_them() {
    let data: Value = serde_json::from_str(include_str!("../../../rules/tests/data/requests.json")).unwrap();
    let platform = Platform::start().await;
    let sites = data["sites"].as_object().unwrap();
    for (name, site) in sites.iter().filter(|(_, site)| needs_files_only(site)) {
        let files = site["files"].as_object().unwrap();
        let files: Vec<_> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str().unwrap())).collect();
        platform.live(name, &files).await;
    }
    let mut failures = Vec::new();
    let mut count = 0;
    for case in data["cases"].as_array().unwrap() {
        let site = &sites[case["site"].as_str().unwrap()];
        if needs_files_only(site) && matches!(case["level"].as_str(), Some("must" | "should")) {
            count += 1;
            failures
                .extend(run(&platform, case, site).await.err().map(|why| format!("{}: {why}", case["id"])));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(count, CASES);
}

fn needs_files_only(site: &Value) -> bool {
    site.get("settings").is_none() && RULES.iter().all(|rule| site["files"].get(rule).is_none())
}

async fn run(platform: &Platform, case: &Value, site: &Value) -> Result<(), String> {
    let request = &case["request"];
    let host = format!("{}.localhost", case["site"].as_str().unwrap());
    let path = request["path"].as_str().unwrap();
    let method = request["method"].as_str().unwrap_or("GET");
    let mut headers: Vec<(String, String)> = pairs(&request["headers"]);
    if request["if_none_match_from"] == true {
        let plain: Vec<_> = borrow(&headers).into_iter().filter(|(name, _)| *name != "Range").collect();
        let first = platform.send(method, &host, path, &plain).await;
        let etag = first.header("etag").ok_or("no etag")?;
        headers.push(("If-None-Match".into(), format!("{}{etag}", request["etag_prefix"].as_str().unwrap())));
    }
    let answer = platform.send(method, &host, path, &borrow(&headers)).await;
    check(&answer, &case["expect"], site)
}

fn pairs(headers: &Value) -> Vec<(String, String)> {
    let headers = headers.as_object().into_iter().flatten();
    headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn borrow(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn check(answer: &Answer, expect: &Value, site: &Value) -> Result<(), String> {
    let statuses = expect["status"].as_array().cloned().unwrap_or_else(|| vec![expect["status"].clone()]);
    let fails = |what: &str| Err(format!("{what}: {:?} {:?}", answer.status, answer.headers));
    if !statuses.contains(&Value::from(answer.status)) {
        return fails("status");
    }
    if let Some(file) = expect["file"].as_str()
        && site["files"][file].as_str() != Some(&answer.text())
    {
        return fails("file");
    }
    if expect["body"].as_str().is_some_and(|body| body != answer.text()) {
        return fails("body");
    }
    if expect["content_type"].as_str().is_some_and(|mime| answer.header("content-type") != Some(mime)) {
        return fails("content type");
    }
    let wrong = expect["headers"]
        .as_object()
        .unwrap_or(&Map::new())
        .iter()
        .find(|(name, value)| !holds(answer.header(name), value))
        .map(|(name, _)| name.clone());
    wrong.map_or(Ok(()), |name| fails(&name))
}

fn holds(value: Option<&str>, expect: &Value) -> bool {
    match expect {
        Value::Null => value.is_none(),
        Value::String(text) => value == Some(text),
        pattern => Regex::new(pattern["re"].as_str().unwrap()).unwrap().is_match(value.unwrap_or_default()),
    }
}
