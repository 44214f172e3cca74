//! A provider of a few lines that does everything right but one thing. Here is what it may do wrong,
//! and how it verifies; what it answers is in the rooms below.

mod instances;
mod slow;
mod visits;

use crate::check::stand::{Received, Reply, Stand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const SECRET: &str = "the right secret of this provider";
/// Where visitors of its instances are sent.
pub(super) const VISITED: &str = "/visited";

/// What a provider with one fault does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    // manifest
    NoManifest,
    ManifestAtRoot,
    ManifestIsPublic,
    ManifestAsText,
    NoName,
    NoDescription,
    OddFields,
    OddAdmin,
    // signatures
    VerifiesNothing,
    LetsUnsignedPass,
    GuardsCreationAlone,
    EmptySecretToo,
    BelievesAlgNone,
    TakesExpired,
    TakesEndless,
    TakesLogins,
    IgnoresTheId,
    BearerAlone,
    ExactHeaderNames,
    FallsOverOnForgeries,
    // a secret that is replaced
    KnowsOneSignature,
    TakesAnyPrevious,
    WantsBothSignatures,
    // creation
    Says200,
    NoId,
    NumberedId,
    RelativeEndpoint,
    EmptyAnswer,
    Html,
    Redirects,
    Hangs,
    Floods,
    BreaksOff,
    TwoOfOneUuid,
    OneIdForAll,
    // what an instance brings
    OddVariables,
    OddPlaces,
    // creations that take their time
    FinishesWhenAsked,
    CallsBack,
    CallsBackUnsigned,
    CallsBackForAnother,
    CallsBackForEver,
    CallsBackOnOtherBytes,
    CallsBackWithoutState,
    NeverFinishes,
    FailsInTheEnd,
    FailsAtOnce,
    // reading and changing
    ShowsText,
    ShowsOthers,
    ChangeIs204,
    ForgetsChanges,
    KnowsEverybody,
    FallsOverOnStrangers,
    // visitors
    NamesNoEndpoint,
    AnswersNoVisitor,
    AnswersElsewhere,
    FallsOverOnVisitors,
    WantsTheSecretOfVisitors,
    VerifiesNoVisit,
    AnswersForAnybody,
    LetsTheKnownInAlone,
    LooksAtNoToken,
    BelievesVisitors,
    TakesExpiredVisitors,
    FallsOverOnTokens,
    AnswersForTheRemoved,
    // odd contents
    FallsOverOnTypes,
    FallsOverOnNothing,
    FallsOverOnMissing,
    BreaksOnStrangeKeys,
    TakesIncomplete,
    RefusesWithoutAWord,
    TakesBroken,
    FallsOverOnBroken,
    // removal
    RemovalIs200,
    RemovesNothing,
    SecondRemovalFails,
    NeverAgain,
}

struct Instance {
    uuid: String,
    name: Value,
    /// Times that it was asked for while it was not finished.
    asked: usize,
    finished: bool,
}

/// What it knows.
struct Mind {
    fault: Fault,
    instances: Mutex<BTreeMap<String, Instance>>,
    made: Mutex<usize>,
    removed: Mutex<bool>,
    broken: Mutex<bool>,
}

pub(super) struct Careless {
    stand: Stand,
    mind: Arc<Mind>,
}

impl Careless {
    pub(super) async fn start(fault: Fault) -> Self {
        let mind = Arc::new(Mind {
            fault,
            instances: Mutex::default(),
            made: Mutex::default(),
            removed: Mutex::default(),
            broken: Mutex::default(),
        });
        let own = Arc::clone(&mind);
        Self { stand: Stand::serving(move |request| answer(&own, request)).await, mind }
    }

    pub(super) fn url(&self) -> Url {
        self.stand.at("/api/")
    }

    /// Instances that are there.
    pub(super) fn left(&self) -> usize {
        self.mind.instances.lock().unwrap().len()
    }

    /// Instances that were made.
    pub(super) fn made(&self) -> usize {
        *self.mind.made.lock().unwrap()
    }
}

fn answer(mind: &Arc<Mind>, request: &Received) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    if path.starts_with(VISITED) {
        return visits::answer(mind, request, path);
    }
    let path = path.strip_prefix("/api").expect("the prefix of the endpoint is kept");
    let is_manifest = matches!(path, "/manifest" | "/");
    let id = path.strip_prefix("/instances/");
    let open = mind.has(Fault::VerifiesNothing)
        || mind.has(Fault::GuardsCreationAlone) && request.method != "POST"
        || mind.has(Fault::ManifestIsPublic) && is_manifest;
    if !open && !mind.verified(request, id, is_manifest) {
        let status = if mind.has(Fault::FallsOverOnForgeries) { 500 } else { 401 };
        return Reply::Json(status, json!({ "message": "not signed" }));
    }
    match (request.method.as_str(), path, id) {
        ("GET", "/manifest" | "/", _) => mind.manifest(path),
        ("POST", "/instances", _) => instances::create(mind, request),
        (_, _, Some(id)) => instances::on(mind, id, request),
        _ => Reply::Nothing(404),
    }
}

impl Mind {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// Whether one of the signatures vouches for a call about this instance.
    fn verified(&self, request: &Received, id: Option<&str>, is_manifest: bool) -> bool {
        if self.has(Fault::BearerAlone) {
            return request.header("authorization") == Some(&format!("Bearer {SECRET}"));
        }
        let exact = self.has(Fault::ExactHeaderNames);
        let token = if exact { request.exact("X-Nf-Sign") } else { request.header("x-nf-sign") };
        let Some(token) = token else { return self.has(Fault::LetsUnsignedPass) };
        let previous = request.header("x-nf-sign-previous");
        let fits = |token: &str| self.fits(token, id, is_manifest);
        match (self.fault, previous) {
            (Fault::KnowsOneSignature, _) | (_, None) => fits(token),
            (Fault::TakesAnyPrevious, Some(_)) => true,
            (Fault::WantsBothSignatures, Some(previous)) => fits(token) && fits(previous),
            (_, Some(previous)) => fits(token) || fits(previous),
        }
    }

    fn fits(&self, token: &str, id: Option<&str>, is_manifest: bool) -> bool {
        let Some(claims) = self.claims(token) else { return false };
        let named = claims["netlify_id"].is_string() || is_manifest;
        let own = id.is_none_or(|id| claims["id"] == id || self.has(Fault::IgnoresTheId));
        let lives = match claims["exp"].as_u64() {
            Some(exp) => exp > now() || self.has(Fault::TakesExpired),
            None => self.has(Fault::TakesEndless),
        };
        lives && (named && own || self.has(Fault::TakesLogins) && claims["remote_id"].is_string())
    }

    fn claims(&self, token: &str) -> Option<Value> {
        if self.has(Fault::BelievesAlgNone) && decoded(token, 0)?["alg"] == "none" {
            return decoded(token, 1);
        }
        let empty = || signing::verify_hs256(token, b"").ok().filter(|_| self.has(Fault::EmptySecretToo));
        signing::verify_hs256(token, SECRET.as_bytes()).ok().or_else(empty)
    }
}

/// A part of a token, unverified.
fn decoded(token: &str, part: usize) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(part)?).ok()?).ok()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
