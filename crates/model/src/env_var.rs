//! Environment variables: contexts, scopes, and which value a build or function sees.

use crate::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Variables of builds that only the platform sets, whoever else names them: a site's owner or an
/// add-on.
pub const PLATFORM_VARIABLES: [&str; 16] = [
    "NETLIFY",
    "NETLIFY_LOCAL",
    "NETLIFY_BUILD_BASE",
    "NETLIFY_IMAGES_CDN_DOMAIN",
    "BUILD_ID",
    "CONTEXT",
    "BRANCH",
    "HEAD",
    "COMMIT_REF",
    "CACHED_COMMIT_REF",
    "PULL_REQUEST",
    "REVIEW_ID",
    "REPOSITORY_URL",
    "URL",
    "DEPLOY_ID",
    "SITE_ID",
];
/// The beginning of further ones: what a build hook's call brought.
pub const PLATFORM_VARIABLES_PREFIX: &str = "INCOMING_HOOK_";

/// Where a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EnvContext {
    /// Everywhere.
    All,
    /// `netlify dev`.
    Dev,
    /// Hosted development servers.
    DevServer,
    /// Branch deploys.
    BranchDeploy,
    /// Deploy previews.
    DeployPreview,
    /// Production.
    Production,
    /// One branch, named by the context parameter.
    Branch,
}

impl EnvContext {
    /// What `all` is split into when one of its parts gets a value of its own.
    pub const PARTS: [Self; 5] =
        [Self::Production, Self::DeployPreview, Self::BranchDeploy, Self::Dev, Self::DevServer];

    /// The context's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Dev => "dev",
            Self::DevServer => "dev-server",
            Self::BranchDeploy => "branch-deploy",
            Self::DeployPreview => "deploy-preview",
            Self::Production => "production",
            Self::Branch => "branch",
        }
    }

    /// The context of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::All, Self::Branch].into_iter().chain(Self::PARTS).find(|c| c.as_str() == text)
    }
}

/// Where a variable is handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EnvScope {
    /// Builds.
    #[serde(rename = "builds")]
    Builds,
    /// Functions.
    #[serde(rename = "functions")]
    Functions,
    /// Proxies and forms while serving.
    #[serde(rename = "runtime")]
    Runtime,
    /// Snippets and the like.
    #[serde(rename = "post_processing", alias = "post-processing")]
    PostProcessing,
}

impl EnvScope {
    /// Every scope, the default of a variable.
    pub const ALL: [Self; 4] = [Self::Builds, Self::Functions, Self::Runtime, Self::PostProcessing];
}

/// A value for one context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvValue {
    /// Id, for deleting this value.
    #[serde(default)]
    pub id: String,
    /// The value; masked for secrets outside `dev`.
    #[serde(default)]
    pub value: String,
    /// Where it counts.
    pub context: EnvContext,
    /// The branch, for context `branch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_parameter: Option<String>,
}

/// Who last changed a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvVarUser {
    /// User id.
    pub id: String,
    /// Name.
    pub full_name: String,
    /// Address.
    pub email: String,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// An environment variable of an account or a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvVar {
    /// Name.
    pub key: String,
    /// Where it is handed to.
    pub scopes: Vec<EnvScope>,
    /// Its values, the first that fits counts.
    pub values: Vec<EnvValue>,
    /// Whether its values are never shown again.
    pub is_secret: bool,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<EnvVarUser>,
    /// The add-on of the site that hands it out, by its name in commands: such a variable is not changed
    /// here, but one of the site's own goes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_slug: Option<String>,
}

impl EnvVar {
    /// The value that counts in `context` on `branch`: the branch's own, then the context's, then
    /// `all`.
    #[must_use]
    pub fn value_for(&self, context: EnvContext, branch: Option<&str>) -> Option<&str> {
        let of_branch = |v: &&EnvValue| {
            v.context == EnvContext::Branch && branch.is_some() && v.context_parameter.as_deref() == branch
        };
        let of = |wanted: EnvContext| move |v: &&EnvValue| v.context == wanted;
        let values = || self.values.iter();
        values()
            .find(of_branch)
            .or_else(|| values().find(of(context)))
            .or_else(|| values().find(of(EnvContext::All)))
            .map(|v| v.value.as_str())
    }

    /// Sets the value of one context. A variable that has `all` is first split into the parts, since
    /// clients take the first value whose context is `all` or the asked one and would never see the
    /// new value otherwise. `id` makes the ids of values that come into being.
    pub fn set_value(&mut self, new: EnvValue, mut id: impl FnMut() -> String) {
        if matches!(new.context, EnvContext::All) {
            self.values.clear();
        } else if let Some(at) = self.values.iter().position(|v| v.context == EnvContext::All)
            && new.context != EnvContext::Branch
        {
            let all = self.values.remove(at);
            for context in EnvContext::PARTS {
                if !self.values.iter().any(|v| v.context == context) {
                    self.values.push(EnvValue { id: id(), context, ..all.clone() });
                }
            }
        }
        let same = |v: &EnvValue| v.context == new.context && v.context_parameter == new.context_parameter;
        match self.values.iter_mut().find(|v| same(v)) {
            Some(old) => old.value = new.value,
            None => self.values.insert(0, EnvValue { id: id(), ..new }),
        }
    }

    /// The variable as lists show it: values of secrets masked, save those of `dev`, which hold no
    /// production secret and which local development needs.
    #[must_use]
    pub fn masked(mut self) -> Self {
        if self.is_secret {
            for value in self.values.iter_mut().filter(|v| v.context != EnvContext::Dev) {
                value.value = mask(&value.value);
            }
        }
        self
    }

    /// The variable as those see it who may not change it: every value masked, whatever it is.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        for value in &mut self.values {
            value.value = HIDDEN.to_owned();
        }
        Self { is_secret: true, ..self }
    }
}

/// What stands for a value that is not shown at all.
const HIDDEN: &str = "****************";

/// Stars with the last four characters of a long value, as hosted lists show secrets.
fn mask(value: &str) -> String {
    let tail: String = value.chars().skip(value.chars().count().saturating_sub(4)).collect();
    let shown = if value.chars().count() >= 16 { tail.as_str() } else { "" };
    format!("{}{shown}", "*".repeat(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(context: EnvContext, value: &str) -> EnvValue {
        EnvValue { id: format!("id-{value}"), value: value.into(), context, context_parameter: None }
    }

    fn var(values: Vec<EnvValue>) -> EnvVar {
        let scopes = EnvScope::ALL.to_vec();
        EnvVar {
            key: "K".into(),
            scopes,
            values,
            is_secret: false,
            updated_at: Timestamp(0),
            updated_by: None,
            service_slug: None,
        }
    }

    #[test]
    fn setting_one_context_splits_all() {
        let mut v = var(vec![value(EnvContext::All, "old")]);
        let mut n = 0;
        v.set_value(value(EnvContext::Production, "new"), || {
            n += 1;
            format!("n{n}")
        });
        assert_eq!(v.value_for(EnvContext::Production, None), Some("new"));
        for other in
            [EnvContext::Dev, EnvContext::DevServer, EnvContext::BranchDeploy, EnvContext::DeployPreview]
        {
            assert_eq!(v.value_for(other, None), Some("old"), "{other:?}");
        }
        assert_eq!(v.values.len(), 5);
        v.set_value(value(EnvContext::All, "one"), || "z".into());
        assert_eq!(v.values.iter().map(|x| x.value.as_str()).collect::<Vec<_>>(), ["one"]);
    }

    #[test]
    fn a_branch_value_wins_and_leaves_all_whole() {
        let mut v = var(vec![value(EnvContext::All, "all")]);
        let branch = EnvValue { context_parameter: Some("x".into()), ..value(EnvContext::Branch, "b") };
        v.set_value(branch, || "n".into());
        assert_eq!(v.value_for(EnvContext::BranchDeploy, Some("x")), Some("b"));
        assert_eq!(v.value_for(EnvContext::BranchDeploy, Some("y")), Some("all"));
        assert_eq!(v.value_for(EnvContext::Production, None), Some("all"));
    }

    #[test]
    fn secrets_are_masked_but_for_dev() {
        let mut v =
            var(vec![value(EnvContext::Production, "0123456789abcdefg"), value(EnvContext::Dev, "d")]);
        v.values.push(value(EnvContext::BranchDeploy, "short"));
        v.is_secret = true;
        let shown: Vec<_> = v.masked().values.into_iter().map(|x| x.value).collect();
        assert_eq!(shown, ["****************defg", "d", "****************"]);
    }

    #[test]
    fn post_processing_is_written_with_an_underscore_and_read_both_ways() {
        assert_eq!(serde_json::to_value(EnvScope::PostProcessing).ok(), Some("post_processing".into()));
        for text in ["post_processing", "post-processing"] {
            assert_eq!(serde_json::from_value::<EnvScope>(text.into()).ok(), Some(EnvScope::PostProcessing));
        }
    }
}
