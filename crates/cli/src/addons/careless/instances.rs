//! Its manifest and its instances.

use super::{Fault, Instance, Mind, VISITED, slow};
use crate::check::stand::{Received, Reply};
use serde_json::{Map, Value, json};
use std::sync::Arc;

impl Mind {
    pub(super) fn manifest(&self, path: &str) -> Reply {
        let at_root = self.has(Fault::ManifestAtRoot);
        if self.has(Fault::NoManifest) || at_root != (path == "/") {
            return Reply::Nothing(404);
        }
        let mut manifest = Map::new();
        if !self.has(Fault::NoName) {
            manifest.insert("name".into(), "Demo".into());
        }
        if !self.has(Fault::NoDescription) {
            manifest.insert("description".into(), "Keeps a name".into());
        }
        let admin = if self.has(Fault::OddAdmin) { "/login" } else { "https://demo.example/login" };
        manifest.insert("admin_url".into(), admin.into());
        let kind = if self.has(Fault::OddFields) { "word" } else { "string" };
        let required = !self.has(Fault::FallsOverOnNothing);
        manifest.insert("config".into(), json!({ "name": { "type": kind, "required": required } }));
        let kind = if self.has(Fault::ManifestAsText) { "text/plain" } else { "application/json" };
        Reply::Text(200, kind, Value::Object(manifest).to_string())
    }

    /// The name in a configuration, or what is said about one that has none.
    fn name(&self, config: &Value) -> Result<Value, Reply> {
        let name = &config["name"];
        let is_missing = config.as_object().is_some_and(Map::is_empty);
        match self.fault {
            _ if name.is_string() => Ok(name.clone()),
            Fault::TakesIncomplete if is_missing => Ok(Value::Null),
            Fault::FallsOverOnNothing | Fault::FallsOverOnMissing if is_missing => Err(Reply::Nothing(500)),
            Fault::RefusesWithoutAWord => Err(Reply::Nothing(422)),
            Fault::FallsOverOnTypes if !is_missing => Err(Reply::Text(500, "text/html", "at x.js:1".into())),
            _ => Err(Reply::Json(422, json!({ "message": "name must be a text" }))),
        }
    }

    /// All that an answer about an instance says.
    fn said(&self, instance: &Instance, host: &str) -> Map<String, Value> {
        let name = if self.has(Fault::TakesIncomplete) { json!("nobody") } else { instance.name.clone() };
        let place = if self.has(Fault::OddPlaces) { "moon" } else { "head" };
        let mut said = json!({
            "config": { "name": instance.name },
            "env": { "NAME": name },
            "snippets": [{ "title": "t", "position": place, "html": "<b>" }],
            "endpoint": format!("http://{host}{VISITED}?k=1"),
        });
        match self.fault {
            Fault::OddVariables => said["env"]["PATH"] = json!("/x"),
            Fault::RelativeEndpoint => said["endpoint"] = json!("/here"),
            Fault::NamesNoEndpoint => said["endpoint"] = Value::Null,
            _ => {}
        }
        if let Some(state) = slow::state(self.fault, instance) {
            said["state"] = json!(state);
        }
        said.as_object().unwrap().clone()
    }

    fn made(&self, uuid: &str, name: Value, host: &str) -> Map<String, Value> {
        let mut instances = self.instances.lock().unwrap();
        let known = instances.iter().find(|(_, one)| one.uuid == uuid).map(|(id, _)| id.clone());
        let known = known.filter(|_| !self.has(Fault::TwoOfOneUuid));
        let id = known.unwrap_or_else(|| {
            let mut made = self.made.lock().unwrap();
            *made += 1;
            if self.has(Fault::OneIdForAll) { "one".to_owned() } else { format!("r-{made}") }
        });
        let instance = Instance { uuid: uuid.to_owned(), name, asked: 0, finished: false };
        let mut said = self.said(&instance, host);
        match self.fault {
            Fault::NoId => None,
            Fault::NumberedId => Some(json!(7)),
            _ => Some(json!(id)),
        }
        .map(|id| said.insert("id".into(), id));
        instances.insert(id, instance);
        said
    }
}

pub(super) fn create(mind: &Arc<Mind>, request: &Received) -> Reply {
    match mind.fault {
        Fault::Redirects => return Reply::Nothing(307),
        Fault::Hangs => return Reply::Silence,
        Fault::Floods => return Reply::Text(201, "application/json", " ".repeat((1 << 20) + 1)),
        Fault::BreaksOff => return Reply::HalfOf(100),
        Fault::EmptyAnswer => return Reply::Nothing(201),
        Fault::Html => return Reply::Text(201, "text/html", "<h1>Made</h1>".into()),
        Fault::NeverAgain if *mind.removed.lock().unwrap() => return Reply::Nothing(409),
        _ => {}
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let uuid = body["uuid"].as_str().unwrap_or_default();
    if uuid.is_empty() {
        return match mind.fault {
            Fault::TakesBroken => Reply::Json(201, json!({ "id": "somebody" })),
            Fault::FallsOverOnBroken => Reply::Nothing(500),
            _ => Reply::Json(400, json!({ "message": "no uuid" })),
        };
    }
    *mind.broken.lock().unwrap() |=
        mind.has(Fault::BreaksOnStrangeKeys) && body["config"]["config"].get("__proto__").is_some();
    let name = match mind.name(&body["config"]["config"]) {
        Ok(name) => name,
        Err(reply) => return reply,
    };
    let said = mind.made(uuid, name, request.header("host").unwrap_or_default());
    slow::finish(mind, uuid, request.header("x-nf-callback").unwrap_or_default());
    Reply::Json(if mind.has(Fault::Says200) { 200 } else { 201 }, said.into())
}

pub(super) fn on(mind: &Arc<Mind>, id: &str, request: &Received) -> Reply {
    let mut instances = mind.instances.lock().unwrap();
    let Some(instance) = instances.get_mut(id) else { return unknown(mind.fault, id, &request.method) };
    let host = request.header("host").unwrap_or_default();
    match request.method.as_str() {
        "GET" if mind.has(Fault::ShowsText) => Reply::Text(200, "text/plain", "it is there".into()),
        "GET" if *mind.broken.lock().unwrap() => Reply::Nothing(500),
        "GET" if mind.has(Fault::ShowsOthers) => Reply::Json(200, json!({ "env": { "NAME": "nobody" } })),
        "GET" => {
            instance.asked += 1;
            Reply::Json(200, mind.said(instance, host).into())
        }
        "PUT" => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let name = match mind.name(&body["config"]) {
                Ok(name) => name,
                Err(reply) => return reply,
            };
            let before = std::mem::replace(&mut instance.name, name);
            let said = mind.said(instance, host);
            if mind.has(Fault::ForgetsChanges) {
                instance.name = before;
            }
            if mind.has(Fault::ChangeIs204) { Reply::Nothing(204) } else { Reply::Json(200, said.into()) }
        }
        _ => {
            *mind.removed.lock().unwrap() = true;
            if !mind.has(Fault::RemovesNothing) {
                instances.remove(id);
            }
            Reply::Nothing(if mind.has(Fault::RemovalIs200) { 200 } else { 204 })
        }
    }
}

fn unknown(fault: Fault, id: &str, method: &str) -> Reply {
    match fault {
        Fault::KnowsEverybody if method != "DELETE" => Reply::Json(200, json!({})),
        Fault::FallsOverOnStrangers => Reply::Nothing(500),
        Fault::SecondRemovalFails if id.starts_with("r-") && method == "DELETE" => Reply::Nothing(422),
        _ => Reply::Json(404, json!({ "message": "no such instance" })),
    }
}
