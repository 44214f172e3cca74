//! The live log of a build: server-sent events of the API turned into rows for the page, or into
//! plain text for people without script. Rows are numbered here, so a browser that comes back says
//! how many it has and is not shown them twice.

use crate::view::escaped;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use model::LogLine;
use serde_json::Value;

/// Longest line of the stream that is waited for, in bytes; more is dropped.
const LINE_LIMIT: usize = 256 * 1024;

/// What the page's script closes the stream on.
const END: &str = "event: end\ndata: end\n\n";

/// How a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Server-sent events whose data is a piece of HTML. Holds the number of rows to skip.
    Events(usize),
    /// One line of text for each row.
    Text,
}

/// The API's stream in another shape. It ends when the API's stream does; when that breaks off, the
/// error is passed on, so that the browser connects again.
pub(crate) fn reshape(body: Body, shape: Shape) -> Body {
    let start =
        State { source: body.into_data_stream().boxed(), reader: Reader::default(), rows: 0, open: true };
    Body::from_stream(stream::unfold(start, move |state| step(state, shape)))
}

struct State {
    source: BoxStream<'static, Result<Bytes, axum::Error>>,
    reader: Reader,
    rows: usize,
    open: bool,
}

async fn step(mut state: State, shape: Shape) -> Option<(Result<Bytes, axum::Error>, State)> {
    if !state.open {
        return None;
    }
    let piece = match state.source.next().await {
        Some(Ok(bytes)) => Ok(rows(&mut state, &bytes, shape)),
        Some(Err(error)) => {
            state.open = false;
            Err(error)
        }
        None => {
            state.open = false;
            Ok(if shape == Shape::Text { String::new() } else { END.to_owned() })
        }
    };
    Some((piece.map(Bytes::from), state))
}

fn rows(state: &mut State, bytes: &[u8], shape: Shape) -> String {
    let mut out = String::new();
    for message in state.reader.push(bytes) {
        match (message, shape) {
            (Message::Data(data), Shape::Text) => out.push_str(&text_row(&line(&data))),
            (Message::Data(data), Shape::Events(skip)) => {
                state.rows += 1;
                if state.rows > skip {
                    out.push_str(&event_row(state.rows, &line(&data)));
                }
            }
            (Message::Comment, Shape::Events(_)) => out.push_str(":\n\n"),
            (Message::Comment, Shape::Text) => {}
        }
    }
    out
}

fn event_row(number: usize, line: &Row) -> String {
    let class = if line.error { "row error" } else { "row" };
    let (time, section, message) = (escaped(&line.time), escaped(&line.section), escaped(&line.message));
    format!(
        "id: {number}\ndata: <div class=\"{class}\"><span class=\"at\">{time}</span> \
         <span class=\"section\">{section}</span> <span class=\"said\">{message}</span></div>\n\n"
    )
}

fn text_row(line: &Row) -> String {
    format!("{} {:<8} {}\n", line.time, line.section, line.message)
}

struct Row {
    time: String,
    section: String,
    message: String,
    error: bool,
}

/// A row out of the event's data: a log line as the API writes it, or any text.
fn line(data: &str) -> Row {
    let value = serde_json::from_str::<LogLine>(data).unwrap_or_else(|_| LogLine {
        ts: model::Timestamp(0),
        section: String::new(),
        message: loose_message(data),
        error: false,
    });
    let at = value.ts.to_string();
    let time = if value.ts.0 == 0 { "" } else { at.get(11..19).unwrap_or("") };
    Row {
        time: time.to_owned(),
        section: one_line(&value.section),
        message: one_line(&value.message),
        error: value.error,
    }
}

fn loose_message(data: &str) -> String {
    let value = serde_json::from_str::<Value>(data).unwrap_or_default();
    let text = ["message", "log"].iter().find_map(|key| value.get(*key)?.as_str());
    text.unwrap_or(data).to_owned()
}

/// The text without colour codes and line ends, which would break the stream's framing.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => skip_code(&mut chars),
            '\r' | '\n' => out.push(' '),
            _ => out.push(char),
        }
    }
    out
}

/// Skips the rest of `ESC [ … letter`.
fn skip_code(chars: &mut std::str::Chars<'_>) {
    if chars.as_str().starts_with('[') {
        chars.find(char::is_ascii_alphabetic);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Message {
    Data(String),
    Comment,
}

/// Takes server-sent events apart, whatever pieces they come in. Named events carry no row and are
/// left out, save the usual names of a message.
#[derive(Default)]
struct Reader {
    line: Vec<u8>,
    event: String,
    data: Option<String>,
}

impl Reader {
    fn push(&mut self, bytes: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' => {
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                    messages.extend(self.line(line.trim_end_matches('\r')));
                }
                _ if self.line.len() < LINE_LIMIT => self.line.push(byte),
                _ => {}
            }
        }
        messages
    }

    fn line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return self.data.take().filter(|_| carries_row(&event)).map(Message::Data);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => return Some(Message::Comment),
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            _ => {}
        }
        None
    }
}

fn carries_row(event: &str) -> bool {
    matches!(event, "" | "message" | "log" | "line")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"ts":"2026-01-02T03:04:05.678Z","section":"build","message":"<b>\u001b[31mhi\u001b[0m\nyou","error":true}"#;

    async fn run(pieces: Vec<String>, shape: Shape) -> String {
        let pieces = pieces.into_iter().map(|piece| Ok::<_, axum::Error>(Bytes::from(piece)));
        let body = reshape(Body::from_stream(stream::iter(pieces)), shape);
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn rows_are_escaped_numbered_and_end() {
        let stream = format!(": hello\n\ndata: {ONE}\n\nevent: state\ndata: x\n\ndata: plain\n\n");
        let (head, tail) = stream.split_at(17);
        let out = run(vec![head.to_owned(), tail.to_owned()], Shape::Events(0)).await;
        assert!(out.starts_with(":\n\nid: 1\ndata: <div class=\"row error\">"), "{out}");
        assert!(out.contains("03:04:05") && out.contains("&lt;b&gt;hi you"), "{out}");
        assert!(out.contains("id: 2\n") && out.contains(">plain<") && !out.contains("id: 3"), "{out}");
        assert!(out.ends_with(END), "{out}");
    }

    #[tokio::test]
    async fn known_rows_are_not_sent_again() {
        let stream = "data: a\n\ndata: b\n\n".to_owned();
        let out = run(vec![stream], Shape::Events(1)).await;
        assert!(!out.contains("id: 1\n") && out.contains("id: 2\n"), "{out}");
    }

    #[tokio::test]
    async fn text_is_plain() {
        let out = run(vec![format!("data: {ONE}\r\n\r\n")], Shape::Text).await;
        assert_eq!(out, "03:04:05 build    <b>hi you\n");
    }

    #[test]
    fn endless_lines_are_cut() {
        let mut reader = Reader::default();
        reader.push(b"data:");
        assert!(reader.push(&vec![b'x'; LINE_LIMIT + 10]).is_empty());
        let messages = reader.push(b"\n\n");
        let [Message::Data(data)] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!(data.len(), LINE_LIMIT - "data:".len());
    }
}
