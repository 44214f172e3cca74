//! From what a visitor sent to the submission that is shown and told of (contract edge 1.6). Pure.

use model::{Addresses, Submission};
use serde_json::{Map, Value, json};
use store::submissions::{Sent, SentField, SentFile, SentValue, SubmissionRow};

/// Characters of the body in a summary.
const SUMMARY_CHARS: usize = 200;

const NAME: &[&str] = &["name", "fullname"];
const EMAIL: &[&str] = &["email", "mail", "from", "twitter", "sender"];
const FIRST_NAME: &[&str] = &["firstname", "givenname", "forename"];
const LAST_NAME: &[&str] = &["lastname", "surname", "byname"];
const COMPANY: &[&str] = &["company", "business", "employer"];
const TITLE: &[&str] = &["title", "subject"];
const BODY: &[&str] = &["body", "message", "content", "comment", "comments", "description", "text"];

/// The submission as callers and receivers see it.
pub(crate) fn submission(row: SubmissionRow, addresses: &Addresses, site_url: &str) -> Submission {
    let url = |field: &str| file_url(addresses, &row.id, field);
    let sent = &row.sent;
    let name = matching(sent, NAME);
    let (first, last) = name.as_deref().map_or((None, None), split);
    let body = matching(sent, BODY);
    Submission {
        number: i32::try_from(row.number).unwrap_or(i32::MAX),
        title: matching(sent, TITLE).or_else(|| name.clone()),
        email: matching(sent, EMAIL),
        first_name: matching(sent, FIRST_NAME).or(first),
        last_name: matching(sent, LAST_NAME).or(last),
        company: matching(sent, COMPANY),
        summary: summary(name.as_deref(), body.as_deref()),
        name,
        body,
        data: data(sent, &url),
        human_fields: sent.fields.iter().map(|field| (title(&field.name), human(field, &url))).collect(),
        ordered_human_fields: sent.fields.iter().map(|field| ordered(field, &url)).collect(),
        created_at: row.created_at,
        form_id: row.form_id,
        form_name: row.form_name,
        site_url: site_url.to_owned(),
        id: row.id,
    }
}

/// The first text that is not blank in a field of one of these names, whatever its case and
/// hyphens.
fn matching(sent: &Sent, names: &[&str]) -> Option<String> {
    let fields = sent.fields.iter().filter(|field| names.contains(&squeezed(&field.name).as_str()));
    fields.flat_map(|field| &field.values).find_map(|value| match value {
        SentValue::Text(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    })
}

fn squeezed(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// First and last name of a name of two words; of any other the whole is the first.
fn split(name: &str) -> (Option<String>, Option<String>) {
    let words: Vec<&str> = name.split_whitespace().collect();
    match words[..] {
        [first, last] => (Some(first.to_owned()), Some(last.to_owned())),
        _ => (Some(name.to_owned()), None),
    }
}

/// Name in bold and the beginning of the body, as HTML.
fn summary(name: Option<&str>, body: Option<&str>) -> Option<String> {
    let name = name.map(|name| format!("<strong>{}</strong>", escaped(name)));
    let body = body.map(|body| {
        let mut short: String = body.chars().take(SUMMARY_CHARS).collect();
        if short.len() < body.len() {
            short.push('…');
        }
        escaped(&short)
    });
    let parts: Vec<String> = name.into_iter().chain(body).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Every field, and what is known of the sender; fields that claim to be that are overruled.
fn data(sent: &Sent, url: Link<'_>) -> Map<String, Value> {
    let mut data: Map<String, Value> = sent
        .fields
        .iter()
        .map(|field| {
            (
                field.name.clone(),
                several(field, |value| match value {
                    SentValue::Text(text) => json!(text),
                    SentValue::File(file) => described(file, &url(&field.name)),
                }),
            )
        })
        .collect();
    for (name, value) in [("ip", &sent.ip), ("user_agent", &sent.user_agent), ("referrer", &sent.referrer)] {
        data.insert(name.to_owned(), json!(value));
    }
    data
}

fn described(file: &SentFile, url: &str) -> Value {
    json!({ "filename": file.filename, "type": file.kind, "size": file.size, "url": url })
}

/// Where the file in a field of a submission is fetched, with a token.
pub(crate) fn file_url(addresses: &Addresses, submission_id: &str, field: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(field, percent_encoding::NON_ALPHANUMERIC);
    format!("{}/submissions/{submission_id}/files/{name}", addresses.api_url())
}

/// Where the file in a field is.
type Link<'a> = &'a dyn Fn(&str) -> String;

fn human(field: &SentField, url: Link<'_>) -> Value {
    several(field, |value| match value {
        SentValue::Text(text) => json!(text),
        SentValue::File(_) => json!(url(&field.name)),
    })
}

fn ordered(field: &SentField, url: Link<'_>) -> Value {
    json!({ "title": title(&field.name), "name": field.name, "value": human(field, url) })
}

/// One value as it is, several as a list.
fn several(field: &SentField, show: impl Fn(&SentValue) -> Value) -> Value {
    match &field.values[..] {
        [value] => show(value),
        values => values.iter().map(show).collect(),
    }
}

/// `page_uid` as `Page Uid`.
fn title(name: &str) -> String {
    let words = name.split(['_', '-', ' ']).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let title = words.map(capital).collect::<Vec<_>>().join(" ");
    if title.is_empty() { name.to_owned() } else { title }
}

#[cfg(test)]
mod tests;
