//! One call of a provider: sent, answered or failed within its deadline, and recorded.

use super::request::{self, Ask};
use super::{ANSWER_MAX, Answer, Provider, masks, record};
use crate::registry::secrets::Secrets;
use context::{Context, Error, Result};
use outbound::{Failure, FailureClass, Sent};
use serde_json::Value;
use store::addons::AddonRow;
use tokio::time::{Instant, timeout_at};

impl Provider {
    /// Asks the provider of an add-on. Nothing here may be held while this waits.
    ///
    /// # Errors
    /// `GatewayTimeout` without a whole answer in time, `BadGateway` for anything else that is no
    /// answer, `TooMany` when too many others wait for this provider. Statuses are the caller's to
    /// judge.
    pub(crate) async fn ask(&self, cx: &Context, addon: &AddonRow, ask: &Ask) -> Result<Answer> {
        let _place = self.gate.enter(&addon.id)?;
        let at = cx.now();
        let secrets = Secrets::of(cx, addon)?;
        let known: Vec<&str> = secrets.all(at).collect();
        let request = request::request(ask, &addon.endpoint, &secrets, at)?;
        let asked = record::asked(&request, &known);
        let result = self.send(ask, request).await;
        let (status, mut doc) = record::outcome(&result, &known);
        if let Value::Object(doc) = &mut doc {
            doc.insert("request".to_owned(), asked);
        }
        record::keep(cx, &addon.id, ask, at, (status, doc)).await;
        self.judged(result, &known)
    }

    /// The deadline is one for the call and its repetition.
    async fn send(&self, ask: &Ask, request: outbound::Request) -> std::result::Result<Sent, Failure> {
        let until = Instant::now() + self.total;
        let first = self.client.send_keeping(request.clone(), ANSWER_MAX).await;
        match first {
            Err(failure) if ask.operation.is_read() && is_broken(&failure) => {
                let again = self.client.send_keeping(request, ANSWER_MAX);
                timeout_at(until, again).await.unwrap_or(Err(failure))
            }
            other => other,
        }
    }

    fn judged(&self, result: std::result::Result<Sent, Failure>, known: &[&str]) -> Result<Answer> {
        let sent = result.map_err(|failure| failed(&failure))?;
        let in_time = u128::try_from(sent.timing.total_ms).is_ok_and(|ms| ms < self.total.as_millis());
        if sent.truncated && !in_time && sent.body.len() < ANSWER_MAX {
            return Err(late());
        }
        let mut answer = Answer::of(&sent, in_time).map_err(|what| trouble(&what))?;
        if !answer.status.is_success() {
            // a refusal is shown to people of other accounts
            answer.body = masks::without(&String::from_utf8_lossy(&answer.body), known).into_bytes();
        }
        Ok(answer)
    }
}

/// Connections that were refused or reset; a second try of a read does no harm.
fn is_broken(failure: &Failure) -> bool {
    matches!(failure.class, FailureClass::Connect | FailureClass::Other)
}

fn late() -> Error {
    Error::GatewayTimeout("the add-on's server did not answer in time".to_owned())
}

/// The provider did this; it should not have.
pub(crate) fn trouble(what: &str) -> Error {
    Error::BadGateway(format!("the add-on's server {what}"))
}

fn failed(failure: &Failure) -> Error {
    match failure.class {
        FailureClass::Timeout => late(),
        _ => Error::BadGateway(format!("the add-on's server gave no answer: {}", failure.message)),
    }
}
