//! The checker beside providers whose faults are known: a good one passes everything, and each
//! careless one fails exactly what is wrong with it.

use super::careless::{Careless, Fault, SECRET};
use super::provider::Finishing;
use super::*;
use crate::check::finding::Outcome;
use crate::check::peer::Patience;
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::JoinSet;

/// Waits for nothing longer than a test should.
const FINISHING: Finishing = Finishing { limit: Duration::from_secs(1), step: Duration::from_millis(50) };

fn under_examination(url: &Url, patience: Patience) -> Provider {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut provider = Provider::new(url, patience).unwrap();
    provider.finishing = FINISHING;
    provider
}

async fn findings_of(url: &Url, patience: Patience) -> Vec<Finding> {
    examine(&under_examination(url, patience), SECRET, None).await.unwrap()
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
const VISITS: &str = "answers proxied requests";
const VISITORS: &str = "verifies the tokens of visitors";
const REMOVED: &str = "answers visitors of it no more";
const PREVIOUS: &str = "refuses a wrong X-Nf-Sign-Previous";
const SLOW: &str = "creates it in time";
const FINISHES: &str = "finishes what it began";
const CALLBACK: &str = "calls back as servers take it";
const UNSIGNED_VISIT: &str = "refuses proxied requests without a signature";
const EMPTY_VISIT: &str = "refuses proxied requests of an empty secret";
const NONE_VISIT: &str = "refuses proxied requests with alg none";
const EXPIRED_VISIT: &str = "refuses proxied requests with an expired token";
const LOGIN_VISIT: &str = "refuses proxied requests signed by a login";
const OTHER_VISIT: &str = "refuses proxied requests with a token of another instance";
const ENDLESS_VISIT: &str = "refuses proxied requests with a token without end";
const PREVIOUS_VISIT: &str = "refuses proxied requests with a wrong X-Nf-Sign-Previous";

/// A fault, what fails because of it, and what is advised.
type Row = (Fault, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const SIGNATURES: &[Row] = &[
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
            "refuses an expired token", "refuses what is no token", LOGIN, PREVIOUS,
        ],
        &[PUBLIC, OTHER, ENDLESS],
    ),
    (Fault::LetsUnsignedPass, &["refuses calls without a signature", UNSIGNED_VISIT], &[PUBLIC]),
    (
        Fault::GuardsCreationAlone,
        &[
            "refuses calls without a signature", "refuses another secret", "refuses an empty secret", "refuses alg none",
            "refuses an expired token", "refuses what is no token", LOGIN, PREVIOUS,
        ],
        &[PUBLIC, OTHER, ENDLESS],
    ),
    (Fault::EmptySecretToo, &["refuses an empty secret", EMPTY_VISIT], &[]),
    (Fault::BelievesAlgNone, &["refuses alg none", NONE_VISIT], &[]),
    (Fault::TakesExpired, &["refuses an expired token", PREVIOUS, EXPIRED_VISIT, PREVIOUS_VISIT], &[]),
    (Fault::TakesEndless, &[], &[ENDLESS, ENDLESS_VISIT]),
    (Fault::TakesLogins, &[LOGIN, LOGIN_VISIT], &[]),
    (Fault::IgnoresTheId, &[], &[OTHER, OTHER_VISIT]),
    (Fault::BearerAlone, &[VISITS], &["verifies X-Nf-Sign"]),
    (Fault::ExactHeaderNames, &[], &["finds headers in lower case"]),
    (
        Fault::FallsOverOnForgeries,
        &[],
        &[
            "refuses calls without a signature", "refuses another secret", "refuses an empty secret", "refuses alg none",
            "refuses an expired token", "refuses what is no token", LOGIN, OTHER, ENDLESS, PREVIOUS,
        ],
    ),
    (
        Fault::KnowsOneSignature,
        &[],
        &["goes on while its secret is replaced", "answers visitors while its secret is replaced"],
    ),
    (Fault::TakesAnyPrevious, &[PREVIOUS, PREVIOUS_VISIT], &[]),
    (
        Fault::WantsBothSignatures,
        &["takes a new secret beside the old one", "answers visitors under a new secret beside the old one"],
        &["goes on while its secret is replaced", "answers visitors while its secret is replaced"],
    ),
];

#[rustfmt::skip]
const CREATION: &[Row] = &[
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
    (Fault::OddVariables, &[], &["hands over variables that arrive"]),
    (Fault::OddPlaces, &[], &["hands over snippets that are shown"]),
];

#[rustfmt::skip]
const SLOWNESS: &[Row] = &[
    (Fault::FinishesWhenAsked, &[], &[]),
    (Fault::CallsBack, &[], &[]),
    (Fault::CallsBackUnsigned, &[CALLBACK], &[FINISHES]),
    (Fault::CallsBackForAnother, &[CALLBACK], &[FINISHES]),
    (Fault::CallsBackForEver, &[CALLBACK], &[FINISHES]),
    (Fault::CallsBackOnOtherBytes, &[CALLBACK], &[FINISHES]),
    (Fault::CallsBackWithoutState, &[CALLBACK], &[FINISHES]),
    (Fault::NeverFinishes, &[], &[FINISHES]),
    (Fault::FailsInTheEnd, &[FINISHES], &[]),
    (Fault::FailsAtOnce, &[FINISHES], &[]),
];

#[rustfmt::skip]
const LIFE: &[Row] = &[
    (Fault::ShowsText, &["shows an instance"], &[]),
    (Fault::ShowsOthers, &["shows what it made", "shows what it changed"], &[]),
    (Fault::ChangeIs204, &["changes an instance"], &[]),
    (Fault::ForgetsChanges, &["shows what it changed"], &[]),
    (Fault::KnowsEverybody, &["does not know an unknown id", "knows it no more"], &[]),
    (
        Fault::FallsOverOnStrangers,
        &["does not know an unknown id", "lets an unknown id go", "knows it no more", "is removed twice"],
        &[],
    ),
];

#[rustfmt::skip]
const VISITS_OF_SITES: &[Row] = &[
    (Fault::NamesNoEndpoint, &[], &[]),
    (Fault::AnswersNoVisitor, &[VISITS], &[]),
    (Fault::AnswersElsewhere, &[], &[VISITS]),
    (Fault::FallsOverOnVisitors, &[VISITS], &[]),
    (Fault::WantsTheSecretOfVisitors, &[VISITS], &[]),
    (
        Fault::VerifiesNoVisit,
        &[
            UNSIGNED_VISIT, "refuses proxied requests of another secret", EMPTY_VISIT, NONE_VISIT, EXPIRED_VISIT,
            "refuses proxied requests with what is no token", LOGIN_VISIT, PREVIOUS_VISIT,
        ],
        &[OTHER_VISIT, ENDLESS_VISIT],
    ),
    (Fault::AnswersForAnybody, &[], &["answers for no unknown instance", REMOVED]),
    (Fault::LetsTheKnownInAlone, &[], &[]),
    (Fault::LooksAtNoToken, &[], &[]),
    (Fault::BelievesVisitors, &[VISITORS], &[]),
    (Fault::TakesExpiredVisitors, &[VISITORS], &[]),
    (Fault::FallsOverOnTokens, &[], &[VISITORS]),
    (Fault::AnswersForTheRemoved, &[], &[REMOVED]),
];

#[rustfmt::skip]
const CONTENTS_AND_REMOVAL: &[Row] = &[
    (Fault::FallsOverOnTypes, &["survives odd configurations"], &[]),
    (Fault::FallsOverOnNothing, &["needs no configuration"], &[]),
    (Fault::FallsOverOnMissing, &["refuses what lacks a required key"], &[]),
    (Fault::BreaksOnStrangeKeys, &["works on after all that"], &[]),
    (Fault::TakesIncomplete, &[], &["says which key is missing"]),
    (Fault::RefusesWithoutAWord, &[], &["says which key is missing"]),
    (Fault::TakesBroken, &["refuses what is no creation"], &[]),
    (Fault::FallsOverOnBroken, &[], &["says so with 400"]),
    (Fault::RemovalIs200, &["removes an instance"], &[]),
    (Fault::RemovesNothing, &["knows it no more"], &[REMOVED]),
    (Fault::SecondRemovalFails, &["is removed twice"], &[]),
    (Fault::NeverAgain, &["is created anew"], &[]),
];

/// Faults that cost the checker its patience get less of it.
fn patience(fault: Fault) -> Patience {
    match fault {
        Fault::Hangs => Patience { limit: Duration::from_secs(2), ..PATIENCE },
        _ => PATIENCE,
    }
}

/// What is wrong with the findings about a fault, if anything.
async fn wrong((fault, fails, advised): Row) -> Option<String> {
    let provider = Careless::start(fault).await;
    let findings = findings_of(&provider.url(), patience(fault)).await;
    let failed = of(&findings, Outcome::Fail);
    let advice: Vec<_> = of(&findings, Outcome::Advice).into_iter().filter(|one| *one != LEFT).collect();
    let said: Vec<_> = findings.iter().filter(|one| one.outcome != Outcome::Pass).collect();
    (failed != fails || advice != advised).then(|| format!("{fault:?}: {failed:?} {advice:?} {said:#?}"))
}

/// Each fault is found, and nothing else.
async fn all_found(rows: &[Row]) {
    let mut all = Vec::new();
    for row in rows {
        all.extend(wrong(*row).await);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[tokio::test]
async fn faults_of_manifests_and_signatures_are_found() {
    all_found(SIGNATURES).await;
}

#[tokio::test]
async fn faults_of_creation_are_found() {
    all_found(CREATION).await;
}

#[tokio::test]
async fn faults_of_reading_and_changing_are_found() {
    all_found(LIFE).await;
}

#[tokio::test]
async fn faults_before_visitors_are_found() {
    all_found(VISITS_OF_SITES).await;
}

#[tokio::test]
async fn faults_over_odd_contents_and_removal_are_found() {
    all_found(CONTENTS_AND_REMOVAL).await;
}

/// Each waits for something that never comes, so they wait together.
#[tokio::test]
async fn faults_of_finishing_later_are_found() {
    let mut rows: JoinSet<_> = SLOWNESS.iter().map(|row| wrong(*row)).collect();
    let mut all = Vec::new();
    while let Some(found) = rows.join_next().await {
        all.extend(found.unwrap());
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// A check that nobody can fail is none.
#[tokio::test]
async fn each_check_has_somebody_who_does_not_pass_it() {
    let rows = [SIGNATURES, CREATION, SLOWNESS, LIFE, VISITS_OF_SITES, CONTENTS_AND_REMOVAL].concat();
    let known: HashSet<_> =
        rows.iter().flat_map(|(_, fails, advised)| fails.iter().chain(*advised)).collect();
    let good = Careless::start(Fault::FinishesWhenAsked).await;
    let findings = findings_of(&good.url(), PATIENCE).await;
    let never: Vec<_> = findings.iter().map(|one| one.check).filter(|one| !known.contains(one)).collect();
    assert_eq!(never, [SLOW]);
}

#[tokio::test]
async fn a_path_that_visitors_ask_for_can_be_named() {
    let provider = Careless::start(Fault::AnswersElsewhere).await;
    let mut under = under_examination(&provider.url(), PATIENCE);
    under.visited = "/hello".to_owned();
    let findings = examine(&under, SECRET, None).await.unwrap();
    let short: Vec<_> = findings.iter().filter(|one| one.outcome != Outcome::Pass).collect();
    assert!(short.is_empty() && findings.iter().any(|one| one.check == UNSIGNED_VISIT), "{short:#?}");
}

#[tokio::test]
async fn who_finishes_later_is_told_how_it_was_heard() {
    for (fault, expect) in [
        (Fault::CallsBack, "active, by calling back"),
        (Fault::FinishesWhenAsked, "active, when it was asked"),
    ] {
        let provider = Careless::start(fault).await;
        let findings = findings_of(&provider.url(), PATIENCE).await;
        let said = findings.iter().find(|one| one.check == FINISHES).map(|one| one.said.as_str());
        assert_eq!(said, Some(expect), "{fault:?}");
    }
}

#[tokio::test]
async fn a_good_provider_passes_and_is_left_as_it_was() {
    let provider = Careless::start(Fault::None).await;
    let findings = findings_of(&provider.url(), PATIENCE).await;
    assert!(of(&findings, Outcome::Pass).len() == findings.len() && findings.len() > 50, "{findings:#?}");
    assert!(provider.made() > 10 && provider.left() == 0, "{} of {}", provider.left(), provider.made());
}

#[tokio::test]
async fn slowness_is_advised_against() {
    let provider = Careless::start(Fault::None).await;
    let patience = Patience { slow: Duration::ZERO, ..PATIENCE };
    let findings = findings_of(&provider.url(), patience).await;
    assert_eq!(of(&findings, Outcome::Advice), [SLOW]);
}

#[tokio::test]
async fn what_cannot_be_removed_is_named() {
    let provider = Careless::start(Fault::RemovesNothing).await;
    let findings = findings_of(&provider.url(), PATIENCE).await;
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
    AddonCheckArgs { url, secret: SECRET.to_owned(), config: None, visit: "/".to_owned(), json: false }
}

#[tokio::test]
async fn the_report_names_what_failed_and_the_exit_code_says_so() {
    let bad = Careless::start(Fault::TakesExpired).await;
    let (code, said) = run(args(bad.url())).await.unwrap();
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    for part in ["FAIL    refuses an expired token", "answered 200", "-> compare the claim exp", "4 failed"] {
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
        AddonCheckArgs { visit: "hello".to_owned(), ..args(url()) },
    ] {
        assert!(run(senseless).await.is_err());
    }
}
