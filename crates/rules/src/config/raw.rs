//! The written shape of `netlify.toml`. Only what a build decides on is typed; the rest is kept as
//! it stands, so that a file made for a newer Netlify still parses.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// The whole file. Capital first letters are an old spelling that real files still use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawConfig {
    #[serde(alias = "Build")]
    pub build: RawBuild,
    #[serde(alias = "Context")]
    pub context: BTreeMap<String, RawContext>,
    #[serde(alias = "Functions")]
    pub functions: Option<toml::Value>,
    #[serde(alias = "Plugins")]
    pub plugins: Vec<RawPlugin>,
    pub redirects: Option<toml::Value>,
    pub headers: Option<toml::Value>,
    pub edge_functions: Option<toml::Value>,
    pub integrations: Option<toml::Value>,
}

/// `[build]`, and the same keys again in a context.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawBuild {
    #[serde(alias = "Base")]
    pub base: Option<String>,
    #[serde(alias = "Command")]
    pub command: Option<String>,
    #[serde(alias = "Publish")]
    pub publish: Option<String>,
    /// A folder as text; in a context it may also be a table like the top-level `[functions]`.
    #[serde(alias = "Functions")]
    pub functions: Option<toml::Value>,
    #[serde(alias = "Ignore")]
    pub ignore: Option<String>,
    #[serde(alias = "Environment")]
    pub environment: BTreeMap<String, EnvironmentValue>,
    #[serde(alias = "Processing")]
    pub processing: Option<toml::Value>,
    pub edge_functions: Option<toml::Value>,
}

/// `[context.<name>]`: build keys directly in it or in a `build` table of its own, and plugins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawContext {
    #[serde(flatten)]
    pub direct: RawBuild,
    pub build: RawBuild,
    pub plugins: Vec<RawPlugin>,
}

/// `[[plugins]]`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RawPlugin {
    pub package: String,
    #[serde(default)]
    pub inputs: Option<toml::Value>,
    #[serde(default)]
    pub pinned_version: Option<String>,
}

/// A value of an environment table, as text whatever it was written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EnvironmentValue(pub String);

impl<'de> Deserialize<'de> for EnvironmentValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EnvironmentVisitor)
    }
}

struct EnvironmentVisitor;

impl Visitor<'_> for EnvironmentVisitor {
    type Value = EnvironmentValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a number or a boolean")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(EnvironmentValue(value.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(EnvironmentValue(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(EnvironmentValue(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(EnvironmentValue(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(EnvironmentValue(value.to_string()))
    }
}
