//! Whether a provider did what it was asked. Pure.

use super::answer::{Answer, Said};
use super::trouble;
use context::{Error, Result};
use http::StatusCode;

/// Judges the status. `yes` holds those that mean it was done, the documented one first, and `does` says
/// what that one does.
///
/// # Errors
/// `Unprocessable` for a refusal, in the provider's own words; `BadGateway` for any other status.
pub(crate) fn agreed(answer: &Answer, yes: &[StatusCode], does: &str) -> Result<()> {
    let status = answer.status;
    if yes.contains(&status) {
        return Ok(());
    }
    if status.is_client_error() {
        let word = answer.word().unwrap_or_else(|| format!("it answered {}", status.as_u16()));
        return Err(Error::Unprocessable(format!("the add-on refused: {word}")));
    }
    let only = yes.first().map(StatusCode::as_u16).unwrap_or_default();
    Err(trouble(&format!("answered {} where only {only} {does}", status.as_u16())))
}

/// The same of an answer that has something to say.
///
/// # Errors
/// As [`agreed`]; `BadGateway` for a body that cannot be used.
pub(crate) fn told(answer: &Answer, yes: StatusCode, does: &str) -> Result<Said> {
    agreed(answer, &[yes], does)?;
    answer.said().map_err(|what| trouble(&what))
}
