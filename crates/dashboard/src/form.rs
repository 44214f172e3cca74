//! Posted forms, read by name. Fields are trimmed; a missing one is empty.

use crate::problem::Problem;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde_json::{Map, Value};

/// Most bytes of a posted form.
pub(crate) const FORM_LIMIT: usize = 64 * 1024;

/// A posted form.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).map(|(k, v)| (k.into_owned(), v.trim().to_owned())).collect())
    }

    /// The first value of a field.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A value that must be given; `label` is what the page calls the field.
    pub(crate) fn need(&self, name: &str, label: &str) -> Result<&str, Problem> {
        let value = self.get(name);
        if value.is_empty() { Err(Problem::input(format!("{label} is missing."))) } else { Ok(value) }
    }

    /// Whether the form had a field of that name, filled in or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// All of it, for a form that is shown again: the first value of each field.
    pub(crate) fn values(&self) -> Map<String, Value> {
        let mut values = Map::new();
        for (key, value) in &self.0 {
            values.entry(key.as_str()).or_insert_with(|| value.as_str().into());
        }
        values
    }

    /// Every value of a field that may be there several times; empty ones are left out.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.0.iter().filter(|(key, value)| key == name && !value.is_empty());
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Fields whose name begins with `prefix`, without it; empty ones are left out.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.all_under(prefix).filter(|(_, value)| !value.is_empty())
    }

    /// Fields whose name begins with `prefix`, without it, empty ones too.
    pub(crate) fn all_under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, value.as_str())))
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.");
        Ok(Self::read(&to_bytes(request.into_body(), FORM_LIMIT).await.map_err(too_large)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let form = Form::read(b"a=+x+&data.url=http%3A%2F%2Fh&data.secret=&a=2");
        assert_eq!(form.get("a"), "x");
        assert_eq!(form.get("b"), "");
        assert!(form.need("b", "B").is_err());
        assert!(form.has("data.secret") && !form.has("b"));
        assert_eq!(form.values()["a"], "x");
        assert_eq!(form.under("data.").collect::<Vec<_>>(), [("url", "http://h")]);
    }

    #[tokio::test]
    async fn long_forms_are_refused() {
        for (size, expect) in [(FORM_LIMIT, None), (FORM_LIMIT + 1, Some(StatusCode::PAYLOAD_TOO_LARGE))] {
            let request = Request::new(axum::body::Body::from("a".repeat(size)));
            let read = Form::from_request(request, &()).await;
            assert_eq!(read.err().map(|problem| problem.status), expect);
        }
    }
}
