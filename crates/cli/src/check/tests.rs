//! The checker beside consumers whose faults are known: a good one passes everything, and each bad
//! one fails exactly what is wrong with it.

use super::finding::Outcome;
use super::peer::Patience;
use super::stand::{Received, Stand};
use super::*;
use serde_json::Value;
use std::time::Duration;

const SECRET: &str = "the right secret";

/// What a consumer with one fault leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    LetsUnsignedPass,
    VerifiesNothing,
    IgnoresTheBody,
    VerifiesRewrittenJson,
    BelievesAlgNone,
    IgnoresIssuer,
    TakesMissingDigests,
    EmptySecretToo,
    ExactHeaderNames,
    RefusesRepeats,
    GoneOnRefusal,
    FallsOver,
    Redirects,
    Gone,
}

fn token_claims(fault: Fault, token: &str) -> Option<Value> {
    use base64::Engine as _;
    let decode = |part: &str| {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let mut parts = token.split('.');
    let (header, claims) = (decode(parts.next()?)?, decode(parts.next()?)?);
    if fault == Fault::BelievesAlgNone && header["alg"] == "none" || fault == Fault::VerifiesNothing {
        return Some(claims);
    }
    let empty = || signing::verify_hs256(token, b"").ok().filter(|_| fault == Fault::EmptySecretToo);
    signing::verify_hs256(token, SECRET.as_bytes()).ok().or_else(empty)
}

/// A consumer that reads X-Webhook-Signature, with webhook-signature for the time.
fn good(fault: Fault, request: &Received) -> bool {
    let header = |name: &str| {
        let exact = fault == Fault::ExactHeaderNames;
        request
            .headers
            .iter()
            .find(|(each, _)| if exact { each == name } else { each.eq_ignore_ascii_case(name) })
            .map(|(_, value)| value.as_str())
    };
    let Some(token) = header("X-Webhook-Signature") else { return fault == Fault::LetsUnsignedPass };
    let Some(claims) = token_claims(fault, token) else { return false };
    let body = match fault {
        Fault::VerifiesRewrittenJson => {
            serde_json::from_slice::<Value>(&request.body).unwrap().to_string().into_bytes()
        }
        _ => request.body.clone(),
    };
    let digest = match claims["sha256"].as_str() {
        Some(digest) => digest == signing::sha256_hex(&body),
        None => fault == Fault::TakesMissingDigests,
    };
    let issuer = claims["iss"] == "netlify" || fault == Fault::IgnoresIssuer;
    (digest || matches!(fault, Fault::IgnoresTheBody | Fault::VerifiesNothing)) && issuer
}

fn status(fault: Fault, request: &Received, seen: usize) -> u16 {
    match fault {
        Fault::Redirects => 302,
        Fault::Gone => 410,
        Fault::RefusesRepeats if seen > 1 => 409,
        Fault::GoneOnRefusal if !good(fault, request) => 410,
        Fault::FallsOver if !good(fault, request) => 500,
        _ if good(fault, request) => 200,
        _ => 403,
    }
}

async fn findings_of(stand: &Stand, secret: Option<&str>, patience: Patience) -> Vec<Finding> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let consumer = Consumer::new(stand.url(), "deploy_succeeded", patience).unwrap();
    examine(&consumer, secret).await.unwrap()
}

fn of(findings: &[Finding], outcome: Outcome) -> Vec<&'static str> {
    findings.iter().filter(|one| one.outcome == outcome).map(|one| one.check).collect()
}

async fn check_fault(fault: Fault, fails: &[&str], advised: &[&str]) {
    let stand = Stand::start(move |request, seen| status(fault, request, seen)).await;
    let findings = findings_of(&stand, Some(SECRET), PATIENCE).await;
    assert_eq!(of(&findings, Outcome::Fail), fails, "{fault:?}: {findings:#?}");
    let advice = of(&findings, Outcome::Advice);
    for check in advised {
        assert!(advice.contains(check), "{fault:?}: {check} is not among {advice:?}");
    }
}

const OLD: &[&str] = &["refuses a delivery of an hour ago", "refuses an old delivery with a new time"];

#[tokio::test]
async fn a_consumer_that_verifies_the_token_fails_nothing() {
    check_fault(Fault::None, &[], OLD).await;
}

#[tokio::test]
async fn what_lets_forgeries_through_fails() {
    check_fault(Fault::LetsUnsignedPass, &["refuses a delivery without a signature"], &[]).await;
    check_fault(Fault::EmptySecretToo, &["refuses an empty secret"], &[]).await;
    check_fault(Fault::BelievesAlgNone, &["refuses alg none"], &[]).await;
    check_fault(Fault::IgnoresIssuer, &["refuses another issuer"], &[]).await;
    check_fault(Fault::TakesMissingDigests, &["refuses a token without a digest"], &[]).await;
    let bodies = ["refuses a body changed by one byte", "refuses a body written anew"];
    check_fault(Fault::IgnoresTheBody, &[bodies[0], bodies[1], "refuses a token without a digest"], &[])
        .await;
    let everything = [
        "refuses another secret",
        "refuses an empty secret",
        bodies[0],
        bodies[1],
        "refuses alg none",
        "refuses a token without a digest",
    ];
    check_fault(Fault::VerifiesNothing, &everything, &[]).await;
}

#[tokio::test]
async fn what_verifies_other_bytes_than_came_in_fails() {
    let fails = ["accepts a body of unusual bytes", "refuses a body written anew"];
    check_fault(Fault::VerifiesRewrittenJson, &fails, &[]).await;
}

#[tokio::test]
async fn repeats_must_be_taken() {
    check_fault(Fault::RefusesRepeats, &["accepts the same delivery twice"], &[]).await;
}

#[tokio::test]
async fn what_is_no_answer_to_a_delivery_fails() {
    let refused =
        ["accepts a right delivery", "accepts a body of unusual bytes", "accepts the same delivery twice"];
    check_fault(Fault::Redirects, &refused, &[]).await;
    check_fault(Fault::Gone, &refused, &["refuses another secret"]).await;
}

#[tokio::test]
async fn what_could_be_better_is_advice() {
    check_fault(Fault::ExactHeaderNames, &[], &["finds headers in lower case"]).await;
    check_fault(Fault::GoneOnRefusal, &[], &["refuses another secret", "refuses what is no token"]).await;
    check_fault(Fault::FallsOver, &[], &["refuses a delivery without a signature"]).await;
}

#[tokio::test]
async fn a_consumer_of_standard_webhooks_passes_everything() {
    let stand = Stand::start(|request, _| {
        let header = |name: &str| request.header(name).unwrap_or_default();
        let seconds: i64 = header("webhook-timestamp").parse().unwrap_or_default();
        let expect = signing::standard_headers(header("webhook-id"), seconds, &request.body, SECRET);
        let now = Kit::new(None).unwrap().now();
        let fits = expect.signature == header("webhook-signature") && (now - seconds).abs() < 300;
        if fits { 204 } else { 401 }
    })
    .await;
    let findings = findings_of(&stand, Some(SECRET), PATIENCE).await;
    assert!(findings.iter().all(|one| one.outcome == Outcome::Pass), "{findings:#?}");
    let by = findings.iter().find(|one| one.check == "is content with one token").unwrap();
    assert_eq!(by.said, "Webhook-Signature");
}

/// A consumer that asks for token and time is not taken to verify the token because it misses the time.
#[tokio::test]
async fn wrong_tokens_are_found_beside_a_right_time() {
    let both = |issuer: &'static str| {
        move |request: &Received, _: usize| {
            let header = |name: &str| request.header(name).unwrap_or_default();
            let claims = signing::verify_hs256(header("X-Nf-Sign"), SECRET.as_bytes()).unwrap_or_default();
            let token = claims["sha256"] == signing::sha256_hex(&request.body)
                && (issuer.is_empty() || claims["iss"] == issuer);
            let seconds: i64 = header("webhook-timestamp").parse().unwrap_or_default();
            let expect = signing::standard_headers(header("webhook-id"), seconds, &request.body, SECRET);
            if token && expect.signature == header("webhook-signature") { 200 } else { 401 }
        }
    };
    let findings = findings_of(&Stand::start(both("netlify")).await, Some(SECRET), PATIENCE).await;
    assert_eq!(of(&findings, Outcome::Fail), [""; 0]);
    let by = findings.iter().find(|one| one.check == "is content with one token").unwrap();
    assert_eq!((by.outcome, by.said.as_str()), (Outcome::Pass, "X-Nf-Sign with Webhook-Signature"));
    let findings = findings_of(&Stand::start(both("")).await, Some(SECRET), PATIENCE).await;
    assert_eq!(of(&findings, Outcome::Fail), ["refuses another issuer"]);
}

#[tokio::test]
async fn slow_consumers_are_told_so_and_silent_ones_fail() {
    let stand = Stand::start(|_, _| 200).await;
    let hasty = Patience { slow: Duration::ZERO, ..PATIENCE };
    let findings = findings_of(&stand, None, hasty).await;
    assert_eq!(of(&findings, Outcome::Advice), ["answers in time", "verifies signatures"]);
    let silent = Stand::start(|_, _| 0).await;
    let short = Patience { limit: Duration::from_millis(50), slow: Duration::ZERO };
    let findings = findings_of(&silent, None, short).await;
    assert_eq!(of(&findings, Outcome::Fail), ["accepts a right delivery"]);
    assert!(findings.len() == 1 && findings[0].said.contains("did not answer"), "{findings:?}");
}

#[tokio::test]
async fn a_consumer_that_is_not_there_is_asked_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = Stand::start(|_, _| 200).await.url();
    let consumer = Consumer::new(url, "deploy_succeeded", PATIENCE).unwrap();
    let findings = examine(&consumer, Some(SECRET)).await.unwrap();
    assert_eq!(of(&findings, Outcome::Fail), ["accepts a right delivery"]);
    assert!(findings.len() == 1 && findings[0].said.contains("cannot be reached"), "{findings:?}");
}

async fn run(stand: &Stand, secret: Option<&str>, json: bool) -> (ExitCode, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let secret = secret.map(ToOwned::to_owned);
    let args = CheckArgs { url: stand.url(), secret, event: "deploy_created".into(), json };
    let mut out = Vec::new();
    let code = check(&args, &mut out).await.unwrap();
    (code, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn the_report_names_what_failed_and_the_exit_code_says_so() {
    let bad = Stand::start(|_, _| 200).await;
    let (code, said) = run(&bad, Some(SECRET), false).await;
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    for part in ["FAIL    refuses alg none", "answered 200", "-> allow HS256 alone", "9 failed"] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    let (code, said) = run(&bad, None, true).await;
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&report["passed"], &report["findings"][0]["outcome"]), (&Value::Bool(true), &"pass".into()));
}

#[tokio::test]
async fn senseless_arguments_are_refused() {
    for (url, secret) in [("ftp://h/", None), ("http://h/", Some(String::new()))] {
        let args = CheckArgs { url: url.parse().unwrap(), secret, event: String::new(), json: false };
        assert!(check(&args, &mut Vec::new()).await.is_err());
    }
}
