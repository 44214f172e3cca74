//! Firing at a server that is played by a few lines.

use super::*;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

type Asked = Arc<Mutex<Vec<String>>>;

/// A server that answers `path` with the JSON behind it, the last one for ever.
async fn server(mut answers: Vec<(&'static str, Vec<Value>)>) -> (u16, Asked) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Asked::default();
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            while !whole(&bytes) {
                stream.read_buf(&mut bytes).await.unwrap();
            }
            let request = String::from_utf8(bytes).unwrap();
            let line = request.split(" HTTP/1.1").next().unwrap().to_owned();
            let body = request.rsplit("\r\n\r\n").next().unwrap().to_owned();
            kept.lock().unwrap().push(format!("{line} {body}").trim().to_owned());
            let (_, list) = answers.iter_mut().find(|(path, _)| line.ends_with(path)).expect(&line);
            let answer = if list.len() > 1 { list.remove(0) } else { list[0].clone() }.to_string();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
            stream.write_all((head + &answer).as_bytes()).await.unwrap();
        }
    });
    (port, asked)
}

fn whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

async fn run(port: u16, hook: Option<&str>, wait: u64) -> (ExitCode, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ServerArgs {
        server: format!("http://127.0.0.1:{port}").parse().unwrap(),
        token: Some("bh_x".to_owned()),
        data: "nowhere".into(),
    };
    let args = FireArgs {
        event: "deploy_failed".into(),
        server,
        site: "calm boat".into(),
        hook: hook.map(str::to_owned),
        context: None,
        branch: Some("main".into()),
        wait,
    };
    let mut out = Vec::new();
    let code = fire(&args, &mut out).await.unwrap();
    (code, String::from_utf8(out).unwrap())
}

fn answers(deliveries: &Value, looks: Vec<Value>) -> Vec<(&'static str, Vec<Value>)> {
    let fired = json!({ "event": "deploy_failed", "event_id": "msg_1", "deliveries": deliveries });
    let hook = json!({ "id": "h1", "type": "url", "data": { "url": "http://localhost:3000/in" } });
    vec![("/fire", vec![fired]), ("/hooks/h1", vec![hook]), ("/deliveries/d1", looks)]
}

fn same(a: ExitCode, b: ExitCode) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

#[tokio::test]
async fn a_delivery_is_followed_to_its_first_try() {
    let one = json!([{ "id": "d1", "hook_id": "h1", "state": "waiting" }]);
    let looks = vec![
        json!({ "state": "waiting", "attempts": [] }),
        json!({ "state": "delivered", "attempts": [{ "status": 204, "duration_ms": 12 }] }),
    ];
    let (port, asked) = server(answers(&one, looks)).await;
    let (code, said) = run(port, Some("h1"), 30).await;
    assert!(same(code, ExitCode::SUCCESS));
    for part in [
        "deploy_failed fired as msg_1.",
        "h1  url http://localhost:3000/in",
        "delivered: answered 204 in 12 ms",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    let first = asked.lock().unwrap()[0].clone();
    assert_eq!(
        first,
        r#"POST /api/v1/sites/calm%20boat/events/deploy_failed/fire {"hook_id":"h1","branch":"main"}"#
    );
}

#[tokio::test]
async fn failures_and_silence_fail_the_command() {
    let one = json!([{ "id": "d1", "hook_id": "h1", "state": "waiting" }]);
    let failed = json!({ "state": "waiting", "next_try_at": "2026-01-01T00:00:05.000Z",
        "attempts": [{ "status": 500, "duration_ms": 3 }] });
    let (port, _) = server(answers(&one, vec![failed])).await;
    let (code, said) = run(port, None, 30).await;
    assert!(same(code, ExitCode::FAILURE));
    assert!(said.contains("waiting: answered 500 in 3 ms; next try at 2026-01-01T00:00:05.000Z"), "{said}");
    let (port, _) = server(answers(&one, vec![json!({ "state": "waiting", "attempts": [] })])).await;
    let (code, said) = run(port, None, 0).await;
    assert!(same(code, ExitCode::FAILURE) && said.contains("still waiting"), "{said}");
}

#[tokio::test]
async fn an_event_that_nobody_hears_is_said_to_be_one() {
    let (port, _) = server(answers(&json!([]), vec![json!({})])).await;
    let (code, said) = run(port, None, 30).await;
    assert!(same(code, ExitCode::SUCCESS) && said.contains("No hook of the site listens"), "{said}");
}

#[test]
fn outcomes_are_told() {
    for (delivery, expect) in [
        (json!({ "state": "held", "attempts": [] }), Some(("held, because the hook is disabled", true))),
        (json!({ "state": "waiting", "attempts": [] }), None),
        (json!({ "state": "cancelled", "attempts": [] }), Some(("cancelled", false))),
        (
            json!({ "state": "waiting", "attempts": [{ "error": "refused", "duration_ms": 1 }] }),
            Some(("waiting: refused (1 ms)", false)),
        ),
        (
            json!({ "state": "delivered", "attempts": [{ "duration_ms": 0, "request": { "note": "nothing to tell" } }] }),
            Some(("delivered: nothing to tell", true)),
        ),
        (
            json!({ "state": "delivered", "attempts": [{ "duration_ms": 7, "request": {} }] }),
            Some(("delivered: in 7 ms", true)),
        ),
    ] {
        let expect = expect.map(|(said, arrived)| (said.to_owned(), arrived));
        assert_eq!(outcome(&delivery), expect, "{delivery}");
    }
}
