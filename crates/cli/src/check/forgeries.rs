//! Deliveries that no server made: a consumer must refuse each of them.

use super::consumer::Consumer;
use super::finding::Finding;
use super::peer::Answer;
use super::shipment::{COMPACT, JWS, Kit, STANDARD, Shipment, claims, unsigned_token};

/// A secret that no consumer has.
const OTHER_SECRET: &str = "another secret than the consumer's";

/// What is forged, and what is wrong with a consumer that takes it.
struct Forgery {
    check: &'static str,
    advice: &'static str,
    make: fn(&Kit) -> anyhow::Result<Shipment>,
}

const FORGERIES: [Forgery; 5] = [
    Forgery {
        check: "refuses a delivery without a signature",
        advice: "a missing header must be a refusal: whoever forges leaves it out",
        make: |kit| Ok(kit.right()?.without(&[JWS[0], JWS[1], STANDARD])),
    },
    Forgery {
        check: "refuses another secret",
        advice: "verify the token's HMAC with the hook's secret before reading anything in it",
        make: |kit| kit.signed_with(OTHER_SECRET),
    },
    Forgery {
        check: "refuses an empty secret",
        advice: "the consumer's own secret is not set: stop at start when it is empty",
        make: |kit| kit.signed_with(""),
    },
    Forgery {
        check: "refuses a body changed by one byte",
        advice: "compare the claim sha256 with the SHA-256 of the body: a token alone says nothing about it",
        make: |kit| Ok(kit.right()?.with_body(&COMPACT.replace("calm-boat\"", "calm-goat\""))),
    },
    Forgery {
        check: "refuses a body written anew",
        advice: "hash the bytes that came in, before any JSON parser saw them: parsed and written again they are others",
        make: |kit| Ok(kit.right()?.with_body(&COMPACT.replace("\",\"", "\", \""))),
    },
];

/// Tokens that do not fit, beside a right signature of Standard Webhooks: consumers that verify both
/// must not be content with that.
const TOKENS: [Forgery; 4] = [
    Forgery {
        check: "refuses alg none",
        advice: "allow HS256 alone: a token must not choose how it is verified",
        make: |kit| Ok(kit.right()?.with_token(&unsigned_token(&claims("netlify", COMPACT)))),
    },
    Forgery {
        check: "refuses another issuer",
        advice: "compare the claim iss with netlify: other tokens may be signed with the same secret",
        make: |kit| Ok(kit.right()?.with_token(&kit.token(&claims("somebody", COMPACT)))),
    },
    Forgery {
        check: "refuses a token without a digest",
        advice: "a token without the claim sha256 vouches for no body",
        make: |kit| Ok(kit.right()?.with_token(&kit.token(r#"{"iss":"netlify"}"#))),
    },
    Forgery {
        check: "refuses what is no token",
        advice: "a token that cannot be read must be a refusal",
        make: |kit| Ok(kit.right()?.with_token("none")),
    },
];

/// Sends every forgery. A consumer that is content with the signature of Standard Webhooks alone gets
/// wrong tokens without it.
pub(super) async fn check(
    consumer: &Consumer,
    kit: &Kit,
    without_token: bool,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::with_capacity(FORGERIES.len() + TOKENS.len());
    for forgery in &FORGERIES {
        findings.push(judge(forgery, &consumer.ask(&(forgery.make)(kit)?).await));
    }
    for forgery in &TOKENS {
        let shipment = (forgery.make)(kit)?;
        let shipment = if without_token { shipment.without(&[STANDARD]) } else { shipment };
        findings.push(judge(forgery, &consumer.ask(&shipment).await));
    }
    Ok(findings)
}

fn judge(forgery: &Forgery, answer: &Answer) -> Finding {
    let (check, said) = (forgery.check, answer.said());
    match answer.status {
        Ok(200..=299) => Finding::fail(check, said, forgery.advice),
        Ok(410) => Finding::advice(
            check,
            said,
            "refuse with 401 or 403: 410 on a delivery tells the server to disable the hook, and a secret set wrong would do it",
        ),
        Ok(400..=499) => Finding::pass(check, said),
        Ok(_) | Err(_) => Finding::advice(
            check,
            said,
            "refuse with 401 or 403: this looks like a consumer that fell over, and cannot be told from one in the log",
        ),
    }
}
