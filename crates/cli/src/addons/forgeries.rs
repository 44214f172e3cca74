//! Calls that no server made: a provider must refuse each of them.

use super::call::{Call, Instance, Kit, signed, unsigned, uuid};
use super::visit::Visit;
use crate::check::finding::{Finding, Outcome};
use crate::check::peer::Answer;
use reqwest::Method;
use serde_json::{Map, Value};

/// A secret that no provider has.
pub(super) const OTHER_SECRET: &str = "another secret than the provider's";
/// Seconds by which a token is too old.
pub(super) const OLD: i64 = 3600;

/// Who signs nothing, or with something else.
pub(super) struct Stranger {
    pub(super) check: &'static str,
    /// The check of proxied requests.
    pub(super) proxied: &'static str,
    pub(super) advice: &'static str,
    /// Signature and secret in place of the right ones.
    pub(super) sign: fn(&Call) -> (Option<String>, Option<String>),
}

pub(super) const STRANGERS: [Stranger; 2] = [
    Stranger {
        check: "refuses calls without a signature",
        proxied: "refuses proxied requests without a signature",
        advice: "verify X-Nf-Sign in front of every route: a missing header must be a refusal",
        sign: |_| (None, None),
    },
    Stranger {
        check: "refuses another secret",
        proxied: "refuses proxied requests of another secret",
        advice: "verify the token's HMAC with the add-on's secret before reading anything in it",
        sign: |call| (Some(signed(&call.claims, OTHER_SECRET)), Some(OTHER_SECRET.to_owned())),
    },
];

/// What is wrong with a token, and with a provider that takes it.
pub(super) struct Forgery {
    check: &'static str,
    /// The check of proxied requests.
    proxied: &'static str,
    or: Outcome,
    advice: &'static str,
    token: fn(&Kit, &Instance, Map<String, Value>) -> String,
}

const TOKENS: [Forgery; 7] = [
    Forgery {
        check: "refuses an empty secret",
        proxied: "refuses proxied requests of an empty secret",
        or: Outcome::Fail,
        advice: "the provider's own secret is not set: stop at start when it is empty",
        token: |_, _, claims| signed(&claims, ""),
    },
    Forgery {
        check: "refuses alg none",
        proxied: "refuses proxied requests with alg none",
        or: Outcome::Fail,
        advice: "allow HS256 alone: a token must not choose how it is verified",
        token: |_, _, claims| unsigned(&claims),
    },
    Forgery {
        check: "refuses an expired token",
        proxied: "refuses proxied requests with an expired token",
        or: Outcome::Fail,
        advice: "compare the claim exp, in seconds, with the clock: tokens are made for five minutes",
        token: |kit, _, claims| kit.token(&expired(kit, claims)),
    },
    Forgery {
        check: "refuses what is no token",
        proxied: "refuses proxied requests with what is no token",
        or: Outcome::Fail,
        advice: "a token that cannot be read must be a refusal",
        token: |_, _, _| "none".to_owned(),
    },
    Forgery {
        check: "refuses a login in place of a signature",
        proxied: "refuses proxied requests signed by a login",
        or: Outcome::Fail,
        advice: "ask for the claim netlify_id: people of a site get a token of the same secret behind admin_url#, with remote_id in it, and could manage instances with that",
        token: |kit, instance, _| kit.token(&kit.login(&instance.id)),
    },
    Forgery {
        check: "refuses a token of another instance",
        proxied: "refuses proxied requests with a token of another instance",
        or: Outcome::Advice,
        advice: "compare the claim id with the id in the path, or in X-NF-ID: a token is made for one instance",
        token: |kit, _, mut claims| {
            claims.insert("id".to_owned(), "another".into());
            claims.insert("netlify_id".to_owned(), "another".into());
            kit.token(&claims)
        },
    },
    Forgery {
        check: "refuses a token without end",
        proxied: "refuses proxied requests with a token without end",
        or: Outcome::Advice,
        advice: "ask for the claim exp: libraries take a token without one for ever valid",
        token: |kit, _, mut claims| {
            claims.remove("exp");
            kit.token(&claims)
        },
    },
];

/// The same claims, of an hour ago.
pub(super) fn expired(kit: &Kit, mut claims: Map<String, Value>) -> Map<String, Value> {
    claims.insert("exp".to_owned(), (kit.now() - OLD).into());
    claims
}

/// Sends every forgery of a managing call. Whether the provider looks at tokens at all.
pub(super) async fn check(visit: &mut Visit<'_>, instance: &Instance) -> anyhow::Result<bool> {
    manifest(visit).await;
    for stranger in &STRANGERS {
        strange(visit, stranger).await?;
    }
    let call = visit.kit.on(Method::GET, instance);
    let by_token = visit.ask(&call.clone().with(call.sign.clone(), None)).await.accepted();
    let by_bearer = visit.ask(&call.clone().with(None, Some(visit.kit.secret()))).await.accepted();
    if by_bearer && !by_token {
        visit.findings.push(Finding::advice(
            "verifies X-Nf-Sign",
            "the secret in Authorization is enough, and X-Nf-Sign is not looked at",
            "verify the token: it ends after five minutes and names the instance, and the secret stays where it is",
        ));
        return Ok(false);
    }
    // a provider that asks for the bearer as well gets it
    let bearer = (!by_token).then(|| visit.kit.secret());
    tokens(visit, instance, &Call { bearer, ..call }, |forgery| forgery.check).await;
    Ok(true)
}

/// There is nothing secret in a manifest, but the documents ask for the signature everywhere.
async fn manifest(visit: &mut Visit<'_>) {
    let answer = visit.ask(&visit.kit.manifest("/manifest").with(None, None)).await;
    visit.should(
        !answer.accepted(),
        "shows its manifest to servers alone",
        answer.said(),
        "verify X-Nf-Sign here too, unless your manifest is meant for everybody",
    );
}

/// All calls of one stranger. Each change and removal gets an instance of its own, so that one that
/// comes through hides nothing.
async fn strange(visit: &mut Visit<'_>, stranger: &Stranger) -> anyhow::Result<()> {
    let mut calls = vec![visit.kit.creation(&uuid()?, &visit.config(0))];
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let Some(spare) = visit.spare().await? else { continue };
        calls.push(match method {
            Method::PUT => visit.kit.change(&spare, &visit.config(0)),
            method => visit.kit.on(method, &spare),
        });
    }
    let mut said = Vec::new();
    let mut outcome = Outcome::Pass;
    for call in calls {
        let (sign, bearer) = (stranger.sign)(&call);
        let method = call.method.clone();
        let (answer, _) = visit.create(&call.with(sign, bearer)).await;
        outcome = worse(outcome, judge(&answer));
        said.push(format!("{method} {}", answer.said()));
    }
    let advice = if outcome == Outcome::Advice { FELL_OVER } else { stranger.advice };
    visit.findings.push(finding(outcome, stranger.check, said.join(", "), advice));
    Ok(())
}

pub(super) const FELL_OVER: &str =
    "refuse with 401: this looks like a provider that fell over, and cannot be told from one in the log";

/// How a forgery was taken. A redirect, to a login above all, gives nothing away.
pub(super) fn judge(answer: &Answer) -> Outcome {
    match answer.status {
        Ok(200..=299) => Outcome::Fail,
        Ok(300..=499) => Outcome::Pass,
        Ok(_) | Err(_) => Outcome::Advice,
    }
}

pub(super) fn worse(one: Outcome, other: Outcome) -> Outcome {
    match (one, other) {
        (Outcome::Fail, _) | (_, Outcome::Fail) => Outcome::Fail,
        (Outcome::Advice, _) | (_, Outcome::Advice) => Outcome::Advice,
        (Outcome::Pass, Outcome::Pass) => Outcome::Pass,
    }
}

pub(super) fn finding(outcome: Outcome, check: &'static str, said: String, advice: &'static str) -> Finding {
    Finding::judged(outcome == Outcome::Pass, outcome, check, said, advice)
}

/// Tokens that do not fit, in a call that reads.
async fn tokens(visit: &mut Visit<'_>, instance: &Instance, call: &Call, name: fn(&Forgery) -> &'static str) {
    for forgery in &TOKENS {
        let token = (forgery.token)(&visit.kit, instance, call.claims.clone());
        let answer = visit.ask(&Call { sign: Some(token), ..call.clone() }).await;
        let (outcome, advice) = match judge(&answer) {
            Outcome::Fail => (forgery.or, forgery.advice),
            other => (other, FELL_OVER),
        };
        visit.findings.push(finding(outcome, name(forgery), answer.said(), advice));
    }
}

/// The same of a proxied request.
pub(super) async fn proxied(visit: &mut Visit<'_>, instance: &Instance, call: &Call) {
    for stranger in &STRANGERS {
        let (sign, _) = (stranger.sign)(call);
        let answer = visit.ask(&Call { sign, ..call.clone() }).await;
        let outcome = judge(&answer);
        let advice = if outcome == Outcome::Advice { FELL_OVER } else { stranger.advice };
        visit.findings.push(finding(outcome, stranger.proxied, answer.said(), advice));
    }
    tokens(visit, instance, call, |forgery| forgery.proxied).await;
}
