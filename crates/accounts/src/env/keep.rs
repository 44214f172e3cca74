//! Keeps secrets secret while they are changed. Pure.

use super::input::is_same_place;
use model::{EnvContext, EnvValue, EnvVar};

/// Puts back the stored values of a secret where a client wrote the mask it had read: saving what
/// a list shows must not overwrite a secret with stars. Only for a variable that stays secret, or
/// the values could be laid open this way.
pub(super) fn unmask(old: &EnvVar, values: &mut [EnvValue]) {
    let shown = old.clone().masked();
    for value in values {
        let at =
            shown.values.iter().position(|other| is_same_place(other, value) && other.value == value.value);
        if let Some(at) = at {
            value.value.clone_from(&old.values[at].value);
        }
    }
}

/// Sets one value. Where this splits `all` of a secret, `dev` gets no part of it: values of `dev`
/// are shown, and a secret for production must not become readable by setting another context.
pub(super) fn set_value(var: &mut EnvVar, new: EnvValue, id: impl FnMut() -> String) {
    let is_dev = |value: &EnvValue| value.context == EnvContext::Dev;
    let takes_dev_away = var.is_secret && !is_dev(&new) && !var.values.iter().any(is_dev);
    var.set_value(new, id);
    if takes_dev_away {
        var.values.retain(|value| !is_dev(value));
    }
    var.values.sort_by_key(|value| value.context == EnvContext::All);
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{EnvScope, Timestamp};

    fn value(context: EnvContext, text: &str) -> EnvValue {
        EnvValue { id: String::new(), value: text.to_owned(), context, context_parameter: None }
    }

    fn secret(values: Vec<EnvValue>) -> EnvVar {
        EnvVar {
            key: "K".into(),
            scopes: EnvScope::ALL.to_vec(),
            values,
            is_secret: true,
            updated_at: Timestamp(0),
            updated_by: None,
            service_slug: None,
        }
    }

    #[test]
    fn a_mask_that_comes_back_stands_for_the_stored_value() {
        let old = secret(vec![value(EnvContext::Production, "hunter2")]);
        let mask = old.clone().masked().values[0].value.clone();
        let mut back = vec![value(EnvContext::Production, &mask), value(EnvContext::DevServer, &mask)];
        unmask(&old, &mut back);
        assert_eq!(back[0].value, "hunter2");
        assert_eq!(back[1].value, mask, "another context's mask is a value like any other");
        let mut fresh = vec![value(EnvContext::Production, "new")];
        unmask(&old, &mut fresh);
        assert_eq!(fresh[0].value, "new");
    }

    #[test]
    fn splitting_a_secret_gives_dev_nothing() {
        let mut var = secret(vec![value(EnvContext::All, "hunter2")]);
        set_value(&mut var, value(EnvContext::Production, "p"), String::new);
        let contexts: Vec<_> = var.values.iter().map(|v| v.context).collect();
        assert_eq!(contexts.len(), 4, "{contexts:?}");
        assert!(!contexts.contains(&EnvContext::Dev) && contexts.contains(&EnvContext::DevServer));
        set_value(&mut var, value(EnvContext::Dev, "d"), String::new);
        set_value(&mut var, value(EnvContext::Production, "q"), String::new);
        assert!(
            var.values.iter().any(|v| v.context == EnvContext::Dev && v.value == "d"),
            "an own value stays"
        );
    }

    #[test]
    fn a_plain_variable_is_split_whole() {
        let mut var = EnvVar { is_secret: false, ..secret(vec![value(EnvContext::All, "old")]) };
        set_value(&mut var, value(EnvContext::Production, "new"), String::new);
        assert_eq!(var.values.len(), 5);
    }
}
