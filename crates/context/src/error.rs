//! How a feature says no. Doors turn each kind into their own language; the API into a status and
//! `{code, message}`.

use std::error::Error as StdError;

/// Result of a feature's operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did not happen. Messages are for the caller to read; causes of `Internal` are
/// for the log only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No credentials, or none that count.
    #[error("Access Denied: {0}")]
    Unauthorized(&'static str),
    /// Credentials that do not reach far enough.
    #[error("Forbidden: {0}")]
    Forbidden(String),
    /// No such thing, or none the caller may know of.
    #[error("Not Found")]
    NotFound,
    /// The request makes no sense as it stands.
    #[error("{0}")]
    Invalid(String),
    /// The request is well formed and cannot be carried out.
    #[error("{0}")]
    Unprocessable(String),
    /// Something else is in the way right now.
    #[error("{0}")]
    Conflict(String),
    /// More than a limit allows.
    #[error("{0}")]
    TooLarge(String),
    /// Too often; try again in so many seconds.
    #[error("Too Many Requests")]
    TooMany {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// Another server, on which this depends, did not do its part; the sentence says what it did.
    #[error("{0}")]
    BadGateway(String),
    /// Another server, on which this depends, did not answer in time.
    #[error("{0}")]
    GatewayTimeout(String),
    /// Not possible on this server yet, or not at all.
    #[error("{0}")]
    NotImplemented(String),
    /// Our fault; the cause is logged under an id and never shown.
    #[error("internal error")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// Wraps a cause that the caller must not see.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Taken => Self::Conflict("already taken".to_owned()),
            nul @ store::Error::Nul => Self::Unprocessable(nul.to_string()),
            other => Self::internal(other),
        }
    }
}
