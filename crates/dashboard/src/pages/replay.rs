//! Sending a span of a hook's deliveries again: what that would be is counted first.

use super::{Answer, go, hook, site};
use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use axum::extract::Path;
use http::StatusCode;
use model::DeliveryState;
use serde_json::{Map, Value, json};

/// The fields of the form.
const FIELDS: [&str; 5] = ["since", "until", "state", "event", "per_minute"];

/// `GET /sites/{name}/hooks/{id}/replay`: the form; with `since` also the count.
pub(crate) async fn show(visit: Visit, Path((name, id)): Path<(String, String)>) -> Answer {
    let fields = FIELDS.map(|field| (field, visit.query(field)));
    page(&visit, (&name, &id), fields, None).await
}

/// `POST /sites/{name}/hooks/{id}/replay`.
pub(crate) async fn send(visit: Visit, Path((name, id)): Path<(String, String)>, form: Form) -> Answer {
    let fields = FIELDS.map(|field| (field, form.get(field).to_owned()));
    let sent = match body(&fields, false) {
        Ok(body) => visit.api().post(&path(&["hooks", &id, "resend"]), body).await,
        Err(problem) => Err(problem),
    };
    match sent {
        Ok(_) => Ok(go(&format!("{}?done=replayed#deliveries", path(&["sites", &name, "hooks", &id])))),
        Err(problem) => page(&visit, (&name, &id), fields, Some(visit.sign(problem))).await,
    }
}

type Fields = [(&'static str, String); FIELDS.len()];

async fn page(visit: &Visit, (name, id): (&str, &str), fields: Fields, problem: Option<Problem>) -> Answer {
    let site = site::find(visit, name).await?;
    let hook = hook::find(visit, id, site::text(&site, "id")).await?;
    let asked = fields.iter().any(|(field, value)| *field == "since" && !value.is_empty());
    let counted = match asked {
        true => Some(count(visit, id, &fields).await),
        false => None,
    };
    let (counted, refused) = match counted {
        Some(Err(problem)) => (None, Some(visit.sign(problem))),
        other => (other.and_then(Result::ok), None),
    };
    let problem = problem.or(refused);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let states = DeliveryState::ALL.into_iter().filter(|state| *state != DeliveryState::Cancelled);
    let states: Vec<_> = states.map(DeliveryState::as_str).collect();
    let fields: Map<_, _> = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let values = values! { title => "Replay", nav => "sites", site, hook, counted, states, fields, problem };
    Ok(view::page(status, "replay.html", values))
}

async fn count(visit: &Visit, id: &str, fields: &Fields) -> Result<Value, Problem> {
    visit.api().post(&path(&["hooks", id, "resend"]), body(fields, true)?).await
}

fn body(fields: &Fields, dry_run: bool) -> Result<Value, Problem> {
    let mut body = json!({ "dry_run": dry_run });
    for (field, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        body[*field] = match *field {
            "since" | "until" => instant(value).into(),
            "per_minute" => {
                value.parse::<u32>().map_err(|_| Problem::input("A rate is a whole number."))?.into()
            }
            _ => value.as_str().into(),
        };
    }
    match body["since"] {
        Value::Null => Err(Problem::input("The beginning is missing.")),
        _ => Ok(body),
    }
}

/// What a browser's field for a time gives, as an instant in UTC. The API judges what is left.
fn instant(text: &str) -> String {
    match text.len() {
        _ if text.ends_with('Z') => text.to_owned(),
        16 => format!("{text}:00Z"),
        _ => format!("{text}Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_browsers_become_instants() {
        for (typed, expect) in [
            ("2026-01-02T03:04", "2026-01-02T03:04:00Z"),
            ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
        ] {
            assert_eq!(instant(typed), expect);
        }
    }

    #[test]
    fn only_what_was_given_is_asked_for() {
        let fields = |since: &str, rate: &str| {
            FIELDS.map(|field| match field {
                "since" => (field, since.to_owned()),
                "state" => (field, "held".to_owned()),
                "per_minute" => (field, rate.to_owned()),
                _ => (field, String::new()),
            })
        };
        let expect = json!({ "dry_run": true, "since": "2026-01-02T03:04:00Z", "state": "held" });
        assert_eq!(body(&fields("2026-01-02T03:04", ""), true), Ok(expect));
        assert_eq!(
            body(&fields("2026-01-02T03:04", "60"), true).map(|body| body["per_minute"] == 60),
            Ok(true)
        );
        assert!(body(&fields("2026-01-02T03:04", "many"), true).is_err());
        assert!(body(&fields("", ""), true).is_err());
    }
}
