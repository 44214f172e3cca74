//! Target `discord`: an embed to a channel's webhook. Nobody is mentioned, whatever a text says.

use super::chat::{self, FieldLimits, Product, put, setting};
use super::notice::{Dialect, Notice, cut};
use super::{Gear, Message, Tried, mattermost};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use outbound::Sent;
use serde_json::{Map, Value, json};

/// Units of the message above the embed: Discord's own limit.
pub(crate) const CONTENT_MAX: usize = 2_000;
/// Units of the embed's title: Discord's own limit.
pub(crate) const TITLE_MAX: usize = 256;
/// Units of the embed's text; Discord takes 4,096, and 6,000 in the whole embed.
pub(crate) const TEXT_MAX: usize = 1_500;
/// Units of the footer; Discord takes 2,048.
pub(crate) const FOOTER_MAX: usize = 300;
/// Fields of an embed: Discord's own limits, and what its 6,000 leave for them.
pub(crate) const FIELDS: FieldLimits = FieldLimits { count: 25, title: 256, value: 1_024, total: 3_500 };
/// Discord's code of a webhook that was deleted.
const UNKNOWN_WEBHOOK: i64 = 10_015;
/// Stands where a name or value is empty, which Discord refuses.
const NOTHING: &str = "\u{200b}";

const PRODUCT: Product = Product { shape, gone };

/// Posts the message.
pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    chat::send(gear, message, &PRODUCT).boxed()
}

fn dialect() -> Dialect {
    Dialect { letter: mattermost::letter, strong: ("**", "**"), link: mattermost::link }
}

fn shape(notice: &Notice, data: &Map<String, Value>) -> Value {
    let dialect = dialect();
    let filled = |text: String| if text.trim().is_empty() { NOTHING.to_owned() } else { text };
    let fields: Vec<Value> = chat::fields(notice, &dialect, &FIELDS)
        .into_iter()
        .map(|one| json!({ "name": filled(one.title), "inline": one.short, "value": filled(one.value) }))
        .collect();
    let mut embed = json!({
        "title": cut(&notice.title, TITLE_MAX),
        "color": notice.severity.rgb(),
    });
    let at = notice.at.map(|at| at.to_string());
    put(
        &mut embed,
        &[
            ("url", notice.link.as_deref()),
            ("description", Some(&notice.text.write(&dialect, TEXT_MAX))),
            ("timestamp", at.as_deref()),
        ],
    );
    if !notice.footer.is_empty() {
        embed["footer"] = json!({ "text": cut(&notice.footer.plain(), FOOTER_MAX) });
    }
    if !fields.is_empty() {
        embed["fields"] = fields.into();
    }
    let content = notice.headline.write(&dialect, CONTENT_MAX);
    let mut message = json!({ "content": content, "embeds": [embed], "allowed_mentions": { "parse": [] } });
    put(&mut message, &[("username", setting(data, "username"))]);
    message
}

fn gone(sent: &Sent) -> bool {
    let code = serde_json::from_slice::<Value>(&sent.body).ok();
    sent.status.as_u16() == 404 && code.is_some_and(|said| said["code"] == UNKNOWN_WEBHOOK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::notice::units;
    use crate::outgoing::samples;

    #[test]
    fn a_deleted_webhook_is_gone() {
        for (status, body, expect) in [
            (404, r#"{"message": "Unknown Webhook", "code": 10015}"#, true),
            (404, r#"{"message": "404: Not Found", "code": 0}"#, false),
            (404, "", false),
            (400, r#"{"code": 10015}"#, false),
        ] {
            assert_eq!(gone(&samples::answer(status, body)), expect, "{status} {body}");
        }
    }

    #[test]
    fn an_embed_stays_within_the_limits_of_discord() {
        let mut notice = samples::notice_with_fields(40, &"*".repeat(2_000));
        notice.title = "t".repeat(500);
        notice.text = super::super::notice::Line::of(&"_".repeat(9_000));
        let message = shape(&notice, &Map::new());
        let embed = &message["embeds"][0];
        let length = |value: &Value| value.as_str().map_or(0, units);
        let fields = embed["fields"].as_array().expect("fields");
        let sum: usize = fields.iter().map(|field| length(&field["name"]) + length(&field["value"])).sum();
        assert!(
            fields.iter().all(|field| length(&field["value"]) <= FIELDS.value && length(&field["name"]) > 0)
        );
        assert!(fields.len() <= FIELDS.count && length(&embed["title"]) == TITLE_MAX);
        assert!(sum + length(&embed["title"]) + length(&embed["description"]) <= 6_000);
    }

    #[test]
    fn empty_values_are_filled() {
        let message = shape(&samples::notice_with_fields(1, ""), &Map::new());
        assert_eq!(message["embeds"][0]["fields"][0]["value"], NOTHING);
    }

    #[test]
    fn every_event_has_a_message() {
        insta::assert_snapshot!(samples::shaped(shape));
    }
}
