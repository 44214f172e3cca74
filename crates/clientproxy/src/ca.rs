//! The local certificate authority: kept in two files of the data folder, and asked for one server
//! certificate per vendor host. It can vouch for the vendor hosts and for nothing else, so neither
//! its key nor trust in it is worth stealing. It reads no clock; keys come from the system's random
//! source by way of ring.

mod files;
mod issue;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{Issuer, KeyPair};
use rustls::ServerConfig;

pub use files::{CA_CERTIFICATE_FILE, CA_KEY_FILE};
pub use issue::{CA_DAYS, LEAF_DAYS, RENEW_DAYS};

/// Why the authority cannot work.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A file of the data folder cannot be read or written.
    #[error("the client CA file {path}: {source}")]
    File {
        /// The file that failed.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A key or certificate cannot be made.
    #[error("the client CA cannot issue a certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// TLS refuses the issued certificate.
    #[error("the client CA's certificate is of no use for TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// The authority that clients trust through `NODE_EXTRA_CA_CERTS`.
pub struct LocalCa {
    certificate_path: PathBuf,
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
    loaded_at_ms: u64,
    servers: Mutex<HashMap<&'static str, Arc<ServerConfig>>>,
}

impl LocalCa {
    /// Takes the authority from `dir`, or makes a new one there when there is none, when it is
    /// damaged, when it ends within [`RENEW_DAYS`], or when it does not cover every vendor host.
    /// `now_ms` is the time in milliseconds since 1970 (UTC).
    ///
    /// # Errors
    /// [`CaError::File`] when the folder cannot be read or written.
    pub fn load_or_create(dir: &Path, now_ms: u64) -> Result<Self, CaError> {
        let stored = files::read(dir)?.and_then(|stored| stored.usable(now_ms));
        let (key, certificate_pem) = match stored {
            Some(usable) => usable,
            None => create(dir, now_ms)?,
        };
        Ok(Self {
            certificate_path: dir.join(CA_CERTIFICATE_FILE),
            certificate_pem,
            issuer: Issuer::new(issue::authority(now_ms), key),
            loaded_at_ms: now_ms,
            servers: Mutex::default(),
        })
    }

    /// The certificate's file: the value for `NODE_EXTRA_CA_CERTS`.
    pub fn certificate_path(&self) -> &Path {
        &self.certificate_path
    }

    /// The certificate in PEM, without its key.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The TLS settings for one vendor host. They are made once per process: their certificate
    /// holds for [`LEAF_DAYS`] from the time the authority was loaded.
    pub(crate) fn server(&self, host: &'static str) -> Result<Arc<ServerConfig>, CaError> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = servers.get(host) {
            return Ok(Arc::clone(server));
        }
        let server = Arc::new(issue::server(&self.issuer, host, self.loaded_at_ms)?);
        servers.insert(host, Arc::clone(&server));
        Ok(server)
    }
}

fn create(dir: &Path, now_ms: u64) -> Result<(KeyPair, String), CaError> {
    let key = KeyPair::generate()?;
    let certificate_pem = issue::authority(now_ms).self_signed(&key)?.pem();
    files::write(dir, &key.serialize_pem(), &certificate_pem)?;
    tracing::info!(dir = %dir.display(), "made a new client CA");
    Ok((key, certificate_pem))
}

#[cfg(test)]
mod tests;
