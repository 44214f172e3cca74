//! The recorded cases that are shared with the `rules` crate, as requests to a server: made by running
//! the hosted service's own packages, its command line client, nginx and caddy. Cases of level `must`
//! hold without exception; of the others as many as held before.

use crate::support::{Answer, Platform};
use boathook_edge::{Equipment, Proxy, ProxyOptions, SecretSource};
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use outbound::AddressPolicy;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use testbed::Bed;
use tokio::net::TcpListener;

/// Cases of each level, and how many of them hold at least. A set that lost cases would prove nothing.
/// `disputed` cases, on which the originals differ, are run and never judged.
const LEVELS: [(&str, usize, usize); 4] =
    [("must", 188, 188), ("should", 9, 9), ("observed", 12, 10), ("disputed", 2, 0)];

#[tokio::test]
async fn requests_are_answered_as_the_oracles_answer_them() {
    let data: Value = serde_json::from_str(include_str!("../../../rules/tests/data/requests.json")).unwrap();
    let platform = platform().await;
    let upstream = format!("http://{}", echo().await);
    let sites = data["sites"].as_object().unwrap();
    for (name, site) in sites {
        put_up(&platform, name, site, &upstream).await;
    }
    let mut held: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for case in data["cases"].as_array().unwrap() {
        let (count, failures) = held.entry(case["level"].as_str().unwrap()).or_default();
        *count += 1;
        let outcome = run(&platform, case, &sites[case["site"].as_str().unwrap()]).await;
        failures.extend(outcome.err().map(|why| format!("{}: {why}", case["id"])));
    }
    judge(&held);
}

#[expect(clippy::print_stdout, reason = "the counts are part of what this test is for")]
fn judge(held: &BTreeMap<&str, (usize, Vec<String>)>) {
    for (level, cases, floor) in LEVELS {
        let (count, failures) = &held[level];
        println!("conformance {level}: {} of {count} hold", count - failures.len());
        assert_eq!(*count, cases, "{level}");
        assert!(count - failures.len() >= floor, "{level}: {failures:#?}");
    }
    assert_eq!(held.len(), LEVELS.len());
}

struct NoSecrets;

impl SecretSource for NoSecrets {
    fn value<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, context::Result<Option<String>>> {
        Box::pin(async { Ok(None) })
    }
}

async fn platform() -> Platform {
    let proxy = Proxy::new(ProxyOptions {
        policy: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() },
        head: boathook_edge::HEAD_LIMIT,
        idle: boathook_edge::IDLE_LIMIT,
        secrets: Arc::new(NoSecrets),
    });
    let equipment = Equipment { proxy: Some(proxy), ..Equipment::default() };
    Platform::with(Bed::sqlite().await, equipment).await
}

/// A server that tells what it was asked; its address.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service_fn(tell);
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    });
    addr
}

async fn tell(request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let headers: HashMap<_, _> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
        .collect();
    let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
    let told = json!({"method": head.method.as_str(), "url": head.uri.to_string(), "headers": headers, "body": body});
    let answer = http::Response::builder().header("x-upstream", "echo");
    Ok(answer.body(Full::new(Bytes::from(told.to_string()))).unwrap())
}

async fn put_up(platform: &Platform, name: &str, site: &Value, upstream: &str) {
    let id = platform.site(name).await;
    if site["settings"].is_object() {
        let changes = serde_json::from_value(site["settings"].clone()).unwrap();
        sites::update(&platform.cx, &id, changes).await.unwrap();
    }
    let files = site["files"].as_object().unwrap();
    let texts: Vec<_> = files
        .iter()
        .map(|(path, text)| (path, text.as_str().unwrap().replace("{{UPSTREAM}}", upstream)))
        .collect();
    let files: Vec<_> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let deploy = platform.deploy(&id, &files).await;
    platform.publish(&id, &deploy).await;
}

async fn run(platform: &Platform, case: &Value, site: &Value) -> Result<(), String> {
    let request = &case["request"];
    let site_host = format!("{}.localhost", case["site"].as_str().unwrap());
    let host = request["host"].as_str().unwrap_or(&site_host);
    let path = request["path"].as_str().unwrap();
    let method = request["method"].as_str().unwrap_or("GET");
    let body = request["body"].as_str().unwrap_or_default();
    let mut headers: Vec<(String, String)> = pairs(&request["headers"]);
    if request["if_none_match_from"] == true {
        let plain: Vec<_> = borrow(&headers).into_iter().filter(|(name, _)| *name != "Range").collect();
        let first = platform.send(method, host, path, &plain).await;
        let etag = first.header("etag").ok_or("no etag")?;
        headers.push(("If-None-Match".into(), format!("{}{etag}", request["etag_prefix"].as_str().unwrap())));
    }
    if request["jwt"].is_object() {
        headers.push(("Cookie".into(), cookie(platform, &request["jwt"], site)));
    }
    let answer = platform.send_body(method, host, path, &borrow(&headers), body).await;
    check(&answer, &case["expect"], site)
}

/// The cookie of a visitor with these roles.
fn cookie(platform: &Platform, token: &Value, site: &Value) -> String {
    let now = platform.cx.now().seconds();
    let exp = if token["expired"] == true { now - 60 } else { now + 3600 };
    let claims = json!({"exp": exp, "app_metadata": {"authorization": {"roles": token["roles"]}}});
    let secret = site["settings"]["jwt_secret"].as_str().unwrap();
    format!("nf_jwt={}", signing::sign_hs256(&claims.to_string(), secret.as_bytes()))
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
    let location = expect["location"].as_str().map(|location| location.replace("{{ORIGIN}}", ""));
    if location.as_deref() != answer.header("location") {
        return fails("location");
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
    if expect["echo"].is_object() && !echoes(&answer.text(), &expect["echo"]) {
        return fails("echo");
    }
    let wrong = expect["headers"]
        .as_object()
        .unwrap_or(&Map::new())
        .iter()
        .find(|(name, value)| !holds(answer.header(name), value))
        .map(|(name, _)| name.clone());
    wrong.map_or(Ok(()), |name| fails(&name))
}

/// Whether everything that is expected was told, whatever else there is.
fn echoes(told: &str, expect: &Value) -> bool {
    let told: Value = serde_json::from_str(told).unwrap_or_default();
    let same = |name: &str| expect.get(name).is_none_or(|value| told[name] == *value);
    let headers = expect["headers"].as_object().into_iter().flatten();
    same("method")
        && same("url")
        && same("body")
        && headers.into_iter().all(|(name, value)| told["headers"][name] == *value)
}

fn holds(value: Option<&str>, expect: &Value) -> bool {
    match expect {
        Value::Null => value.is_none(),
        Value::String(text) => value == Some(text),
        pattern => Regex::new(pattern["re"].as_str().unwrap()).unwrap().is_match(value.unwrap_or_default()),
    }
}
