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

/// The answer to a failed operation. The cause of an internal error goes to the log under
/// `request_id`, which is all that the caller gets of it.
pub(crate) fn response(error: &Error, request_id: &str) -> Response {
    let status = status(error);
    let message = match error {
        Error::Internal(cause) => {
            tracing::error!(request_id, cause = %Chain(cause.as_ref()), "operation failed");
            format!("Internal Server Error; the server's log has the cause under {request_id}")
        }
        other => other.to_string(),
    };
    let mut response =
        (status, axum::Json(json!({ "code": status.as_u16(), "message": message }))).into_response();
    if let Error::TooMany { retry_after } = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
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

    #[test]
    fn too_many_says_when_to_come_back() {
        let answer = response(&Error::TooMany { retry_after: 7 }, "x");
        assert_eq!(answer.headers()["retry-after"], "7");
    }
}
