//! Why a build did not make its deploy.

use context::Error;
use std::process::ExitStatus;

/// The end of a build that made no deploy.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The build's own fault; the sentence is for the site's owner.
    Build(String),
    /// A person stopped it.
    Cancelled,
    /// The site says that there is nothing to build; the sentence is for its owner.
    Skipped(String),
    /// The server's fault; the cause is for its log only.
    Server(Error),
}

/// Result of a step of a build.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn build(message: impl Into<String>) -> Self {
        Self::Build(message.into())
    }

    /// A disk that fails is the server's fault.
    pub(crate) fn disk(error: std::io::Error) -> Self {
        Self::Server(Error::internal(error))
    }
}

/// Whether a command of the build ended well.
pub(crate) fn verdict(status: ExitStatus, what: &str) -> Outcome<()> {
    match (status.success(), status.code()) {
        (true, _) => Ok(()),
        (false, Some(code)) => Err(Failure::Build(format!("{what} failed with exit code {code}"))),
        (false, None) => Err(Failure::Build(format!("{what} was killed by the system"))),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(text)
            | Error::Unprocessable(text)
            | Error::Conflict(text)
            | Error::TooLarge(text) => Self::Build(text),
            other => Self::Server(other),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Server(error.into())
    }
}
