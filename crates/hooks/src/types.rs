//! What hooks there can be.

use crate::input::event_names;
use crate::targets::{Field, TARGETS};
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
        })
        .collect()
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
        for name in [
            "github_commit_status",
            "github_commit_comment",
            "github_deployment",
            "github_app_commit_status",
            "github_app_checks",
            "github_app_review_comment",
            "gitlab_commit_status",
            "gitlab_merge_request_comment",
            "bitbucket_commit_status",
            "gitea_commit_status",
        ] {
            let all = types();
            let found = all.iter().find(|t| t.name == name).expect("a target");
            let field = |name: &str| found.fields.iter().find(|f| f.name == name).expect("a field");
            assert_eq!(field("access_token").kind, "secret", "{name}");
            assert_eq!(field("access_token").required, !name.starts_with("github_app_"), "{name}");
            assert_eq!(field("api_url").required, name == "gitea_commit_status", "{name}");
            assert!(!field("repo").required && found.fields.iter().all(|f| f.title.len() > 20), "{name}");
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
