//! Proxied requests: what visitors of a site ask for below `/.netlify/<slug>` reaches the instance's own
//! endpoint, signed like every other call, with the visitor's token if there is one.

use super::call::{Call, Instance, Visitor, signed, unsigned, uuid};
use super::forgeries::{self, FELL_OVER, OTHER_SECRET, expired, finding, judge, worse};
use super::life::Made;
use super::rotation;
use super::visit::Visit;
use crate::check::finding::{Finding, Outcome};
use crate::check::peer::Answer;

const ANSWERS: &str = "answers proxied requests";

/// Plays visitors of a site, and people who are none. The call that worked, for later.
pub(super) async fn check(visit: &mut Visit<'_>, made: &Made) -> anyhow::Result<Option<Call>> {
    let Some(endpoint) = made.endpoint() else {
        visit.findings.push(Finding::pass(ANSWERS, "none come: it names no endpoint"));
        return Ok(None);
    };
    let call = visit.kit.visit(&made.instance, &endpoint, &visit.provider.visited);
    let visitor = visit.kit.visitor()?;
    let with_token = Call { bearer: Some(visit.kit.token(&visitor.claims)), ..call.clone() };
    let seen = Seen { plain: visit.ask(&call).await, known: visit.ask(&with_token).await };
    let call = if seen.plain.accepted() { call } else { with_token };
    if !answers(visit, &seen) {
        return Ok(None);
    }
    forgeries::proxied(visit, &made.instance, &call).await;
    rotation::check(visit, &call, &rotation::PROXIED).await;
    let nobody = Instance { uuid: uuid()?, id: format!("no-such-{}", uuid()?) };
    let stranger = visit.kit.visit(&nobody, &endpoint, &visit.provider.visited);
    let answer = visit.ask(&Call { bearer: call.bearer.clone(), ..stranger }).await;
    visit.should(
        judge(&answer) == Outcome::Pass,
        "answers for no unknown instance",
        answer.said(),
        "look up the id that the token names, and answer 404 for one that you did not give out",
    );
    visitors(visit, &call, &seen, &visitor).await?;
    Ok(Some(call))
}

/// What a visitor saw without a token, and with one.
struct Seen {
    plain: Answer,
    known: Answer,
}

fn answers(visit: &mut Visit<'_>, seen: &Seen) -> bool {
    let (plain, known) = (&seen.plain, &seen.known);
    let path = &visit.provider.visited;
    let said = match (plain.accepted(), known.accepted()) {
        (true, _) => format!("{} at {path}", plain.said()),
        (false, true) => {
            format!("{} at {path}, and {} to a visitor with a token", plain.said(), known.said())
        }
        (false, false) => format!("{} at {path}", known.said()),
    };
    let fine = plain.accepted() || known.accepted();
    match known.status {
        Ok(401 | 403) => visit.must(
            fine,
            ANSWERS,
            said,
            "is it the same secret? X-Nf-Sign is signed with it, with exp, site_url, id and netlify_id; Authorization is the visitor's own here, signed with the same secret, and never the secret itself",
        ),
        Ok(300..=499) => visit.should(
            fine,
            ANSWERS,
            said,
            "so its signatures could not be checked: name a path below the endpoint that it answers, --visit /hello",
        ),
        _ => visit.must(fine, ANSWERS, said, "visitors get what it answers, and 502 or 504 without an answer"),
    }
    fine
}

/// Tokens that claim somebody and that nobody verified: a server hands on as they came those which it
/// cannot verify.
async fn visitors(visit: &mut Visit<'_>, call: &Call, seen: &Seen, visitor: &Visitor) -> anyhow::Result<()> {
    const CHECK: &str = "verifies the tokens of visitors";
    let by_status = !seen.plain.accepted() && seen.known.accepted();
    if !by_status && !shows(&seen.known, visitor) {
        visit.findings.push(Finding::pass(CHECK, "it looks at none"));
        return Ok(());
    }
    let (mut outcome, mut said) = (Outcome::Pass, Vec::new());
    for what in ["another secret", "alg none", "expired"] {
        let forged = visit.kit.visitor()?;
        let token = match what {
            "another secret" => signed(&forged.claims, OTHER_SECRET),
            "alg none" => unsigned(&forged.claims),
            _ => visit.kit.token(&expired(&visit.kit, forged.claims.clone())),
        };
        let answer = visit.ask(&Call { bearer: Some(token), ..call.clone() }).await;
        let believed = answer.accepted() && (by_status || shows(&answer, &forged));
        outcome = worse(outcome, if believed { Outcome::Fail } else { fallen(&answer) });
        let how = if believed { ", and believed it" } else { "" };
        said.push(format!("{what}: {}{how}", answer.said()));
    }
    let advice = match outcome {
        Outcome::Advice => FELL_OVER,
        _ => {
            "verify the token in Authorization with the add-on's secret, HS256 alone, exp included: servers sign anew only what they could verify, and hand on the rest as it came"
        }
    };
    visit.findings.push(finding(outcome, CHECK, said.join(", "), advice));
    Ok(())
}

fn fallen(answer: &Answer) -> Outcome {
    if answer.fell_over() { Outcome::Advice } else { Outcome::Pass }
}

fn shows(answer: &Answer, visitor: &Visitor) -> bool {
    String::from_utf8_lossy(&answer.body).contains(&visitor.email)
}
