//! Certificates that were issued, as all nodes find them: sealed in the settings, one row a name.

use super::authority::Issued;
use crate::tls::files::certified;
use anyhow::Context as _;
use context::Context;
use model::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::settings;

/// Part of its life that a certificate has left when it is renewed: a third, as the authorities
/// advise.
const RENEWED_IN_THE_LAST: i64 = 3;

/// A certificate ready for use.
pub(super) struct Kept {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) ends_at: Timestamp,
    renew_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    chain: String,
    key: String,
    issued_at: Timestamp,
}

impl Kept {
    fn new(stored: &Stored) -> anyhow::Result<Self> {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(stored.chain.as_bytes()).collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(stored.key.as_bytes())?;
        let leaf = chain.first().context("there is no certificate")?;
        let ends_at = clientproxy::not_after(leaf).and_then(|digits| instant(&digits));
        let ends_at = ends_at.context("the certificate has no end")?;
        let life = ends_at.0.saturating_sub(stored.issued_at.0);
        let renew_at = ends_at.plus_millis(-(life / RENEWED_IN_THE_LAST));
        Ok(Self { key: Arc::new(certified(chain, &key)?), ends_at, renew_at })
    }

    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.ends_at
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        now >= self.renew_at
    }
}

/// `20260102030405` in UTC.
fn instant(digits: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| digits.get(from..to);
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    Timestamp::parse(&text).ok()
}

/// The certificate of a name that this server or another node ordered.
///
/// # Errors
/// When the database fails or what it holds is of no use.
pub(super) async fn read(cx: &Context, name: &str) -> anyhow::Result<Option<Kept>> {
    let sealed = settings::get(&mut cx.read().await?, &key(name)).await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = cx.open(&purpose(name), &hex::decode(sealed)?)?;
    Kept::new(&serde_json::from_slice(&plain)?).map(Some)
}

/// Keeps what was issued.
///
/// # Errors
/// When it is of no use, or the database fails.
pub(super) async fn write(cx: &Context, name: &str, issued: &Issued) -> anyhow::Result<Kept> {
    let stored = Stored { chain: issued.chain.clone(), key: issued.key.clone(), issued_at: cx.now() };
    let kept = Kept::new(&stored)?;
    let sealed = hex::encode(cx.seal(&purpose(name), &serde_json::to_vec(&stored)?));
    let mut tx = cx.begin().await?;
    settings::put(&mut tx, &key(name), &sealed).await?;
    tx.commit().await?;
    Ok(kept)
}

fn key(name: &str) -> String {
    format!("acme.certificate.{name}")
}

fn purpose(name: &str) -> String {
    format!("acme certificate {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use testbed::both;

    const DAY_MS: i64 = 86_400_000;

    both!(a_certificate_comes_back_as_it_was_kept);

    /// Ends on the first of April 2026; the bed's clock stands at the second of January.
    fn issued() -> Issued {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).expect("a name");
        params.not_after = date_time_ymd(2026, 4, 1);
        let chain = params.self_signed(&key).expect("a certificate").pem();
        Issued { chain, key: key.serialize_pem() }
    }

    async fn a_certificate_comes_back_as_it_was_kept(bed: &testbed::Bed) {
        assert!(read(&bed.cx, "a.test").await.expect("it works").is_none());
        let written = write(&bed.cx, "a.test", &issued()).await.expect("it works");
        let found = read(&bed.cx, "a.test").await.expect("it works").expect("it is there");
        assert_eq!(found.key.cert, written.key.cert);
        assert_eq!(found.ends_at, Timestamp::parse("2026-04-01T00:00:00Z").expect("a date"));
        let stored = settings::get(&mut bed.cx.read().await.expect("a reader"), &key("a.test")).await;
        let stored = stored.expect("it works").expect("it is there");
        assert!(!stored.contains("PRIVATE") && hex::decode(stored).is_ok());
    }

    #[test]
    fn a_certificate_is_due_in_the_last_third_of_its_life() {
        let end = Timestamp::parse("2026-04-01T00:00:00Z").expect("a date");
        let Issued { chain, key } = issued();
        let stored = Stored { chain, key, issued_at: end.plus_millis(-90 * DAY_MS) };
        let kept = Kept::new(&stored).expect("it is of use");
        for (days_left, due, holds) in
            [(90, false, true), (31, false, true), (30, true, true), (0, true, false)]
        {
            let now = end.plus_millis(-days_left * DAY_MS);
            assert_eq!((kept.is_due(now), kept.holds(now)), (due, holds), "{days_left}");
        }
    }
}
