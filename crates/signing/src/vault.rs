//! Encryption at rest: XChaCha20-Poly1305, whose nonces are long enough to be drawn at random.
//!
//! A sealed value is `[version 1][24 bytes nonce][ciphertext and tag]`. The purpose is bound into
//! it, so that a value cannot be moved to another column.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes of a nonce.
pub const NONCE_LEN: usize = 24;
const VERSION: u8 = 1;

/// Why a sealed value cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Too short, or of a version that is not known.
    #[error("not a sealed value")]
    Malformed,
    /// Sealed with another key or for another purpose, or changed since.
    #[error("the sealed value does not open with this server's key")]
    Refused,
}

/// Seals and opens values with the server's key.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault with this key.
    #[must_use]
    pub fn new(key: &[u8; KEY_LEN]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&Key::from(*key)) }
    }

    /// Seals `plain` for `purpose` with a nonce that was never used before.
    #[must_use]
    pub fn seal(&self, purpose: &str, plain: &[u8], nonce: [u8; NONCE_LEN]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("encryption fails only for messages of hundreds of gigabytes");
        [&[VERSION][..], &nonce, &sealed].concat()
    }

    /// Opens what [`Vault::seal`] made for the same purpose.
    ///
    /// # Errors
    /// When the value is malformed or was not sealed with this key for this purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (&version, rest) = sealed.split_first().ok_or(VaultError::Malformed)?;
        let (nonce, msg) = rest.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Malformed)?;
        if version != VERSION {
            return Err(VaultError::Malformed);
        }
        self.cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg, aad: purpose.as_bytes() })
            .map_err(|_| VaultError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_the_key_and_purpose_it_was_sealed_with() {
        let vault = Vault::new(&[7; KEY_LEN]);
        let sealed = vault.seal("hook", b"secret", [1; NONCE_LEN]);
        assert_eq!(vault.open("hook", &sealed), Ok(b"secret".to_vec()));
        assert_eq!(vault.open("env", &sealed), Err(VaultError::Refused));
        assert_eq!(Vault::new(&[8; KEY_LEN]).open("hook", &sealed), Err(VaultError::Refused));
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
    }

    #[test]
    fn changed_or_cut_values_are_refused() {
        let vault = Vault::new(&[7; KEY_LEN]);
        let mut sealed = vault.seal("p", b"x", [1; NONCE_LEN]);
        assert_eq!(vault.open("p", &sealed[..10]), Err(VaultError::Malformed));
        assert_eq!(vault.open("p", &[]), Err(VaultError::Malformed));
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert_eq!(vault.open("p", &sealed), Err(VaultError::Refused));
        sealed[0] = 9;
        assert_eq!(vault.open("p", &sealed), Err(VaultError::Malformed));
    }
}
