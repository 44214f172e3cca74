//! Lays the contexts of a `netlify.toml` over `[build]` in the order Netlify does.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{merge, object};
use super::raw::{RawBuild, RawConfig, RawPlugin};

/// What one build uses. Paths are as written; resolve them with [`super::join_inside`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BuildSettings {
    /// Folder the build runs in, from the root of the repository.
    pub base: Option<String>,
    /// Shell command of the build.
    pub command: Option<String>,
    /// Folder that is deployed, from `base`; from the root of the repository with a leading `/`.
    pub publish: Option<String>,
    /// Folder of the functions, read like `publish`.
    pub functions_dir: Option<String>,
    /// Folder of the edge functions, read like `publish`.
    pub edge_functions_dir: Option<String>,
    /// Command that ends with status 0 when the build may be skipped.
    pub ignore: Option<String>,
    /// Variables for the build, keys merged across the contexts.
    pub environment: BTreeMap<String, String>,
    /// Build plugins in the order they run.
    pub plugins: Vec<Plugin>,
    /// `[functions]` with its per-function tables, contexts merged in.
    pub functions: Value,
}

/// One `[[plugins]]` entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Plugin {
    /// Package name, or a path that starts with `/` or `.`.
    pub package: String,
    /// `[plugins.inputs]` as a JSON object.
    pub inputs: Value,
    /// `pinned_version`, where given.
    pub pinned_version: Option<String>,
}

pub(super) fn resolve(raw: &RawConfig, context: &str, branch: &str) -> BuildSettings {
    let mut settings = BuildSettings { functions: object(None), ..BuildSettings::default() };
    lay_build(&mut settings, &raw.build);
    lay_functions(&mut settings, raw.functions.as_ref());
    lay_plugins(&mut settings.plugins, &raw.plugins);
    for name in layers(context, branch) {
        let Some(layer) = raw.context.get(name) else {
            continue;
        };
        lay_build(&mut settings, &layer.direct);
        lay_build(&mut settings, &layer.build);
        lay_plugins(&mut settings.plugins, &layer.plugins);
    }
    settings
}

/// The contexts to lay on, weakest first; one that is both the context and the branch counts once.
fn layers<'a>(context: &'a str, branch: &'a str) -> impl Iterator<Item = &'a str> {
    let branch = (branch != context).then_some(branch);
    std::iter::once(context).chain(branch)
}

fn lay_build(settings: &mut BuildSettings, layer: &RawBuild) {
    lay_text(&mut settings.base, layer.base.as_deref());
    lay_text(&mut settings.command, layer.command.as_deref());
    lay_text(&mut settings.publish, layer.publish.as_deref());
    lay_text(&mut settings.ignore, layer.ignore.as_deref());
    let edge = layer.edge_functions.as_ref().and_then(toml::Value::as_str);
    lay_text(&mut settings.edge_functions_dir, edge);
    lay_functions(settings, layer.functions.as_ref());
    for (key, value) in &layer.environment {
        settings.environment.insert(key.clone(), value.0.clone());
    }
}

/// An empty text counts as not written: it neither sets nor clears a value.
fn lay_text(target: &mut Option<String>, layer: Option<&str>) {
    if let Some(text) = layer.filter(|text| !text.trim().is_empty()) {
        *target = Some(text.to_owned());
    }
}

/// `functions` is a folder when it is text, and a table of settings with a `directory` otherwise.
fn lay_functions(settings: &mut BuildSettings, layer: Option<&toml::Value>) {
    let Some(layer) = layer else { return };
    lay_text(&mut settings.functions_dir, layer.as_str());
    if layer.is_table() {
        let directory = layer.get("directory").and_then(toml::Value::as_str);
        lay_text(&mut settings.functions_dir, directory);
        merge(&mut settings.functions, &object(Some(layer)));
    }
}

/// A plugin named again keeps its place and takes the new inputs key by key.
fn lay_plugins(plugins: &mut Vec<Plugin>, layer: &[RawPlugin]) {
    for raw in layer {
        let inputs = object(raw.inputs.as_ref());
        match plugins.iter_mut().find(|known| known.package == raw.package) {
            Some(known) => {
                merge(&mut known.inputs, &inputs);
                known.pinned_version = raw.pinned_version.clone().or(known.pinned_version.take());
            }
            None => plugins.push(Plugin {
                package: raw.package.clone(),
                inputs,
                pinned_version: raw.pinned_version.clone(),
            }),
        }
    }
}
