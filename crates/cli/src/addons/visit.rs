//! One visit to a provider: what was found, and which instances were made and have to go again.

use super::call::{Call, Instance, Kit, uuid};
use super::provider::Provider;
use super::{said, sample};
use crate::check::finding::{Finding, Outcome};
use crate::check::peer::Answer;
use crate::demo::receiver::Receiver;
use reqwest::Method;
use serde_json::{Map, Value};

pub(super) struct Visit<'a> {
    pub(super) provider: &'a Provider,
    pub(super) kit: Kit,
    pub(super) manifest: Map<String, Value>,
    /// What the caller wants instances to be made with.
    given: Option<Map<String, Value>>,
    pub(super) findings: Vec<Finding>,
    /// Where the provider can call back; none when it runs on another machine.
    pub(super) callbacks: Option<Receiver>,
    /// Instances that the provider made.
    made: Vec<Instance>,
}

impl<'a> Visit<'a> {
    pub(super) async fn new(
        provider: &'a Provider,
        mut kit: Kit,
        given: Option<Map<String, Value>>,
    ) -> anyhow::Result<Self> {
        let callbacks = if provider.is_here() { Some(Receiver::start().await?) } else { None };
        if let Some(callbacks) = &callbacks {
            kit.call_back_at(&callbacks.address());
        }
        let (manifest, findings, made) = (Map::new(), Vec::new(), Vec::new());
        Ok(Self { provider, kit, manifest, given, findings, callbacks, made })
    }

    /// A configuration that fits. Another `round` makes another one, unless the caller gave one.
    pub(super) fn config(&self, round: usize) -> Map<String, Value> {
        self.given.clone().unwrap_or_else(|| sample::fitting(&self.manifest, round))
    }

    pub(super) async fn ask(&self, call: &Call) -> Answer {
        self.provider.ask(call).await
    }

    /// Passes when `good`, else fails.
    pub(super) fn must(&mut self, good: bool, check: &'static str, said: String, advice: &'static str) {
        self.findings.push(Finding::judged(good, Outcome::Fail, check, said, advice));
    }

    /// Passes when `good`, else is advised.
    pub(super) fn should(&mut self, good: bool, check: &'static str, said: String, advice: &'static str) {
        self.findings.push(Finding::judged(good, Outcome::Advice, check, said, advice));
    }

    /// Asks for an instance, whatever comes of it; when the answer holds an id, it is remembered.
    pub(super) async fn create(&mut self, call: &Call) -> (Answer, Option<Instance>) {
        let answer = self.ask(call).await;
        let uuid = call.claims.get("netlify_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let made = if answer.accepted() { said::id(&answer) } else { None };
        let made = made.map(|id| Instance { uuid, id });
        self.made.extend(made.clone().filter(|one| !self.made.iter().any(|other| other.id == one.id)));
        (answer, made)
    }

    /// One more good instance, to be harmed.
    pub(super) async fn spare(&mut self) -> anyhow::Result<Option<Instance>> {
        let call = self.kit.creation(&uuid()?, &self.config(0));
        Ok(self.create(&call).await.1)
    }

    /// Removes an instance as a server does.
    pub(super) async fn remove(&self, instance: &Instance) -> Answer {
        self.ask(&self.kit.on(Method::DELETE, instance)).await
    }

    /// Removes everything that was made, and names what cannot be removed.
    pub(super) async fn clean_up(&mut self) {
        let mut left = Vec::new();
        for instance in self.made.clone() {
            self.remove(&instance).await;
            if self.ask(&self.kit.on(Method::GET, &instance)).await.accepted() {
                left.push(instance.id);
            }
        }
        if !left.is_empty() {
            let said = format!("still there: {}", left.join(", "));
            self.findings.push(Finding::advice(
                "leaves nothing behind",
                said,
                "remove these instances by hand",
            ));
        }
    }
}
