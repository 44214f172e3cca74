//! What it answers visitors of its sites.

use super::{Fault, Mind, SECRET, VISITED, decoded, now};
use crate::check::stand::{Received, Reply};
use serde_json::{Value, json};

pub(super) fn answer(mind: &Mind, request: &Received, path: &str) -> Reply {
    match mind.fault {
        Fault::AnswersNoVisitor => return Reply::Nothing(401),
        Fault::AnswersElsewhere if path != format!("{VISITED}/hello") => return Reply::Nothing(404),
        Fault::FallsOverOnVisitors => return Reply::Nothing(500),
        Fault::WantsTheSecretOfVisitors
            if request.header("authorization") != Some(&format!("Bearer {SECRET}")) =>
        {
            return Reply::Nothing(401);
        }
        _ => {}
    }
    let id = request.header("x-nf-id").unwrap_or_default();
    // what is careless about calls that manage is careful here, so that each is found out by itself
    let open = mind.has(Fault::VerifiesNoVisit);
    if !open && !mind.verified(request, Some(id), false) {
        return Reply::Json(401, json!({ "message": "not signed" }));
    }
    let name = mind.instances.lock().unwrap().get(id).map(|one| one.name.clone());
    let removed = mind.has(Fault::AnswersForTheRemoved) && id.starts_with("r-");
    if name.is_none() && !mind.has(Fault::AnswersForAnybody) && !removed {
        return Reply::Nothing(404);
    }
    match visitor(mind, request) {
        Ok(None) if mind.has(Fault::LetsTheKnownInAlone) => Reply::Json(401, json!({ "message": "who?" })),
        Ok(visitor) => Reply::Json(200, json!({ "name": name, "visitor": visitor })),
        Err(reply) => reply,
    }
}

/// Who asks; nobody without a token.
fn visitor(mind: &Mind, request: &Received) -> Result<Option<Value>, Reply> {
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token.filter(|_| !mind.has(Fault::LooksAtNoToken)) else { return Ok(None) };
    let claims = match mind.fault {
        Fault::BelievesVisitors => decoded(token, 1),
        _ => signing::verify_hs256(token, SECRET.as_bytes()).ok(),
    };
    let lives = |claims: &Value| {
        claims["exp"].as_u64().is_some_and(|exp| exp > now())
            || matches!(mind.fault, Fault::TakesExpiredVisitors | Fault::BelievesVisitors)
    };
    let status = if mind.has(Fault::FallsOverOnTokens) { 500 } else { 401 };
    match claims.filter(lives) {
        Some(claims) => Ok(Some(claims["email"].clone())),
        None => Err(Reply::Json(status, json!({ "message": "your token does not verify" }))),
    }
}
