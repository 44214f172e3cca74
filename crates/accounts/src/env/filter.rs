//! Which variables and values of a list are asked for. Pure.

use super::input;
use context::Result;
use model::{EnvContext, EnvScope, EnvValue, EnvVar};

/// What `context_name` and `scope` of a query let through; the default lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    contexts: Vec<Asked>,
    scope: Option<EnvScope>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Context(EnvContext),
    Branch(String),
}

impl Filter {
    /// A filter from a query. A name that is no context is a branch, as everywhere in clients;
    /// scope `any` is the word of command lines for no filter.
    ///
    /// # Errors
    /// [`context::Error::Invalid`] for an unknown scope.
    pub fn parse(context_names: &[&str], scope: Option<&str>) -> Result<Self> {
        let asked = |name: &&str| match EnvContext::parse(name) {
            Some(context) => Asked::Context(context),
            None => Asked::Branch((*name).to_owned()),
        };
        let scope = scope.filter(|text| !text.is_empty() && *text != "any");
        Ok(Self {
            contexts: context_names.iter().filter(|name| !name.is_empty()).map(asked).collect(),
            scope: scope.map(input::scope).transpose()?,
        })
    }

    /// The variable with the values that are asked for, none when nothing of it is.
    pub(super) fn apply(&self, mut var: EnvVar) -> Option<EnvVar> {
        if self.scope.is_some_and(|scope| !var.scopes.contains(&scope)) {
            return None;
        }
        if !self.contexts.is_empty() {
            var.values.retain(|value| self.contexts.iter().any(|asked| asked.takes(value)));
        }
        (!var.values.is_empty()).then_some(var)
    }
}

impl Asked {
    /// Whether a client that asks for this context could use the value.
    fn takes(&self, value: &EnvValue) -> bool {
        let context = value.context;
        match self {
            // A branch deploy looks for its own branch first.
            Self::Context(EnvContext::BranchDeploy) => {
                matches!(context, EnvContext::All | EnvContext::BranchDeploy | EnvContext::Branch)
            }
            Self::Context(EnvContext::All) => context == EnvContext::All,
            Self::Context(asked) => context == *asked || context == EnvContext::All,
            Self::Branch(name) => match context {
                EnvContext::Branch => value.context_parameter.as_deref() == Some(name),
                other => matches!(other, EnvContext::All | EnvContext::BranchDeploy),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    fn var() -> EnvVar {
        let value = |context: EnvContext, parameter: Option<&str>| EnvValue {
            id: String::new(),
            value: context.as_str().to_owned(),
            context,
            context_parameter: parameter.map(str::to_owned),
        };
        EnvVar {
            key: "K".into(),
            scopes: vec![EnvScope::Builds],
            values: vec![
                value(EnvContext::Dev, None),
                value(EnvContext::Branch, Some("x")),
                value(EnvContext::BranchDeploy, None),
                value(EnvContext::All, None),
            ],
            is_secret: false,
            updated_at: Timestamp(0),
            updated_by: None,
            service_slug: None,
        }
    }

    #[test]
    fn contexts_let_their_values_and_all_through() {
        for (names, expect) in [
            (vec![], "dev branch branch-deploy all"),
            (vec![""], "dev branch branch-deploy all"),
            (vec!["dev"], "dev all"),
            (vec!["all"], "all"),
            (vec!["production"], "all"),
            (vec!["production", "dev"], "dev all"),
            (vec!["branch-deploy"], "branch branch-deploy all"),
            (vec!["x"], "branch branch-deploy all"),
            (vec!["y"], "branch-deploy all"),
        ] {
            let filter = Filter::parse(&names, None).expect("no scope");
            let left = filter.apply(var()).expect("all fits every context");
            let left: Vec<_> = left.values.into_iter().map(|v| v.value).collect();
            assert_eq!(left.join(" "), expect, "{names:?}");
        }
    }

    #[test]
    fn a_variable_without_a_fitting_value_or_scope_is_left_out() {
        let mut only_dev = var();
        only_dev.values.truncate(1);
        let filter = |names: &[&str], scope| Filter::parse(names, scope).expect("known scope");
        assert!(filter(&["production"], None).apply(only_dev).is_none());
        assert!(filter(&[], Some("functions")).apply(var()).is_none());
        for scope in [Some("builds"), Some("any"), Some(""), None] {
            assert!(filter(&[], scope).apply(var()).is_some(), "{scope:?}");
        }
        assert!(Filter::parse(&[], Some("moon")).is_err());
    }
}
