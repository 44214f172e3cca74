//! The pages over a fake API: what they show, escape, refuse, and where they lead.

mod actions;
mod addons;
mod fake;
mod git;
mod identity;

use crate::{Api, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use fake::{
    ASKING, ATTACK, BUILD_HOOK, BUILDING, DELIVERY, GATHERING, HOOK, INSTANCE, LIVE, TICKET, TOKEN, answer,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;

type Asked = Arc<Mutex<Vec<(String, Value)>>>;

struct Browser {
    pages: Router,
    asked: Asked,
    cookie: Option<String>,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn to(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |to| to.to_str().unwrap())
    }

    fn cookie(&self) -> &str {
        self.headers.get(SET_COOKIE).map_or("", |cookie| cookie.to_str().unwrap())
    }
}

fn xor(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ 0x2a).collect()
}

fn fake_api(asked: Asked) -> Api {
    Arc::new(move |request| {
        let asked = Arc::clone(&asked);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let path = parts.uri.path().strip_prefix("/api/v1").expect("only the API is called").to_owned();
            if path.ends_with("/log/stream") {
                let stream = Response::builder().header(CONTENT_TYPE, "text/event-stream");
                return stream.body(Body::from(format!("data: {ATTACK}\n\n"))).unwrap();
            }
            let bytes = to_bytes(body, 1 << 20).await.unwrap();
            let sent = serde_json::from_slice(&bytes).unwrap_or_default();
            let address = parts.uri.path_and_query().unwrap().as_str();
            asked.lock().unwrap().push((format!("{} {address}", parts.method), sent));
            let token =
                parts.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
            let (status, value) = answer(&parts.method, &path, token);
            Response::builder().status(status).body(Body::from(value.to_string())).unwrap()
        })
    })
}

impl Browser {
    fn new() -> Self {
        let asked = Asked::default();
        let pages = router(fake_api(Arc::clone(&asked)), xor, |sealed| Some(xor(sealed)));
        Self { pages, asked, cookie: None }
    }

    async fn logged_in() -> Self {
        let mut browser = Self::new();
        let entered = browser.post("/login", &format!("token={TOKEN}")).await;
        browser.cookie = entered.cookie().split(';').next().map(str::to_owned);
        browser
    }

    async fn send(&self, method: Method, path: &str, form: &str, origin: Option<&str>) -> Page {
        let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost:8888");
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let answer =
            self.pages.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(to_bytes(body, 1 << 22).await.unwrap().to_vec()).unwrap();
        Page { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, "", None).await
    }

    async fn post(&self, path: &str, form: &str) -> Page {
        self.send(Method::POST, path, form, Some("http://localhost:8888")).await
    }

    fn asked_for(&self, operation: &str) -> Option<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().find(|(asked, _)| asked == operation).map(|(_, body)| body.clone())
    }
}

fn all_pages() -> Vec<(String, &'static str)> {
    let site = "/sites/blog";
    vec![
        ("/".into(), "New site"),
        (site.into(), "Environment variables"),
        (format!("{site}?type=email"), "Address"),
        (format!("{site}?type=slack"), "one message every day"),
        (format!("{site}/hooks/{GATHERING}"), "<option selected>45m</option>"),
        (format!("{site}/identity"), "and one before that until"),
        (format!("{site}/git"), "whoever knows the address"),
        (format!("{site}/addons"), "Add an add-on"),
        (format!("{site}/addons/extra"), "config-6"),
        (format!("{site}/addons/plain"), "config-whole"),
        (format!("{site}/addons/demo/{INSTANCE}"), "hx-trigger=\"every 5s\""),
        (format!("{site}/addons/plain/{INSTANCE}"), "gave no answer"),
        ("/addons".into(), "Register an add-on"),
        ("/addons?search=x".into(), "Register an add-on"),
        ("/addons/demo".into(), "in 10000 ms"),
        ("/addons/plain".into(), "It was not asked for anything yet."),
        ("/addons/theirs".into(), "every account of this server"),
        ("/addons/demo/manifest".into(), "Read it again"),
        (format!("{site}/deploys/{LIVE}"), "Permalink"),
        (format!("{site}/deploys/{BUILDING}"), "Build log"),
        (format!("{site}/deploys/{ASKING}"), "with secret variables"),
        (format!("{site}/requests"), "look at it first"),
        (format!("{site}/forms"), "<dt>Cv</dt><dd class=\"said\">cv.pdf <span class=\"dim\">12 bytes</span>"),
        (format!("{site}/forms?form=f1&state=spam"), "Not spam"),
        (format!("{site}/builds"), "Start a build"),
        (format!("{site}/builds"), "60 s"),
        (format!("{site}/builds"), "1 running, 2 waiting, 3 at once"),
        (
            format!("{site}/deploys/{LIVE}"),
            "2 times</span></span><meter min=\"0\" max=\"61000\" value=\"2500\"",
        ),
        (format!("{site}/deploys/{BUILDING}"), "<span class=\"state running\">"),
        (format!("{site}/build-hooks/{BUILD_HOOK}"), "the signature is wrong"),
        (format!("{site}/build-hooks/{BUILD_HOOK}"), "Old address counts until"),
        (format!("{site}/hooks/{HOOK}"), "4 failed tries"),
        (
            format!("{site}/hooks/{HOOK}?page=1"),
            "name=\"events\" value=\"deploy_succeeded\" checked> deploy_succeeded</label>",
        ),
        (format!("{site}/hooks/{HOOK}?page=1"), "JWS secret <span class=\"dim\">(empty: as it is)</span>"),
        (format!("{site}/hooks/{HOOK}?state=given_up&event=deploy_succeeded"), "Deliveries"),
        (format!("{site}/hooks/{HOOK}/replay"), "Count"),
        (format!("{site}/hooks/{HOOK}/replay?since=2026-01-02T03:04"), "Send 3 again"),
        (format!("{site}/hooks/{HOOK}/deliveries/{DELIVERY}"), "(the beginning)"),
        ("/events?event=deploy_succeeded".into(), "</code> <span>blog</span> <span class=\"dim\">"),
        ("/events".into(), "<span>Ada</span> on <span>blog</span> <span class=\"state\">sample</span>"),
        ("/events?page=2".into(), "</code> <span>greeter</span> <span class=\"dim\">"),
        ("/tokens".into(), "New token"),
        (format!("/authorize?response_type=ticket&ticket={TICKET}&client_id=x"), "Approve"),
    ]
}

#[tokio::test]
async fn every_page_comes_escaped_and_guarded() {
    let browser = Browser::logged_in().await;
    for (path, marker) in all_pages() {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert!(page.text.contains(marker), "{path} lacks {marker}");
        assert!(page.text.contains("</html>"), "{path} is cut off");
        assert!(!page.text.contains("<script>alert"), "{path} lets script through");
        assert!(!page.text.contains("href=\"javascript:"), "{path} links to script");
        assert!(!page.text.contains(" style=") && !page.text.contains(" onclick="), "{path} has inline code");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn values_of_variables_and_tokens_stay_off_the_pages() {
    let browser = Browser::logged_in().await;
    for (path, _) in all_pages() {
        let text = browser.get(&path).await.text;
        assert!(!text.contains("hidden-value") && !text.contains(TOKEN), "{path}");
    }
}

#[tokio::test]
async fn strangers_are_sent_to_log_in_and_come_back() {
    let browser = Browser::new();
    for (path, _) in all_pages() {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert!(page.to().starts_with("/login"), "{path}: {}", page.to());
    }
    let asked = browser.get(&format!("/authorize?ticket={TICKET}")).await;
    let login = browser.get(asked.to()).await;
    assert!(login.text.contains(&format!("value=\"&#x2f;authorize?ticket={TICKET}\"")), "{}", login.text);
    let entered = browser.post("/login", &format!("token={TOKEN}&next=/authorize?ticket%3D{TICKET}")).await;
    assert_eq!(entered.to(), format!("/authorize?ticket={TICKET}"));
}

#[tokio::test]
async fn the_way_back_never_leaves_the_host() {
    let browser = Browser::new();
    for next in ["https://evil.example/", "//evil.example", "/%5Cevil.example", "javascript:alert(1)"] {
        let entered = browser.post("/login", &format!("token={TOKEN}&next={next}")).await;
        assert_eq!((entered.status, entered.to()), (StatusCode::SEE_OTHER, "/"), "{next}");
    }
}

#[tokio::test]
async fn logging_in_sets_a_guarded_cookie_and_out_ends_it() {
    let form = format!("token={TOKEN}");
    let entered = Browser::new().send(Method::POST, "/login", &form, Some("https://localhost:8888")).await;
    for flag in ["boathook_session=", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
        assert!(entered.cookie().contains(flag), "{}", entered.cookie());
    }
    assert!(!entered.cookie().contains(TOKEN));
    let left = Browser::logged_in().await.post("/logout", "").await;
    assert!(left.cookie().contains("Max-Age=0"));
    assert_eq!(left.to(), "/login?done=logged-out");
}

#[tokio::test]
async fn wrong_tokens_are_refused_in_words() {
    let browser = Browser::new();
    for (token, status) in
        [("nope", StatusCode::UNAUTHORIZED), ("", StatusCode::BAD_REQUEST), ("a+b", StatusCode::BAD_REQUEST)]
    {
        let page = browser.post("/login", &format!("token={token}")).await;
        assert_eq!((page.status, page.cookie()), (status, ""), "{token}");
        assert!(page.text.contains("role=\"alert\""), "{}", page.text);
    }
}

#[tokio::test]
async fn a_revoked_session_is_forgotten() {
    let mut browser = Browser::logged_in().await;
    let sealed = xor(b"revoked");
    let value = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, sealed);
    browser.cookie = Some(format!("boathook_session={value}"));
    let page = browser.get("/tokens").await;
    assert_eq!(page.to(), "/login?next=%2Ftokens");
    assert!(page.cookie().contains("Max-Age=0"));
}

#[tokio::test]
async fn posts_from_elsewhere_are_refused() {
    let browser = Browser::logged_in().await;
    for path in ["/", "/logout", "/login", "/tokens", "/sites/blog/hooks", "/authorize"] {
        for origin in [None, Some("null"), Some("http://blog.localhost:8888"), Some("https://evil.example")] {
            let page = browser.send(Method::POST, path, "name=x", origin).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} {origin:?}");
        }
    }
    assert_eq!(browser.asked_for("POST /api/v1/tokens"), None);
}

#[tokio::test]
async fn refusals_of_the_api_are_a_banner_on_the_page() {
    let page = Browser::logged_in().await.post("/", "name=blog").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("role=\"alert\">name &lt;script&gt;"), "{}", page.text);
    assert!(page.text.contains("New site"));
    let missing = Browser::logged_in().await.get("/sites/nobody").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text.contains("There is no such site"));
    assert!(Browser::new().get("/nowhere").await.text.contains("There is no page at this address"));
}

/// A secret that is drawn comes once, with its answer; a time that is none is refused in words.
async fn check_drawn_secret(page: &str, path: &str) {
    let browser = Browser::logged_in().await;
    let drawn = browser.post(path, "overlap_hours=2").await;
    assert_eq!(drawn.status, StatusCode::OK);
    let (shown, said) = (drawn.text.contains("bh_fresh_secret"), drawn.text.contains("not shown again"));
    assert!(shown && said, "{}", drawn.text);
    assert!(!browser.get(page).await.text.contains("bh_fresh_secret"));
    let wrong = browser.post(path, "overlap_hours=soon").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("whole number of hours"), "{}", wrong.text);
}

#[tokio::test]
async fn a_rotated_secret_is_shown_once() {
    let browser = Browser::logged_in().await;
    let hook = format!("/sites/blog/hooks/{HOOK}");
    assert!(browser.post(&format!("{hook}/rotate"), "").await.text.contains("bh_fresh_secret"));
    assert!(!browser.get(&hook).await.text.contains("bh_fresh_secret"));
}

#[tokio::test]
async fn what_was_missed_is_counted_before_it_is_sent() {
    let browser = Browser::logged_in().await;
    let hook = format!("/sites/blog/hooks/{HOOK}");
    assert!(browser.get(&hook).await.text.contains("3 deliveries never arrived"));
    let resend = format!("POST /api/v1/hooks/{HOOK}/resend");
    assert_eq!(browser.asked_for(&resend).unwrap()["dry_run"], true);
    let wrong = browser.post(&format!("{hook}/replay"), "since=2026-01-02T03:04&per_minute=x").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("A rate is a whole number."));
}

#[tokio::test]
async fn a_finished_log_needs_no_script() {
    let page = Browser::logged_in().await.get(&format!("/sites/blog/deploys/{LIVE}")).await;
    assert!(page.text.contains("<h3 class=\"part\">clone</h3>"), "{}", page.text);
    assert!(page.text.contains("<span class=\"t-red\">red</span> &lt;script&gt;"), "{}", page.text);
    assert!(!page.text.contains("hx-sse:connect"));
    let live = Browser::logged_in().await.get(&format!("/sites/blog/deploys/{BUILDING}")).await;
    assert!(live.text.contains("hx-sse:connect") && live.text.contains("<noscript>"));
}

#[tokio::test]
async fn a_site_is_deleted_only_by_its_name() {
    let browser = Browser::logged_in().await;
    let refused = browser.post("/sites/blog/delete", "confirm=blob").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.asked_for("DELETE /api/v1/sites/blog"), None);
    assert_eq!(browser.post("/sites/blog/delete", "confirm=blog").await.to(), "/?done=site-deleted");
    assert!(browser.asked_for("DELETE /api/v1/sites/blog").is_some());
}

#[tokio::test]
async fn a_new_token_is_shown_once() {
    let browser = Browser::logged_in().await;
    let made = browser.post("/tokens", "name=ci&scope=write").await;
    assert!(made.text.contains("bh_fresh_secret"));
    assert_eq!(browser.asked_for("POST /api/v1/tokens").unwrap()["scope"], "write");
    assert!(!browser.get("/tokens").await.text.contains("bh_fresh_secret"));
    assert_eq!(browser.post("/tokens", "name=ci&scope=king").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn tickets_are_approved_denied_or_gone() {
    let browser = Browser::logged_in().await;
    for (decision, verb, said) in [("approve", "authorize", "Approved"), ("deny", "deny", "Denied")] {
        let page = browser.post("/authorize", &format!("ticket={TICKET}&decision={decision}")).await;
        assert!(page.text.contains(said), "{}", page.text);
        assert!(browser.asked_for(&format!("POST /api/v1/oauth/tickets/{TICKET}/{verb}")).is_some());
    }
    for path in ["/authorize", "/authorize?ticket=old"] {
        let gone = browser.get(path).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        assert!(gone.text.contains("This request has ended"), "{path}");
    }
    let late = browser.post("/authorize", "ticket=old&decision=approve").await;
    assert!(late.text.contains("This request has ended"));
}

#[tokio::test]
async fn the_log_reaches_the_page_and_plain_readers() {
    let browser = Browser::logged_in().await;
    let live = browser.get(&format!("/sites/blog/deploys/{BUILDING}/log")).await;
    assert_eq!(live.headers[CONTENT_TYPE], "text/event-stream");
    assert!(live.text.contains("&lt;script&gt;") && live.text.ends_with("event: end\ndata: end\n\n"));
    let text = browser.get(&format!("/sites/blog/deploys/{BUILDING}/log.txt")).await;
    assert_eq!(text.headers[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert!(text.text.contains(ATTACK));
}

#[tokio::test]
async fn submissions_are_handed_over_as_a_table() {
    let browser = Browser::logged_in().await;
    let table = browser.get("/sites/blog/forms/f1/submissions.csv").await;
    assert_eq!(table.headers[CONTENT_TYPE], "text/csv; charset=utf-8");
    assert_eq!(table.headers["content-disposition"], "attachment; filename=\"submissions.csv\"");
    assert!(table.text.contains("number,message"), "{}", table.text);
}

#[tokio::test]
async fn assets_are_found_and_kept() {
    let browser = Browser::new();
    let login = browser.get("/login").await.text;
    let addresses = login.split('"').filter(|piece| piece.starts_with("/assets/")).collect::<Vec<_>>();
    assert!(addresses.len() >= 5, "{addresses:?}");
    for address in addresses {
        let asset = browser.get(address).await;
        assert_eq!(asset.status, StatusCode::OK, "{address}");
        assert!(asset.headers["cache-control"].to_str().unwrap().contains("immutable"));
    }
    assert_eq!(browser.get("/assets/x/nothing.js").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_table_of_deploys_comes_alone_only_to_htmx() {
    let browser = Browser::logged_in().await;
    assert_eq!(browser.get("/sites/blog/deploys").await.to(), "/sites/blog#deploys");
    let request = Request::builder().uri("/sites/blog/deploys").header("hx-request", "true");
    let request = request.header(COOKIE, browser.cookie.as_deref().unwrap()).body(Body::empty()).unwrap();
    let answer = browser.pages.clone().oneshot(request).await.unwrap();
    let text = String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    assert!(text.contains("id=\"deploys\"") && !text.contains("<html"), "{text}");
    let ended =
        Request::builder().uri("/sites/blog/deploys").header("hx-request", "true").body(Body::empty());
    let answer = browser.pages.clone().oneshot(ended.unwrap()).await.unwrap();
    assert_eq!(answer.headers()["hx-redirect"], "/login?next=%2Fsites%2Fblog%2Fdeploys");
    assert!(!answer.headers().contains_key(LOCATION));
}
