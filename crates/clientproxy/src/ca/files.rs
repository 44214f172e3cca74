//! The two files of the authority. The key's file is never readable by others, not even while it
//! is written, and a half-written pair is recognised as such and replaced.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{CaError, issue};
use crate::certificate;
use crate::vendor::VENDOR_HOSTS;

/// The authority's certificate in the data folder; anybody may read it.
pub const CA_CERTIFICATE_FILE: &str = "client-ca.pem";

/// The authority's private key in the data folder, mode 0600.
pub const CA_KEY_FILE: &str = "client-ca.key";

const KEY_MODE: u32 = 0o600;
const CERTIFICATE_MODE: u32 = 0o644;

/// What the two files hold, not yet judged.
pub(super) struct Stored {
    key_pem: String,
    certificate_pem: String,
}

impl Stored {
    /// Key and certificate when both are sound and belong together, the certificate names every
    /// vendor host and holds long enough from `now_ms`.
    pub(super) fn usable(self, now_ms: u64) -> Option<(KeyPair, String)> {
        let key = KeyPair::from_pem(&self.key_pem).ok()?;
        let der = CertificateDer::from_pem_slice(self.certificate_pem.as_bytes()).ok()?;
        let holds = certificate::not_after(&der)? > issue::renewal_line(now_ms);
        let pair = certificate::contains(&der, &key.subject_public_key_info());
        let covers = VENDOR_HOSTS.iter().all(|host| certificate::contains(&der, host.as_bytes()));
        (holds && pair && covers).then_some((key, self.certificate_pem))
    }
}

/// Reads both files; `None` when one is missing. The key's mode is set right if it has been
/// loosened.
pub(super) fn read(dir: &Path) -> Result<Option<Stored>, CaError> {
    let key_path = dir.join(CA_KEY_FILE);
    let Some(key_pem) = read_one(&key_path)? else {
        return Ok(None);
    };
    tighten(&key_path)?;
    let certificate = read_one(&dir.join(CA_CERTIFICATE_FILE))?;
    Ok(certificate.map(|certificate_pem| Stored { key_pem, certificate_pem }))
}

/// Writes both files, the key first: a certificate on disk always has had its key.
pub(super) fn write(dir: &Path, key_pem: &str, certificate_pem: &str) -> Result<(), CaError> {
    write_one(&dir.join(CA_KEY_FILE), key_pem, KEY_MODE)?;
    write_one(&dir.join(CA_CERTIFICATE_FILE), certificate_pem, CERTIFICATE_MODE)
}

/// Bytes that are not text count as damaged content, not as a failing disk.
fn read_one(path: &Path) -> Result<Option<String>, CaError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

fn tighten(key_path: &Path) -> Result<(), CaError> {
    let mode = fs::metadata(key_path).map_err(at(key_path))?.permissions().mode();
    if mode & 0o777 == KEY_MODE {
        return Ok(());
    }
    tracing::warn!(path = %key_path.display(), "the client CA's key was open to others; set to 0600");
    fs::set_permissions(key_path, Permissions::from_mode(KEY_MODE)).map_err(at(key_path))
}

/// Writes beside the file and renames, so that a reader sees the old or the new content.
fn write_one(path: &Path, text: &str, mode: u32) -> Result<(), CaError> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = Path::new(&fresh);
    match fs::remove_file(fresh) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(fresh)(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let mut file = options.open(fresh).map_err(at(fresh))?;
    file.write_all(text.as_bytes()).map_err(at(fresh))?;
    file.sync_all().map_err(at(fresh))?;
    fs::rename(fresh, path).map_err(at(path))
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> CaError {
    let path = path.to_owned();
    move |source| CaError::File { path: path.clone(), source }
}
