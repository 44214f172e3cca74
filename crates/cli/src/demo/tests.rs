//! The demonstration against a server that is played by a few lines: what it asks for, what it says.

use super::*;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Asked = Arc<Mutex<Vec<String>>>;

/// A server that knows one site and delivers when the second deploy is looked at.
async fn start(asked: Asked, forged: bool) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut hook = Value::Null;
        while let Ok((mut stream, _)) = listener.accept().await {
            let (line, body) = read(&mut stream).await;
            if line.starts_with("POST /api/v1/hooks") {
                hook = body.clone();
            }
            if line.starts_with("GET") && hook != Value::Null {
                deliver(&hook, forged).await;
            }
            let answer = answer(&line).to_string();
            asked.lock().unwrap().push(line);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
            stream.write_all((head + &answer).as_bytes()).await.unwrap();
        }
    });
    port
}

async fn read(stream: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    loop {
        stream.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
            return (line, serde_json::from_str(body).unwrap_or_default());
        }
    }
}

fn answer(line: &str) -> Value {
    match line {
        "POST /api/v1/sites" => {
            json!({"id": "s1", "name": "calm-boat", "ssl_url": "http://calm-boat.localhost:8888"})
        }
        "POST /api/v1/sites/s1/deploys" => json!({"id": "d1"}),
        "PUT /api/v1/sites/s1/deploys/d1" => json!({"id": "d1", "required": []}),
        "GET /api/v1/sites/s1/deploys/d1" => {
            json!({"id": "d1", "state": "ready", "links": {"permalink": "http://d1--x"}})
        }
        line if line.starts_with("POST /api/v1/hooks") => json!({"id": "h1"}),
        _ => json!({}),
    }
}

async fn deliver(hook: &Value, forged: bool) {
    let secret = if forged { "guess" } else { hook["data"]["signature_secret"].as_str().unwrap() };
    for event in ["deploy_created", "deploy_succeeded"] {
        let body = json!({"id": "d1", "state": "ready"}).to_string();
        let digest = hex::encode(Sha256::digest(body.as_bytes()));
        let claims = format!(r#"{{"iss":"netlify","sha256":"{digest}"}}"#);
        let token = verify::signed(r#"{"alg":"HS256"}"#, &claims, secret.as_bytes());
        let address =
            hook["data"]["url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nX-Netlify-Event: {event}\r\nX-Webhook-Signature: {token}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    }
}

async fn run(forged: bool, keep: bool) -> (anyhow::Result<()>, String, Vec<String>) {
    // Which test comes first installs it for all.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let asked = Asked::default();
    let port = start(Arc::clone(&asked), forged).await;
    let server = ServerArgs {
        server: format!("http://127.0.0.1:{port}").parse().unwrap(),
        token: Some("bh_x".to_owned()),
        data: "nowhere".into(),
    };
    let mut out = Vec::new();
    let outcome = demo(&DemoArgs { server, name: None, keep }, &mut out).await;
    let asked = asked.lock().unwrap().clone();
    (outcome, String::from_utf8(out).unwrap(), asked)
}

#[tokio::test]
async fn it_shows_the_delivery_and_cleans_up() {
    let (outcome, said, asked) = run(false, false).await;
    outcome.unwrap();
    for part in [
        "calm-boat",
        "X-Netlify-Event: deploy_succeeded",
        "The signature is right",
        "http://d1--x",
        "\"iss\":\"netlify\"",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    assert!(asked.contains(&"DELETE /api/v1/hooks/h1".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn a_forged_delivery_is_said_to_be_one() {
    let (outcome, said, asked) = run(true, false).await;
    assert!(outcome.unwrap_err().to_string().contains("not made with the hook's secret"));
    assert!(!said.contains("The signature is right"));
    assert!(asked.contains(&"DELETE /api/v1/hooks/h1".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn the_hook_can_be_kept() {
    let (outcome, said, asked) = run(false, true).await;
    outcome.unwrap();
    assert!(said.contains("stays, but its receiver ends now"));
    assert!(!asked.iter().any(|line| line.starts_with("DELETE")), "{asked:?}");
}
