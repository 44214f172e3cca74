//! Target `microsoft_teams`: an Adaptive Card to a webhook of Teams Workflows. Texts are runs, which
//! know no markup, so that there is nothing to escape.

use super::chat::{self, Product};
use super::notice::{Line, Notice, Severity, Span, cut};
use super::{Gear, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

/// Units of the headline and of the text.
pub(crate) const TEXT_MAX: usize = 2_000;
/// Units of a button's title.
pub(crate) const TITLE_MAX: usize = 200;
/// Fields of a card.
pub(crate) const FIELDS_MAX: usize = 40;
/// Units of a field's value.
pub(crate) const VALUE_MAX: usize = 1_000;
/// Bytes of a message. Teams takes 28 kB; what does not fit of the fields is left out and counted.
pub(crate) const MESSAGE_MAX: usize = 24 << 10;

/// A flow that was removed or switched off is not told apart from a wrong address.
const PRODUCT: Product = Product { shape, gone: |_| false };

/// Posts the message.
pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    chat::send(gear, message, &PRODUCT).boxed()
}

fn shape(notice: &Notice, _: &Map<String, Value>) -> Value {
    let headline = runs(&notice.headline, TEXT_MAX, &json!({ "size": "Medium" }));
    let bar = json!({ "type": "Container", "style": style(notice.severity), "bleed": true,
        "items": [rich(headline)] });
    let mut body = vec![bar];
    if !notice.text.is_empty() {
        body.push(rich(runs(&notice.text, TEXT_MAX, &json!({}))));
    }
    body.extend(fields(notice));
    if !notice.footer.is_empty() {
        body.push(rich(runs(&notice.footer, TEXT_MAX, &json!({ "size": "Small", "isSubtle": true }))));
    }
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(&notice.fallback(), TEXT_MAX),
        "msteams": { "width": "Full" },
        "body": body,
    });
    if let Some(link) = &notice.link {
        let title = cut(&notice.title, TITLE_MAX);
        card["actions"] = json!([{ "type": "Action.OpenUrl", "title": title, "url": link }]);
    }
    json!({
        "type": "message",
        "summary": cut(&notice.headline.plain(), TITLE_MAX),
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

/// One block a field, title and value; after the last that fits, how many are left out.
fn fields(notice: &Notice) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut room = MESSAGE_MAX / 2;
    for (place, field) in notice.fields.iter().enumerate() {
        let mut block =
            vec![run(&format!("{}: ", cut(&field.title, TITLE_MAX)), &json!({ "weight": "Bolder" }))];
        block.extend(runs(&field.value, VALUE_MAX, &json!({})));
        let block = rich(block);
        let size = block.to_string().len();
        if place == FIELDS_MAX || size > room {
            let left = format!("{} more", notice.fields.len() - place);
            blocks.push(rich(vec![run(&left, &json!({ "isSubtle": true }))]));
            break;
        }
        room -= size;
        blocks.push(block);
    }
    blocks
}

fn rich(inlines: Vec<Value>) -> Value {
    let mut block = json!({ "type": "RichTextBlock" });
    block["inlines"] = inlines.into();
    block
}

/// A line as runs of at most `most` units.
fn runs(line: &Line, most: usize, look: &Value) -> Vec<Value> {
    let mut left = most;
    let mut runs = Vec::new();
    for span in &line.0 {
        let (Span::Plain(text) | Span::Strong(text) | Span::Link { text, .. }) = span;
        let text = if left == 0 { String::new() } else { cut(text, left) };
        if text.is_empty() {
            continue;
        }
        left = left.saturating_sub(super::notice::units(&text));
        let mut one = run(&text, look);
        match span {
            Span::Plain(_) => {}
            Span::Strong(_) => one["weight"] = "Bolder".into(),
            Span::Link { url, .. } => one["selectAction"] = json!({ "type": "Action.OpenUrl", "url": url }),
        }
        runs.push(one);
    }
    runs
}

fn run(text: &str, look: &Value) -> Value {
    let mut run = json!({ "type": "TextRun", "text": text });
    for (name, value) in look.as_object().into_iter().flatten() {
        run[name] = value.clone();
    }
    run
}

fn style(severity: Severity) -> &'static str {
    match severity {
        Severity::Begun => "warning",
        Severity::Good => "good",
        Severity::Bad => "attention",
        Severity::Neutral => "emphasis",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::samples;

    #[test]
    fn a_card_stays_within_the_limit_of_teams() {
        for (count, value) in [(200, "\"\\ü€"), (60, "\n"), (50, "x")] {
            let mut notice = samples::notice_with_fields(count, &value.repeat(2_000));
            notice.text = Line::of(&"\"".repeat(9_000));
            let message = shape(&notice, &Map::new()).to_string();
            assert!(message.len() <= MESSAGE_MAX, "{}", message.len());
            assert!(message.contains(" more\""), "what is left out is counted");
        }
        let few = shape(&samples::notice_with_fields(FIELDS_MAX, "x"), &Map::new()).to_string();
        assert!(!few.contains(" more\""));
    }

    #[test]
    fn a_line_is_cut_over_all_its_runs() {
        let line = Line::of("abc").strong("def").plain_text("ghi");
        let texts: Vec<_> = runs(&line, 5, &json!({})).iter().map(|run| run["text"].clone()).collect();
        assert_eq!(texts, ["abc", "d…"]);
    }

    #[test]
    fn every_event_has_a_message() {
        insta::assert_snapshot!(samples::shaped(shape));
    }
}
