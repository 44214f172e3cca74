//! The socket over which the builder asks for the deploy: one JSON object without a line end goes
//! in, one comes back (contract integrations 4).

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// Bytes of a request; it holds a path and variables.
pub(super) const REQUEST_MAX: usize = 1 << 20;
/// Bytes read at once.
const STEP: usize = 16 * 1024;

/// What the builder asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Request {
    /// `deploySite`, or `deploySiteAndAwaitLive` when a plugin has something to do afterwards.
    pub(super) action: String,
    /// The publish directory from the root of the repository.
    #[serde(rename = "deployDir")]
    pub(super) deploy_dir: String,
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    succeeded: bool,
    values: Values,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Values {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'static str>,
}

impl Answer {
    pub(super) fn done() -> Self {
        Self { succeeded: true, values: Values::default() }
    }

    pub(super) fn refused(why: &str) -> Self {
        Self { succeeded: false, values: Values { error: Some(why.to_owned()), error_type: Some("user") } }
    }
}

/// What deploys when it is asked to.
pub(super) trait Deployer: Sync {
    fn deploy(&self, request: Request) -> BoxFuture<'_, Answer>;
}

/// A socket in the home of a build.
pub(super) struct Socket(UnixListener);

impl Socket {
    /// Opens it for whoever comes through the home, which is the build alone.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o666))?;
        Ok(Self(listener))
    }

    /// Answers one caller after the other for as long as it is polled.
    pub(super) async fn serve(self, deployer: &dyn Deployer) -> Infallible {
        loop {
            let talked = match self.0.accept().await {
                Ok((stream, _)) => talk(stream, deployer).await,
                Err(error) => Err(error),
            };
            if let Err(error) = talked {
                tracing::debug!(%error, "a caller of a build's socket broke off");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn talk(mut stream: UnixStream, deployer: &dyn Deployer) -> std::io::Result<()> {
    let said = match listen(&mut stream).await? {
        Some(request) if matches!(request.action.as_str(), "deploySite" | "deploySiteAndAwaitLive") => {
            deployer.deploy(request).await
        }
        _ => Answer::refused("this is no request that the server knows"),
    };
    let said = serde_json::to_vec(&said).map_err(std::io::Error::other)?;
    stream.write_all(&said).await
}

/// Reads until there is a whole object; none when there never will be one.
async fn listen(stream: &mut UnixStream) -> std::io::Result<Option<Request>> {
    let (mut bytes, mut step) = (Vec::new(), vec![0; STEP]);
    loop {
        let read = stream.read(&mut step).await?;
        bytes.extend_from_slice(&step[..read]);
        match serde_json::from_slice(&bytes) {
            Ok(request) => return Ok(Some(request)),
            Err(error) if !error.is_eof() || read == 0 || bytes.len() > REQUEST_MAX => return Ok(None),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Picky;

    impl Deployer for Picky {
        fn deploy(&self, request: Request) -> BoxFuture<'_, Answer> {
            Box::pin(async move {
                match request.deploy_dir.as_str() {
                    "out" => Answer::done(),
                    other => Answer::refused(other),
                }
            })
        }
    }

    /// What comes back for what is sent in these pieces.
    async fn ask(pieces: &[&str]) -> String {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("s");
        let socket = Socket::open(&path).expect("it opens");
        let call = async {
            let mut stream = UnixStream::connect(&path).await.expect("it listens");
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.expect("it reads");
                tokio::task::yield_now().await;
            }
            stream.shutdown().await.expect("said all");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("it answers");
            answer
        };
        tokio::select! {
            answer = call => answer,
            never = socket.serve(&Picky) => match never {},
        }
    }

    #[tokio::test]
    async fn requests_come_in_pieces_and_are_answered_once() {
        let done = r#"{"succeeded":true,"values":{}}"#;
        let no =
            |why: &str| format!(r#"{{"succeeded":false,"values":{{"error":"{why}","error_type":"user"}}}}"#);
        let unknown = no("this is no request that the server knows");
        let whole = r#"{"action":"deploySite","deployDir":"out","environment":[{"key":"A","value":"b"}]}"#;
        assert_eq!(ask(&[whole]).await, done);
        assert_eq!(ask(&[r#"{"action":"deploySiteAndAwaitLive","#, r#""deployDir":"out"}"#]).await, done);
        assert_eq!(ask(&[r#"{"action":"deploySite","deployDir":"x"}"#]).await, no("x"));
        assert_eq!(ask(&[r#"{"action":"other","deployDir":"out"}"#]).await, unknown);
        assert_eq!(ask(&["nonsense"]).await, unknown);
        assert_eq!(ask(&[r#"{"action":"#]).await, unknown);
    }

    #[tokio::test]
    async fn an_endless_request_is_refused() {
        let long = format!(r#"{{"action":"{}"#, "x".repeat(REQUEST_MAX));
        assert!(ask(&[&long]).await.contains("no request"));
    }
}
