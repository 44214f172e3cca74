//! The life of a good instance: made, read, changed, removed, and each of that once more.

use super::call::{Call, Instance, uuid};
use super::said::said;
use super::visit::Visit;
use super::{contents, slow};
use crate::check::peer::Answer;
use reqwest::{Method, Url};
use serde_json::{Map, Value};

/// What an answer may say that is kept.
const KEPT: [&str; 4] = ["config", "env", "snippets", "endpoint"];

/// An instance, and what the provider said when it made it.
pub(super) struct Made {
    pub(super) instance: Instance,
    pub(super) said: Map<String, Value>,
}

impl Made {
    /// Where its proxied requests go.
    pub(super) fn endpoint(&self) -> Option<Url> {
        self.said.get("endpoint").and_then(Value::as_str)?.parse().ok()
    }

    /// What was said later stands in place of what was said before, field by field.
    pub(super) fn take_over(&mut self, body: &Map<String, Value>) {
        let kept = body.iter().filter(|(_, value)| !value.is_null());
        self.said.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    }
}

/// Makes the first instance; none when that does not work, or its answer cannot be used.
pub(super) async fn create(visit: &mut Visit<'_>) -> anyhow::Result<Option<Made>> {
    let call = visit.kit.creation(&uuid()?, &visit.config(0));
    let (answer, made) = visit.create(&call).await;
    visit.must(answer.status == Ok(201), "creates an instance", told(&answer), create_advice(&answer));
    if answer.status != Ok(201) {
        return Ok(None);
    }
    let slow = visit.provider.patience().slow;
    visit.should(
        answer.took <= slow,
        "creates it in time",
        format!("{} ms", answer.took.as_millis()),
        "answer first and finish afterwards, with state: provisioning; after 10 s the server gives up and nothing is kept",
    );
    let read = said(&answer).and_then(|body| made.map(|made| (made, body)).ok_or("no id".to_owned()));
    visit.must(
        read.is_ok(),
        "says what it made",
        read.as_ref().map_or_else(Clone::clone, |(made, body)| format!("id {}, {}", made.id, fields(body))),
        "answer {id, message?, endpoint?, config?, env?, snippets?}: id is a text, env an object, snippets a list of {title, position, html}",
    );
    let Ok((instance, said)) = read else { return Ok(None) };
    let mut made = Made { instance, said };
    slow::finish(visit, &mut made).await;
    contents::check(visit, &made.said);
    Ok(Some(made))
}

fn create_advice(answer: &Answer) -> &'static str {
    match answer.status {
        Ok(200 | 202..=299) => {
            "answer exactly 201: anything else is not a creation, and what was made is removed again"
        }
        Ok(300..=399) => "redirects are not followed: POST /instances has no slash at its end",
        Ok(401 | 403) => {
            "is it the same secret? The claims of a creation are site_url, netlify_id and exp; there is no id yet"
        }
        Ok(404 | 405) => "take POST /instances, below the endpoint that you register",
        Ok(400..=499) => {
            "does it need another configuration than the manifest says? Give one: --config '{\"key\": \"value\"}'"
        }
        Ok(_) => "it fell over: the user's configuration is config.config in the body",
        Err(_) => "a creation has 10 s, and its answer 1 MiB",
    }
}

/// The status, with the provider's own word about a refusal.
pub(super) fn told(answer: &Answer) -> String {
    match word(answer).filter(|_| !answer.accepted()) {
        Some(word) => format!("{}: {}", answer.said(), word.chars().take(120).collect::<String>()),
        None => answer.said(),
    }
}

/// What the provider says about its refusal.
pub(super) fn word(answer: &Answer) -> Option<String> {
    let body = answer.json()?;
    let word = ["message", "msg"].iter().find_map(|name| body.get(name)?.as_str())?;
    Some(word.to_owned()).filter(|word| !word.is_empty())
}

fn fields(body: &Map<String, Value>) -> String {
    let there: Vec<_> = KEPT.into_iter().filter(|name| body.contains_key(*name)).collect();
    if there.is_empty() { "nothing else".to_owned() } else { there.join(", ") }
}

/// Fields that both mention and that differ.
fn differing(one: &Map<String, Value>, other: &Map<String, Value>) -> Vec<&'static str> {
    let differs = |name: &&str| matches!((one.get(*name), other.get(*name)), (Some(a), Some(b)) if a != b);
    KEPT.into_iter().filter(differs).collect()
}

/// The instance is read, and says what its creation said.
pub(super) async fn read(visit: &mut Visit<'_>, made: &Made) {
    let answer = visit.ask(&visit.kit.on(Method::GET, &made.instance)).await;
    let body = readable(&answer);
    visit.must(
        body.is_ok(),
        "shows an instance",
        body.as_ref().map_or_else(Clone::clone, |_| answer.said()),
        "answer GET /instances/{id} with 200 and a JSON object; the id is one percent-encoded segment of the path",
    );
    if let Ok(body) = body {
        same(visit, "shows what it made", &made.said, &body);
    }
    let lower = visit.provider.ask_in_lower_case(&visit.kit.on(Method::GET, &made.instance)).await;
    visit.should(
        lower.accepted(),
        "finds headers in lower case",
        lower.said(),
        "look headers up without regard to case: HTTP/2 and many proxies write them in lower case",
    );
}

pub(super) fn readable(answer: &Answer) -> Result<Map<String, Value>, String> {
    if answer.status == Ok(200) { said(answer) } else { Err(told(answer)) }
}

fn same(visit: &mut Visit<'_>, check: &'static str, one: &Map<String, Value>, other: &Map<String, Value>) {
    let differing = differing(one, other);
    let said = if differing.is_empty() {
        "the same".to_owned()
    } else {
        format!("another {}", differing.join(", "))
    };
    visit.must(
        differing.is_empty(),
        check,
        said,
        "servers take over what GET /instances/{id} says: what is not so would replace variables and snippets of the site",
    );
}

/// The same creation twice: its answer may have got lost.
pub(super) async fn again(visit: &mut Visit<'_>, made: &Made) -> anyhow::Result<()> {
    let call = visit.kit.creation(&made.instance.uuid, &visit.config(0));
    let (answer, second) = visit.create(&call).await;
    let other = second.filter(|second| second.id != made.instance.id);
    let fine = other.is_none() && !answer.fell_over();
    let said = other.map_or_else(|| told(&answer), |other| format!("made a second one, {}", other.id));
    visit.must(
        fine,
        "makes one instance of one uuid",
        said,
        "keep the uuid: answer a creation of a uuid that you have with the same id, or with 409",
    );
    let other = visit.spare().await?;
    let own = other.as_ref().is_some_and(|other| other.id != made.instance.id);
    visit.must(
        own,
        "gives each instance its own id",
        match (&other, own) {
            (_, true) => "two ids",
            (Some(_), _) => "the same id twice",
            (None, _) => "no second id",
        }
        .to_owned(),
        "draw a new id for each uuid: it is all that later calls name",
    );
    Ok(())
}

/// A change is taken, and is still there when the instance is read.
pub(super) async fn update(visit: &mut Visit<'_>, made: &Made) {
    let config = visit.config(1);
    let answer = visit.ask(&visit.kit.change(&made.instance, &config)).await;
    let body = readable(&answer);
    visit.must(
        body.is_ok(),
        "changes an instance",
        body.as_ref().map_or_else(Clone::clone, |_| answer.said()),
        "answer PUT /instances/{id} with exactly 200 and a JSON object of what changed: {config?, env?, snippets?}",
    );
    let Ok(body) = body else { return };
    let shown = visit.ask(&visit.kit.on(Method::GET, &made.instance)).await;
    let mut kept = body;
    kept.entry("config").or_insert_with(|| config.into());
    let Ok(shown) = readable(&shown) else { return };
    same(visit, "shows what it changed", &kept, &shown);
}

/// The instance goes, and what is gone is said to be gone. `visited` is a proxied call that it answered.
pub(super) async fn remove(visit: &mut Visit<'_>, made: &Made, visited: Option<&Call>) -> anyhow::Result<()> {
    let answer = visit.remove(&made.instance).await;
    visit.must(
        answer.status == Ok(204),
        "removes an instance",
        told(&answer),
        "answer DELETE /instances/{id} with exactly 204 and no body: otherwise the instance stays, and its site cannot get rid of it",
    );
    if answer.status != Ok(204) {
        return Ok(());
    }
    let shown = visit.ask(&visit.kit.on(Method::GET, &made.instance)).await;
    visit.must(
        matches!(shown.status, Ok(400..=499)),
        "knows it no more",
        shown.said(),
        "answer 404 for an instance that was removed",
    );
    if let Some(call) = visited {
        let answer = visit.ask(call).await;
        visit.should(
            !answer.accepted(),
            "answers visitors of it no more",
            answer.said(),
            "answer 404 for an instance that was removed: no server sends its visitors any more",
        );
    }
    let twice = visit.remove(&made.instance).await;
    visit.must(
        matches!(twice.status, Ok(204 | 404 | 410)),
        "is removed twice",
        twice.said(),
        "answer 204, 404 or 410 to a second removal: the first answer may have got lost, and servers ask until they hear one of these",
    );
    let anew = visit.spare().await?;
    visit.must(
        anew.is_some(),
        "is created anew",
        if anew.is_some() { "yes" } else { "no instance" }.to_owned(),
        "a site that removed the add-on may add it again, with a new uuid",
    );
    Ok(())
}

/// Calls about an instance that never was.
pub(super) async fn unknown(visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let nobody = Instance { uuid: uuid()?, id: format!("no-such-{}", uuid()?) };
    let read = visit.ask(&visit.kit.on(Method::GET, &nobody)).await;
    let change = visit.ask(&visit.kit.change(&nobody, &visit.config(0))).await;
    let removal = visit.remove(&nobody).await;
    let refused = |answer: &Answer| matches!(answer.status, Ok(400..=499));
    visit.must(
        refused(&read) && refused(&change),
        "does not know an unknown id",
        format!("GET {}, PUT {}", read.said(), change.said()),
        "answer 404 for an id that you did not give out",
    );
    visit.must(
        matches!(removal.status, Ok(204 | 404 | 410)),
        "lets an unknown id go",
        format!("DELETE {}", removal.said()),
        "answer 404, 410 or 204: with anything else the site's owner can never remove it",
    );
    Ok(())
}
