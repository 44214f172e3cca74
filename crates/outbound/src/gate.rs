//! A way out for programs that this server starts and that dial by themselves, Git say: a SOCKS5 server
//! (RFC 1928 and 1929) on loopback that dials only what the address policy permits. What such a program
//! is sent on to, and what other programs it starts, goes the same way. What is said on a connection is
//! not known here.

use crate::AddressPolicy;
use crate::relay::{Dialer, Unreached};
use crate::resolver::SYSTEM;
use parking_lot::Mutex;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use url::Host;

/// Connections through one gate at once; further ones wait.
pub const CONNECTIONS_MAX: usize = 32;
/// Longest time until a program has said where it wants to go.
const GREETING: Duration = Duration::from_secs(10);
/// Longest time to look a host up and reach it.
const DIAL: Duration = Duration::from_secs(20);
/// Bytes that are passed on at once.
const STEP: usize = 64 << 10;
/// How long an accept that failed rests: the process may have no files left.
const REST: Duration = Duration::from_millis(50);

/// The name that programs give beside the password.
const USER: &str = "gate";
const VERSION: u8 = 5;
/// Name and password, the only method that is taken.
const BY_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;

/// What a program is answered.
mod reply {
    pub(super) const WELL: u8 = 0;
    pub(super) const REFUSED: u8 = 2;
    pub(super) const UNREACHED: u8 = 4;
    pub(super) const UNKNOWN_COMMAND: u8 = 7;
}

/// A host that a program was not let through to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The host, as the program named it; an IPv6 address without brackets.
    pub host: String,
    /// Why, as the end of a sentence that begins with the host.
    pub why: String,
}

impl Trouble {
    fn of(host: &Host<String>, why: &Unreached) -> Self {
        let why = match why {
            Unreached::Refused => "leads only to addresses that this server does not call".to_owned(),
            Unreached::Late => "does not answer in time".to_owned(),
            Unreached::Socket(error) => format!("is not reached: {error}"),
            Unreached::Tls(error) => format!("is not reached: {error}"),
        };
        let host = match host {
            Host::Ipv6(address) => address.to_string(),
            other => other.to_string(),
        };
        Self { host, why }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.host, self.why)
    }
}

/// A gate, open until it is dropped; its connections end with it.
pub struct Gate {
    address: SocketAddr,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

struct Inner {
    dialer: Dialer,
    password: String,
    trouble: Mutex<Option<Trouble>>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gate {
    /// Opens a gate for who knows the password: other programs of this machine must not leave with this
    /// server's rights. Has to be called on a runtime.
    ///
    /// # Errors
    /// When the machine has no port left.
    pub fn open(policy: AddressPolicy, password: String) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let dialer = Dialer::new(policy, DIAL, SYSTEM);
        let inner = Arc::new(Inner { dialer, password, trouble: Mutex::default() });
        Ok(Self { address, task: tokio::spawn(serve(listener, Arc::clone(&inner))), inner })
    }

    /// The gate as programs name a proxy, password and all. Hosts are looked up on this side of it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("socks5h://{USER}:{}@{}", self.inner.password, self.address)
    }

    /// Why the last program that was turned away was, unless that was asked for already.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.inner.trouble.lock().take()
    }

    /// An address of a host that may be dialled, for programs that speak no SOCKS.
    ///
    /// # Errors
    /// When there is none.
    pub async fn address_of(&self, host: &str) -> Result<IpAddr, Trouble> {
        let host = Host::parse(host).unwrap_or_else(|_| Host::Domain(host.to_owned()));
        let found = self.inner.dialer.addresses(&host, 0);
        let found = timeout(DIAL, found).await.unwrap_or(Err(Unreached::Late));
        let first = found.and_then(|found| found.first().copied().ok_or(Unreached::Refused));
        first.map(|address| address.ip()).map_err(|why| Trouble::of(&host, &why))
    }
}

async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // those that are under way end with this task
    let mut under_way = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((program, _)) = listener.accept().await else {
            tokio::time::sleep(REST).await;
            continue;
        };
        while under_way.try_join_next().is_some() {}
        let inner = Arc::clone(&inner);
        under_way.spawn(async move {
            if let Err(error) = inner.let_through(program).await {
                tracing::debug!(%error, "a connection through a gate broke off");
            }
            drop(place);
        });
    }
}

impl Inner {
    async fn let_through(&self, mut program: TcpStream) -> io::Result<()> {
        program.set_nodelay(true)?;
        let asked = timeout(GREETING, greeted(&mut program, &self.password)).await;
        let (host, port) = asked.map_err(|_| ErrorKind::TimedOut)??;
        let reached = timeout(DIAL, self.dialer.stream(&host, port)).await.unwrap_or(Err(Unreached::Late));
        let mut remote = match reached {
            Ok(remote) => remote,
            Err(why) => {
                let refused = matches!(why, Unreached::Refused);
                *self.trouble.lock() = Some(Trouble::of(&host, &why));
                return answer(&mut program, if refused { reply::REFUSED } else { reply::UNREACHED }).await;
            }
        };
        remote.set_nodelay(true)?;
        answer(&mut program, reply::WELL).await?;
        copy_bidirectional_with_sizes(&mut program, &mut remote, STEP, STEP).await.map(|_| ())
    }
}

/// Where a program wants to go, once it has shown that it knows the password.
async fn greeted(program: &mut TcpStream, password: &str) -> io::Result<(Host<String>, u16)> {
    let [version, count] = bytes(program).await?;
    let methods = some(program, count).await?;
    if version != VERSION || !methods.contains(&BY_PASSWORD) {
        program.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(ErrorKind::PermissionDenied.into());
    }
    program.write_all(&[VERSION, BY_PASSWORD]).await?;
    let [_, length] = bytes(program).await?;
    let name = some(program, length).await?;
    let [length] = bytes(program).await?;
    let given = some(program, length).await?;
    let known = name == USER.as_bytes() && is_same(&given, password.as_bytes());
    program.write_all(&[1, u8::from(!known)]).await?;
    if !known {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let [_, command, _, kind] = bytes(program).await?;
    let host = host(program, kind).await?;
    let port = u16::from_be_bytes(bytes(program).await?);
    if command != CONNECT {
        answer(program, reply::UNKNOWN_COMMAND).await?;
        return Err(ErrorKind::Unsupported.into());
    }
    Ok((host, port))
}

async fn host(program: &mut TcpStream, kind: u8) -> io::Result<Host<String>> {
    match kind {
        1 => Ok(Host::Ipv4(bytes::<4>(program).await?.into())),
        3 => {
            let [length] = bytes(program).await?;
            let name = some(program, length).await?;
            let name = String::from_utf8(name).map_err(io::Error::other)?;
            Host::parse(&name).map_err(io::Error::other)
        }
        4 => Ok(Host::Ipv6(bytes::<16>(program).await?.into())),
        _ => Err(ErrorKind::Unsupported.into()),
    }
}

/// An answer names the address that was dialled; no program of ours looks at it.
async fn answer(program: &mut TcpStream, what: u8) -> io::Result<()> {
    program.write_all(&[VERSION, what, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn bytes<const N: usize>(program: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut read = [0; N];
    program.read_exact(&mut read).await?;
    Ok(read)
}

async fn some(program: &mut TcpStream, count: u8) -> io::Result<Vec<u8>> {
    let mut read = vec![0; usize::from(count)];
    program.read_exact(&mut read).await?;
    Ok(read)
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
fn is_same(given: &[u8], known: &[u8]) -> bool {
    given.len() == known.len() && given.iter().zip(known).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
