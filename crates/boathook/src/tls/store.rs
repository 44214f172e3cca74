//! The certificates at hand, and which of them a name gets: one of a file before one that was
//! ordered, and the first of the files where none fits.

use super::acme::Acme;
use super::files::Files;
use edge::Https;
use parking_lot::RwLock;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// Every certificate of this server.
pub(crate) struct Certificates {
    files: Files,
    loaded: RwLock<Vec<Arc<CertifiedKey>>>,
    acme: Option<Acme>,
    port: u16,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificates")
    }
}

impl Certificates {
    /// Reads the files. `port` is where visitors reach this server by https.
    ///
    /// # Errors
    /// A sentence that names the file that is no good.
    pub(crate) fn open(files: Files, acme: Option<Acme>, port: u16) -> anyhow::Result<Self> {
        let loaded = RwLock::new(files.load()?);
        Ok(Self { files, loaded, acme, port })
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn acme(&self) -> Option<&Acme> {
        self.acme.as_ref()
    }

    /// Reads the files again; what is there stays when they are no good.
    pub(crate) fn reload(&self) {
        match self.files.load() {
            Ok(loaded) => {
                *self.loaded.write() = loaded;
                tracing::info!("certificates were read again");
            }
            Err(error) => tracing::error!("the old certificates stay in use: {error:#}"),
        }
    }

    /// Sees to it that there is a certificate for a name, as far as there can be one.
    pub(crate) async fn prepare(&self, name: &str) {
        if let Some(acme) = self.acme.as_ref().filter(|_| self.of_a_file(name).is_none()) {
            acme.prepare(name).await;
        }
    }

    /// The certificate that stands for a name.
    fn covering(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.of_a_file(name).or_else(|| self.acme.as_ref()?.at_hand(name))
    }

    fn of_a_file(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let loaded = self.loaded.read();
        if loaded.is_empty() {
            return None;
        }
        let name = ServerName::try_from(name).ok()?;
        loaded.iter().find(|key| covers(key, &name)).cloned()
    }
}

fn covers(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let leaf = key.cert.first().and_then(|der| ParsedCertificate::try_from(der).ok());
    leaf.is_some_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let covering = hello.server_name().and_then(|name| self.covering(&name.to_ascii_lowercase()));
        covering.or_else(|| self.loaded.read().first().cloned())
    }
}

impl Https for Certificates {
    fn port(&self, host: &str) -> Option<u16> {
        if self.covering(host).is_some() {
            return Some(self.port);
        }
        if let Some(acme) = &self.acme {
            acme.want(host);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::generate_simple_self_signed;
    use std::path::{Path, PathBuf};

    fn write(folder: &Path, file: &str, names: &[&str]) -> (PathBuf, PathBuf) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = generate_simple_self_signed(names).expect("a certificate");
        let paths = (folder.join(format!("{file}.pem")), folder.join(format!("{file}.key")));
        std::fs::write(&paths.0, made.cert.pem()).expect("a file can be written");
        std::fs::write(&paths.1, made.signing_key.serialize_pem()).expect("a file can be written");
        paths
    }

    fn open(pairs: &[(PathBuf, PathBuf)]) -> Certificates {
        let (certificates, keys): (Vec<_>, Vec<_>) = pairs.iter().cloned().unzip();
        let files = Files::new(&certificates, &keys).expect("pairs");
        Certificates::open(files, None, 8443).expect("good files")
    }

    #[test]
    fn a_name_gets_the_first_certificate_that_names_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let pairs = [
            write(folder.path(), "one", &["one.test", "more.test"]),
            write(folder.path(), "wild", &["*.sites.test"]),
        ];
        let certificates = open(&pairs);
        let all = certificates.loaded.read().clone();
        for (name, expect) in [
            ("one.test", Some(0)),
            ("more.test", Some(0)),
            ("blog.sites.test", Some(1)),
            ("a.blog.sites.test", None),
            ("sites.test", None),
            ("not a name", None),
        ] {
            let found = certificates.covering(name);
            assert_eq!(
                found.map(|key| all.iter().position(|one| Arc::ptr_eq(one, &key))),
                expect.map(Some),
                "{name}"
            );
            assert_eq!(certificates.port(name), expect.map(|_| 8443), "{name}");
        }
    }

    #[test]
    fn bad_files_leave_the_old_certificates_in_use() {
        let folder = tempfile::tempdir().expect("a folder");
        let pair = write(folder.path(), "one", &["one.test"]);
        let certificates = open(std::slice::from_ref(&pair));
        std::fs::write(&pair.0, "nothing").expect("a file can be written");
        certificates.reload();
        assert!(certificates.covering("one.test").is_some());
        write(folder.path(), "one", &["two.test"]);
        certificates.reload();
        assert!(certificates.covering("one.test").is_none() && certificates.covering("two.test").is_some());
    }
}
