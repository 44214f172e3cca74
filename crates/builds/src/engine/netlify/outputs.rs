//! What `@netlify/build` leaves behind: packed functions with their manifest, and the configuration
//! as plugins changed it. All of it was written by foreign code and is read that way.

use crate::failure::{Failure, Outcome};
use deploys::{Beneath, Built, BuiltFunction, FunctionUpload};
use model::{FunctionSchedule, quoted};
use rules::config::MAX_CONFIG_BYTES;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Where functions are packed, from the base directory.
pub(super) const FUNCTIONS: &str = ".netlify/functions";
/// Where edge functions are packed.
pub(super) const EDGE_FUNCTIONS: &str = ".netlify/edge-functions-dist";
/// Bytes of a manifest.
const MANIFEST_MAX: u64 = 8 * 1024 * 1024;
/// Functions of one deploy.
pub(super) const FUNCTIONS_MAX: usize = 2000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    functions: Vec<Function>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Function {
    name: String,
    path: PathBuf,
    runtime: Option<String>,
    runtime_version: Option<String>,
    invocation_mode: Option<String>,
    timeout: Option<i64>,
    schedule: Option<String>,
    display_name: Option<Value>,
    generator: Option<Value>,
    routes: Option<Value>,
    excluded_routes: Option<Value>,
    build_data: Option<Value>,
    priority: Option<Value>,
    traffic_rules: Option<Value>,
    region: Option<Value>,
    memory: Option<Value>,
    vcpu: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EdgeManifest {
    functions: Vec<Value>,
    layers: Vec<Value>,
}

/// Reads everything there is, for the checkout `repo` with its base directory and the file that
/// configures it.
pub(super) fn read(repo: &Path, base: &str, file: &Path) -> Outcome<Built> {
    let inner =
        file.strip_prefix(repo).map_err(|_| Failure::build("netlify.toml is not in the repository"))?;
    let config = text(repo, inner, MAX_CONFIG_BYTES as u64)?;
    let edge = text(repo, &Path::new(base).join(EDGE_FUNCTIONS).join("manifest.json"), MANIFEST_MAX)?;
    let edge: EdgeManifest = edge.map(|text| parsed(&text)).transpose()?.unwrap_or_default();
    if !edge.functions.is_empty() || !edge.layers.is_empty() {
        return Err(Failure::build(crate::edge_functions::MADE));
    }
    let manifest = text(repo, &Path::new(base).join(FUNCTIONS).join("manifest.json"), MANIFEST_MAX)?;
    let manifest: Manifest = manifest.map(|text| parsed(&text)).transpose()?.unwrap_or_default();
    if manifest.functions.len() > FUNCTIONS_MAX {
        return Err(Failure::Build(format!("a deploy has at most {FUNCTIONS_MAX} functions")));
    }
    Ok(Built { config, ..functions(manifest, repo)? })
}

fn functions(manifest: Manifest, repo: &Path) -> Outcome<Built> {
    let (mut built, mut configs) = (Built::default(), Map::new());
    for function in manifest.functions {
        let zip = function.path.strip_prefix(repo).map_err(|_| {
            Failure::Build(format!("the zip of function {} is not in the repository", quoted(&function.name)))
        })?;
        let about = FunctionUpload {
            runtime: function.runtime_version.clone().or(function.runtime.clone()),
            invocation_mode: function.invocation_mode.clone(),
            timeout: function.timeout,
        };
        built.functions.push(BuiltFunction { name: function.name.clone(), zip: zip.to_owned(), about });
        if let Some(cron) = &function.schedule {
            built.schedules.push(FunctionSchedule { name: function.name.clone(), cron: cron.clone() });
        }
        configs.insert(function.name.clone(), function.config());
    }
    if !configs.is_empty() {
        built.functions_config = Value::Object(configs);
    }
    Ok(built)
}

impl Function {
    /// The rest as clients send it (contract clients 5, "digest body").
    fn config(self) -> Value {
        let all = [
            ("display_name", self.display_name),
            ("generator", self.generator),
            ("routes", self.routes),
            ("excluded_routes", self.excluded_routes),
            ("build_data", self.build_data),
            ("priority", self.priority),
            ("traffic_rules", self.traffic_rules),
            ("region", self.region),
            ("memory", self.memory),
            ("vcpu", self.vcpu),
        ];
        let given = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let given: Map<String, Value> = given.filter(|(_, value)| !value.is_null()).collect();
        json!(given)
    }
}

/// A file's text; none when it is not there.
fn text(root: &Path, inner: &Path, limit: u64) -> Outcome<Option<String>> {
    let opened = Beneath::open(root, Path::new("")).and_then(|root| root.file(inner));
    let shown = inner.display();
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::Build(format!("{shown} cannot be read: {error}"))),
    };
    let mut text = String::new();
    let read = file.take(limit + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::Build(format!("{shown} cannot be read: {error}")))?;
    if text.len() as u64 > limit {
        return Err(Failure::Build(format!("{shown} has more than {limit} bytes")));
    }
    Ok(Some(text))
}

fn parsed<T: for<'de> Deserialize<'de>>(text: &str) -> Outcome<T> {
    serde_json::from_str(text)
        .map_err(|error| Failure::Build(format!("the manifest of the build's functions is broken: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let repo = dir.path().join("repo");
        std::fs::create_dir(&repo).expect("a folder");
        for (name, text) in files {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, text.replace("REPO", &repo.to_string_lossy())).expect("a file");
        }
        let file = repo.join("netlify.toml");
        (dir, repo, file)
    }

    #[test]
    fn functions_and_configuration_are_found() {
        let manifest = r#"{"version":1,"functions":[
            {"name":"hello","path":"REPO/web/.netlify/functions/hello.zip","mainFile":"x","runtime":"js",
             "runtimeVersion":"nodejs20.x","invocationMode":"stream","schedule":"@daily","priority":10,
             "buildData":{"runtimeAPIVersion":2},"routes":[{"pattern":"/x","methods":[]}]},
            {"name":"old","path":"REPO/web/.netlify/functions/old.zip","runtime":"js"}]}"#;
        let (_dir, repo, file) = world(&[
            ("repo/web/.netlify/functions/manifest.json", manifest),
            ("repo/netlify.toml", "[[redirects]]"),
        ]);
        let built = read(&repo, "web", &file).expect("read");
        assert_eq!(built.config.as_deref(), Some("[[redirects]]"));
        let names: Vec<_> =
            built.functions.iter().map(|f| (f.name.as_str(), f.about.runtime.as_deref())).collect();
        assert_eq!(names, [("hello", Some("nodejs20.x")), ("old", Some("js"))]);
        assert_eq!(built.functions[0].zip, Path::new("web/.netlify/functions/hello.zip"));
        assert_eq!(built.schedules, [FunctionSchedule { name: "hello".into(), cron: "@daily".into() }]);
        let config = json!({
            "hello": { "routes": [{ "pattern": "/x", "methods": [] }], "build_data": { "runtimeAPIVersion": 2 }, "priority": 10 },
            "old": {},
        });
        assert_eq!(built.functions_config, config);
    }

    #[test]
    fn nothing_is_no_fault() {
        let (_dir, repo, file) = world(&[]);
        let built = read(&repo, "", &file).expect("read");
        assert!(built.functions.is_empty() && built.config.is_none() && built.functions_config.is_null());
    }

    #[test]
    fn what_leads_out_or_cannot_run_here_is_refused() {
        let edge = ("repo/.netlify/edge-functions-dist/manifest.json", r#"{"functions":[{"function":"x"}]}"#);
        let far =
            ("repo/.netlify/functions/manifest.json", r#"{"functions":[{"name":"x","path":"/etc/passwd"}]}"#);
        let broken = ("repo/.netlify/functions/manifest.json", "{");
        for (given, expect) in [
            (edge, "edge functions"),
            (far, "the zip of function \"x\" is not in the repository"),
            (broken, "the manifest of the build's functions is broken"),
        ] {
            let (_dir, repo, file) = world(&[given]);
            let failure = read(&repo, "", &file).err();
            assert!(matches!(&failure, Some(Failure::Build(why)) if why.contains(expect)), "{failure:?}");
        }
        let many = vec![r#"{"name":"x","path":"REPO/x"}"#; FUNCTIONS_MAX + 1].join(",");
        let many = format!(r#"{{"functions":[{many}]}}"#);
        let (_dir, repo, file) = world(&[("repo/.netlify/functions/manifest.json", many.as_str())]);
        assert!(read(&repo, "", &file).is_err());
    }

    #[test]
    fn a_link_is_not_followed() {
        let (dir, repo, file) = world(&[("secret", "[[redirects]]")]);
        std::os::unix::fs::symlink(dir.path().join("secret"), &file).expect("a link");
        assert!(read(&repo, "", &file).is_err());
    }
}
