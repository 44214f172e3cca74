//! The checker beside providers whose faults are known: a good one passes everything, and each
//! careless one fails exactly what is wrong with it.

use super::careless::{Careless, Fault, SECRET};
use super::*;
use std::time::Duration;

async fn findings_of(url: &Url, patience: Patience) -> Vec<Finding> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    examine(&Provider::new(url, patience).unwrap(), SECRET, None).await.unwrap()
}

fn of(findings: &[Finding], outcome: Outcome) -> Vec<&'static str> {
    findings.iter().filter(|one| one.outcome == outcome).map(|one| one.check).collect()
}

const REST: &str = "the rest of the contract";
const LEFT: &str = "leaves nothing behind";
const LOGIN: &str = "refuses a login in place of a signature";
const OTHER: &str = "refuses a token of another instance";
const ENDLESS: &str = "refuses a token without end";
const PUBLIC: &str = "shows its manifest to servers alone";

/// A fault, what fails because of it, and what is advised.
type Row = (Fault, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const FAULTS: &[Row] = &[
    (Fault::NoManifest, &["serves a manifest", "creates an instance"], &[REST]),
    (Fault::ManifestAtRoot, &[], &["serves it at /manifest"]),
    (Fault::ManifestIsPublic, &[], &[PUBLIC]),
    (Fault::ManifestAsText, &[], &["calls it JSON"]),
    (Fault::NoName, &["has a name"], &[]),
    (Fault::NoDescription, &[], &["has a description"]),
    (Fault::OddFields, &["describes its configuration"], &[]),
    (Fault::OddAdmin, &[], &["names a page to log in to, or none"]),
    (
        Fault::VerifiesNothing,
        &[
            "refuses calls without a signature", "refuses another secret", "refuses an empty secret", "refuses alg none",
            "refuses an expired token", "refuses what is no token", LOGIN,
        ],
        &[PUBLIC, OTHER, ENDLESS],
    ),
    (Fault::LetsUnsignedPass, &["refuses calls without a signature"], &[PUBLIC]),
    (
        Fault::GuardsCreationAlone,
        &[
            "refuses calls without a signature", "refuses another secret", "refuses an empty secret", "refuses alg none",
            "refuses an expired token", "refuses what is no token", LOGIN,
        ],
        &[PUBLIC, OTHER, ENDLESS],
    ),
    (Fault::EmptySecretToo, &["refuses an empty secret"], &[]),
    (Fault::BelievesAlgNone, &["refuses alg none"], &[]),
    (Fault::TakesExpired, &["refuses an expired token"], &[]),
    (Fault::TakesEndless, &[], &[ENDLESS]),
    (Fault::TakesLogins, &[LOGIN], &[]),
    (Fault::IgnoresTheId, &[], &[OTHER]),
    (Fault::BearerAlone, &[], &["verifies X-Nf-Sign"]),
    (Fault::ExactHeaderNames, &[], &["finds headers in lower case"]),
    (
        Fault::FallsOverOnForgeries,
        &[],
        &[
            "refuses calls without a signature", "refuses another secret", "refuses an empty secret", "refuses alg none",
            "refuses an expired token", "refuses what is no token", LOGIN, OTHER, ENDLESS,
        ],
    ),
    (Fault::Says200, &["creates an instance"], &[REST]),
    (Fault::NoId, &["says what it made"], &[REST]),
    (Fault::NumberedId, &["says what it made"], &[REST]),
    (Fault::RelativeEndpoint, &["says what it made"], &[REST]),
    (Fault::EmptyAnswer, &["says what it made"], &[REST]),
    (Fault::Html, &["says what it made"], &[REST]),
    (Fault::Redirects, &["creates an instance"], &[REST]),
    (Fault::Hangs, &["creates an instance"], &[REST]),
    (Fault::Floods, &["creates an instance"], &[REST]),
    (Fault::BreaksOff, &["creates an instance"], &[REST]),
    (Fault::TwoOfOneUuid, &["makes one instance of one uuid"], &[]),
    (Fault::OneIdForAll, &["gives each instance its own id"], &[]),
    (Fault::ShowsOthers, &["shows what it made", "shows what it changed"], &[]),
    (Fault::ChangeIs204, &["changes an instance"], &[]),
    (Fault::ForgetsChanges, &["shows what it changed"], &[]),
    (Fault::KnowsEverybody, &["does not know an unknown id", "knows it no more"], &[]),
    (
        Fault::FallsOverOnStrangers,
        &["does not know an unknown id", "lets an unknown id go", "knows it no more", "is removed twice"],
        &[],
    ),
    (Fault::FallsOverOnTypes, &["survives odd configurations"], &[]),
    (Fault::FallsOverOnNothing, &["needs no configuration"], &[]),
    (Fault::TakesIncomplete, &[], &["says which key is missing"]),
    (Fault::RefusesWithoutAWord, &[], &["says which key is missing"]),
    (Fault::TakesBroken, &["refuses what is no creation"], &[]),
    (Fault::FallsOverOnBroken, &[], &["says so with 400"]),
    (Fault::RemovalIs200, &["removes an instance"], &[]),
    (Fault::RemovesNothing, &["knows it no more"], &[]),
    (Fault::SecondRemovalFails, &["is removed twice"], &[]),
    (Fault::NeverAgain, &["is created anew"], &[]),
];

/// Faults that cost the checker its patience get less of it.
fn patience(fault: Fault) -> Patience {
    match fault {
        Fault::Hangs => Patience { limit: Duration::from_secs(2), ..Patience::default() },
        _ => Patience::default(),
    }
}

#[tokio::test]
async fn each_fault_is_found_and_nothing_else() {
    let mut wrong = Vec::new();
    for (fault, fails, advised) in FAULTS {
        let provider = Careless::start(*fault).await;
        let findings = findings_of(&provider.url(), patience(*fault)).await;
        let failed = of(&findings, Outcome::Fail);
        let advice: Vec<_> = of(&findings, Outcome::Advice).into_iter().filter(|one| *one != LEFT).collect();
        if failed != *fails || advice != *advised {
            let said: Vec<_> = findings.iter().filter(|one| one.outcome != Outcome::Pass).collect();
            wrong.push(format!("{fault:?}: {failed:?} {advice:?} {said:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_good_provider_passes_and_is_left_as_it_was() {
    let provider = Careless::start(Fault::None).await;
    let findings = findings_of(&provider.url(), Patience::default()).await;
    assert!(of(&findings, Outcome::Pass).len() == findings.len() && findings.len() > 30, "{findings:#?}");
    assert!(provider.made() > 10 && provider.left() == 0, "{} of {}", provider.left(), provider.made());
}

#[tokio::test]
async fn slowness_is_advised_against() {
    let provider = Careless::start(Fault::None).await;
    let patience = Patience { slow: Duration::ZERO, ..Patience::default() };
    let findings = findings_of(&provider.url(), patience).await;
    assert_eq!(of(&findings, Outcome::Advice), ["creates it in time"]);
}

#[tokio::test]
async fn what_cannot_be_removed_is_named() {
    let provider = Careless::start(Fault::RemovesNothing).await;
    let findings = findings_of(&provider.url(), Patience::default()).await;
    let left = findings.iter().find(|one| one.check == LEFT).unwrap();
    assert!(left.said.starts_with("still there: r-1, r-2"), "{}", left.said);
}

async fn run(args: AddonCheckArgs) -> anyhow::Result<(ExitCode, String)> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut out = Vec::new();
    let code = check_addon(&args, &mut out).await?;
    Ok((code, String::from_utf8(out).unwrap()))
}

fn args(url: Url) -> AddonCheckArgs {
    AddonCheckArgs { url, secret: SECRET.to_owned(), config: None, json: false }
}

#[tokio::test]
async fn the_report_names_what_failed_and_the_exit_code_says_so() {
    let bad = Careless::start(Fault::TakesExpired).await;
    let (code, said) = run(args(bad.url())).await.unwrap();
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    for part in ["FAIL    refuses an expired token", "answered 200", "-> compare the claim exp", "1 failed"] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    assert!(!said.contains(SECRET));
    let url = Careless::start(Fault::None).await.url();
    let (code, said) = run(AddonCheckArgs { json: true, ..args(url) }).await.unwrap();
    // its provider is gone by now: one finding, told once
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    let report: Value = serde_json::from_str(&said).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() == 1 && report["passed"] == false, "{said}");
    assert!(findings[0]["said"].as_str().unwrap().contains("cannot be reached"), "{said}");
}

#[tokio::test]
async fn a_configuration_can_be_given() {
    let provider = Careless::start(Fault::None).await;
    let given = AddonCheckArgs { config: Some("{\"name\": 7}".to_owned()), ..args(provider.url()) };
    let (_, said) = run(given).await.unwrap();
    assert!(said.contains("answered 422: name must be a text"), "{said}");
    let given = AddonCheckArgs { config: Some("{\"name\": \"ada\"}".to_owned()), ..args(provider.url()) };
    assert_eq!(format!("{:?}", run(given).await.unwrap().0), format!("{:?}", ExitCode::SUCCESS));
}

#[tokio::test]
async fn senseless_arguments_are_refused() {
    let url = || "http://h/".parse::<Url>().unwrap();
    for senseless in [
        args("ftp://h/".parse().unwrap()),
        args("http://h/?a".parse().unwrap()),
        AddonCheckArgs { secret: String::new(), ..args(url()) },
        AddonCheckArgs { config: Some("[]".to_owned()), ..args(url()) },
    ] {
        assert!(run(senseless).await.is_err());
    }
}
