//! Target `slack`: a message to an incoming webhook, in the shape that forwarders of hosted
//! notifications agree on (seed 003, contract notifications 3).

use super::chat::{self, Attachments, FieldLimits, Product};
use super::notice::{Dialect, Notice};
use super::{Gear, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use outbound::Sent;
use serde_json::{Map, Value, json};

/// Units of the headline. Slack cuts messages at 40,000 characters and asks for no more than 4,000.
pub(crate) const TEXT_MAX: usize = 3_000;
/// Units of the attachment's title.
pub(crate) const TITLE_MAX: usize = 300;
/// Units of the footer: Slack's own limit.
pub(crate) const FOOTER_MAX: usize = 300;
/// Fields of a message.
pub(crate) const FIELDS: FieldLimits = FieldLimits { count: 50, title: 300, value: 2_000, total: 20_000 };
/// Answers that say that no message will ever get through here: the webhook was removed, its
/// workspace is no more, or its channel is archived.
const GONE: [&str; 5] = ["no_service", "no_active_hooks", "no_team", "team_disabled", "channel_is_archived"];

const PRODUCT: Product = Product { shape, gone };

/// Posts the message.
pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    chat::send(gear, message, &PRODUCT).boxed()
}

/// Slack's markup: three characters are escaped, links stand between angle brackets.
pub(crate) fn dialect() -> Dialect {
    Dialect { letter: |_, letter, out| out.push_str(&entity(letter)), strong: ("*", "*"), link }
}

fn entity(letter: char) -> String {
    match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.to_string(),
    }
}

fn link(text: &str, url: &str) -> String {
    let url = url.replace('&', "&amp;").replace('<', "%3C").replace('>', "%3E").replace('|', "%7C");
    format!("<{url}|{text}>")
}

fn shape(notice: &Notice, data: &Map<String, Value>) -> Value {
    let how = Attachments {
        dialect: dialect(),
        aside: |line, most| line.write(&dialect(), most),
        text: TEXT_MAX,
        title: TITLE_MAX,
        footer: FOOTER_MAX,
        fields: FIELDS,
    };
    let mut message = how.message(notice, data);
    let attachment = &mut message["attachments"][0];
    if let Some(at) = notice.at {
        attachment["ts"] = at.seconds().into();
    }
    attachment["mrkdwn_in"] = json!(["text"]);
    message
}

fn gone(sent: &Sent) -> bool {
    let said = String::from_utf8_lossy(&sent.body);
    GONE.contains(&said.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::notice::Line;
    use crate::outgoing::samples;

    #[test]
    fn three_characters_are_escaped_and_nothing_else_is_markup() {
        let line = Line::of("<!channel> & <@U1|x>").link("a|b>", Some("https://e.org/?a=1&b=<|>"));
        let expect = "&lt;!channel&gt; &amp; &lt;@U1|x&gt;<https://e.org/?a=1&amp;b=%3C%7C%3E|a|b&gt;>";
        assert_eq!(line.write(&dialect(), 999), expect);
    }

    #[test]
    fn answers_that_say_gone() {
        for (status, body, expect) in [
            (404, "no_service", true),
            (404, "no_team\n", true),
            (410, "channel_is_archived", true),
            (404, "channel_not_found", false),
            (400, "invalid_payload", false),
            (403, "action_prohibited", false),
            (500, "rollup_error", false),
        ] {
            assert_eq!(gone(&samples::answer(status, body)), expect, "{status} {body}");
        }
    }

    #[test]
    fn settings_that_old_webhooks_know_are_passed_on() {
        let Value::Object(data) = json!({ "channel": "#builds", "username": "" }) else { unreachable!() };
        let message = shape(&samples::notice_of("deploy_building"), &data);
        assert_eq!((&message["channel"], message.get("username")), (&json!("#builds"), None));
    }

    #[test]
    fn a_long_message_is_cut() {
        let notice = samples::notice_with_fields(60, &"<".repeat(3_000));
        let message = shape(&notice, &Map::new());
        let fields = message["attachments"][0]["fields"].as_array().expect("fields");
        assert!(fields.len() < 20 && message.to_string().len() < 40_000, "{}", message.to_string().len());
        assert!(fields[0]["value"].as_str().is_some_and(|value| value.ends_with("&lt;…")));
    }

    #[test]
    fn a_digest_is_one_message() {
        let events = ["deploy_created", "submission_created", "deploy_failed", "submission_created"];
        let message = shape(&samples::digest_notice(&events), &Map::new());
        insta::assert_snapshot!(serde_json::to_string_pretty(&message).expect("JSON"));
        let long = shape(&samples::digest_notice(&["submission_created"; 500]), &Map::new());
        assert!(long.to_string().len() < 4_000, "{}", long.to_string().len());
    }

    #[test]
    fn every_event_has_a_message() {
        insta::assert_snapshot!(samples::shaped(shape));
    }
}
