//! A secret that is just being replaced: for a day every call is signed with the new one and, as
//! `X-Nf-Sign-Previous`, with the one before. A provider knows either.

use super::call::{Call, signed};
use super::forgeries::{FELL_OVER, OTHER_SECRET, expired, finding, judge, worse};
use super::visit::Visit;
use crate::check::finding::Outcome;

/// How the checks of one kind of call are named.
pub(super) struct Names {
    pub(super) goes_on: &'static str,
    pub(super) takes_the_new: &'static str,
    pub(super) refuses: &'static str,
}

pub(super) const MANAGING: Names = Names {
    goes_on: "goes on while its secret is replaced",
    takes_the_new: "takes a new secret beside the old one",
    refuses: "refuses a wrong X-Nf-Sign-Previous",
};

pub(super) const PROXIED: Names = Names {
    goes_on: "answers visitors while its secret is replaced",
    takes_the_new: "answers visitors under a new secret beside the old one",
    refuses: "refuses proxied requests with a wrong X-Nf-Sign-Previous",
};

/// Tries a call that is known to be right.
pub(super) async fn check(visit: &mut Visit<'_>, call: &Call, names: &Names) {
    let right = call.sign.clone();
    let foreign = Some(signed(&call.claims, OTHER_SECRET));
    let both = |sign: &Option<String>, previous: &Option<String>| Call {
        sign: sign.clone(),
        previous: previous.clone(),
        ..call.clone()
    };
    let answer = visit.ask(&both(&foreign, &right)).await;
    visit.should(
        answer.accepted(),
        names.goes_on,
        answer.said(),
        "take what X-Nf-Sign-Previous holds as well, verified in the same way: between the rotation and the moment when you know the new secret, only that is signed with yours",
    );
    let answer = visit.ask(&both(&right, &foreign)).await;
    visit.must(
        answer.accepted(),
        names.takes_the_new,
        answer.said(),
        "one of X-Nf-Sign and X-Nf-Sign-Previous is enough: you never know both secrets, and for a day every call has both headers",
    );
    let old = Some(visit.kit.token(&expired(&visit.kit, call.claims.clone())));
    let mut outcome = Outcome::Pass;
    let mut said = Vec::new();
    for (what, previous) in [("another secret", &foreign), ("expired", &old)] {
        let answer = visit.ask(&both(&foreign, previous)).await;
        outcome = worse(outcome, judge(&answer));
        said.push(format!("{what} {}", answer.said()));
    }
    let advice = match outcome {
        Outcome::Advice => FELL_OVER,
        _ => "verify X-Nf-Sign-Previous exactly as X-Nf-Sign, exp included",
    };
    visit.findings.push(finding(outcome, names.refuses, said.join(", "), advice));
}
