//! Passwords of sites: hashed by argon2id, compared, never kept. The work is deliberately heavy, so
//! it is done beside the event loop and a bounded number of times at once.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use context::{Context, Error, Result};
use serde::Deserialize;
use tokio::sync::Semaphore;

/// Longest password in bytes.
pub const PASSWORD_MAX: usize = 256;
/// Hashes worked on at once in this process: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Bytes of salt.
const SALT_LEN: usize = 16;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// What a password guards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordContext {
    /// Every deploy.
    #[default]
    All,
    /// Every deploy that was not made for production.
    NonProduction,
}

impl PasswordContext {
    pub(crate) fn from_stored(spares_production: bool) -> Self {
        if spares_production { Self::NonProduction } else { Self::All }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NonProduction => "non_production",
        }
    }
}

/// The salted hash of a password, as a string that names its algorithm.
///
/// # Errors
/// `Unprocessable` when the password is too long.
pub(crate) async fn hash(cx: &Context, password: String) -> Result<String> {
    if password.len() > PASSWORD_MAX {
        return Err(Error::Unprocessable(format!("a password has at most {PASSWORD_MAX} bytes")));
    }
    let salt: [u8; SALT_LEN] = cx.random();
    work(move || {
        let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
    })
    .await?
}

/// Whether a password is the one that was hashed. Waits for its turn; callers bound how many wait.
///
/// # Errors
/// When the work cannot be done.
pub async fn fits(password: String, hash: String) -> Result<bool> {
    if password.len() > PASSWORD_MAX {
        return Ok(false);
    }
    work(move || {
        let stored = PasswordHash::new(&hash);
        stored.is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
    })
    .await
}

async fn work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testbed::Bed;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let bed = Bed::sqlite().await;
        let hashed = hash(&bed.cx, "open sesame".to_owned()).await.expect("it is short");
        assert!(hashed.starts_with("$argon2id$") && !hashed.contains("sesame"), "{hashed}");
        let again = hash(&bed.cx, "open sesame".to_owned()).await.expect("it is short");
        assert_ne!(hashed, again, "the salt is drawn anew");
        assert!(fits("open sesame".to_owned(), hashed.clone()).await.expect("it can be compared"));
        for wrong in ["", "open sesam", "Open sesame", &"x".repeat(PASSWORD_MAX + 1)] {
            assert!(!fits(wrong.to_owned(), hashed.clone()).await.expect("it can be compared"), "{wrong}");
        }
        assert!(!fits("open sesame".to_owned(), "no hash".to_owned()).await.expect("it can be compared"));
    }

    #[tokio::test]
    async fn a_password_is_bounded() {
        let bed = Bed::sqlite().await;
        assert!(hash(&bed.cx, "x".repeat(PASSWORD_MAX)).await.is_ok());
        let refused = hash(&bed.cx, "x".repeat(PASSWORD_MAX + 1)).await;
        assert!(matches!(refused, Err(Error::Unprocessable(_))));
    }
}
