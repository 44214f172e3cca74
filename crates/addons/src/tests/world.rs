//! A server with two accounts and their sites, and one add-on whose provider follows a script.

use crate::instances::{self, Instance, New, Update};
use crate::registry::{Registered, Setup, find, register};
use crate::{Provider, RemovalHandler};
use context::{Context, Error, Result};
use jobs::Runner;
use model::Page;
use outbound::AddressPolicy;
use serde_json::{Map, Value, json};
use std::time::Duration;
use store::accounts::AccountRow;
use store::addon_instances::{self, InstanceRow};
use store::addons::AddonRow;
use store::sites::SiteRow;
use testbed::{Bed, Came, Scripted, Setup as OnBed, Turn};

pub(super) const ACCOUNT: &str = "account";
pub(super) const SITE: &str = "harbour";
/// Deadline of calls that are expected to run into it.
const BRIEF: Duration = Duration::from_millis(300);

pub(super) struct World {
    pub(super) bed: Bed,
    pub(super) peer: Scripted,
    pub(super) secret: String,
    pub(super) provider: Provider,
    /// Loses its patience at once.
    pub(super) brief: Provider,
}

/// What a good provider does.
pub(super) fn good(came: &Came) -> Turn {
    let snippets = json!([{ "title": "Hello", "position": "head", "html": "<script>1</script>" }]);
    match (came.method.as_str(), came.path.as_str()) {
        ("GET", "/api/manifest") => {
            Turn::Json(200, json!({ "name": "Demo", "description": "Shows", "x": [1] }))
        }
        ("POST", "/api/instances") => {
            let config = came.json()["config"]["config"].clone();
            let env = json!({ "DEMO_KEY": "k-1", "COUNT": 2 });
            let endpoint = "https://demo.example/x";
            Turn::Json(
                201,
                json!({ "id": "remote-1", "message": "Welcome", "endpoint": endpoint, "config": config, "env": env, "snippets": snippets }),
            )
        }
        ("GET" | "PUT", path) if path.starts_with("/api/instances/") => Turn::Json(200, json!({})),
        ("DELETE", path) if path.starts_with("/api/instances/") => Turn::Empty(204),
        _ => Turn::Text(404, "text/html", "<h1>Not Found</h1>".to_owned()),
    }
}

fn open(total: Duration) -> Provider {
    let policy = AddressPolicy { allow_loopback: true, ..AddressPolicy::default() };
    Provider::within(total, policy, None).expect("a client can be made")
}

impl OnBed for World {
    async fn on(bed: Bed) -> Self {
        let peer = Scripted::start(good).await;
        let now = bed.cx.now();
        let mut tx = bed.cx.begin().await.unwrap();
        for (account, names) in [(ACCOUNT, [SITE, "second"]), ("elsewhere", ["third", "fourth"])] {
            let row = AccountRow::new(account, account, account, now);
            store::accounts::insert(&mut tx, &row).await.unwrap();
            for name in names {
                store::sites::insert(&mut tx, &SiteRow::new(name, account, name, now)).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        let provider = open(crate::provider::TOTAL);
        let mut world = Self { bed, peer, secret: String::new(), provider, brief: open(BRIEF) };
        world.secret = world.register("demo").await.unwrap().secret;
        world
    }
}

impl World {
    pub(super) fn cx(&self) -> &Context {
        &self.bed.cx
    }

    pub(super) fn setup(&self, slug: &str) -> Setup {
        Setup {
            name: Some("Demo".to_owned()),
            slug: Some(slug.to_owned()),
            description: Some("Shows what can be done".to_owned()),
            endpoint: Some(format!("{}/api/", self.peer.url())),
            ..Setup::default()
        }
    }

    pub(super) async fn register(&self, slug: &str) -> Result<Registered> {
        register(self.cx(), ACCOUNT, &self.setup(slug), "ada").await
    }

    pub(super) async fn addon(&self, slug: &str) -> AddonRow {
        find(self.cx(), slug).await.unwrap().expect("it is registered")
    }

    pub(super) async fn site(&self, name: &str) -> SiteRow {
        store::sites::find(&mut self.cx().read().await.unwrap(), name).await.unwrap().expect("a site")
    }

    pub(super) async fn create(&self, config: Value) -> Result<Instance> {
        self.create_on(SITE, &self.provider, config).await
    }

    pub(super) async fn create_on(&self, site: &str, by: &Provider, config: Value) -> Result<Instance> {
        let new = New { config: config.as_object().cloned() };
        let (site, addon) = (self.site(site).await, self.addon("demo").await);
        instances::create(self.cx(), by, &site, &addon, new).await
    }

    /// An instance of another add-on for the site, without a configuration.
    pub(super) async fn create_of(&self, slug: &str) -> Result<Instance> {
        let (site, addon) = (self.site(SITE).await, self.addon(slug).await);
        instances::create(self.cx(), &self.provider, &site, &addon, New::default()).await
    }

    pub(super) async fn update(&self, id: &str, config: Value) -> Result<()> {
        self.update_by(&self.provider, id, config).await
    }

    pub(super) async fn update_by(&self, by: &Provider, id: &str, config: Value) -> Result<()> {
        let update = Update { config: config.as_object().cloned() };
        let (site, addon) = (self.site(SITE).await, self.addon("demo").await);
        instances::update(self.cx(), by, &site, &addon, id, update).await
    }

    pub(super) async fn show(&self, id: &str) -> Result<Instance> {
        self.show_by(&self.provider, id).await
    }

    pub(super) async fn show_by(&self, by: &Provider, id: &str) -> Result<Instance> {
        let (site, addon) = (self.site(SITE).await, self.addon("demo").await);
        instances::show(self.cx(), by, &site, &addon, id, true).await
    }

    pub(super) async fn delete(&self, id: &str, force: bool) -> Result<()> {
        self.delete_by(&self.provider, id, force).await
    }

    pub(super) async fn delete_by(&self, by: &Provider, id: &str, force: bool) -> Result<()> {
        let (site, addon) = (self.site(SITE).await, self.addon("demo").await);
        instances::delete(self.cx(), by, &site, &addon, id, force).await
    }

    /// The instances of the site as those see them who may change it.
    pub(super) async fn list(&self) -> Vec<Instance> {
        instances::list(self.cx(), &self.site(SITE).await, true).await.unwrap()
    }

    /// The same as JSON, without links, which are new each time.
    pub(super) async fn state(&self) -> Value {
        let mut listed = serde_json::to_value(self.list().await).unwrap();
        for one in listed.as_array_mut().unwrap() {
            one["auth_url"] = Value::Null;
        }
        listed
    }

    pub(super) async fn row(&self, id: &str) -> Option<InstanceRow> {
        addon_instances::find(&mut self.cx().read().await.unwrap(), id).await.unwrap()
    }

    pub(super) async fn build_hooks(&self) -> Vec<String> {
        let hooks = store::build_hooks::list(&mut self.cx().read().await.unwrap(), SITE).await.unwrap();
        hooks.into_iter().map(|hook| hook.id).collect()
    }

    pub(super) async fn calls(&self) -> Vec<Value> {
        let addon = self.addon("demo").await;
        crate::registry::calls(self.cx(), &addon, Page::default()).await.unwrap()
    }

    /// Tells providers of everything that is due.
    pub(super) async fn run_removals(&self) -> usize {
        let handler = RemovalHandler::new(self.cx().clone(), self.provider.clone());
        Runner::new(self.cx().clone()).with(handler).run_due().await.unwrap()
    }

    pub(super) async fn run_polls(&self) -> usize {
        let handler = crate::PollHandler::new(self.cx().clone(), self.provider.clone());
        Runner::new(self.cx().clone()).with(handler).run_due().await.unwrap()
    }

    /// Nothing of an attempt is left: no instance, no build hook, nothing in the way of the next.
    pub(super) async fn assert_clean(&self, what: &str) {
        assert!(self.list().await.is_empty(), "{what}");
        assert!(self.build_hooks().await.is_empty(), "{what}");
        let count = addon_instances::count(&mut self.cx().read().await.unwrap(), SITE).await.unwrap();
        assert_eq!(count, 0, "{what}");
    }
}

/// Kind and sentence of an error.
pub(super) fn told<T>(result: Result<T>) -> (u16, String) {
    match result {
        Ok(_) => (200, String::new()),
        Err(error) => {
            let status = match &error {
                Error::NotFound => 404,
                Error::Conflict(_) => 409,
                Error::Unprocessable(_) => 422,
                Error::BadGateway(_) => 502,
                Error::GatewayTimeout(_) => 504,
                Error::Unauthorized(_) => 401,
                _ => 500,
            };
            (status, format!("{error}"))
        }
    }
}

pub(super) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
