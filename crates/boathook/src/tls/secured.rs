//! Opens the TLS port as the configuration says.

use super::acme::{Acme, Authority};
use super::files::Files;
use super::{Certificates, Tls};
use crate::config::TlsConfig;
use anyhow::{Context as _, bail};
use context::Context;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// The usual port of https.
const HTTPS_PORT: u16 = 443;

/// What is needed to speak TLS.
pub(crate) struct Secured {
    pub(crate) tls: Arc<Tls>,
    pub(crate) certificates: Arc<Certificates>,
}

/// Listens for TLS, when the configuration says so.
pub(crate) async fn bind(config: &TlsConfig) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = config.tls_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    listener
        .map(Some)
        .with_context(|| format!("cannot listen on {address}; choose another with --tls-listen"))
}

/// Reads the certificates of a server that listens for TLS on `port`.
pub(crate) fn open(config: &TlsConfig, cx: &Context, port: u16) -> anyhow::Result<Secured> {
    let files = Files::new(&config.tls_cert, &config.tls_key)?;
    if files.is_empty() && config.acme_directory.is_none() {
        bail!("--tls-listen needs certificates: give --tls-cert and --tls-key, or --acme-directory");
    }
    let acme = config.acme_directory.as_ref().map(|directory| {
        let authority = Authority {
            directory: directory.clone(),
            email: config.acme_email.clone(),
            ca: config.acme_ca.clone(),
            account: OnceCell::new(),
        };
        Acme::new(cx.clone(), authority)
    });
    let certificates = Arc::new(Certificates::open(files, acme, public_port(cx, port))?);
    let tls = Arc::new(Tls::new(Arc::clone(&certificates))?);
    Ok(Secured { tls, certificates })
}

/// Where visitors find the TLS port: at the one of the server's own address when that is https,
/// which may lead here through a forwarded port.
fn public_port(cx: &Context, listened: u16) -> u16 {
    let at = cx.addresses();
    if at.scheme == "https" { at.port.unwrap_or(HTTPS_PORT) } else { listened }
}

impl Secured {
    /// Reads the files of certificates again when they change, until stopped.
    pub(crate) async fn watch_files(self, stop: CancellationToken) {
        let files = self.certificates.files().clone();
        if !files.is_empty() {
            files.watch(stop, || self.certificates.reload()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testbed::Bed;

    #[tokio::test]
    async fn a_port_without_certificates_is_refused_with_what_to_type() {
        let bed = Bed::sqlite().await;
        let refused = |config: &TlsConfig| open(config, &bed.cx, 443).err().map(|error| error.to_string());
        let none = refused(&TlsConfig::default()).expect("there is no certificate");
        assert!(none.contains("--tls-cert") && none.contains("--acme-directory"), "{none}");
        let lonely = TlsConfig { tls_cert: vec!["a.pem".into()], ..TlsConfig::default() };
        assert!(refused(&lonely).expect("there is no key").contains("--tls-key"));
        let ordered = TlsConfig { acme_directory: Some("https://a.test/dir".into()), ..TlsConfig::default() };
        assert_eq!(refused(&ordered), None);
    }

    #[tokio::test]
    async fn https_is_found_at_the_servers_own_address_when_that_is_https() {
        let bed = Bed::sqlite().await;
        assert_eq!(public_port(&bed.cx, 8443), 8443);
        let mut at = bed.cx.addresses().clone();
        at.scheme = "https".to_owned();
        for (port, expect) in [(None, 443), (Some(4443), 4443)] {
            let at = model::Addresses { port, ..at.clone() };
            let cx = bed.configured(|settings| settings.addresses = at);
            assert_eq!(public_port(&cx, 8443), expect);
        }
    }
}
