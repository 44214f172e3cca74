//! Bodies as visitors and others send them.

use super::*;
use crate::limits::{BODY_TIME, HEAD_BYTES, PARTS};
use testbed::Bed;

const BOUNDARY: &str = "X";

/// A body that comes in pieces of `step` bytes.
fn pieces(body: &[u8], step: usize) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    let pieces: Vec<_> = body.chunks(step).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures_util::stream::iter(pieces)
}

fn part(name: &str, more: &str, content: &str) -> String {
    format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{content}\r\n")
}

fn file(name: &str, filename: &str, content: &str) -> String {
    part(name, &format!("; filename=\"{filename}\"\r\nContent-Type: text/plain"), content)
}

async fn read(bed: &Bed, kind: Kind, body: &str, step: usize) -> Result<Received, Refusal> {
    receive(&bed.cx.blobs, kind, pieces(body.as_bytes(), step), BODY_TIME, |name| name == "contact").await
}

async fn multipart_of(bed: &Bed, parts: &[String]) -> Result<Received, Refusal> {
    let body = format!("{}--X--\r\n", parts.concat());
    read(bed, Kind::Multipart(BOUNDARY.to_owned()), &body, 7).await
}

async fn sent(bed: &Bed, received: Received) -> Sent {
    let visit = Visit {
        ip: "::ffff:192.0.2.1".parse().unwrap(),
        user_agent: "é".repeat(1000),
        referrer: String::new(),
    };
    received.into_sent(&bed.cx, &visit, Some("bot")).await.expect("it can be stored")
}

fn texts(sent: &Sent) -> Vec<(&str, Vec<&str>)> {
    let value = |value: &'_ SentValue| match value {
        SentValue::Text(_) => (),
        SentValue::File(_) => panic!("a file"),
    };
    sent.fields
        .iter()
        .map(|field| {
            field.values.iter().for_each(value);
            let values = field.values.iter().filter_map(|value| match value {
                SentValue::Text(text) => Some(text.as_str()),
                SentValue::File(_) => None,
            });
            (field.name.as_str(), values.collect())
        })
        .collect()
}

#[test]
fn types_that_forms_send_are_known() {
    let multipart = |boundary: &str| Some(Kind::Multipart(boundary.to_owned()));
    for (text, expect) in [
        ("application/x-www-form-urlencoded", Some(Kind::Urlencoded)),
        ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", Some(Kind::Urlencoded)),
        ("multipart/form-data; boundary=abc", multipart("abc")),
        ("multipart/form-data", multipart("")),
        ("multipart/form-data; boundary=\"a", multipart("")),
        ("application/json", None),
        ("text/plain", None),
        ("", None),
    ] {
        assert_eq!(Kind::of(text), expect, "{text}");
    }
}

#[tokio::test]
async fn an_urlencoded_body_is_read_whatever_its_pieces() {
    let bed = Bed::sqlite().await;
    let body = "form-name=contact&name=Ann+Lee&t=a&t=b%26c&empty=&bot=&m=%E2%82%AC%FF";
    for step in [1, 5, 1000] {
        let received = read(&bed, Kind::Urlencoded, body, step).await.expect("it is well formed");
        assert_eq!(received.form_name(), Some("contact"));
        assert!(!received.fills("bot") && received.fills("name") && !received.fills("none"));
        let sent = sent(&bed, received).await;
        let expect = [
            ("name", vec!["Ann Lee"]),
            ("t", vec!["a", "b&c"]),
            ("empty", vec![""]),
            ("m", vec!["€\u{fffd}"]),
        ];
        assert_eq!(texts(&sent), expect);
        assert_eq!((sent.ip.as_str(), sent.user_agent.len()), ("192.0.2.1", HEADER_BYTES));
    }
}

#[tokio::test]
async fn a_multipart_body_brings_files() {
    let bed = Bed::sqlite().await;
    let parts = [
        part("form-name", "", "contact"),
        part("name", "", "Ann\r\nLee"),
        file("cv", "C:\\docs\\my\tcv.txt", "--X is in me"),
        file("none", "", ""),
    ];
    let sent = sent(&bed, multipart_of(&bed, &parts).await.expect("it is well formed")).await;
    let [name, cv] = &sent.fields[..] else { panic!("{sent:?}") };
    assert_eq!(name.values, [SentValue::Text("Ann\r\nLee".to_owned())]);
    let SentValue::File(file) = &cv.values[0] else { panic!("{cv:?}") };
    assert_eq!((file.filename.as_str(), file.kind.as_str(), file.size), ("mycv.txt", "text/plain", 12));
    assert_eq!(bed.cx.blobs.get(&file.blob).await.expect("a blob"), "--X is in me");
}

#[tokio::test]
async fn files_that_wait_on_disk_are_whole() {
    let bed = Bed::sqlite().await;
    let content = "0123456789".repeat(usize::try_from(SMALL_FILE_BYTES).unwrap());
    let parts: Vec<String> = (0..FILES).map(|n| file(&format!("f{n}"), "a", &content)).collect();
    let sent = sent(&bed, multipart_of(&bed, &parts).await.expect("they are few enough")).await;
    assert_eq!(sent.fields.len(), FILES);
    for field in sent.fields {
        let SentValue::File(file) = &field.values[0] else { panic!("{field:?}") };
        assert_eq!(bed.cx.blobs.get(&file.blob).await.expect("a blob"), content);
    }
}

#[tokio::test]
async fn what_says_no_form_is_read_and_has_no_name() {
    let bed = Bed::sqlite().await;
    for body in ["", "a=b", "form-name=", "form-name"] {
        let received = read(&bed, Kind::Urlencoded, body, 3).await.expect("it is well formed");
        assert_eq!(received.form_name(), None, "{body}");
    }
    let received = read(&bed, Kind::Urlencoded, "form-name=contact&form-name=other", 9).await;
    let received = received.expect("the first counts");
    assert_eq!((received.form_name(), received.solution()), (Some("contact"), ""));
    let solved = read(&bed, Kind::Urlencoded, "g-recaptcha-response=a%20b&form-name=contact", 9).await;
    let solved = solved.expect("it is well formed");
    assert_eq!((solved.form_name(), solved.solution()), (Some("contact"), "a b"));
    assert_eq!(texts(&sent(&bed, solved).await), []);
}

#[tokio::test]
async fn what_is_too_much_or_wrong_is_refused() {
    let bed = Bed::sqlite().await;
    let name = part("form-name", "", "contact");
    let long = "x".repeat(NAME_BYTES + 1);
    let large = "y".repeat(TEXT_BYTES);
    let many = "a=b&".repeat(FIELDS + 1);
    let files: Vec<String> = (0..=FILES).map(|n| file(&format!("f{n}"), "a", "1")).collect();
    let refusals = [
        read(&bed, Kind::Urlencoded, "form-name=other&x=y", 100).await.err(),
        read(&bed, Kind::Urlencoded, &format!("{long}=1"), 100).await.err(),
        read(&bed, Kind::Urlencoded, &format!("x={large}"), 1 << 16).await.err(),
        read(&bed, Kind::Urlencoded, &many, 1 << 16).await.err(),
        multipart_of(&bed, &[name.clone(), part("x", "", &large)]).await.err(),
        multipart_of(&bed, &[name.clone(), file("x", "a", "1"), file("x", "b", "2")]).await.err(),
        multipart_of(&bed, &files).await.err(),
        multipart_of(&bed, &vec!["--X\r\n\r\n\r\n".to_owned(); PARTS + 1]).await.err(),
        multipart_of(&bed, &[part("x", &"y".repeat(HEAD_BYTES), "")]).await.err(),
        read(&bed, Kind::Multipart(BOUNDARY.to_owned()), &name, 100).await.err(),
        read(&bed, Kind::Multipart(BOUNDARY.to_owned()), "no parts at all", 100).await.err(),
        read(&bed, Kind::Multipart(String::new()), &name, 100).await.err(),
    ];
    let shown: Vec<_> = refusals.iter().map(|refusal| format!("{refusal:?}")).collect();
    let expect = [
        "UnknownForm",
        "TooLarge",
        "TooLarge",
        "TooLarge",
        "TooLarge",
        "TwoFiles",
        "TooLarge",
        "TooLarge",
        "TooLarge",
        "Malformed",
        "Malformed",
        "Malformed",
    ];
    assert_eq!(shown, expect.map(|name| format!("Some({name})")));
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_off() {
    let bed = Bed::sqlite().await;
    let begin = Bytes::from(format!(
        "{}{}",
        part("form-name", "", "contact"),
        "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"
    ));
    let flood = futures_util::stream::repeat_with(|| Bytes::from_static(&[b'z'; 1 << 16]));
    let body = futures_util::stream::iter([begin]).chain(flood).map(Ok::<_, std::io::Error>);
    let received =
        receive(&bed.cx.blobs, Kind::Multipart(BOUNDARY.to_owned()), body, BODY_TIME, |_| true).await;
    assert!(matches!(received, Err(Refusal::TooLarge)));
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blobs = Blobs::local(folder.path()).expect("a place for blobs");
    let body = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    assert!(matches!(
        receive(&blobs, Kind::Urlencoded, body, Duration::from_millis(1), |_| true).await,
        Err(Refusal::Late)
    ));
}

#[test]
fn each_kind_has_its_bound() {
    assert_eq!(Kind::Urlencoded.most_bytes(), TEXT_BYTES as u64);
    assert_eq!(Kind::Multipart(String::new()).most_bytes(), BODY_BYTES);
}
