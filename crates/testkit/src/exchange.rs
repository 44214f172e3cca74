//! One HTTP/1.1 request on a connection of its own. Nothing is normalised on the way: paths reach the
//! server as tests wrote them.

use crate::Answer;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long one request may take; a server that needs longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Sends a request whose URI is a path; the answer with its whole body.
pub(crate) async fn exchange(address: SocketAddr, request: Request<Full<Bytes>>) -> Result<Answer, String> {
    let asked = format!("{} {}", request.method(), request.uri());
    match tokio::time::timeout(LIMIT, converse(address, request, asked.clone())).await {
        Ok(result) => result.map_err(|error| format!("{asked}: {error}")),
        Err(_) => Err(format!("{asked}: no answer within {LIMIT:?}")),
    }
}

async fn converse(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
    asked: String,
) -> Result<Answer, String> {
    let stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let connection = tokio::spawn(connection);
    let response = sender
        .send_request(request)
        .await
        .map_err(|e| format!("{e}: {:?}", std::error::Error::source(&e)))?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
    connection.abort();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, asked })
}
