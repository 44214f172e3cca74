//! What `@netlify/build` is told about a build. Pure.

use super::file;
use crate::configuration::Plan;
use crate::engine::{Bench, Site};
use model::Addresses;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Entry of the builder in its folder.
const ENTRY: &str = "node_modules/@netlify/build/lib/index.js";

/// The launcher's file: where the builder is, and its flags.
pub(super) fn of(bench: &Bench<'_>, builder: &Path) -> Value {
    let Site { cx, site, deploy, build, branch } = bench.of;
    let host = host(cx.addresses());
    let (repo, home) = (&bench.space.repo, &bench.space.home);
    let flags = json!({
        "mode": "buildbot",
        "siteId": site.id,
        "accountId": site.account_id,
        "deployId": deploy.id,
        "buildId": build.id,
        "context": deploy.context.as_str(),
        "branch": branch,
        "token": bench.token,
        "apiHost": host,
        "testOpts": { "host": host, "scheme": cx.addresses().scheme, "silentLingeringProcesses": true },
        "repositoryRoot": repo,
        "cwd": repo,
        "baseRelDir": true,
        "config": bench.plan.file,
        "packagePath": bench.plan.package,
        "defaultConfig": defaults(bench.plan, &site.info.plugins),
        "framework": bench.plan.framework,
        "functionsDistDir": bench.folder.join(super::outputs::FUNCTIONS),
        "edgeFunctionsDistDir": bench.folder.join(super::outputs::EDGE_FUNCTIONS),
        "nodePath": crate::install::own_node(home),
        "cacheDir": bench.folder.join(".netlify/cache"),
        "saveConfig": true,
        "buildbotServerSocket": home.join(file::SOCKET),
        "telemetry": false,
    });
    json!({ "entry": builder.join(ENTRY), "flags": without_nulls(flags) })
}

/// Host and port of the API.
fn host(at: &Addresses) -> String {
    let url = at.control_url();
    url.split_once("://").map_or(url.clone(), |(_, host)| host.trim_end_matches('/').to_owned())
}

/// What the site's settings say, and what was found out: the file's own words count before it. The base
/// directory is settled before the engine is chosen, and the builder reads paths from there.
fn defaults(plan: &Plan, plugins: &[Value]) -> Value {
    let mut build = Map::new();
    if !plan.base.is_empty() {
        build.insert("base".to_owned(), json!(plan.base));
    }
    if let Some(command) = &plan.command {
        build.insert("command".to_owned(), json!(command));
    }
    let publish = from_base(&plan.base, &plan.publish);
    if !publish.is_empty() {
        build.insert("publish".to_owned(), json!(publish));
    }
    let mut all = Map::from_iter([("build".to_owned(), Value::Object(build))]);
    if let Some(folder) = &plan.functions {
        all.insert("functionsDirectory".to_owned(), json!(from_base(&plan.base, folder)));
    }
    if !plugins.is_empty() {
        all.insert("plugins".to_owned(), json!(plugins));
    }
    Value::Object(all)
}

/// A folder of the repository as it is called in the base directory.
fn from_base(base: &str, folder: &str) -> String {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let (base, folder): (Vec<String>, Vec<String>) = (parts(base), parts(folder));
    let shared = base.iter().zip(&folder).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..".to_owned(), base.len() - shared);
    up.chain(folder.into_iter().skip(shared)).collect::<Vec<_>>().join("/")
}

fn without_nulls(flags: Value) -> Value {
    match flags {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_settings_are_defaults() {
        let plan = Plan {
            base: "web".into(),
            command: Some("make".into()),
            publish: "web/out".into(),
            functions: Some("web/fn".into()),
            ..Plan::default()
        };
        let plugins = [json!({ "package": "a" })];
        assert_eq!(
            defaults(&plan, &plugins),
            json!({
                "build": { "base": "web", "command": "make", "publish": "out" },
                "functionsDirectory": "fn",
                "plugins": [{ "package": "a" }],
            })
        );
        assert_eq!(defaults(&Plan::default(), &[]), json!({ "build": {} }));
    }

    #[test]
    fn folders_are_called_as_the_base_directory_calls_them() {
        for (base, folder, expect) in [
            ("", "dist", "dist"),
            ("", "", ""),
            ("web", "web/out", "out"),
            ("web", "web", ""),
            ("web", "website", "../website"),
            ("apps/shop", "apps/dist", "../dist"),
            ("apps/shop", "", "../.."),
        ] {
            assert_eq!(from_base(base, folder), expect, "{base} {folder}");
        }
    }
}
