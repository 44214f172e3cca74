//! From names to addresses that may be dialled. It sits inside the connector, so that a name cannot
//! lead to one address when it is checked and to another when it is used.

use crate::AddressPolicy;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Not as _;
use std::sync::Arc;

/// No address of the host may be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host leads only to addresses that this server does not call")]
pub(crate) struct Refused;

/// Addresses of `localhost` and of every name under it: RFC 6761 asks not to look them up.
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Looks a name up.
pub(crate) type Lookup = fn(String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;

/// Asks the machine.
pub(crate) const SYSTEM: Lookup = |name| async move { addresses(&name).await }.boxed();

pub(crate) struct Resolver {
    pub(crate) policy: Arc<AddressPolicy>,
    pub(crate) lookup: Lookup,
    /// Host of the operator's proxy, which may be anywhere.
    pub(crate) proxy: Option<String>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        let found = (self.lookup)(name.as_str().to_owned());
        let trusted = self.proxy.as_deref().is_some_and(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let found = found.await?;
            if trusted {
                return Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs);
            }
            Ok(permitted(&policy, &found)?)
        })
    }
}

/// Whether a proxy may be asked for this host. A name that is not known here is left to the proxy,
/// which may know more.
pub(crate) async fn may_be_proxied(policy: &AddressPolicy, name: &str) -> bool {
    addresses(name).await.is_ok_and(|found| permitted(policy, &found).is_err()).not()
}

async fn addresses(name: &str) -> std::io::Result<Vec<IpAddr>> {
    if is_localhost(name) {
        return Ok(LOOPBACK.to_vec());
    }
    Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
}

/// The addresses among these that may be dialled, without a port.
pub(crate) fn permitted(policy: &AddressPolicy, found: &[IpAddr]) -> Result<Addrs, Refused> {
    let fine: Vec<_> =
        found.iter().filter(|ip| policy.permits(**ip)).map(|ip| SocketAddr::new(*ip, 0)).collect();
    if fine.is_empty() { Err(Refused) } else { Ok(Box::new(fine.into_iter())) }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_under_localhost_are_this_machine() {
        for (name, expect) in [
            ("localhost", true),
            ("site.LOCALHOST.", true),
            ("a.b.localhost", true),
            ("localhost.example.org", false),
            ("notlocalhost", false),
            ("", false),
        ] {
            assert_eq!(is_localhost(name), expect, "{name}");
        }
    }

    #[test]
    fn refused_addresses_are_left_out_and_none_left_is_a_refusal() {
        let public: IpAddr = Ipv4Addr::new(1, 1, 1, 1).into();
        let policy = AddressPolicy::default();
        let some: Vec<_> = permitted(&policy, &[LOOPBACK[0], public]).expect("one is public").collect();
        assert_eq!(some, [SocketAddr::new(public, 0)]);
        assert_eq!(permitted(&policy, &LOOPBACK).err(), Some(Refused));
        assert_eq!(permitted(&policy, &[]).err(), Some(Refused));
    }
}
