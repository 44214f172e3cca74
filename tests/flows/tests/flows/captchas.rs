//! Forms that want to know that no robot sends them: the solution of the riddle is judged by the service
//! that set it, and without a clear yes nothing is kept.

use crate::support::{id, text};
use boathook::Config;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use testkit::{Actor, Answer, Engine, Platform, both};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

const PAGE: &str = "<form name=contact netlify data-netlify-recaptcha=true><input name=a></form>\
    <form name=open netlify><input name=a></form>";
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// A service that judges: `good` is a solution, and some others make it fail.
struct Judge {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Judge {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(listen(listener, Arc::clone(&asked)));
        Self { url: format!("http://{address}/siteverify"), asked, task }
    }

    /// What it was asked.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, asked: Arc<Mutex<Vec<String>>>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let asked = Arc::clone(&asked);
        open.spawn(async move {
            let answer = service_fn(move |request| judge(request, Arc::clone(&asked)));
            let _ = server::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn judge(
    request: Request<Incoming>,
    asked: Arc<Mutex<Vec<String>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    let (status, answer) = match body.split("response=").nth(1) {
        Some("good") => (StatusCode::OK, r#"{"success":true}"#),
        Some("secret") => (StatusCode::OK, r#"{"success":false,"error-codes":["invalid-input-secret"]}"#),
        Some("broken") => (StatusCode::INTERNAL_SERVER_ERROR, r#"{"success":true}"#),
        Some("odd") => (StatusCode::OK, "yes"),
        _ => (StatusCode::OK, r#"{"success":false,"error-codes":["invalid-input-response"]}"#),
    };
    asked.lock().expect("nobody panics with it").push(format!("{} {} {body}", head.method, head.uri));
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    *response.status_mut() = status;
    Ok(response)
}

/// A server that has solutions judged there, with a site; its id.
async fn started(engine: Engine, url: &str) -> (Platform, String, Value) {
    let p = Platform::start_with(engine, |config: &mut Config| {
        config.recaptcha.recaptcha_secret = Some("the-secret".to_owned());
        config.recaptcha.recaptcha_url = url.parse().expect("an address");
    })
    .await;
    let owner = p.owner();
    let site = owner.create_site("desk").await;
    let deploy = owner.deploy(id(&site), &[("index.html", PAGE)]).await;
    (p, id(&site).to_owned(), deploy)
}

async fn post(p: &Platform, body: &str) -> Answer {
    p.visitor().ask("desk", Method::POST, "/", &[("content-type", URLENCODED)], body).await
}

/// What was kept.
async fn kept(owner: &Actor, site: &str) -> Vec<Value> {
    let list = owner.get(&format!("/sites/{site}/submissions")).await.expect(200).json();
    list.as_array().expect("a list").clone()
}

async fn riddles_are_judged(engine: Engine) {
    let judge = Judge::start().await;
    let (p, site, deploy) = started(engine, &judge.url).await;
    assert!(!deploy["summary"]["messages"].to_string().contains("reCAPTCHA"), "{deploy}");
    for (solution, status, words) in [
        ("", 400, "no robot"),
        ("&g-recaptcha-response=", 400, "no robot"),
        ("&g-recaptcha-response=bad", 400, "no robot"),
        ("&g-recaptcha-response=secret", 503, "cannot be checked"),
        ("&g-recaptcha-response=broken", 503, "cannot be checked"),
        ("&g-recaptcha-response=odd", 503, "cannot be checked"),
    ] {
        let page = post(&p, &format!("form-name=contact&a=1{solution}")).await.expect(status);
        assert!(page.text().contains(words) && !page.text().contains("the-secret"), "{}", page.shown());
    }
    assert_eq!(kept(&p.owner(), &site).await, Vec::<Value>::new());
    post(&p, "form-name=contact&a=1&g-recaptcha-response=good").await.expect(200);
    assert_eq!(judge.asked().len(), 5, "who brings no solution is not asked about");
    assert_eq!(judge.asked()[4], "POST /siteverify secret=the-secret&response=good");
    post(&p, "form-name=open&a=1").await.expect(200);
    assert_eq!(judge.asked().len(), 5, "other forms ask for none");
    let kept = kept(&p.owner(), &site).await;
    assert_eq!(kept.iter().map(|one| text(one, "form_name")).collect::<Vec<_>>(), ["open", "contact"]);
    assert!(!kept[1]["data"].to_string().contains("recaptcha"), "{}", kept[1]);
    let gone = judge.url.clone();
    drop(judge);
    p.stop().await;
    let (p, site, _) = started(engine, &gone).await;
    post(&p, "form-name=contact&a=1&g-recaptcha-response=good").await.expect(503);
    assert_eq!(self::kept(&p.owner(), &site).await, Vec::<Value>::new());
    p.stop().await;
}

mod riddles_are_judged_by_who_set_them {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        riddles_are_judged(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pg() {
        riddles_are_judged(Engine::Postgres).await;
    }
}

both! {
    /// Without a secret forms are taken without, and the deploy says so.
    async fn a_server_without_a_secret_says_so(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("desk").await;
        let deploy = owner.deploy(id(&site), &[("index.html", PAGE)]).await;
        let messages = deploy["summary"]["messages"].to_string();
        assert!(messages.contains("reCAPTCHA is not checked") && messages.contains("BOATHOOK_RECAPTCHA_SECRET"), "{messages}");
        post(&p, "form-name=contact&a=1").await.expect(200);
        assert_eq!(kept(&owner, id(&site)).await.len(), 1);
    }
}
