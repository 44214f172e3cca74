//! What clients send for a variable, checked. Ids of values are never taken from a client: a clone
//! sends those of its source. Pure.

use context::{Error, Result};
use model::{EnvContext, EnvScope, EnvValue};
use serde::Deserialize;

/// Longest name of a variable, in bytes.
pub const KEY_MAX: usize = 255;
/// Longest value, in bytes.
pub const VALUE_MAX: usize = 64 << 10;
/// Values of one variable.
pub const VALUES_MAX: usize = 100;
/// Longest branch name of a value, in bytes.
const BRANCH_MAX: usize = 255;

/// A variable as `createEnvVars` and `updateEnvVar` take it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct VarInput {
    /// Its name: a letter or underscore, then letters, digits and underscores.
    pub key: Option<String>,
    /// `builds`, `functions`, `runtime`, `post_processing`; all of them when empty.
    pub scopes: Option<Vec<String>>,
    /// Its values, one for each context.
    pub values: Option<Vec<ValueInput>>,
    /// Whether its values are never shown again.
    pub is_secret: Option<bool>,
}

/// A value as clients send it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ValueInput {
    /// Where it counts; `all` when not said.
    pub context: Option<String>,
    /// The branch, for context `branch`.
    pub context_parameter: Option<String>,
    /// The value, which may be empty.
    pub value: Option<String>,
}

pub(super) fn key(text: &str) -> Result<String> {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let continues = |c: char| starts(c) || c.is_ascii_digit();
    if !text.starts_with(starts) || !text.chars().all(continues) {
        let rule = "key must begin with a letter or underscore and hold only letters, digits and underscores";
        return Err(Error::Invalid(rule.to_owned()));
    }
    if text.len() > KEY_MAX {
        return Err(Error::Invalid(format!("key must have at most {KEY_MAX} characters")));
    }
    Ok(text.to_owned())
}

pub(super) fn scope(text: &str) -> Result<EnvScope> {
    match text {
        "builds" => Ok(EnvScope::Builds),
        "functions" => Ok(EnvScope::Functions),
        "runtime" => Ok(EnvScope::Runtime),
        "post_processing" | "post-processing" => Ok(EnvScope::PostProcessing),
        _ => {
            Err(Error::Invalid("scope must be one of builds, functions, runtime, post_processing".to_owned()))
        }
    }
}

/// The scopes said, in a fixed order and each once; all of them when none is said.
pub(super) fn scopes(texts: &[String]) -> Result<Vec<EnvScope>> {
    let said = texts.iter().map(|text| scope(text)).collect::<Result<Vec<_>>>()?;
    Ok(EnvScope::ALL.into_iter().filter(|scope| said.is_empty() || said.contains(scope)).collect())
}

/// Values for different contexts, `all` last: clients take the first that fits.
pub(super) fn values(inputs: Vec<ValueInput>, mut id: impl FnMut() -> String) -> Result<Vec<EnvValue>> {
    if inputs.is_empty() || inputs.len() > VALUES_MAX {
        return Err(Error::Invalid(format!("a variable must have 1 to {VALUES_MAX} values")));
    }
    let mut values: Vec<EnvValue> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let value = EnvValue { id: id(), ..value(input)? };
        if values.iter().any(|other| is_same_place(other, &value)) {
            return Err(Error::Invalid(format!("two values for context {}", value.context.as_str())));
        }
        values.push(value);
    }
    values.sort_by_key(|value| value.context == EnvContext::All);
    Ok(values)
}

/// One value, without an id.
pub(super) fn value(input: ValueInput) -> Result<EnvValue> {
    let name = input.context.as_deref().unwrap_or("all");
    let context = EnvContext::parse(name).ok_or_else(|| Error::Invalid(unknown_context()))?;
    let value = input.value.ok_or_else(|| Error::Invalid("each value needs \"value\"".to_owned()))?;
    if value.len() > VALUE_MAX {
        return Err(Error::Invalid(format!("a value must have at most {VALUE_MAX} bytes")));
    }
    if value.contains('\0') {
        return Err(Error::Invalid("a value may not hold a NUL character".to_owned()));
    }
    let context_parameter = branch(context, input.context_parameter)?;
    Ok(EnvValue { id: String::new(), value, context, context_parameter })
}

/// Whether two values count in the same context.
pub(super) fn is_same_place(a: &EnvValue, b: &EnvValue) -> bool {
    a.context == b.context && a.context_parameter == b.context_parameter
}

fn branch(context: EnvContext, parameter: Option<String>) -> Result<Option<String>> {
    if context != EnvContext::Branch {
        return Ok(None);
    }
    match parameter {
        Some(name) if (1..=BRANCH_MAX).contains(&name.len()) => Ok(Some(name)),
        _ => Err(Error::Invalid("context branch needs the branch's name as context_parameter".to_owned())),
    }
}

fn unknown_context() -> String {
    let parts: Vec<_> = EnvContext::PARTS.iter().map(|context| context.as_str()).collect();
    format!("context must be one of all, branch, {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(context: &str, value: &str) -> ValueInput {
        ValueInput { context: Some(context.into()), value: Some(value.into()), context_parameter: None }
    }

    fn made(inputs: Vec<ValueInput>) -> Result<Vec<EnvValue>> {
        values(inputs, || "id".to_owned())
    }

    #[test]
    fn keys_are_shell_names() {
        for good in ["A", "_a1", "API_KEY", &"K".repeat(KEY_MAX)] {
            assert_eq!(key(good).ok().as_deref(), Some(good));
        }
        for bad in ["", "1A", "A-B", "A B", "Ä", "A=B", &"K".repeat(KEY_MAX + 1)] {
            assert!(matches!(key(bad), Err(Error::Invalid(_))), "{bad}");
        }
    }

    #[test]
    fn scopes_default_to_all_and_unknown_ones_are_refused() {
        assert_eq!(scopes(&[]).ok(), Some(EnvScope::ALL.to_vec()));
        let two = scopes(&["functions".into(), "builds".into(), "builds".into()]);
        assert_eq!(two.ok(), Some(vec![EnvScope::Builds, EnvScope::Functions]));
        assert_eq!(scopes(&["post-processing".into()]).ok(), Some(vec![EnvScope::PostProcessing]));
        assert!(matches!(scopes(&["moon".into()]), Err(Error::Invalid(_))));
    }

    #[test]
    fn values_are_checked_and_all_goes_last() {
        let two = made(vec![input("all", "a"), input("dev", "d")]).expect("two contexts");
        assert_eq!(two.iter().map(|v| v.value.as_str()).collect::<Vec<_>>(), ["d", "a"]);
        assert!(two.iter().all(|v| v.id == "id"));
        let said_nothing = ValueInput { value: Some(String::new()), ..ValueInput::default() };
        assert_eq!(made(vec![said_nothing]).expect("defaults")[0].context, EnvContext::All);
        for bad in [
            vec![],
            vec![input("staging", "x")],
            vec![input("dev", "a"), input("dev", "b")],
            vec![input("branch", "no name")],
            vec![ValueInput { context: Some("dev".into()), ..ValueInput::default() }],
            vec![input("all", "a\0b")],
        ] {
            assert!(matches!(made(bad.clone()), Err(Error::Invalid(_))), "{bad:?}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        assert!(made(vec![input("all", &"x".repeat(VALUE_MAX))]).is_ok());
        assert!(made(vec![input("all", &"x".repeat(VALUE_MAX + 1))]).is_err());
        let branches = |n: usize| -> Vec<ValueInput> {
            (0..n)
                .map(|i| ValueInput { context_parameter: Some(format!("b{i}")), ..input("branch", "x") })
                .collect()
        };
        assert!(made(branches(VALUES_MAX)).is_ok());
        assert!(made(branches(VALUES_MAX + 1)).is_err());
        let long =
            |n: usize| vec![ValueInput { context_parameter: Some("b".repeat(n)), ..input("branch", "x") }];
        assert!(made(long(BRANCH_MAX)).is_ok() && made(long(BRANCH_MAX + 1)).is_err());
    }
}
