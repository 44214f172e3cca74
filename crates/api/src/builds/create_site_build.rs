//! `POST /sites/{site_id}/builds`: asks for a build. Query or JSON body: `branch`, `title`,
//! `clear_cache`. 200 with the build; 404 when the site has no repository, which clients read as
//! "continuous deployment is not configured"; 501 for a zip of sources.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::Cause;
use context::Error;
use serde::Deserialize;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Body {
    branch: Option<String>,
    title: Option<String>,
    clear_cache: bool,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    if brings_sources(call.header("content-type").unwrap_or_default()) {
        return Err(Error::NotImplemented("sources in a zip cannot be built; link a repository".to_owned()));
    }
    let body: Body = call.json().await?;
    let site = call.site()?;
    if !builds::has_repository(site) {
        return Err(Error::NotFound);
    }
    let given = |name: &str, body: Option<String>| call.query(name).map(ToOwned::to_owned).or(body);
    let cause = Cause {
        branch: given("branch", body.branch).filter(|branch| !branch.is_empty()),
        title: given("title", body.title).filter(|title| !title.is_empty()),
        clear_cache: call.flag("clear_cache") || body.clear_cache,
        user_id: Some(call.user()?.user_id.clone()),
        ..Cause::default()
    };
    let (build, _) = builds::start(&call.cx, site, cause).await?;
    Ok(Reply::json(&builds::present(&build)))
}

fn brings_sources(content_type: &str) -> bool {
    ["application/zip", "multipart/"].iter().any(|kind| content_type.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zips_are_told_from_settings() {
        for (content_type, zip) in [
            ("application/zip", true),
            ("multipart/form-data; boundary=x", true),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(brings_sources(content_type), zip, "{content_type}");
        }
    }
}
