//! Listening to a server that is played by a few lines, with a consumer that keeps what it gets.

use super::*;
use crate::check::stand::{Received, Stand};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

type Heads = Arc<Mutex<Vec<String>>>;

/// A server that answers each connection with the next of `answers` and then drops it.
async fn server(answers: Vec<String>) -> (u16, Heads) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Heads::default();
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_buf(&mut head).await.unwrap();
            }
            kept.lock().unwrap().push(String::from_utf8(head).unwrap());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (port, heads)
}

fn events(blocks: &[&str]) -> String {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    head.to_owned() + &blocks.concat()
}

fn delivery(id: &str, body: &serde_json::Value) -> String {
    let headers = json!({ "X-Netlify-Event": "deploy_locked", "Webhook-Id": format!("msg_{id}") });
    let mut letter =
        json!({ "delivery_id": id, "event": "deploy_locked", "method": "POST", "headers": headers });
    letter["body"] = body["body"].clone();
    letter["body_base64"] = body["body_base64"].clone();
    format!("id: {id}\nevent: delivery\ndata: {letter}\n\n")
}

const END: &str = "event: end\ndata: {}\n\n";

async fn run(port: u16, forward: Url, replay: Option<u32>) -> (anyhow::Result<()>, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ServerArgs {
        server: format!("http://127.0.0.1:{port}").parse().unwrap(),
        token: Some("bh_x".to_owned()),
        data: "nowhere".into(),
    };
    let mut out = Vec::new();
    let outcome = listen(&ListenArgs { server, hook: "h1".into(), forward, replay }, &mut out).await;
    (outcome, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn deliveries_reach_the_consumer_as_they_are() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    let stand = Stand::start(move |request: &Received, _| {
        kept.lock().unwrap().push((request.headers.clone(), request.body.clone()));
        if request.body == b"no" { 500 } else { 200 }
    })
    .await;
    let odd = "{ \"\u{fc}\" :1}\n";
    let blocks = [
        delivery("d1", &json!({ "body": odd })),
        delivery("d2", &json!({ "body_base64": "/w==" })),
        delivery("d3", &json!({ "body": "no" })),
    ];
    let (port, heads) = server(vec![events(&[&blocks[0], &blocks[1], &blocks[2], END])]).await;
    let (outcome, said) = run(port, stand.url(), Some(10)).await;
    outcome.unwrap();
    let got = got.lock().unwrap();
    let bodies: Vec<_> = got.iter().map(|(_, body)| body.as_slice()).collect();
    assert_eq!(bodies, [odd.as_bytes(), b"\xff", b"no"]);
    for pair in [("X-Netlify-Event", "deploy_locked"), ("Webhook-Id", "msg_d1")] {
        assert!(got[0].0.contains(&(pair.0.to_owned(), pair.1.to_owned())), "{:?}", got[0].0);
    }
    for part in ["deploy_locked", "d1  200 in ", "d3  500 in ", "would be a failure", "The hook was deleted."]
    {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    let head = heads.lock().unwrap()[0].clone();
    assert!(head.starts_with("GET /api/v1/hooks/h1/listen?replay=10 HTTP/1.1"), "{head}");
    assert!(head.contains("authorization: Bearer bh_x") && !head.contains("last-event-id"), "{head}");
}

#[tokio::test]
async fn a_lost_stream_goes_on_after_the_last_delivery() {
    let stand = Stand::start(|_, _| 200).await;
    let (one, two) = (delivery("7+1", &json!({ "body": "1" })), delivery("9", &json!({ "body": "2" })));
    let cut = &two[..two.len() - 5];
    let (port, heads) =
        server(vec![events(&[&one, cut]), events(&[&two, ": beat\nid: 12\n\n"]), events(&[END])]).await;
    let (outcome, said) = run(port, stand.url(), None).await;
    outcome.unwrap();
    assert_eq!(said.matches("200 in").count(), 2, "{said}");
    let heads = heads.lock().unwrap();
    for (head, last) in heads.iter().zip([None, Some("7+1"), Some("12")]) {
        let found = head.lines().find_map(|line| line.strip_prefix("last-event-id: "));
        assert_eq!(found, last, "{head}");
    }
}

#[tokio::test]
async fn a_missing_consumer_is_said_with_what_to_do() {
    let gone = Stand::start(|_, _| 200).await.url();
    let (port, _) = server(vec![events(&[&delivery("d1", &json!({ "body": "1" })), END])]).await;
    let (outcome, said) = run(port, gone, None).await;
    outcome.unwrap();
    assert!(
        said.contains("nobody listens at http://127.0.0.1:") && said.contains("--replay last:N"),
        "{said}"
    );
}

#[tokio::test]
async fn refusals_end_it() {
    let body = r#"{"code":404,"message":"Not Found"}"#;
    let refusal = format!(
        "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let stand = Stand::start(|_, _| 200).await;
    let (port, _) = server(vec![refusal.clone()]).await;
    assert!(run(port, stand.url(), None).await.0.unwrap_err().to_string().contains("404"));
    let (port, _) = server(vec![events(&[": beat\n\n"]), refusal]).await;
    assert!(run(port, stand.url(), None).await.0.unwrap_err().to_string().contains("404"));
}

#[test]
fn arguments_are_checked() {
    for (text, expect) in [
        ("last:1", Some(1)),
        ("last:100", Some(100)),
        ("last:0", None),
        ("last:101", None),
        ("10", None),
        ("last:x", None),
    ] {
        assert_eq!(replay(text).ok(), expect, "{text}");
    }
}
