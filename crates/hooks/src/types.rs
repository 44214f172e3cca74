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
