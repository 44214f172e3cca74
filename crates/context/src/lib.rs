//! What every feature is handed: the store and the blobs, the clock, randomness, the vault, and the
//! server's settings; and the one error type by which features tell the doors what went wrong.
//! It holds no rule of any feature.

mod build_limits;
mod entropy;
mod error;
mod github;
mod mail;
mod queue;
mod settings;

pub use build_limits::{BuildLimits, LogPolicy};
pub use entropy::{Entropy, SystemEntropy};
pub use error::{Error, Result};
pub use github::GithubSettings;
pub use mail::{MailSecurity, MailSettings};
pub use queue::QueuePolicy;
pub use settings::{BuildPolicy, DeployCreated, GitPolicy, Limits, Retention, Sandbox, Settings};

use model::{Addresses, Clock, Timestamp};
use signing::Vault;
use std::sync::Arc;
use store::{Conn, Store, Tx, blob::Blobs};

/// Characters of secrets made here: no look-alikes, safe in URLs and shells.
const TOKEN_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Everything a feature needs from the outside. Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// Contents of files, by digest.
    pub blobs: Blobs,
    /// Now.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Encryption at rest.
    pub vault: Vault,
    /// How this server is set up.
    pub settings: Arc<Settings>,
}

impl Context {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Public addresses.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.settings.addresses
    }

    /// Random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A new 24-digit hex id.
    #[must_use]
    pub fn id(&self) -> String {
        model::hex24(self.now(), self.random())
    }

    /// A new id of that form that nobody can guess: all of it is random, where [`Self::id`] begins with
    /// the time. Whoever knows the URL that it stands in may call it.
    #[must_use]
    pub fn secret_id(&self) -> String {
        hex::encode(self.random::<12>())
    }

    /// A new UUID.
    #[must_use]
    pub fn uuid(&self) -> String {
        model::uuid(self.random())
    }

    /// A new secret of 40 characters (200 bits) behind `prefix`.
    #[must_use]
    pub fn secret(&self, prefix: &str) -> String {
        let letters = self.random::<40>();
        let tail = letters.iter().map(|b| char::from(TOKEN_ALPHABET[usize::from(b % 32)]));
        prefix.chars().chain(tail).collect()
    }

    /// Seals `plain` for `purpose`.
    #[must_use]
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        self.vault.seal(purpose, plain, self.random())
    }

    /// Opens what [`Context::seal`] made for `purpose`.
    ///
    /// # Errors
    /// When it was not sealed with this server's key.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        self.vault.open(purpose, sealed).map_err(Error::internal)
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Conn> {
        Ok(self.store.read().await?)
    }

    /// A transaction for changing.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.store.begin().await?)
    }
}
