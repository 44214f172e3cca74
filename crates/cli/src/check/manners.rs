//! How a consumer takes right deliveries: in time, of any bytes, twice, under each of their headers,
//! and not for ever.

use super::consumer::Consumer;
use super::finding::{Finding, Outcome};
use super::peer::{Answer, Patience};
use super::shipment::{JWS, Kit, ODD, STANDARD};

/// Seconds by which a delivery is too old for anybody.
const OLD: i64 = 3600;

const REPLAY: &str = "check webhook-timestamp together with webhook-signature, which covers id and time: the token alone never expires, so that whoever saw a delivery can send it again";

/// What the first right delivery showed.
pub(super) fn first(answer: &Answer, patience: Patience) -> Vec<Finding> {
    let mut findings = vec![accepted("accepts a right delivery", answer, right_advice(answer))];
    if answer.status.is_ok() {
        findings.push(in_time(answer, patience));
        findings.push(Finding::judged(
            !answer.closes,
            Outcome::Advice,
            "keeps the connection",
            if answer.closes { "ends it after each answer" } else { "kept" }.to_owned(),
            "leave connections open: under load each delivery pays for a new one, with TLS twice",
        ));
    }
    findings
}

fn right_advice(answer: &Answer) -> &'static str {
    match answer.status {
        Ok(410) => "410 tells the server to disable the hook; answer 2xx",
        Ok(300..=399) => {
            "redirects are not followed: point the hook to where it leads (often a slash at the end, or https)"
        }
        Ok(401 | 403) => {
            "is it the same secret? It verifies the claims iss = netlify and sha256 = hex SHA-256 of the body, HS256"
        }
        Ok(404 | 405) => "is the path right, and does it take POST?",
        Ok(_) => "only 2xx counts as delivered; anything else is tried again for about three days",
        Err(_) => "is the consumer running, and does it listen on this address?",
    }
}

fn accepted(check: &'static str, answer: &Answer, advice: &'static str) -> Finding {
    Finding::judged(answer.accepted(), Outcome::Fail, check, answer.said(), advice)
}

fn in_time(answer: &Answer, patience: Patience) -> Finding {
    Finding::judged(
        answer.took <= patience.slow,
        Outcome::Advice,
        "answers in time",
        format!("{} ms", answer.took.as_millis()),
        "answer first and work afterwards: after 15 s the server gives up and tries again",
    )
}

/// What holds with and without a secret.
pub(super) async fn repeats(consumer: &Consumer, kit: &Kit) -> anyhow::Result<Vec<Finding>> {
    let odd = consumer.ask(&kit.of(ODD)?).await;
    let twice = kit.right()?;
    let (one, two) = (consumer.ask(&twice).await, consumer.ask(&twice).await);
    let lower = consumer.ask_in_lower_case(&kit.right()?).await;
    Ok(vec![
        accepted(
            "accepts a body of unusual bytes",
            &odd,
            "verify the bytes as they came in: spaces, escapes and number formats are part of them, and UTF-8 is what they are written in",
        ),
        accepted(
            "accepts the same delivery twice",
            if one.accepted() { &two } else { &one },
            "answer 2xx to a webhook-id that was seen already: an answer that got lost is the usual reason for a repeat",
        ),
        Finding::judged(
            lower.accepted(),
            Outcome::Advice,
            "finds headers in lower case",
            lower.said(),
            "look headers up without regard to case: HTTP/2 and many proxies write them in lower case",
        ),
    ])
}

/// What holds with a secret.
pub(super) async fn signed(consumer: &Consumer, kit: &Kit) -> anyhow::Result<Vec<Finding>> {
    Ok(vec![old(consumer, kit).await?, made_young(consumer, kit).await?])
}

/// Signatures that may suffice, with their names in the report, from the fewest on.
const SUFFICIENT: [(&str, &[&str]); 5] = [
    ("X-Webhook-Signature", &[JWS[0]]),
    ("X-Nf-Sign", &[JWS[1]]),
    ("Webhook-Signature", &[STANDARD]),
    ("X-Webhook-Signature with Webhook-Signature", &[JWS[0], STANDARD]),
    ("X-Nf-Sign with Webhook-Signature", &[JWS[1], STANDARD]),
];

/// Which signatures the consumer is content with: deliveries carry all of them.
pub(super) struct Content {
    pub(super) finding: Finding,
    /// Whether it is content without a token, so that a wrong one beside it means nothing.
    pub(super) without_token: bool,
}

pub(super) async fn content(consumer: &Consumer, kit: &Kit) -> anyhow::Result<Content> {
    let mut read = Vec::new();
    let mut without_token = false;
    for (title, names) in SUFFICIENT {
        let others: Vec<_> =
            [JWS[0], JWS[1], STANDARD].into_iter().filter(|one| !names.contains(one)).collect();
        let alone = names.len() == 1;
        if (alone || read.is_empty()) && consumer.ask(&kit.right()?.without(&others)).await.accepted() {
            read.push(title);
            without_token |= names == [STANDARD];
        }
    }
    let said = if read.is_empty() { "asks for all of them".to_owned() } else { read.join(", ") };
    let advice = "X-Webhook-Signature and X-Nf-Sign carry the same token: one of them is enough";
    let finding =
        Finding::judged(!read.is_empty(), Outcome::Advice, "is content with one token", said, advice);
    Ok(Content { finding, without_token })
}

async fn old(consumer: &Consumer, kit: &Kit) -> anyhow::Result<Finding> {
    let answer = consumer.ask(&kit.at(kit.now() - OLD)?).await;
    let check = "refuses a delivery of an hour ago";
    Ok(Finding::judged(!answer.accepted(), Outcome::Advice, check, answer.said(), REPLAY))
}

/// The signatures of an old delivery beside a new time and a new id: only `webhook-signature` shows it.
async fn made_young(consumer: &Consumer, kit: &Kit) -> anyhow::Result<Finding> {
    let mut shipment = kit.at(kit.now() - OLD)?;
    let fresh = kit.right()?;
    for (name, value) in
        shipment.headers.iter_mut().filter(|(name, _)| ["webhook-id", "webhook-timestamp"].contains(name))
    {
        if let Some((_, new)) = fresh.headers.iter().find(|(each, _)| each == name) {
            new.clone_into(value);
        }
    }
    let answer = consumer.ask(&shipment).await;
    let check = "refuses an old delivery with a new time";
    Ok(Finding::judged(!answer.accepted(), Outcome::Advice, check, answer.said(), REPLAY))
}
