//! What stands in the certificates: the authority's own, bound to the vendor hosts, and those of
//! the servers it vouches for. Time is a parameter; nothing is written here.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::CaError;
use crate::vendor::VENDOR_HOSTS;

/// Days the authority's certificate holds from the time it is made.
pub const CA_DAYS: u64 = 3650;

/// An authority that ends within this many days is replaced when it is loaded.
pub const RENEW_DAYS: u64 = 30;

/// Days a server certificate holds; common clients take no more from a private authority. A
/// process that runs longer without a restart would need a new one.
pub const LEAF_DAYS: u64 = 825;

/// Certificates begin this much earlier, for clients whose clock is behind.
const BACKDATED_DAYS: u64 = 1;

/// A time after this (the year 9000) is taken for it: later ones have no place in a certificate.
const LATEST_SECONDS: u64 = 221_845_392_000;

const DAY_SECONDS: u64 = 86_400;

/// The authority's certificate, to be signed with its own key. Its name is fixed: server
/// certificates refer to it by this name and by the identifier of the key.
pub(super) fn authority(now_ms: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Boathook client CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(vendor_hosts_only());
    valid_for(&mut params, now_ms, CA_DAYS);
    params
}

/// The TLS settings of one vendor host, with a fresh key and certificate, HTTP/1.1 only.
pub(super) fn server(
    issuer: &Issuer<'static, KeyPair>,
    host: &str,
    now_ms: u64,
) -> Result<ServerConfig, CaError> {
    let key = KeyPair::generate()?;
    let certificate = leaf(host, now_ms)?.signed_by(&key, issuer)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The moment before which an authority must not end, as `YYYYMMDDhhmmss` in UTC.
pub(super) fn renewal_line(now_ms: u64) -> String {
    let mut params = CertificateParams::default();
    valid_for(&mut params, now_ms, RENEW_DAYS);
    let line = params.not_after;
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        line.year(),
        u8::from(line.month()),
        line.day(),
        line.hour(),
        line.minute(),
        line.second()
    )
}

/// The certificate of one server, to be signed by the authority.
pub(super) fn leaf(host: &str, now_ms: u64) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name = named(host);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, now_ms, LEAF_DAYS);
    Ok(params)
}

/// Host names outside the list and all addresses are outside what the authority can vouch for.
fn vendor_hosts_only() -> NameConstraints {
    let host = |name: &&str| GeneralSubtree::DnsName((*name).to_owned());
    NameConstraints {
        permitted_subtrees: VENDOR_HOSTS.iter().map(host).collect(),
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([0; 4], 0)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix([0; 16], 0)),
        ],
    }
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// From a day before `now_ms` to `days` after it.
fn valid_for(params: &mut CertificateParams, now_ms: u64, days: u64) {
    let now = now_ms / 1000;
    let start = now.saturating_sub(BACKDATED_DAYS * DAY_SECONDS);
    let end = now.saturating_add(days * DAY_SECONDS);
    let at =
        |seconds: u64| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds.min(LATEST_SECONDS));
    params.not_before = at(start);
    params.not_after = at(end);
}
