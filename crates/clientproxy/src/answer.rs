//! The answers to a CONNECT: one row per way to refuse it, and the empty 200 that opens it.
//! No answer repeats what the client sent, so nothing of a token or a host leaks into it.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, PROXY_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};

use crate::ResponseBody;

/// Why a CONNECT is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotConnect,
    Unauthorised,
    BadAuthority,
    Forbidden,
    Full,
    Unreachable,
    TimedOut,
    Internal,
}

impl Refusal {
    /// Status and message; the messages are plain ASCII without quotes, ready for a JSON string.
    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Self::NotConnect => (StatusCode::METHOD_NOT_ALLOWED, "The proxy answers CONNECT only"),
            Self::Unauthorised => (
                StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                "Proxy-Authorization: Basic with a valid access token as its password is required",
            ),
            Self::BadAuthority => (StatusCode::BAD_REQUEST, "CONNECT needs a target of the form host:port"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "This server does not open tunnels to that address"),
            Self::Full => {
                (StatusCode::SERVICE_UNAVAILABLE, "Too many proxy connections are open, try again later")
            }
            Self::Unreachable => (StatusCode::BAD_GATEWAY, "The target could not be reached"),
            Self::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "The target did not answer in time"),
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "The proxy could not start this connection")
            }
        }
    }

    /// The refusal as `{code, message}`, with the header that its status asks for.
    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        let (status, message) = self.parts();
        let text = format!(r#"{{"code":{},"message":"{message}"}}"#, status.as_u16());
        let mut response = Response::new(boxed(Full::new(Bytes::from(text))));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self {
            Self::Unauthorised => {
                let challenge = HeaderValue::from_static(r#"Basic realm="boathook""#);
                headers.insert(PROXY_AUTHENTICATE, challenge);
            }
            Self::NotConnect => {
                headers.insert(ALLOW, HeaderValue::from_static("CONNECT"));
            }
            _ => {}
        }
        response
    }
}

/// The 200 after which the connection belongs to the tunnel.
pub(crate) fn established() -> Response<ResponseBody> {
    Response::new(boxed(Empty::new()))
}

fn boxed<B>(body: B) -> ResponseBody
where
    B: http_body_util::BodyExt<Data = Bytes, Error = std::convert::Infallible> + Send + 'static,
{
    body.map_err(|never| match never {}).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(refusal: Refusal, status: u16, header: Option<(&str, &str)>) {
        let response = refusal.into_response();
        assert_eq!(response.status().as_u16(), status, "{refusal:?}");
        if let Some((name, value)) = header {
            assert_eq!(response.headers()[name], value, "{refusal:?}");
        }
    }

    #[test]
    fn every_refusal_has_its_status_and_its_header() {
        check(Refusal::NotConnect, 405, Some(("allow", "CONNECT")));
        let challenge = Some(("proxy-authenticate", r#"Basic realm="boathook""#));
        check(Refusal::Unauthorised, 407, challenge);
        check(Refusal::BadAuthority, 400, None);
        check(Refusal::Forbidden, 403, None);
        check(Refusal::Full, 503, None);
        check(Refusal::Unreachable, 502, None);
        check(Refusal::TimedOut, 504, None);
        check(Refusal::Internal, 500, None);
    }

    #[tokio::test]
    async fn the_body_is_a_code_and_a_message() {
        let body = Refusal::TimedOut.into_response().into_body();
        let bytes = body.collect().await.unwrap().to_bytes();
        let expect = r#"{"code":504,"message":"The target did not answer in time"}"#;
        assert_eq!(bytes, expect.as_bytes());
    }
}
