//! Whether somebody solved the riddle that tells people from robots: asked of the service that set it.
//! Whatever keeps that service from saying yes is a no. Knows no forms.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use outbound::{AddressPolicy, Client, Options, Request, SetupError};
use serde::Deserialize;
use url::Url;

/// Bytes of a solution; a longer one is none.
const SOLUTION_BYTES: usize = 8192;
/// Bytes of the service's answer.
const ANSWER_BYTES: usize = 16 << 10;

/// What asks the service.
pub struct Captcha {
    client: Client,
    secret: String,
    url: Url,
}

/// What the service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was solved.
    Solved,
    /// It was not, or too long ago.
    Unsolved,
    /// The service cannot be asked, or does not know this server.
    Unknown,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    success: bool,
    #[serde(rename = "error-codes")]
    errors: Vec<String>,
}

impl Captcha {
    /// Asks the service at `url`, to which `secret` proves who asks.
    ///
    /// # Errors
    /// When the machine's certificate store cannot be used.
    pub fn new(policy: AddressPolicy, secret: String, url: Url) -> Result<Self, SetupError> {
        let client = Client::new(Options { policy, ..Options::default() })?;
        Ok(Self { client, secret, url })
    }

    /// Has a solution judged. Each can be judged once.
    pub(crate) async fn judge(&self, solution: &str) -> Verdict {
        if solution.is_empty() || solution.len() > SOLUTION_BYTES {
            return Verdict::Unsolved;
        }
        match self.client.send_keeping(self.request(solution), ANSWER_BYTES).await {
            Ok(sent) if sent.status == StatusCode::OK => verdict(&sent.body),
            Ok(sent) => {
                tracing::error!(status = %sent.status, "the service that judges riddles refuses");
                Verdict::Unknown
            }
            Err(failure) => {
                tracing::error!(%failure, "the service that judges riddles cannot be asked");
                Verdict::Unknown
            }
        }
    }

    fn request(&self, solution: &str) -> Request {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("secret", &self.secret)
            .append_pair("response", solution)
            .finish();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        Request { method: Method::POST, url: self.url.clone(), headers, body: Bytes::from(body) }
    }
}

/// An answer that nobody understands, or that is about the secret, says nothing about the visitor.
fn verdict(body: &[u8]) -> Verdict {
    match serde_json::from_slice::<Said>(body) {
        Ok(said) if said.success => Verdict::Solved,
        Ok(said) if said.errors.iter().any(|error| error.ends_with("input-secret")) => {
            tracing::error!("the service that judges riddles does not know the secret of this server");
            Verdict::Unknown
        }
        Ok(_) => Verdict::Unsolved,
        Err(_) => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        for (body, expect) in [
            (r#"{"success":true,"hostname":"a.test"}"#, Verdict::Solved),
            (r#"{"success":false,"error-codes":["timeout-or-duplicate"]}"#, Verdict::Unsolved),
            (r#"{"success":false,"error-codes":["invalid-input-secret"]}"#, Verdict::Unknown),
            (r#"{"success":false,"error-codes":["missing-input-secret"]}"#, Verdict::Unknown),
            (r#"{"success":"true"}"#, Verdict::Unknown),
            ("{}", Verdict::Unsolved),
            ("true", Verdict::Unknown),
            ("<html>", Verdict::Unknown),
            ("", Verdict::Unknown),
        ] {
            assert_eq!(verdict(body.as_bytes()), expect, "{body}");
        }
    }

    #[tokio::test]
    async fn what_can_be_no_solution_is_asked_of_nobody() {
        let url = Url::parse("http://192.0.2.1:9/").expect("an address");
        let captcha = Captcha::new(AddressPolicy::default(), "s".to_owned(), url).expect("a client");
        for solution in [String::new(), "x".repeat(SOLUTION_BYTES + 1)] {
            assert_eq!(captcha.judge(&solution).await, Verdict::Unsolved);
        }
    }

    #[test]
    fn the_solution_is_one_field_of_a_form() {
        let url = Url::parse("http://192.0.2.1:9/").expect("an address");
        let captcha = Captcha::new(AddressPolicy::default(), "a&b".to_owned(), url).expect("a client");
        assert_eq!(captcha.request("x&secret=y").body, "secret=a%26b&response=x%26secret%3Dy");
    }
}
