//! Add-ons, for those who make them: what may be used here, and registering one's own.

use super::{Answer, addon};
use crate::client::with_query;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::visit::Visit;
use futures_util::future::join;
use http::StatusCode;
use serde_json::{Value, json};

/// Add-ons of one page.
const PER_PAGE: usize = 50;

/// `GET /addons`. Query: `search`, `page`.
pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, &Form::default(), None).await
}

/// `POST /addons`: registers one; the page that answers has its secret.
pub(crate) async fn create(visit: Visit, form: Form) -> Answer {
    match register(&visit, &form).await {
        Ok(made) => addon::fresh(&visit, &made, "registered").await,
        Err(problem) => page(&visit, &form, Some(visit.sign(problem))).await,
    }
}

async fn register(visit: &Visit, form: &Form) -> Result<Value, Problem> {
    let mut body = setup(form)?;
    body["slug"] = form.need("slug", "The name in commands")?.into();
    if !form.get("account").is_empty() {
        body["account_slug"] = form.get("account").into();
    }
    visit.api().post("/services", body).await
}

/// What the forms of registering and of changing have in common. Whether an add-on is public is said
/// only where that changes: not everybody who may do the rest may say it.
pub(super) fn setup(form: &Form) -> Result<Value, Problem> {
    let tags = form.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty());
    let mut setup = json!({
        "name": form.need("name", "The title")?,
        "description": form.need("description", "The description")?,
        "endpoint": form.need("endpoint", "The address of the management API")?,
        "long_description": form.get("long_description"),
        "icon": form.get("icon"),
        "tags": tags.collect::<Vec<_>>(),
    });
    let public = form.get("public") == "on";
    if public != (form.get("was_public") == "on") {
        setup["public"] = public.into();
    }
    Ok(setup)
}

async fn page(visit: &Visit, typed: &Form, problem: Option<Problem>) -> Answer {
    let number = visit.query("page").parse::<u32>().unwrap_or(1).max(1);
    let search = visit.query("search");
    let (size, at) = (PER_PAGE.to_string(), number.to_string());
    let list = with_query("/services", &[("search", search.as_str()), ("per_page", &size), ("page", &at)]);
    let (addons, accounts) = join(visit.get(&list), visit.section("/accounts")).await;
    let addons = addons?;
    let more = addons.as_array().is_some_and(|list| list.len() == PER_PAGE);
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let notice = view::notice(&visit.query("done"));
    let pages = match with_query("/addons", &[("search", search.as_str())]) {
        searched if searched.contains('?') => format!("{searched}&"),
        plain => format!("{plain}?"),
    };
    let mut values = values! { title => "Add-ons", nav => "addons", addons, accounts, search, number, more };
    values.extend(values! { pages, it => typed.values(), problem, notice });
    Ok(view::page(status, "addons.html", values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_only_what_changed_about_who_may_use_it() {
        let form = |rest: &str| {
            Form::read(
                format!("name=n&description=d&endpoint=https://e.example&tags=a,+b,,{rest}").as_bytes(),
            )
        };
        for (rest, expect) in [
            ("", None),
            ("&public=on", Some(true)),
            ("&was_public=on", Some(false)),
            ("&public=on&was_public=on", None),
        ] {
            let setup = setup(&form(rest)).unwrap();
            assert_eq!(setup.get("public").and_then(Value::as_bool), expect, "{rest}");
            assert_eq!(setup["tags"], json!(["a", "b"]));
        }
        for missing in ["description=d&endpoint=e", "name=n&endpoint=e", "name=n&description=d"] {
            assert!(setup(&Form::read(missing.as_bytes())).is_err(), "{missing}");
        }
    }
}
