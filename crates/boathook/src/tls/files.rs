//! Certificates in files that the operator names, read again when they change.

use anyhow::{Context as _, bail};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Files of certificates and their keys, in pairs.
#[derive(Clone, Debug)]
pub(crate) struct Files(Vec<(PathBuf, PathBuf)>);

impl Files {
    /// # Errors
    /// When there are more of the one than of the other.
    pub(crate) fn new(certificates: &[PathBuf], keys: &[PathBuf]) -> anyhow::Result<Self> {
        if certificates.len() != keys.len() {
            bail!("each --tls-cert needs a --tls-key: there are {} and {}", certificates.len(), keys.len());
        }
        Ok(Self(certificates.iter().cloned().zip(keys.iter().cloned()).collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every pair, ready for use.
    ///
    /// # Errors
    /// A sentence that names the file that is no good.
    pub(crate) fn load(&self) -> anyhow::Result<Vec<Arc<CertifiedKey>>> {
        self.0.iter().map(|(certificate, key)| load(certificate, key).map(Arc::new)).collect()
    }

    /// When each file changed last, and its size: other files have another mark.
    fn mark(&self) -> Vec<Option<(SystemTime, u64)>> {
        let look = |path: &PathBuf| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        self.0.iter().flat_map(|(certificate, key)| [look(certificate), look(key)]).collect()
    }

    /// Calls `changed` after SIGHUP and when a file changed, until stopped.
    pub(crate) async fn watch(self, stop: CancellationToken, changed: impl Fn()) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => return tracing::error!(%error, "certificates are not read again by themselves"),
        };
        let mut mark = self.mark();
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let now = self.mark();
            if asked || now != mark {
                mark = now;
                changed();
            }
        }
    }
}

fn load(certificate: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read certificates from {}", certificate.display()))?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read a private key from {}", key.display()))?;
    certified(chain, &key_der).with_context(|| {
        format!("the certificate {} and the key {} do not go together", certificate.display(), key.display())
    })
}

/// A chain and its key, checked to belong together.
///
/// # Errors
/// When they do not, or TLS has no use for them.
pub(crate) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
) -> anyhow::Result<CertifiedKey> {
    if chain.is_empty() {
        bail!("there is no certificate");
    }
    let certified = CertifiedKey::new(chain, any_supported_type(key)?);
    certified.keys_match()?;
    Ok(certified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

    fn write(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let Made { cert, signing_key } =
            generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let paths = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&paths.0, cert.pem()).expect("a file can be written");
        std::fs::write(&paths.1, signing_key.serialize_pem()).expect("a file can be written");
        paths
    }

    #[test]
    fn pairs_are_read_and_what_is_wrong_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let (a, b) = (write(folder.path(), "a.test"), write(folder.path(), "b.test"));
        let both = Files::new(&[a.0.clone(), b.0.clone()], &[a.1.clone(), b.1.clone()]).expect("pairs");
        assert_eq!(both.load().expect("good files").len(), 2);
        assert!(Files::new(std::slice::from_ref(&a.0), &[]).is_err());
        let load = |certificate: &Path, key: &Path| {
            let files = Files::new(&[certificate.to_owned()], &[key.to_owned()]).expect("a pair");
            files.load().map(|_| ()).expect_err("it is no good").to_string()
        };
        assert!(load(&a.0, &b.1).contains("do not go together"));
        assert!(load(&folder.path().join("none"), &a.1).contains("cannot read certificates"));
        assert!(load(&a.0, &a.0).contains("cannot read a private key"));
        assert!(load(&a.1, &a.1).contains("do not go together"), "no certificate in it");
    }

    #[test]
    fn another_file_has_another_mark() {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = write(folder.path(), "a.test");
        let files = Files::new(std::slice::from_ref(&certificate), &[key]).expect("a pair");
        let before = files.mark();
        assert_eq!(before, files.mark());
        std::fs::write(&certificate, "short").expect("a file can be written");
        assert_ne!(before, files.mark());
    }
}
