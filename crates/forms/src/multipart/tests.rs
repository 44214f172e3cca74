//! Bodies whole and in pieces.

use super::*;

/// Name and content of a part; none at the end of a body that is not over.
type Part = Option<(String, Vec<u8>)>;

/// What is in a body that comes in pieces of `step` bytes.
fn split(body: &[u8], step: usize) -> Result<Vec<Part>, Fault> {
    let mut splitter = Splitter::new("X");
    let mut parts: Vec<Part> = Vec::new();
    let mut pieces = body.chunks(step);
    loop {
        match splitter.step()? {
            Step::More => {
                assert!(splitter.held() <= HEAD_BYTES + BLANK_LINE.len(), "{}", splitter.held());
                let Some(piece) = pieces.next() else {
                    parts.push(None);
                    return Ok(parts);
                };
                splitter.push(piece);
            }
            Step::Part(head) => parts.push(Some((head.name.unwrap_or_default(), Vec::new()))),
            Step::Data(bytes) => {
                assert!(!bytes.is_empty());
                let part = parts.last_mut().and_then(Option::as_mut);
                part.expect("a part has begun").1.extend_from_slice(&bytes);
            }
            Step::PartEnd => {}
            Step::End => return Ok(parts),
        }
    }
}

#[track_caller]
fn check(body: &[u8], expect: Result<&[Option<(&str, &str)>], Fault>) {
    let owned = |part: &Option<(&str, &str)>| part.map(|(name, text)| (name.to_owned(), text.into()));
    let expect = expect.map(|parts| parts.iter().map(owned).collect::<Vec<_>>());
    for step in [1, 2, 3, 7, 1 << 20] {
        assert_eq!(
            split(body, step),
            expect,
            "{step} {}",
            String::from_utf8_lossy(&body[..body.len().min(200)])
        );
    }
}

const A: &str = "Content-Disposition: form-data; name=\"a\"";

#[test]
fn parts_are_found_whatever_the_pieces() {
    let body = |text: &str| text.replace('A', A);
    for (text, expect) in [
        ("--X\r\nA\r\n\r\n1\r\n--X--\r\n", &[Some(("a", "1"))][..]),
        ("--X\r\nA\r\n\r\n\r\n--X--", &[Some(("a", ""))]),
        ("--X--", &[]),
        (
            "before\r\n--X \t\r\nA\r\n\r\n1\r\n--X\r\nA\r\n\r\n2\r\n--X--after",
            &[Some(("a", "1")), Some(("a", "2"))],
        ),
        ("--X\r\nA\r\n\r\n--X\r\r\n-\r\n--Y\r\n--X--", &[Some(("a", "--X\r\r\n-\r\n--Y"))]),
        ("--X\r\n\r\nno head\r\n--X--", &[Some(("", "no head"))]),
        ("--X\r\nA\r\n\r\n1\r\n--X", &[Some(("a", "1")), None]),
        ("--X\r\nA\r\n\r\n1", &[Some(("a", "1")), None]),
        ("--X\r\nA\r\n", &[None]),
        ("nothing at all", &[None]),
        ("", &[None]),
    ] {
        if text.ends_with("\r\n\r\n1") {
            // the last bytes may be a boundary's: they are not given out before it is certain
            assert_eq!(split(body(text).as_bytes(), 1).map(|parts| parts.len()), Ok(expect.len()));
        } else {
            check(body(text).as_bytes(), Ok(expect));
        }
    }
}

#[test]
fn what_is_no_body_is_refused() {
    for text in ["--Xtra\r\n", "--X-\r\n", "--X\r\r\n", "--X -\r\n", "--X\r\nno colon\r\n\r\n", "--X\n\r\n"] {
        check(text.as_bytes(), Err(Fault::Malformed));
    }
    check(format!("--X{}\r\n", " ".repeat(PADDING_BYTES + 1)).as_bytes(), Err(Fault::Malformed));
    check(
        format!("--X{}\r\n{A}\r\n\r\n\r\n--X--", " ".repeat(PADDING_BYTES)).as_bytes(),
        Ok(&[Some(("a", ""))]),
    );
}

#[test]
fn a_head_is_held_within_its_bound() {
    let head =
        |bytes: usize| format!("--X\r\n{A}\r\nX: {}\r\n\r\n1\r\n--X--", "x".repeat(bytes - A.len() - 5));
    check(head(HEAD_BYTES).as_bytes(), Ok(&[Some(("a", "1"))]));
    check(head(HEAD_BYTES + 1).as_bytes(), Err(Fault::TooLong));
    let endless = format!("--X\r\n{}", "x".repeat(HEAD_BYTES * 4));
    check(endless.as_bytes(), Err(Fault::TooLong));
}

#[test]
fn boundaries_are_taken_as_they_are_named() {
    let longest = "b".repeat(BOUNDARY_BYTES);
    for (content_type, expect) in [
        ("multipart/form-data; boundary=abc", Some("abc")),
        ("multipart/form-data; charset=utf-8; Boundary=\"a b\"", Some("a b")),
        ("multipart/form-data;boundary=----WebKitFormBoundary7MA4", Some("----WebKitFormBoundary7MA4")),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"a", None),
        ("multipart/form-data", None),
        (&format!("multipart/form-data; boundary={longest}"), Some(&*longest)),
        (&format!("multipart/form-data; boundary={longest}b"), None),
    ] {
        assert_eq!(boundary(content_type).as_deref(), expect, "{content_type}");
    }
}
