//! The log of a build as the page shows it: server-sent events of the API turned into rows for the
//! page while the build runs, or into plain text, and the rows of a build that is over. Rows are
//! numbered here, so a browser that comes back says how many it has and is not shown them twice.

use crate::ansi::{self, Span};
use crate::view::{self, values};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use model::{LogLine, Timestamp};
use serde::Serialize;
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
    let start = State {
        source: body.into_data_stream().boxed(),
        reader: Reader::default(),
        parts: Parts::default(),
        rows: 0,
        open: true,
    };
    Body::from_stream(stream::unfold(start, move |state| step(state, shape)))
}

struct State {
    source: BoxStream<'static, Result<Bytes, axum::Error>>,
    reader: Reader,
    parts: Parts,
    rows: usize,
    open: bool,
}

/// Which part of the build the last row belonged to.
#[derive(Default)]
struct Parts(String);

impl Parts {
    /// A row for the page, under the heading of its part where that begins.
    fn row(&mut self, line: &LogLine) -> Row {
        let section = ansi::plain(&line.section);
        let begins = section != self.0 && !section.is_empty();
        let part = begins.then(|| section.replace(['_', '-'], " "));
        self.0 = section;
        Row { part, time: time(line.ts), said: ansi::spans(&line.message), error: line.error }
    }
}

/// A row of the page.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// The part of the build that begins with this row.
    part: Option<String>,
    /// `03:04:05`, empty when not known.
    time: String,
    /// What was said.
    said: Vec<Span>,
    error: bool,
}

/// The rows of a log as `getDeployLog` gives it: `[{ts, section, message, level}]`.
pub(crate) fn finished(lines: &[Value]) -> Vec<Row> {
    let mut parts = Parts::default();
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let line = |line: &Value| LogLine {
        ts: Timestamp(line["ts"].as_i64().unwrap_or_default()),
        section: text(line, "section"),
        message: text(line, "message"),
        error: line["level"] == "error",
    };
    lines.iter().map(|each| parts.row(&line(each))).collect()
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
                let row = state.parts.row(&line(&data));
                if state.rows > skip {
                    let row = view::piece("log_row.html", values! { row });
                    out.push_str(&format!("id: {}\ndata: {row}\n\n", state.rows));
                }
            }
            (Message::Comment, Shape::Events(_)) => out.push_str(":\n\n"),
            (Message::Comment, Shape::Text) => {}
        }
    }
    out
}

fn text_row(line: &LogLine) -> String {
    format!("{} {:<8} {}\n", time(line.ts), ansi::plain(&line.section), ansi::plain(&line.message))
}

/// The time of day, empty when the line has none.
fn time(ts: Timestamp) -> String {
    let at = ts.to_string();
    if ts.0 == 0 { String::new() } else { at.get(11..19).unwrap_or_default().to_owned() }
}

/// A line out of the event's data: as the API writes it, or any text.
fn line(data: &str) -> LogLine {
    serde_json::from_str(data).unwrap_or_else(|_| LogLine {
        ts: Timestamp(0),
        section: String::new(),
        message: loose_message(data),
        error: false,
    })
}

fn loose_message(data: &str) -> String {
    let value = serde_json::from_str::<Value>(data).unwrap_or_default();
    let text = ["message", "log"].iter().find_map(|key| value.get(*key)?.as_str());
    text.unwrap_or(data).to_owned()
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
        let first = ":\n\nid: 1\ndata: <h3 class=\"part\">build</h3><div class=\"row error\">";
        assert!(out.starts_with(first), "{out}");
        let said = "&lt;b&gt;<span class=\"t-red\">hi</span> you</span></div>\n\n";
        assert!(out.contains("03:04:05") && out.contains(said), "{out}");
        assert!(out.contains("id: 2\n") && out.contains(">plain<") && !out.contains("id: 3"), "{out}");
        assert!(out.ends_with(END), "{out}");
    }

    #[tokio::test]
    async fn known_rows_are_not_sent_again() {
        let stream = "data: a\n\ndata: b\n\n".to_owned();
        let out = run(vec![stream], Shape::Events(1)).await;
        assert!(!out.contains("id: 1\n") && out.contains("id: 2\n"), "{out}");
    }

    #[test]
    fn a_part_is_headed_once() {
        let line = |section: &str| serde_json::json!({ "ts": 1, "section": section, "message": "x" });
        let rows = finished(&[line("clone"), line("clone"), line("post_processing"), line("")]);
        let parts: Vec<_> = rows.iter().map(|row| row.part.as_deref()).collect();
        assert_eq!(parts, [Some("clone"), None, Some("post processing"), None]);
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
