//! Posting a notice to a chat product's incoming webhook. What the products share is here: the
//! address, which is the secret, the record without it, and what status codes mean. Each product's
//! file gives a notice its shape and knows which answers say that the webhook is gone.

use super::digest::Extent;
use super::notice::{self, Dialect, Line, Notice, Site, cut, units};
use super::{Gear, Meaning, Message, Tried, url};
use crate::secrets::MASK;
use bytes::Bytes;
use context::{Error, Result};
use http::{HeaderMap, HeaderValue, Method, header};
use model::Timestamp;
use outbound::{Request, Sent};
use serde_json::{Map, Value, json};

/// Units of a name or channel that a message appears under.
pub(crate) const NAME_MAX: usize = 80;

/// How much of a digest a message lists: what Discord's limits have room for.
pub(crate) const EXTENT: Extent = Extent { events: 20, lines: 8 };

/// A chat product.
pub(crate) struct Product {
    /// Gives a notice its shape. The settings are those of the hook that are not secret.
    pub(crate) shape: fn(&Notice, &Map<String, Value>) -> Value,
    /// Whether an answer other than success says that the webhook is no more. 410 always does.
    pub(crate) gone: fn(&Sent) -> bool,
}

/// Judges the settings of a hook.
///
/// # Errors
/// `Unprocessable` when the address will not do, or a name is no text or too long.
pub(crate) fn check(data: &Map<String, Value>) -> Result<()> {
    url::check(data)?;
    for name in ["channel", "username"] {
        let fits = |value: &Value| value.as_str().is_some_and(|text| units(text) <= NAME_MAX);
        if data.get(name).is_some_and(|value| !fits(value)) {
            let message = format!("data.{name} must be a text of at most {NAME_MAX} characters");
            return Err(Error::Unprocessable(message));
        }
    }
    Ok(())
}

/// Posts the message in the product's shape.
pub(crate) async fn send(gear: &Gear, message: &Message<'_>, product: &Product) -> Tried {
    let told = match told(gear, message, &EXTENT).await {
        Ok(told) => told,
        Err(why) => return Tried::unsent(why),
    };
    let shape = (product.shape)(&told.notice, &message.hook.data);
    let request = match request(message, &shape) {
        Ok(request) => request,
        Err(why) => return Tried::unsent(why),
    };
    let record = record(&request, &shape);
    match gear.client.send(request).await {
        Ok(sent) => Tried::answered(&sent, meaning(&sent, gear.cx.now(), product), record),
        Err(failure) => Tried::failed(failure, record),
    }
}

/// A message in words, with what they were made of.
pub(crate) struct Told {
    pub(crate) notice: Notice,
    pub(crate) site: Site,
    /// What the event is about; of a digest, what its events have in common.
    pub(crate) body: Map<String, Value>,
}

/// The message's event, or events, in words.
pub(crate) async fn told(
    gear: &Gear,
    message: &Message<'_>,
    extent: &Extent,
) -> std::result::Result<Told, &'static str> {
    let body = match message.digest {
        Some(digest) => digest.common(),
        None => serde_json::from_str(message.body).map_err(|_| "the event's body is no object")?,
    };
    let site = site(gear, &message.hook.site_id).await.ok_or("the hook's site cannot be read")?;
    let notice = match message.digest {
        Some(digest) => digest.notice(&site, extent),
        None => notice::notice(message.event, &body, &site),
    };
    Ok(Told { notice: notice.ok_or("this server has no words for the event")?, site, body })
}

/// The site as notices name it.
async fn site(gear: &Gear, site_id: &str) -> Option<Site> {
    let mut conn = gear.cx.read().await.ok()?;
    let row = store::sites::find(&mut conn, site_id).await.ok()??;
    let addresses = gear.cx.addresses();
    let url = addresses.primary_url(&row.name, row.info.custom_domain.as_deref());
    Some(Site { url, admin_url: addresses.admin_url(&row.name), name: row.name })
}

fn request(message: &Message<'_>, shape: &Value) -> std::result::Result<Request, &'static str> {
    let url = url::address(message.secrets)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Request { method: Method::POST, url, headers, body: Bytes::from(shape.to_string()) })
}

/// Of the address only the host is put on record: its path is the secret.
fn record(request: &Request, shape: &Value) -> Value {
    let origin = request.url.origin().ascii_serialization();
    json!({
        "method": request.method.as_str(),
        "url": format!("{origin}/{MASK}"),
        "headers": super::recorded(&request.headers, &[]),
        "body": shape,
        "body_bytes": request.body.len(),
        "body_sha256": signing::sha256_hex(&request.body),
    })
}

fn meaning(sent: &Sent, now: Timestamp, product: &Product) -> Meaning {
    if !sent.status.is_success() && (product.gone)(sent) {
        return Meaning::Gone;
    }
    url::meaning(sent, now)
}

/// Limits on the fields of a message.
pub(crate) struct FieldLimits {
    pub(crate) count: usize,
    pub(crate) title: usize,
    pub(crate) value: usize,
    /// Bytes of all titles and values.
    pub(crate) total: usize,
}

/// Values up to so many units, on one line, may stand side by side.
pub(crate) const SHORT: usize = 40;

/// A field as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) title: String,
    pub(crate) value: String,
    pub(crate) short: bool,
}

/// The fields in a dialect, as far as the limits go; what is left out is counted in the last.
pub(crate) fn fields(notice: &Notice, dialect: &Dialect, limits: &FieldLimits) -> Vec<Written> {
    let mut written: Vec<Written> = Vec::new();
    let mut total = 0;
    for (place, field) in notice.fields.iter().enumerate() {
        let title = notice::Line::of(&field.title).write(dialect, limits.title);
        let value = field.value.write(dialect, limits.value);
        total += title.len() + value.len();
        let left = notice.fields.len() - place;
        if total > limits.total || (place + 1 == limits.count && left > 1) {
            written.push(Written { title: "…".to_owned(), value: format!("{left} more"), short: true });
            break;
        }
        let plain = field.value.plain();
        written.push(Written { title, value, short: units(&plain) <= SHORT && !plain.contains('\n') });
    }
    written
}

/// How a product that takes Slack's shape writes it. Limits are in units.
pub(crate) struct Attachments {
    pub(crate) dialect: Dialect,
    /// Writes a line that not every product marks up: the footer, and what stands for the whole.
    pub(crate) aside: fn(&Line, usize) -> String,
    /// Longest headline, and text.
    pub(crate) text: usize,
    pub(crate) title: usize,
    pub(crate) footer: usize,
    pub(crate) fields: FieldLimits,
}

impl Attachments {
    /// A message in Slack's shape: the headline, and one attachment with the rest.
    pub(crate) fn message(&self, notice: &Notice, data: &Map<String, Value>) -> Value {
        let fields: Vec<Value> = fields(notice, &self.dialect, &self.fields)
            .into_iter()
            .map(|one| json!({ "title": one.title, "short": one.short, "value": one.value }))
            .collect();
        let mut attachment = json!({
            "fallback": (self.aside)(&Line::of(&cut(&notice.fallback(), self.title)), self.text),
            "color": notice.severity.colour(),
            "title": Line::of(&notice.title).write(&self.dialect, self.title),
        });
        let texts = [
            ("title_link", notice.link.as_deref()),
            ("text", Some(&*notice.text.write(&self.dialect, self.text))),
            ("footer", Some(&*(self.aside)(&notice.footer, self.footer))),
        ];
        put(&mut attachment, &texts);
        if !fields.is_empty() {
            attachment["fields"] = fields.into();
        }
        let text = notice.headline.write(&self.dialect, self.text);
        let mut message = json!({ "text": text, "attachments": [attachment] });
        put(&mut message, &[("channel", setting(data, "channel")), ("username", setting(data, "username"))]);
        message
    }
}

/// Adds to an object the texts that are there.
pub(crate) fn put(object: &mut Value, entries: &[(&str, Option<&str>)]) {
    for (name, value) in entries {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            object[*name] = value.into();
        }
    }
}

/// A text among the settings.
pub(crate) fn setting<'a>(data: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    data.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::samples;
    use std::time::Duration;

    fn check_data(data: Value, expect: std::result::Result<(), &str>) {
        let Value::Object(data) = data else { unreachable!("an object") };
        let got = check(&data).map_err(|error| error.to_string());
        assert_eq!(got, expect.map_err(str::to_owned));
    }

    #[test]
    fn settings_are_judged() {
        let url = "https://chat.example.org/hooks/T0/B0/x";
        check_data(json!({"url": url}), Ok(()));
        check_data(json!({"url": url, "channel": "#builds", "username": "Boathook"}), Ok(()));
        check_data(json!({"channel": "#builds"}), Err("data.url is missing"));
        check_data(json!({"url": "chat.example.org"}), Err("data.url is not an address"));
        let long = "x".repeat(NAME_MAX + 1);
        let expect = "data.channel must be a text of at most 80 characters";
        check_data(json!({"url": url, "channel": long}), Err(expect));
        check_data(json!({"url": url, "channel": 7}), Err(expect));
    }

    #[test]
    fn answers_are_understood() {
        let product = Product { shape: |_, _| Value::Null, gone: |sent| sent.body == "no_service" };
        let wait = |seconds| Meaning::Failed(Some(Duration::from_secs(seconds)));
        for (status, body, expect) in [
            (200, "ok", Meaning::Delivered),
            (204, "", Meaning::Delivered),
            (202, "no_service", Meaning::Delivered),
            (404, "no_service", Meaning::Gone),
            (404, "nothing", Meaning::Failed(None)),
            (410, "", Meaning::Gone),
            (429, "rate_limited", wait(30)),
            (302, "", Meaning::Failed(None)),
        ] {
            let mut answer = samples::answer(status, body);
            answer.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
            assert_eq!(meaning(&answer, Timestamp(0), &product), expect, "{status} {body}");
        }
    }

    #[test]
    fn fields_stay_within_their_limits_and_what_is_left_out_is_counted() {
        let dialect = super::super::slack::dialect();
        let notice = samples::notice_with_fields(30, "value");
        for (count, total, shown, last) in [
            (30, 9999, 30, "value"),
            (25, 9999, 25, "6 more"),
            (25, 50, 6, "25 more"),
            (1, 9999, 1, "30 more"),
        ] {
            let limits = FieldLimits { count, title: 10, value: 10, total };
            let written = fields(&notice, &dialect, &limits);
            assert_eq!(
                (written.len(), written.last().map(|one| one.value.as_str())),
                (shown, Some(last)),
                "{count}"
            );
        }
        let limits = FieldLimits { count: 9, title: 3, value: 4, total: 999 };
        let written = fields(&samples::notice_with_fields(1, "&&&&&"), &dialect, &limits);
        assert_eq!((written[0].title.as_str(), written[0].value.as_str()), ("fi…", "…"));
    }
}
