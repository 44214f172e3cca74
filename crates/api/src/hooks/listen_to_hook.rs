//! `GET /hooks/{hook_id}/listen`: the hook's deliveries as server-sent events, while they come to be.
//! Each event `delivery` is `{delivery_id, event_id, event, method, url, headers, body}`: what a try
//! would send now, signatures included. `Last-Event-ID` goes on where a stream broke off; else
//! `?replay=` sends up to 100 of the last first. `?once=true` ends when all was sent.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::hooks::{Listen, Word};
use axum::body::Body;
use context::{Error, Result};
use futures_util::StreamExt as _;
use http::header::CACHE_CONTROL;
use serde_json::json;

pub(crate) async fn handle(call: Call) -> Outcome {
    let ask = Listen {
        after: call.header("last-event-id").filter(|text| !text.is_empty()).map(ToOwned::to_owned),
        replay: call.query("replay").map(number).transpose()?,
        once: call.flag("once"),
    };
    let words = ::hooks::listen(&call.cx, &call.app.listeners, call.param("hook_id"), &ask).await?;
    let body = Body::from_stream(words.map(|word| word.map(|word| event(&word))));
    Ok(Reply::raw("text/event-stream", body).header(CACHE_CONTROL, "no-cache"))
}

/// A number that makes no sense is refused with the others that do not fit.
fn number(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::Invalid("replay is a number".to_owned()))
}

fn event(word: &Word) -> String {
    match word {
        Word::Delivery(place, letter) => format!("id: {place}\nevent: delivery\ndata: {}\n\n", json!(letter)),
        Word::Trouble(place, why) => {
            format!("id: {place}\nevent: trouble\ndata: {}\n\n", json!({ "message": why }))
        }
        Word::Beat(place) => format!(": still there\nid: {place}\n\n"),
        Word::End => "event: end\ndata: {}\n\n".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::hooks::Letter;
    use serde_json::Map;

    #[test]
    fn words_are_events() {
        let letter = Letter {
            delivery_id: "d".into(),
            event_id: "msg_e".into(),
            event: "deploy_locked".into(),
            method: "POST".into(),
            url: "http://h/".into(),
            headers: Map::new(),
            body: "{\n}".into(),
        };
        let data = r#"{"delivery_id":"d","event_id":"msg_e","event":"deploy_locked","method":"POST","url":"http://h/","headers":{},"body":"{\n}"}"#;
        for (word, expect) in [
            (
                Word::Delivery("7+1".into(), Box::new(letter)),
                format!("id: 7+1\nevent: delivery\ndata: {data}\n\n"),
            ),
            (
                Word::Trouble("8".into(), "why"),
                "id: 8\nevent: trouble\ndata: {\"message\":\"why\"}\n\n".into(),
            ),
            (Word::Beat("9".into()), ": still there\nid: 9\n\n".into()),
            (Word::End, "event: end\ndata: {}\n\n".into()),
        ] {
            assert_eq!(event(&word), expect);
        }
    }
}
