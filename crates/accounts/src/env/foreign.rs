//! Variables that are not the account's to keep: the add-ons of a site hand them out. They are listed with
//! the others, so that local development sees what builds see (contract add-ons section 10). Pure.

use super::Filter;
use model::{EnvContext, EnvScope, EnvValue, EnvVar, Timestamp};
use std::collections::BTreeMap;

/// Where add-ons hand their variables to.
const SCOPES: [EnvScope; 3] = [EnvScope::Builds, EnvScope::Functions, EnvScope::Runtime];

/// The entry of a variable that an add-on hands out, for every context. `shown` says whether the value is;
/// otherwise it is masked like a secret.
#[must_use]
pub fn foreign(
    (key, value): (&str, &str),
    (slug, value_id): (&str, &str),
    updated_at: Timestamp,
    shown: bool,
) -> EnvVar {
    let value = EnvValue {
        id: value_id.to_owned(),
        value: value.to_owned(),
        context: EnvContext::All,
        context_parameter: None,
    };
    let entry = EnvVar {
        key: key.to_owned(),
        scopes: SCOPES.to_vec(),
        values: vec![value],
        is_secret: !shown,
        updated_at,
        updated_by: None,
        service_slug: Some(slug.to_owned()),
    };
    entry.masked()
}

/// The variables that a site has itself, and those of its add-ons that it has nothing in the place of; in
/// the order of their keys.
#[must_use]
pub fn with_foreign(own: Vec<EnvVar>, foreign: Vec<EnvVar>, filter: &Filter) -> Vec<EnvVar> {
    let foreign = foreign.into_iter().filter_map(|entry| filter.apply(entry));
    let all = foreign.chain(own).map(|entry| (entry.key.clone(), entry));
    all.collect::<BTreeMap<_, _>>().into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_variables_go_before_those_of_addons() {
        let at = Timestamp(7);
        let of_addon = |key: &str| foreign((key, "theirs"), ("demo", "i"), at, true);
        let own = |key: &str| EnvVar {
            service_slug: None,
            scopes: vec![EnvScope::PostProcessing],
            ..of_addon(key)
        };
        for (context, scope, expect) in [
            (&[][..], None, "A:demo B:- C:-"),
            (&["dev"], None, "A:demo B:- C:-"),
            (&["main"], Some("functions"), "A:demo B:demo"),
            (&[], Some("post_processing"), "B:- C:-"),
        ] {
            let filter = Filter::parse(context, scope).unwrap();
            let kept = [own("B"), own("C")].into_iter().filter_map(|var| filter.apply(var)).collect();
            let all = with_foreign(kept, vec![of_addon("B"), of_addon("A")], &filter);
            let shown =
                all.iter().map(|var| format!("{}:{}", var.key, var.service_slug.as_deref().unwrap_or("-")));
            assert_eq!(shown.collect::<Vec<_>>().join(" "), expect, "{context:?} {scope:?}");
        }
    }

    #[test]
    fn values_are_shown_to_those_who_may_see_them() {
        let entry = |shown| foreign(("A", "a-long-value-of-theirs"), ("demo", "i"), Timestamp(7), shown);
        assert_eq!(
            (entry(true).values[0].value.as_str(), entry(true).is_secret),
            ("a-long-value-of-theirs", false)
        );
        assert_eq!(
            (entry(false).values[0].value.as_str(), entry(false).is_secret),
            ("****************eirs", true)
        );
    }
}
