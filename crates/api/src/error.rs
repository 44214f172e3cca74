//! Errors of features in the API's language: a status and `{code, message}`. The one place where
//! this is decided.

use axum::response::{IntoResponse, Response};
use context::Error;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// The status of an error.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Invalid(_) => StatusCode::BAD_REQUEST,
        Error::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::BadGateway(_) => StatusCode::BAD_GATEWAY,
        Error::GatewayTimeout(_) => StatusCode::GATEWAY_TIMEOUT,
        Error::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// In the paths of operations on environment variables: of their errors netlify-cli reads `msg` alone,
/// and takes one without it for success.
const SAYS_MSG: &str = "env";

/// The answer to a failed operation. The cause of an internal error goes to the log under
/// `request_id`, which is all that the caller gets of it.
pub(crate) fn response(error: &Error, request_id: &str) -> Response {
    answer(error, request_id, false)
}

/// The answer to a failed call of the operation with this path, in the words that its clients read.
pub(crate) fn response_at(path: &str, error: &Error, request_id: &str) -> Response {
    answer(error, request_id, path.split('/').any(|part| part == SAYS_MSG))
}

fn answer(error: &Error, request_id: &str, says_msg: bool) -> Response {
    let status = status(error);
    let message = match error {
        Error::Internal(cause) => {
            tracing::error!(request_id, cause = %Chain(cause.as_ref()), "operation failed");
            format!("Internal Server Error; the server's log has the cause under {request_id}")
        }
        other => other.to_string(),
    };
    let mut body = json!({ "code": status.as_u16(), "message": message });
    if says_msg {
        body["msg"] = body["message"].clone();
    }
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    match error {
        Error::TooMany { retry_after } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
        }
        Error::Unauthorized(_) => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    response
}

/// An error with its causes, on one line.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn internal_causes_stay_inside() {
        let answer = response(&Error::internal("disk /secret is full"), "01ABC");
        assert_eq!(answer.status(), 500);
        let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("01ABC") && !text.contains("secret"), "{text}");
    }

    #[tokio::test]
    async fn errors_about_variables_say_it_twice() {
        for (path, expect) in [
            ("/accounts/{account_id}/env/{key}", r#"{"code":400,"message":"no","msg":"no"}"#),
            ("/api/v1/sites/{site_id}/env", r#"{"code":400,"message":"no","msg":"no"}"#),
            ("/sites/{site_id}/environment", r#"{"code":400,"message":"no"}"#),
        ] {
            let answer = response_at(path, &Error::Invalid("no".to_owned()), "x");
            let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
            assert_eq!(String::from_utf8(body.to_vec()).unwrap(), expect, "{path}");
        }
    }

    #[test]
    fn too_many_says_when_to_come_back() {
        let answer = response(&Error::TooMany { retry_after: 7 }, "x");
        assert_eq!(answer.headers()["retry-after"], "7");
    }
}
