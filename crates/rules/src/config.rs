//! Reads `netlify.toml` and says what one build of it uses.
//! Knows nothing of folders on disk: paths are handed back as they were written, and
//! [`join_inside`] is the only judge of whether one stays inside the repository.

mod error;
mod join;
mod json;
mod raw;
mod resolve;

use serde_json::Value;

pub use error::ConfigError;
pub use join::{JoinError, MAX_JOINED_PATH_BYTES, join_inside};
pub use resolve::{BuildSettings, Plugin};

pub(crate) use json::{document, table, to_json};

use crate::headers::{self, HeaderRule};
use crate::line_error::LineError;
use crate::redirects::{self, Rule};

/// Longest `netlify.toml` that is read, in bytes. A site with tens of thousands of rules in it stays
/// well below; anything longer is an upload by mistake.
pub const MAX_CONFIG_BYTES: usize = 8 * 1024 * 1024;

/// One parsed `netlify.toml`. Keys that are not known are ignored, as Netlify does.
#[derive(Debug, Clone, Default)]
pub struct Config {
    raw: raw::RawConfig,
}

impl Config {
    /// Parses the text of a `netlify.toml`.
    ///
    /// # Errors
    /// Text that is too long, is no TOML, or gives a known build key a value of the wrong type.
    /// Faulty redirects and headers are no error here: they are skipped one by one, see
    /// [`Config::redirects`].
    pub fn parse(toml_text: &str) -> Result<Self, ConfigError> {
        if toml_text.len() > MAX_CONFIG_BYTES {
            return Err(ConfigError::too_long());
        }
        let text = toml_text.strip_prefix('\u{feff}').unwrap_or(toml_text);
        let raw = toml::from_str(text).map_err(|error| ConfigError::from_toml(text, &error))?;
        Ok(Self { raw })
    }

    /// What a build in `context` (`production`, `deploy-preview`, `branch-deploy`, `dev`) of
    /// `branch` uses: `[build]`, then `[context.<context>]`, then `[context.<branch>]`.
    #[must_use]
    pub fn resolve(&self, context: &str, branch: &str) -> BuildSettings {
        resolve::resolve(&self.raw, context, branch)
    }

    /// The rules of `[[redirects]]` in file order, and what was wrong with the ones left out.
    #[must_use]
    pub fn redirects(&self) -> (Vec<Rule>, Vec<LineError>) {
        redirects::from_json(self.raw.redirects.as_ref().map(to_json).as_ref())
    }

    /// The rules of `[[headers]]` in file order, and what was wrong with the ones left out.
    #[must_use]
    pub fn headers(&self) -> (Vec<HeaderRule>, Vec<LineError>) {
        headers::from_json(self.raw.headers.as_ref().map(to_json).as_ref())
    }

    /// `[[edge_functions]]` as JSON objects in file order.
    #[must_use]
    pub fn edge_functions(&self) -> Vec<Value> {
        tables(self.raw.edge_functions.as_ref())
    }

    /// `[[integrations]]` as JSON objects in file order.
    #[must_use]
    pub fn integrations(&self) -> Vec<Value> {
        tables(self.raw.integrations.as_ref())
    }

    /// `[build.processing]` as a JSON object, empty where absent.
    #[must_use]
    pub fn processing(&self) -> Value {
        json::object(self.raw.build.processing.as_ref())
    }

    /// Names of the contexts the file has a table for, sorted.
    pub fn context_names(&self) -> impl Iterator<Item = &str> {
        self.raw.context.keys().map(String::as_str)
    }
}

fn tables(value: Option<&toml::Value>) -> Vec<Value> {
    let entries = value.and_then(toml::Value::as_array);
    entries.into_iter().flatten().filter(|entry| entry.is_table()).map(to_json).collect()
}

#[cfg(test)]
mod tests;
