//! Templates and how they are filled. Everything is escaped for HTML unless a template says
//! otherwise, and none does; addresses from data pass `link`, which lets only http through.

use crate::{assets, client};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    // the API leaves out what a thing does not have, with all that would be inside it
    pages.set_undefined_behavior(UndefinedBehavior::Chainable);
    pages.add_filter("when", when);
    pages.add_filter("clock", clock);
    pages.add_filter("link", link);
    pages.add_filter("lasted", lasted);
    pages.add_filter("span", span);
    pages.add_filter("seg", segment);
    pages.add_filter("words", |text: &str| text.replace('_', " "));
    pages.add_filter("short", |text: &str| text.chars().take(8).collect::<String>());
    pages.add_filter("pretty", pretty);
    for name in Templates::iter() {
        let text = Templates::get(&name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
        pages
            .add_template_owned(name.into_owned(), text.unwrap_or_default())
            .expect("templates are part of the binary and every one is rendered by a test");
    }
    pages
});

/// Values for a template: `values! { a, b => expression }`.
macro_rules! values {
    (@put $map:ident $key:ident) => { values!(@put $map $key => $key) };
    (@put $map:ident $key:ident => $value:expr) => {
        $map.insert(stringify!($key).to_owned(), serde_json::json!($value))
    };
    ($($key:ident $(=> $value:expr)?),* $(,)?) => {{
        let mut map = serde_json::Map::new();
        $( values!(@put map $key $(=> $value)?); )*
        map
    }};
}
pub(crate) use values;

/// The values of a page, by name.
pub(crate) type Values = serde_json::Map<String, serde_json::Value>;

/// A page from a template and its values.
pub(crate) fn page(status: StatusCode, template: &str, mut values: Values) -> Response {
    values.insert("version".to_owned(), assets::VERSION.as_str().into());
    let values = Value::from(Serde(values));
    let text = PAGES.get_template(template).and_then(|page| page.render(values));
    match text {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(template, error = format!("{error:#}"), "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be rendered.").into_response()
        }
    }
}

/// A piece of a page, on one line.
pub(crate) fn piece(template: &str, values: Values) -> String {
    let values = Value::from(Serde(values));
    let text = PAGES.get_template(template).and_then(|piece| piece.render(values));
    text.unwrap_or_else(|error| {
        tracing::error!(template, error = format!("{error:#}"), "a piece of a page could not be rendered");
        String::new()
    })
}

/// The sentence behind `?done=`: fixed ones only, so that a link cannot put words on a page.
pub(crate) fn notice(code: &str) -> Option<&'static str> {
    Some(match code {
        "site-created" => "The site was created.",
        "site-saved" => "The settings were saved.",
        "site-deleted" => "The site was deleted.",
        "publish" => "The deploy is now published.",
        "lock" => "The site is locked: newer deploys do not go live.",
        "unlock" => "The site is unlocked: newer deploys go live again.",
        "cancel" => "The deploy was cancelled.",
        "deploy-deleted" => "The deploy was deleted.",
        "build" => "A build was started.",
        "build-cancelled" => "The build was cancelled.",
        "accepted" => "The deploy request was accepted: its build starts when there is a place.",
        "rejected" => "The deploy request was rejected.",
        "hook-created" => "The hook was added.",
        "hook-deleted" => "The hook was deleted.",
        "hook-enabled" => "The hook is enabled again.",
        "hook-saved" => "The hook was changed.",
        "hook-fired" => "A sample is on its way; it is the newest delivery below.",
        "resent" => "The delivery is on its way again.",
        "replayed" => "The deliveries are on their way again.",
        "build-hook-created" => "The build hook was added.",
        "build-hook-deleted" => "The build hook was deleted.",
        "build-hook-saved" => "The build hook was changed.",
        "build-hook-rotated" => "The build hook has a new address.",
        "addon-saved" => "The add-on was changed.",
        "addon-deleted" => "The add-on was taken off this server.",
        "manifest-read" => "The manifest was read again.",
        "addon-added" => "The add-on was added to the site.",
        "addon-changed" => "The add-on was configured.",
        "addon-removed" => "The add-on was removed from the site.",
        "submission-spam" => "The submission is spam, and out of the list.",
        "submission-ham" => "The submission is back in the list.",
        "submission-delete" => "The submission was deleted.",
        "hook-digest" => "What the hook gathers was changed.",
        "identity-saved" => "What a token must say was changed.",
        "identity-rotated" => "The new secret counts from now on.",
        "identity-ended" => "Only the newest secret counts now.",
        "identity-off" => "No token counts any more.",
        "token-revoked" => "The token was revoked.",
        "logged-out" => "You are logged out.",
        _ => return None,
    })
}

/// `2026-01-02 03:04:05` out of the API's ISO form.
fn when(at: &str) -> String {
    let (day, time) = at.split_once('T').unwrap_or((at, ""));
    format!("{day} {}", time.get(..8).unwrap_or(time)).trim_end().to_owned()
}

/// `2026-01-02T03:04:05`, as browsers want it in a field for a time.
fn clock(at: &str) -> String {
    at.get(..19).unwrap_or(at).to_owned()
}

/// How long something took, from its beginning and its end in the API's ISO form; empty when one of
/// them is none.
fn lasted(from: &str, to: &str) -> String {
    let (Ok(from), Ok(to)) = (model::Timestamp::parse(from), model::Timestamp::parse(to)) else {
        return String::new();
    };
    span(to.0 - from.0)
}

/// Milliseconds in a unit of their size.
fn span(millis: i64) -> String {
    match millis.max(0) {
        millis @ ..1_000 => format!("{millis} ms"),
        millis @ ..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        millis @ ..600_000 => format!("{} s", millis / 1000),
        millis => format!("{} min", millis / 60_000),
    }
}

/// An address that may stand in `href`.
fn link(address: &str) -> String {
    let http = address.starts_with("https://") || address.starts_with("http://");
    if http { address.to_owned() } else { "#".to_owned() }
}

fn segment(part: &str) -> String {
    client::segment(part)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_addresses_become_links() {
        assert_eq!(link("https://a.example/x"), "https://a.example/x");
        assert_eq!(link("javascript:alert(1)"), "#");
        assert_eq!(link("data:text/html,x"), "#");
    }

    #[test]
    fn spans_are_told_in_words_of_their_size() {
        let from = "2026-01-02T03:00:00.000Z";
        for (to, expect) in [
            ("2026-01-02T03:00:00.250Z", "250 ms"),
            ("2026-01-02T03:00:01.000Z", "1.0 s"),
            ("2026-01-02T03:00:09.999Z", "9.9 s"),
            ("2026-01-02T03:00:10.999Z", "10 s"),
            ("2026-01-02T03:10:00.000Z", "10 min"),
            ("2026-01-02T02:00:00.000Z", "0 ms"),
            ("soon", ""),
        ] {
            assert_eq!(lasted(from, to), expect, "{to}");
        }
    }

    #[test]
    fn times_are_shortened() {
        assert_eq!(when("2026-01-02T03:04:05.678Z"), "2026-01-02 03:04:05");
        assert_eq!(when("soon"), "soon");
        assert_eq!(clock("2026-01-02T03:04:05.678Z"), "2026-01-02T03:04:05");
        assert_eq!(clock("soon"), "soon");
    }
}
