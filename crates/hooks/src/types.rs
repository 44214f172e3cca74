//! What hooks there can be.

use crate::input::event_names;
use crate::targets::{DEFAULT, Field, TARGETS, Target};
use model::{HookField, HookType};

/// Every target with its events and settings.
#[must_use]
pub fn types() -> Vec<HookType> {
    let events: Vec<String> = event_names().map(str::to_owned).collect();
    TARGETS
        .iter()
        .map(|target| HookType {
            name: target.name.to_owned(),
            events: events.clone(),
            fields: target.fields.iter().map(field).collect(),
            options: options(target).map(field).collect(),
        })
        .collect()
}

/// What can be said of how deliveries are made.
const OPTIONS: &[Field] = &[
    option("schedule", "list", "Seconds before each try, the first included"),
    option("in_flight", "number", "Most tries at once"),
    option("per_minute", "number", "Most tries a minute"),
    option("ordered", "boolean", "Whether deliveries about one thing are made in order"),
];
static FIELDS: Field =
    option("fields", "list", "Fields of the payload that are sent; all when there are none");
static DIGEST: Field = option(
    "digest",
    "object",
    "Gathers events and sends them as one message: {\"every\": \"15m\"}, from 1m to 1d, or {\"every\": \"1d\", \"at\": \"09:00\"} UTC",
);

const fn option(name: &'static str, kind: &'static str, title: &'static str) -> Field {
    Field { name, kind, title, required: false }
}

fn options(target: &Target) -> impl Iterator<Item = &'static Field> {
    let own = [(&FIELDS, target.name == DEFAULT), (&DIGEST, target.digests)];
    OPTIONS.iter().chain(own.into_iter().filter(|(_, has)| *has).map(|(option, _)| option))
}

fn field(field: &Field) -> HookField {
    HookField {
        name: field.name.to_owned(),
        kind: field.kind.to_owned(),
        title: field.title.to_owned(),
        required: field.required,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_git_hosts_are_described() {
        let all = types();
        for found in all.iter().filter(|found| crate::targets::named(&found.name).is_some_and(|t| t.follows))
        {
            let name = found.name.as_str();
            let field = |name: &str| found.fields.iter().find(|f| f.name == name).expect("a field");
            assert_eq!(field("access_token").kind, "secret", "{name}");
            assert_eq!(field("access_token").required, !name.starts_with("github_app_"), "{name}");
            assert_eq!(field("api_url").required, name == "gitea_commit_status", "{name}");
            assert!(!field("repo").required && found.fields.iter().all(|f| f.title.len() > 20), "{name}");
        }
    }

    #[test]
    fn options_are_described_where_they_count() {
        for (name, expect) in [
            ("url", &["schedule", "in_flight", "per_minute", "ordered", "fields"][..]),
            ("slack", &["schedule", "in_flight", "per_minute", "ordered", "digest"]),
            ("email", &["schedule", "in_flight", "per_minute", "ordered", "digest"]),
            ("gitea_commit_status", &["schedule", "in_flight", "per_minute", "ordered"]),
        ] {
            let found = types().into_iter().find(|found| found.name == name).expect("a target");
            let names: Vec<_> = found.options.iter().map(|option| option.name.as_str()).collect();
            assert_eq!(names, expect, "{name}");
        }
    }

    #[test]
    fn url_hooks_hear_of_everything() {
        let types = types();
        let url = types.iter().find(|t| t.name == "url").expect("url is a target");
        assert!(
            url.events.iter().any(|e| e == "deploy_created")
                && url.events.iter().any(|e| e == "form_submission")
        );
        let required: Vec<_> = url.fields.iter().map(|f| (f.name.as_str(), f.required)).collect();
        assert_eq!(required, [("url", true), ("signature_secret", false)]);
    }
}
