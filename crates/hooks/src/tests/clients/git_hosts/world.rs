//! A bed with two sites, and the stand-in for Git hosts.

use crate::outgoing::git_host::fixtures;
use crate::outgoing::{Gear, Message, Tried, Way};
use crate::tests::lab::{Lab, SITE};
use crate::{HookInput, secrets, targets};
use bytes::Bytes;
use context::Context;
use http::{HeaderMap, Method};
use model::{Deploy, DeployState};
use outbound::{AddressPolicy, Client, Options, Request};
use serde_json::{Value, json};
use std::ops::Deref;
use store::hooks::HookRow;
use store::sites::SiteRow;
use testbed::{Bed, GitHosts, Setup};

pub(crate) const OTHER_SITE: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const TOKEN: &str = "t0ken-of-the-tests";

pub(crate) struct World {
    lab: Lab,
    hosts: GitHosts,
    client: Client,
}

impl Setup for World {
    async fn on(bed: Bed) -> Self {
        let policy = AddressPolicy { allow_loopback: true, ..AddressPolicy::default() };
        let client = Client::new(Options { policy, ..Options::default() }).expect("a client");
        let this = Self { lab: Lab::on(bed).await, hosts: GitHosts::start(), client };
        this.add_site(OTHER_SITE, "other").await;
        this
    }
}

impl Deref for World {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}

impl World {
    /// Changes a site as its owner would.
    pub(crate) async fn change_site(&self, id: &str, change: impl FnOnce(&mut SiteRow)) {
        let mut tx = self.cx.begin().await.expect("the database answers");
        let mut site = store::sites::find(&mut tx, id).await.expect("a read").expect("the site");
        change(&mut site);
        store::sites::update(&mut tx, &site).await.expect("an update");
        tx.commit().await.expect("the database answers");
    }

    /// Settings of a hook at the stand-in.
    pub(crate) fn data(&self, host: &str) -> Value {
        json!({"access_token": TOKEN, "repo": "o/r", "api_url": self.api_url(host)})
    }

    pub(crate) fn api_url(&self, host: &str) -> String {
        format!("http://{}/{host}", self.hosts.address)
    }

    /// Makes a hook of a type, with the settings that lead to the stand-in.
    pub(crate) async fn hook_of(&self, kind: &str) -> HookRow {
        self.hook_at(SITE, kind, self.data(host_of(kind))).await
    }

    pub(crate) async fn hook_at(&self, site_id: &str, kind: &str, data: Value) -> HookRow {
        let input = json!({"type": kind, "event": "deploy_failed", "data": data});
        let input: HookInput = serde_json::from_value(input).expect("an input of this test");
        let id = crate::create(&self.cx, site_id, Some("user"), input).await.expect("a hook").hook.id;
        let mut conn = self.cx.read().await.expect("the database answers");
        store::hooks::find(&mut conn, &id).await.expect("a read").expect("the hook")
    }

    pub(crate) fn gear(&self, cx: &Context) -> Gear {
        Gear::new(cx.clone(), self.client.clone())
    }

    /// One try of one event.
    pub(crate) async fn tell(&self, hook: &HookRow, event: &str, deploy: &Deploy) -> Tried {
        self.tell_as(&self.cx, hook, event, deploy).await
    }

    /// The same on a server that is set up differently.
    pub(crate) async fn tell_as(&self, cx: &Context, hook: &HookRow, event: &str, deploy: &Deploy) -> Tried {
        let body = serde_json::to_string(deploy).expect("JSON");
        self.tell_body(cx, hook, event, &body).await
    }

    pub(crate) async fn tell_body(&self, cx: &Context, hook: &HookRow, event: &str, body: &str) -> Tried {
        let secrets = secrets::open(cx, &hook.id, &hook.sealed).expect("they open");
        let (event_id, at) = ("msg_1", cx.now());
        let (secrets, way) = (&secrets, &Way::new());
        let message = Message { event_id, event, at, body, hook, secrets, way, digest: None };
        let target = targets::named(&hook.kind).expect("a target");
        (target.send)(&self.gear(cx), &message).await
    }

    /// What the stand-in was asked since the last look; none of it may break its description.
    pub(crate) async fn heard(&self) -> Vec<Value> {
        let log = self.control("log", None).await;
        self.control("clear", None).await;
        let log = log.as_array().expect("a list").clone();
        for request in &log {
            assert_eq!(request["violations"], json!([]), "{request:#}");
        }
        log
    }

    /// Comments as they stand at the stand-in.
    pub(crate) async fn comments(&self) -> Vec<Value> {
        self.control("comments", None).await.as_array().expect("a list").clone()
    }

    /// The stand-in's next answer, whatever it is asked.
    pub(crate) async fn answers(&self, status: u16, headers: Value, body: Value) {
        self.control("next", Some(json!({"status": status, "headers": headers, "body": body}))).await;
    }

    /// Somebody deletes all comments.
    pub(crate) async fn delete_comments(&self) {
        self.control("forget", None).await;
    }

    /// This server forgets what it told.
    pub(crate) async fn lose_memory(&self) {
        let mut tx = self.cx.begin().await.expect("the database answers");
        let end = model::Timestamp(i64::MAX);
        store::target_memory::forget(&mut tx, end, i64::MAX).await.expect("it forgets");
        tx.commit().await.expect("the database answers");
    }

    /// Somebody else writes a comment at GitHub.
    pub(crate) async fn post(&self, url: &str, body: Value) {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer somebody"),
            ("content-type", "application/json"),
            ("x-github-api-version", "2022-11-28"),
        ] {
            headers.insert(name, value.parse().expect("a header"));
        }
        self.ask(url, headers, Some(body)).await;
    }

    async fn control(&self, what: &str, body: Option<Value>) -> Value {
        self.ask(&format!("http://{}/_/{what}", self.hosts.address), HeaderMap::new(), body).await
    }

    async fn ask(&self, url: &str, headers: HeaderMap, body: Option<Value>) -> Value {
        let url = url.parse().expect("an address");
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = Request { method: Method::POST, url, headers, body };
        let sent = self.client.send_keeping(request, 8 << 20).await.expect("the stand-in answers");
        serde_json::from_slice(&sent.body).expect("JSON")
    }
}

/// The host that a type tells.
pub(crate) fn host_of(kind: &str) -> &str {
    kind.split('_').next().unwrap_or_default()
}

/// A deploy of the first site, as events show it at that state.
pub(crate) fn deploy(state: DeployState) -> Deploy {
    fixtures::deploy(state)
}

/// The same of the other site.
pub(crate) fn other_deploy(state: DeployState) -> Deploy {
    let mut deploy = fixtures::deploy(state);
    deploy.site_id = OTHER_SITE.into();
    deploy.id = "695735a5000000000000000e".into();
    deploy.name = "other".into();
    deploy.admin_url = "https://boathook.example/sites/other".into();
    deploy.deploy_ssl_url = "https://deploy-preview-7--other.example".into();
    deploy
}
