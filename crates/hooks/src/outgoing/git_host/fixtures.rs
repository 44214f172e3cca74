//! A deploy of a commit, for tests.

use model::{Deploy, DeployContext, DeployState, Timestamp};
use serde_json::json;

pub(crate) const SHA: &str = "5a7f8ce96f3e2a9b0d4c1e8f7a6b5c4d3e2f1a0b";

/// A preview of pull request 7, made at the beginning of tests.
pub(crate) fn deploy(state: DeployState) -> Deploy {
    let at = Timestamp(1_767_323_045_678);
    Deploy {
        id: "695735a5000000000000000d".into(),
        site_id: "11111111-1111-4111-8111-111111111111".into(),
        user_id: None,
        build_id: Some("695735a5000000000000000b".into()),
        state,
        name: "site".into(),
        url: "https://site.example".into(),
        ssl_url: "https://site.example".into(),
        admin_url: "https://boathook.example/sites/site".into(),
        deploy_url: "https://deploy-preview-7--site.example".into(),
        deploy_ssl_url: "https://deploy-preview-7--site.example".into(),
        screenshot_url: None,
        review_id: Some(7),
        draft: false,
        required: Vec::new(),
        required_functions: Vec::new(),
        error_message: None,
        branch: Some("feature".into()),
        commit_ref: Some(SHA.into()),
        commit_url: Some(format!("https://github.com/o/r/commit/{SHA}")),
        committer: None,
        skipped: None,
        created_at: at,
        updated_at: at,
        published_at: None,
        title: None,
        context: DeployContext::DeployPreview,
        locked: false,
        review_url: None,
        framework: None,
        function_schedules: Vec::new(),
        available_functions: Vec::new(),
        deploy_time: None,
        manual_deploy: false,
        summary: None,
        links: json!({}),
    }
}
