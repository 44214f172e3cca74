//! What holds for every page and every body, however broken: nothing panics, limits are kept, the
//! same bytes mean the same in whatever pieces they come. Shared by the mutation test beside it and by
//! the fuzz targets.
#![allow(dead_code, reason = "each fuzz target uses one of them")]

use boathook_forms::limits::{BODY_TIME, FIELDS, FORMS_PER_PAGE, HEAD_BYTES, NAME_BYTES};
use boathook_forms::{Fault, Finds, Kind, PageForm, Received, Refusal, Splitter, Step, read_page, receive};
use bytes::Bytes;
use std::convert::Infallible;
use store::blob::Blobs;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The boundary of all multipart bodies.
const BOUNDARY: &str = "X";
/// The form that is there.
const FORM: &str = "contact";
/// Bytes of the pieces in which bodies come, beside the whole.
const STEPS: [usize; 3] = [1, 2, 7];
/// Bytes that a form adds to its page at most, beside its name: its hidden field.
const FIELD_BYTES: usize = 64;
/// Bytes of one byte of a name, written in a page.
const ESCAPE_BYTES: usize = 6;

/// A page: what is found in it, and what is served in its place.
pub fn page(page: &[u8]) {
    let (scan, served) = read_page(page);
    assert!(scan.forms.len() + scan.nameless <= FORMS_PER_PAGE);
    scan.forms.iter().for_each(form);
    assert_eq!(served.is_some(), !scan.forms.is_empty(), "it is written anew when there is a reason");
    assert!(scan.problem.is_none() || (scan.forms.is_empty() && scan.nameless == 0));
    let mut finds = Finds::default();
    finds.add("/a/b.html", &scan);
    let _ = finds.into_messages();
    if let Some(served) = served {
        let most = page.len() + scan.forms.len() * (FIELD_BYTES + ESCAPE_BYTES * NAME_BYTES);
        assert!(served.len() <= most, "{} {most}", served.len());
        let (again, unchanged) = read_page(&served);
        assert!(again.forms.is_empty() && unchanged.is_none(), "{:?}", String::from_utf8_lossy(&served));
    }
}

fn form(form: &PageForm) {
    assert!(usable(&form.name), "{form:?}");
    assert!(form.honeypot.as_deref().is_none_or(usable), "{form:?}");
    assert!(form.fields.len() <= FIELDS);
    for (at, field) in form.fields.iter().enumerate() {
        assert!(usable(&field.name) && field.name != "form-name", "{form:?}");
        assert!(form.fields[..at].iter().all(|before| before.name != field.name), "{form:?}");
    }
}

fn usable(name: &str) -> bool {
    (1..=NAME_BYTES).contains(&name.len())
}

/// A multipart body.
pub fn multipart(body: &[u8]) {
    let whole = split(body, body.len());
    for step in STEPS {
        assert_eq!(split(body, step), whole, "in pieces of {step}: {:?}", String::from_utf8_lossy(body));
    }
    for (_, content) in whole.parts {
        assert!(!String::from_utf8_lossy(&content).contains("\r\n--X"), "a boundary is no content");
    }
    let _ = received(&Kind::Multipart(BOUNDARY.to_owned()), body);
}

/// What a body was split into, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Split {
    parts: Vec<(Option<String>, Vec<u8>)>,
    end: Result<bool, Fault>,
}

fn split(body: &[u8], step: usize) -> Split {
    let mut splitter = Splitter::new(BOUNDARY);
    let mut pieces = body.chunks(step.max(1));
    let mut parts: Vec<(Option<String>, Vec<u8>)> = Vec::new();
    let end = loop {
        match splitter.step() {
            Ok(Step::More) => {
                assert!(splitter.held() < HEAD_BYTES + 4, "{}", splitter.held());
                match pieces.next() {
                    Some(piece) => splitter.push(piece),
                    None => break Ok(false),
                }
            }
            Ok(Step::Part(head)) => parts.push((head.name, Vec::new())),
            Ok(Step::Data(bytes)) => parts.last_mut().expect("a part has begun").1.extend_from_slice(&bytes),
            Ok(Step::PartEnd) => {}
            Ok(Step::End) => break Ok(true),
            Err(fault) => break Err(fault),
        }
    };
    Split { parts, end }
}

/// An urlencoded body.
pub fn urlencoded(body: &[u8]) {
    let named = form_urlencoded::parse(body).find(|(name, value)| name == "form-name" && !value.is_empty());
    let outcome = received(&Kind::Urlencoded, body);
    match (outcome, named.as_ref().map(|(_, form)| form.as_ref())) {
        (Ok(name), expected) => assert_eq!(name.as_deref(), expected),
        (Err(refusal), Some(FORM) | None) => assert_eq!(refusal, "TooLarge"),
        (Err(_), Some(_)) => {}
    }
}

/// The form that a body is for, or its refusal, which are the same in whatever pieces it comes.
fn received(kind: &Kind, body: &[u8]) -> Result<Option<String>, String> {
    let read = |step: usize| outcome(taken(kind.clone(), body, step));
    let whole = read(body.len());
    assert_eq!(read(STEPS[2]), whole, "{:?}", String::from_utf8_lossy(body));
    whole
}

fn outcome(received: Result<Received, Refusal>) -> Result<Option<String>, String> {
    match received {
        Ok(received) => {
            assert!(received.form_name().is_none_or(|name| name == FORM));
            Ok(received.form_name().map(ToOwned::to_owned))
        }
        Err(refusal) => {
            assert!(!matches!(refusal, Refusal::Late | Refusal::Storage(_)), "{refusal:?}");
            Err(format!("{refusal:?}"))
        }
    }
}

fn taken(kind: Kind, body: &[u8], step: usize) -> Result<Received, Refusal> {
    thread_local! {
        static STAGE: (Runtime, TempDir, Blobs) = stage();
    }
    let pieces = body.chunks(step.max(1)).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)));
    let pieces = futures_util::stream::iter(pieces.collect::<Vec<_>>());
    STAGE.with(|(runtime, _, blobs)| {
        runtime.block_on(receive(blobs, kind, pieces, BODY_TIME, |name| name == FORM))
    })
}

fn stage() -> (Runtime, TempDir, Blobs) {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime needs nothing");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let blobs = Blobs::local(folder.path()).expect("it is empty and ours");
    (runtime, folder, blobs)
}
