//! Tests of the authority against real folders; the certificates are judged by the clients in the
//! crate's socket tests.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;
use crate::certificate;
use crate::vendor::VENDOR_HOSTS;

const DAY_MS: u64 = 86_400_000;
/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600_000;

/// Whether a client that trusts the authority accepts its certificate for `host` at `at_ms`.
fn accepted(ca: &LocalCa, host: &'static str, at_ms: u64) -> bool {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(ca.certificate_pem().as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let key = KeyPair::generate().unwrap();
    let leaf = issue::leaf(host, ca.loaded_at_ms).unwrap();
    let leaf = leaf.signed_by(&key, &ca.issuer).unwrap();
    let name = ServerName::try_from(host).unwrap();
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_millis(at_ms));
    let verifier = verifier.build().unwrap();
    let verdict = verifier.verify_server_cert(leaf.der(), &[], &name, &[], at);
    verdict.is_ok()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn load(dir: &Path, now_ms: u64) -> String {
    let ca = LocalCa::load_or_create(dir, now_ms).unwrap();
    let on_disk = fs::read_to_string(ca.certificate_path()).unwrap();
    assert_eq!(ca.certificate_pem(), on_disk);
    on_disk
}

#[test]
fn the_key_is_private_and_both_files_survive_a_reload() {
    let dir = tempfile::tempdir().unwrap();
    let first = load(dir.path(), NOW);
    let key_path = dir.path().join(CA_KEY_FILE);
    let key = fs::read(&key_path).unwrap();
    assert_eq!(mode(&key_path), 0o600);
    assert_eq!(load(dir.path(), NOW + DAY_MS), first);
    assert_eq!(fs::read(&key_path).unwrap(), key);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_loosened_key_file_is_tightened() {
    let dir = tempfile::tempdir().unwrap();
    let first = load(dir.path(), NOW);
    let key_path = dir.path().join(CA_KEY_FILE);
    fs::set_permissions(&key_path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(load(dir.path(), NOW), first);
    assert_eq!(mode(&key_path), 0o600);
}

#[test]
fn an_authority_is_renewed_thirty_days_before_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let first = load(dir.path(), NOW);
    let line = NOW + (CA_DAYS - RENEW_DAYS) * DAY_MS;
    assert_eq!(load(dir.path(), line - 1000), first);
    assert_ne!(load(dir.path(), line), first);
}

#[test]
fn damaged_or_mixed_files_are_replaced() {
    let check = |file: &str, content: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        let first = load(dir.path(), NOW);
        fs::write(dir.path().join(file), content).unwrap();
        let second = load(dir.path(), NOW);
        assert_ne!(second, first, "{file}");
        assert_eq!(load(dir.path(), NOW), second, "{file}");
    };
    check(CA_KEY_FILE, b"");
    check(CA_KEY_FILE, b"\xff\xfe");
    check(CA_CERTIFICATE_FILE, b"");
    check(CA_CERTIFICATE_FILE, b"-----BEGIN CERTIFICATE-----\nAAAA\n");
    let stranger = KeyPair::generate().unwrap().serialize_pem();
    check(CA_KEY_FILE, stranger.as_bytes());
    let narrow = rcgen::generate_simple_self_signed(vec!["one.test".to_owned()]).unwrap();
    check(CA_CERTIFICATE_FILE, narrow.cert.pem().as_bytes());
}

#[test]
fn an_authority_that_lacks_a_vendor_host_is_not_usable() {
    let dir = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = issue::authority(NOW);
    params.name_constraints = None;
    let unbound = params.self_signed(&key).unwrap().pem();
    files::write(dir.path(), &key.serialize_pem(), &unbound).unwrap();
    assert_ne!(load(dir.path(), NOW), unbound);
}

#[test]
fn a_missing_folder_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let Err(error) = LocalCa::load_or_create(&dir.path().join("absent"), NOW) else {
        panic!("a missing folder must be refused");
    };
    assert!(error.to_string().contains(CA_KEY_FILE), "{error}");
}

#[test]
fn a_host_gets_one_certificate_per_process() {
    let dir = tempfile::tempdir().unwrap();
    let ca = LocalCa::load_or_create(dir.path(), NOW).unwrap();
    let first = ca.server(VENDOR_HOSTS[0]).unwrap();
    assert!(Arc::ptr_eq(&first, &ca.server(VENDOR_HOSTS[0]).unwrap()));
    assert!(!Arc::ptr_eq(&first, &ca.server(VENDOR_HOSTS[1]).unwrap()));
}

#[test]
fn the_line_of_renewal_is_written_as_certificates_sort() {
    assert_eq!(issue::renewal_line(NOW), "20260131000000");
    assert_eq!(issue::renewal_line(0), "19700131000000");
    assert!(issue::renewal_line(u64::MAX).starts_with("9000"));
}

#[test]
fn the_authority_names_every_vendor_host() {
    let key = KeyPair::generate().unwrap();
    let der = issue::authority(NOW).self_signed(&key).unwrap();
    for host in VENDOR_HOSTS {
        assert!(certificate::contains(der.der(), host.as_bytes()), "{host}");
    }
}

#[test]
fn the_authority_can_vouch_for_vendor_hosts_only() {
    let dir = tempfile::tempdir().unwrap();
    let ca = LocalCa::load_or_create(dir.path(), NOW).unwrap();
    for host in VENDOR_HOSTS {
        assert!(accepted(&ca, host, NOW), "{host}");
    }
    for host in ["example.com", "netlify.com", "api.netlify.com", "127.0.0.1", "::1"] {
        assert!(!accepted(&ca, host, NOW), "{host}");
    }
}

#[test]
fn a_server_certificate_holds_for_its_days_and_is_backdated() {
    let dir = tempfile::tempdir().unwrap();
    let ca = LocalCa::load_or_create(dir.path(), NOW).unwrap();
    let check = |at_ms, expect| assert_eq!(accepted(&ca, VENDOR_HOSTS[0], at_ms), expect, "{at_ms}");
    check(NOW - DAY_MS - 1000, false);
    check(NOW - DAY_MS, true);
    check(NOW + LEAF_DAYS * DAY_MS, true);
    check(NOW + LEAF_DAYS * DAY_MS + 1000, false);
}
