//! The events of this server as an AsyncAPI 2.6.0 document: the surface of seed 004, and the events
//! that go beyond it, from the catalogue and the wire shapes themselves.

use crate::{ALIASES, CATALOG, Entry, Subject, entry};
use model::{BuildHook, Deploy, FunctionSchedule, Hook, Schemas, SplitTest, Submission};
use serde_json::{Map, Value, json};

/// Version of the AsyncAPI language.
const ASYNCAPI: &str = "2.6.0";
/// Version of the HTTP bindings.
const BINDING: &str = "0.3.0";

/// The document for a server that is found at `root`.
#[must_use]
pub fn document(root: &str) -> Value {
    json!({
        "asyncapi": ASYNCAPI,
        "info": info(),
        "defaultContentType": "application/json",
        "servers": servers(root),
        "channels": channels(),
        "components": { "messages": messages(), "schemas": schemas() },
    })
}

fn info() -> Value {
    json!({
        "title": "Boathook: notifications and build hooks",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Outgoing notifications are POSTed to the URL of a hook; the body is the object that the event is about. \
            Build hooks are URLs that start a build when something is POSTed to them.",
        "license": { "name": "MIT OR Apache-2.0" },
    })
}

fn servers(root: &str) -> Value {
    let host = root.split_once("://").map_or(root, |(_, host)| host);
    let scheme = root.split_once("://").map_or("http", |(scheme, _)| scheme);
    json!({
        "subscriber": {
            "url": "{subscriberUrl}",
            "protocol": "https",
            "description": "The address in a hook's settings (`data.url`).",
            "variables": { "subscriberUrl": {
                "description": "Address of the receiver.",
                "default": "https://example.com/webhooks/boathook",
            } },
        },
        "buildHooks": { "url": host, "protocol": scheme, "description": "This server, where build hooks are called." },
    })
}

fn channels() -> Map<String, Value> {
    let mut channels = Map::new();
    for event in CATALOG {
        channels.insert(event.name.to_owned(), channel(event.name, event));
        for (alias, _) in ALIASES.iter().filter(|(_, name)| *name == event.name) {
            if let Some(event) = entry(alias) {
                channels.insert((*alias).to_owned(), channel(alias, event));
            }
        }
    }
    channels.insert("build_hooks/{build_hook_id}".to_owned(), build_hook_channel());
    channels
}

fn channel(name: &str, event: &Entry) -> Value {
    json!({
        "description": event.description,
        "bindings": { "http": { "type": "request", "method": "POST", "bindingVersion": BINDING } },
        "subscribe": {
            "summary": event.title,
            "operationId": operation_id(name),
            "message": { "$ref": format!("#/components/messages/{}", message_name(event.subject)) },
        },
    })
}

/// `deploy_created` -> `onDeployCreated`.
fn operation_id(name: &str) -> String {
    let camel = |word: &str| {
        word.chars().enumerate().map(|(i, c)| if i == 0 { c.to_ascii_uppercase() } else { c }).collect()
    };
    let words: String = name.split('_').map(camel).collect::<Vec<String>>().concat();
    format!("on{words}")
}

fn message_name(subject: Subject) -> &'static str {
    match subject {
        Subject::Deploy => "DeployEvent",
        Subject::Submission => "SubmissionEvent",
        Subject::SplitTest => "SplitTestEvent",
        Subject::Hook => "HookEvent",
    }
}

fn build_hook_channel() -> Value {
    json!({
        "description": "A POST to a build hook starts a build of its site. The body, of any kind, reaches the build as INCOMING_HOOK_BODY, URL-encoded.",
        "parameters": { "build_hook_id": {
            "description": "The `id` of the build hook.",
            "schema": { "type": "string" },
        } },
        "servers": ["buildHooks"],
        "bindings": { "http": { "type": "request", "method": "POST", "bindingVersion": BINDING, "query": {
            "type": "object",
            "properties": {
                "trigger_branch": { "type": "string", "description": "Branch to build; a branch that does not exist fails the build." },
                "trigger_title": { "type": "string", "description": "Title of the deploy, in place of the usual one." },
                "clear_cache": { "type": "string", "enum": ["true"], "description": "Builds without the cache of earlier builds." },
                "wait": { "type": "string", "enum": ["true"], "description": "Answers when the build has ended, with its state." },
                "dry_run": { "type": "string", "enum": ["true"], "description": "Answers what would happen, and lets nothing happen." },
            },
        } } },
        "publish": {
            "summary": "Start a build of the site",
            "operationId": "triggerBuildHook",
            "message": { "$ref": "#/components/messages/BuildHookTrigger" },
        },
    })
}

fn messages() -> Value {
    let event = |name: &str, title: &str, schema: &str| {
        json!({
            "name": name,
            "title": title,
            "contentType": "application/json",
            "headers": { "$ref": "#/components/schemas/WebhookHeaders" },
            "payload": { "$ref": format!("#/components/schemas/{schema}") },
            "bindings": { "http": { "headers": headers(), "bindingVersion": BINDING } },
        })
    };
    json!({
        "DeployEvent": event("deployEvent", "Deploy event", "Deploy"),
        "SubmissionEvent": event("submissionEvent", "Form submission event", "Submission"),
        "SplitTestEvent": event("splitTestEvent", "Split test event", "SplitTest"),
        "HookEvent": event("hookEvent", "Hook event", "Hook"),
        "BuildHookTrigger": {
            "name": "buildHookTrigger",
            "title": "Build hook trigger",
            "contentType": "application/x-www-form-urlencoded",
            "payload": { "type": "string", "description": "Anything; it reaches the build as INCOMING_HOOK_BODY." },
        },
    })
}

fn headers() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let token = "With a secret: a JWT signed with HS256 whose claims are `iss` (`netlify`) and `sha256` (hex SHA-256 of the body).";
    json!({
        "type": "object",
        "description": "Headers of a delivery beside the usual ones.",
        "properties": {
            "X-Webhook-Signature": text(token),
            "X-Nf-Sign": text("The same token under its older name."),
            "X-Webhook-Signature-Previous": text("While a secret that was replaced still counts: the token by that secret."),
            "X-Netlify-Event": text("Name of the event; its alias for a hook that listens to nothing but that."),
            "webhook-id": text("Id of the event, the same on every try."),
            "webhook-timestamp": text("Seconds since the epoch at which this try was made."),
            "webhook-signature": text("With a secret: `v1,<base64>`, the signature of the Standard Webhooks specification; several, separated by spaces, while secrets overlap."),
        },
    })
}

fn schemas() -> Map<String, Value> {
    let mut gathered = Schemas::default();
    gathered.refer::<Deploy>();
    gathered.refer::<FunctionSchedule>();
    gathered.refer::<Submission>();
    gathered.refer::<SplitTest>();
    gathered.refer::<BuildHook>();
    gathered.refer::<Hook>();
    let mut schemas = gathered.finish();
    for (name, title) in [
        ("Deploy", "deploy"),
        ("Submission", "submission"),
        ("SplitTest", "splitTest"),
        ("BuildHook", "buildHook"),
    ] {
        if let Some(Value::Object(schema)) = schemas.get_mut(name) {
            schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
            schema.insert("$id".to_owned(), json!(format!("#/components/schemas/{title}")));
            schema.insert("title".to_owned(), json!(title));
        }
    }
    schemas.insert("WebhookHeaders".to_owned(), headers());
    schemas
}

#[cfg(test)]
mod tests;
