//! Right calls with odd contents: people leave things out, and programs send what nobody thought of.

use super::call::{Call, uuid};
use super::life::{Made, told, word};
use super::sample;
use super::visit::Visit;
use crate::check::peer::Answer;
use reqwest::Method;
use serde_json::Map;

/// Sends every odd configuration, and looks whether the provider still stands.
pub(super) async fn check(visit: &mut Visit<'_>, made: &Made) -> anyhow::Result<()> {
    empty(visit).await?;
    strange(visit).await?;
    broken(visit).await?;
    let after = visit.ask(&visit.kit.on(Method::GET, &made.instance)).await;
    visit.must(
        after.status == Ok(200),
        "works on after all that",
        told(&after),
        "one odd call must not break what others have: catch errors for each call",
    );
    Ok(())
}

async fn empty(visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let required = sample::required(&visit.manifest);
    let call = visit.kit.creation(&uuid()?, &Map::new());
    let (answer, _) = visit.create(&call).await;
    if required.is_empty() {
        visit.must(
            answer.status == Ok(201),
            "needs no configuration",
            told(&answer),
            "config.config is {} when nobody configured anything: use your own defaults, or say required in the manifest",
        );
        return Ok(());
    }
    visit.must(!answer.fell_over(), "refuses what lacks a required key", told(&answer), SURVIVE);
    if !answer.fell_over() {
        visit.should(
            !answer.accepted() && word(&answer).is_some(),
            "says which key is missing",
            told(&answer),
            "answer 422 {\"message\": \"...\"}: it is handed on to whoever asked. Servers check `required` too, but not all of them",
        );
    }
    Ok(())
}

const SURVIVE: &str = "check types before using values: answer 422 {\"message\": \"...\"} for what you cannot use, or leave it out; never 5xx";

async fn strange(visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let spare = visit.spare().await?;
    let (mut said, mut survived) = (Vec::new(), true);
    for (name, config) in sample::odd(&visit.manifest) {
        let call = visit.kit.creation(&uuid()?, &config);
        let (answer, made) = visit.create(&call).await;
        // what is taken must have an id, or it can never be removed
        let fine = !answer.fell_over() && (!answer.accepted() || made.is_some());
        survived &= fine;
        said.push(format!("{name} {}", status(&answer)));
        if let Some(spare) = &spare {
            let answer = visit.ask(&visit.kit.change(spare, &config)).await;
            survived &= !answer.fell_over();
            said.push(format!("changed {}", status(&answer)));
        }
    }
    visit.must(survived, "survives odd configurations", said.join(", "), SURVIVE);
    Ok(())
}

fn status(answer: &Answer) -> String {
    answer.status.as_ref().map_or_else(Clone::clone, ToString::to_string)
}

/// Signed calls whose body is no JSON object.
async fn broken(visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let (mut said, mut refused, mut stands) = (Vec::new(), true, true);
    for body in ["{\"uuid\":", "[]", "{}"] {
        let call: Call = visit.kit.creation(&uuid()?, &visit.config(0)).with_body(body);
        let (answer, _) = visit.create(&call).await;
        refused &= !answer.accepted();
        stands &= !answer.fell_over();
        said.push(format!("{body} {}", status(&answer)));
    }
    let said = said.join(", ");
    visit.must(
        refused,
        "refuses what is no creation",
        said.clone(),
        "a creation has a uuid and a config: answer 400 without them",
    );
    if refused {
        visit.should(
            stands,
            "says so with 400",
            said,
            "answer 400: 5xx is what a provider says that fell over",
        );
    }
    Ok(())
}
