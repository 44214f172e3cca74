//! A browser without script that is logged in to the dashboard as the owner.

use http::{Method, Request, header};
use testkit::{Answer, OWNER_TOKEN, Platform};

pub struct Browser<'a> {
    platform: &'a Platform,
    host: String,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Logs in through the form.
    pub async fn owner(platform: &'a Platform) -> Self {
        let host = format!("localhost:{}", platform.address().port());
        let mut browser = Self { platform, host, cookie: String::new() };
        let entered = browser.post("/login", &format!("token={OWNER_TOKEN}")).await.expect(303);
        let cookie = entered.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        browser.cookie = cookie.expect("a cookie").to_owned();
        browser
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    /// The text of a page that must come.
    pub async fn page(&self, path: &str) -> String {
        self.get(path).await.expect(200).text()
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form).await
    }

    async fn send(&self, method: Method, path: &str, form: &str) -> Answer {
        let head = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        let head = head.header(header::ORIGIN, format!("http://{}", self.host));
        self.platform.visitor().request(head.header(header::COOKIE, &self.cookie), form).await
    }
}
