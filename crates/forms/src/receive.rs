//! Reads what a visitor sends: the body of a POST as a stream, within bounds. Files go to where blobs
//! are made and become blobs only when the submission is taken.

mod parts;

use crate::limits::{
    BODY_BYTES, FIELDS, FILE_NAME_BYTES, FILES, HEADER_BYTES, NAME_BYTES, SMALL_FILE_BYTES, TEXT_BYTES,
};
use crate::multipart;
use bytes::Bytes;
use context::{Context, Result as Done};
use futures_util::{Stream, StreamExt as _};
use parts::Parts;
use std::net::IpAddr;
use std::time::Duration;
use store::blob::{Blobs, Staged};
use store::submissions::{Sent, SentField, SentFile, SentValue};

/// Field that says which form is sent.
const FORM_NAME: &str = "form-name";
/// Fields that are for the platform and not for the owner of the form.
const SILENT: [&str; 2] = [FORM_NAME, SOLUTION];
/// Field with the solution of the riddle that tells people from robots.
const SOLUTION: &str = "g-recaptcha-response";
/// Type of a file whose sender does not say.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// How a body is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `application/x-www-form-urlencoded`.
    Urlencoded,
    /// `multipart/form-data` with this boundary, empty when none is named that can be used.
    Multipart(String),
}

impl Kind {
    /// From a Content-Type; none for a type that no form sends.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Some(Self::Urlencoded);
        }
        let multipart = essence.eq_ignore_ascii_case("multipart/form-data");
        multipart.then(|| Self::Multipart(multipart::boundary(content_type).unwrap_or_default()))
    }

    /// Bytes of a body of this kind at most, as sent.
    #[must_use]
    pub fn most_bytes(&self) -> u64 {
        match self {
            Self::Urlencoded => TEXT_BYTES as u64,
            Self::Multipart(_) => BODY_BYTES,
        }
    }
}

/// Who sends.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Address.
    pub ip: IpAddr,
    /// `User-Agent`; empty when there is none.
    pub user_agent: String,
    /// `Referer`; empty when there is none.
    pub referrer: String,
}

/// Why a body is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It names a form that is not there.
    #[error("there is no form of this name")]
    UnknownForm,
    /// It is larger than a limit.
    #[error("more is sent than is taken")]
    TooLarge,
    /// It is not what its type says.
    #[error("the body is not the form that it claims to be")]
    Malformed,
    /// Two files in one field.
    #[error("a field takes one file")]
    TwoFiles,
    /// It took too long.
    #[error("the body did not come in time")]
    Late,
    /// What came could not be put down.
    #[error("what was sent could not be stored")]
    Storage(#[source] store::Error),
}

enum Value {
    Text(String),
    File { filename: String, kind: String, staged: Box<Staged> },
}

/// A body that was read.
#[derive(Default)]
pub struct Received {
    form_name: Option<String>,
    values: Vec<(String, Value)>,
    text_bytes: usize,
}

/// Reads a body that comes within `time`. `known` tells whether there is a form of a name: what is
/// for no form is not read further.
///
/// # Errors
/// A [`Refusal`]; nothing is kept then.
pub async fn receive<S, E>(
    blobs: &Blobs,
    kind: Kind,
    body: S,
    time: Duration,
    known: impl Fn(&str) -> bool + Send + Sync,
) -> Result<Received, Refusal>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let read = async {
        match kind {
            Kind::Urlencoded => urlencoded(body, &known).await,
            Kind::Multipart(boundary) if boundary.is_empty() => Err(Refusal::Malformed),
            Kind::Multipart(boundary) => {
                let body = std::pin::pin!(body);
                multipart(blobs, Parts::new(body, &boundary), &known).await
            }
        }
    };
    tokio::time::timeout(time, read).await.unwrap_or(Err(Refusal::Late))
}

async fn urlencoded<S, E>(body: S, known: &(impl Fn(&str) -> bool + Sync)) -> Result<Received, Refusal>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut text = Vec::new();
    let mut body = std::pin::pin!(body);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Refusal::Malformed)?;
        if text.len() + chunk.len() > TEXT_BYTES {
            return Err(Refusal::TooLarge);
        }
        text.extend_from_slice(&chunk);
    }
    let mut received = Received::default();
    for (name, value) in form_urlencoded::parse(&text) {
        received.add(name.into_owned(), Value::Text(value.into_owned()), known)?;
    }
    Ok(received)
}

async fn multipart<S, E>(
    blobs: &Blobs,
    mut parts: Parts<'_, S>,
    known: &(impl Fn(&str) -> bool + Sync),
) -> Result<Received, Refusal>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut received = Received::default();
    while let Some(head) = parts.head().await? {
        let Some(name) = head.name else { continue };
        match head.filename.as_deref().map(file_name) {
            // what a browser sends for a field in which no file was chosen
            Some(filename) if filename.is_empty() => {}
            Some(filename) => {
                let kind = cut(head.kind.as_deref().unwrap_or(UNKNOWN_TYPE), FILE_NAME_BYTES).to_owned();
                received.may_take_file(&name)?;
                let staged = Box::new(staged(blobs, &mut parts).await?);
                received.add(name, Value::File { filename, kind, staged }, known)?;
            }
            None => {
                let text = text(&mut parts, TEXT_BYTES - received.text_bytes.min(TEXT_BYTES)).await?;
                received.add(name, Value::Text(text), known)?;
            }
        }
    }
    Ok(received)
}

async fn staged<S, E>(blobs: &Blobs, parts: &mut Parts<'_, S>) -> Result<Staged, Refusal>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut staged = blobs.stage().await.map_err(Refusal::Storage)?;
    while let Some(bytes) = parts.data().await? {
        staged.write(&bytes).await.map_err(Refusal::Storage)?;
    }
    if staged.size() > SMALL_FILE_BYTES {
        staged.spill().await.map_err(Refusal::Storage)?;
    }
    Ok(staged)
}

async fn text<S, E>(parts: &mut Parts<'_, S>, most: usize) -> Result<String, Refusal>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut text = Vec::new();
    while let Some(bytes) = parts.data().await? {
        if text.len() + bytes.len() > most {
            return Err(Refusal::TooLarge);
        }
        text.extend_from_slice(&bytes);
    }
    Ok(String::from_utf8(text).unwrap_or_else(|odd| String::from_utf8_lossy(odd.as_bytes()).into_owned()))
}

/// The last part of a file's name, without what could harm whoever saves it.
fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).collect();
    cut(clean.trim(), FILE_NAME_BYTES).to_owned()
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

impl Received {
    /// The form it is for; none when it does not say.
    #[must_use]
    pub fn form_name(&self) -> Option<&str> {
        self.form_name.as_deref()
    }

    /// The solution of the riddle; empty when there is none.
    #[must_use]
    pub fn solution(&self) -> &str {
        let solution = self.values.iter().find_map(|(name, value)| match value {
            Value::Text(text) if name == SOLUTION => Some(text.as_str()),
            _ => None,
        });
        solution.unwrap_or_default()
    }

    /// Whether something stands in a field that people leave empty.
    #[must_use]
    pub fn fills(&self, field: &str) -> bool {
        self.values.iter().any(|(name, value)| match value {
            Value::Text(text) => name == field && !text.trim().is_empty(),
            Value::File { .. } => name == field,
        })
    }

    fn may_take_file(&self, field: &str) -> Result<(), Refusal> {
        let is_file = |(_, value): &&(String, Value)| matches!(value, Value::File { .. });
        let mut files = self.values.iter().filter(is_file);
        if files.clone().count() >= FILES {
            return Err(Refusal::TooLarge);
        }
        if files.any(|(name, _)| name == field) { Err(Refusal::TwoFiles) } else { Ok(()) }
    }

    fn add(&mut self, name: String, value: Value, known: &impl Fn(&str) -> bool) -> Result<(), Refusal> {
        if let (FORM_NAME, Value::Text(form), None) = (name.as_str(), &value, &self.form_name)
            && !form.is_empty()
        {
            if !known(form) {
                return Err(Refusal::UnknownForm);
            }
            self.form_name = Some(form.clone());
        }
        if let Value::Text(text) = &value {
            self.text_bytes += text.len() + name.len();
        }
        if name.len() > NAME_BYTES || self.values.len() >= FIELDS || self.text_bytes > TEXT_BYTES {
            return Err(Refusal::TooLarge);
        }
        self.values.push((name, value));
        Ok(())
    }

    /// What is written down of it. Its files become blobs; a field of robots is left out.
    ///
    /// # Errors
    /// When a file cannot be stored.
    pub async fn into_sent(self, cx: &Context, visit: &Visit, honeypot: Option<&str>) -> Done<Sent> {
        let mut fields: Vec<SentField> = Vec::new();
        for (name, value) in self.values {
            if SILENT.contains(&name.as_str()) || Some(name.as_str()) == honeypot {
                continue;
            }
            let value = match value {
                Value::Text(text) => SentValue::Text(text),
                Value::File { filename, kind, staged } => {
                    let stored = cx.blobs.keep(*staged).await?;
                    SentValue::File(SentFile { filename, kind, size: stored.size, blob: stored.sha256 })
                }
            };
            match fields.iter_mut().find(|field| field.name == name) {
                Some(field) => field.values.push(value),
                None => fields.push(SentField { name, values: vec![value] }),
            }
        }
        Ok(Sent {
            fields,
            ip: visit.ip.to_canonical().to_string(),
            user_agent: cut(&visit.user_agent, HEADER_BYTES).to_owned(),
            referrer: cut(&visit.referrer, HEADER_BYTES).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
