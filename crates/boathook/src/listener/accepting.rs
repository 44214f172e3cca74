//! Takes new connections from a port once their clients have said something, without telling the reactor
//! of them: most of what visitors ask is answered before a connection ever has to wait. Knows no HTTP.

use rustix::net::sockopt::set_tcp_nodelay;
use rustix::net::{SocketFlags, acceptfrom_with};
use std::ffi::c_int;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpListener;

/// For how long the system keeps a connection to itself whose client says nothing yet, in seconds. In
/// every protocol that is spoken here the client begins, and to be called for nothing costs more than to
/// answer. A client that takes longer is let in then, and watched here.
const SILENCE: c_int = 1;

/// A port that listens.
pub(crate) struct Accepting(AsyncFd<std::net::TcpListener>);

impl Accepting {
    /// # Errors
    /// When the system does not let this process wait for the port.
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        let listener = listener.into_std()?;
        // its connections inherit this
        set_tcp_nodelay(&listener, true)?;
        defer(&listener)?;
        // SAFETY: std's listener owns its descriptor, always answers with that one, and closes it only
        // when it is dropped, which happens inside of the `AsyncFd`; nothing here takes it out or
        // replaces it.
        let watched = unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) };
        watched.map(Self).map_err(Into::into)
    }

    /// The next connection, which does not block, and where it comes from.
    ///
    /// # Errors
    /// Those of the system: it has no file descriptor left, most likely.
    pub(crate) async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.async_io(Interest::READABLE, take).await
    }
}

fn defer(listener: &std::net::TcpListener) -> io::Result<()> {
    let size = libc::socklen_t::try_from(size_of::<c_int>()).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open as long as the listener is borrowed; the value is an integer of the
    // size that is given, and the system only reads it.
    let outcome = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_DEFER_ACCEPT,
            std::ptr::from_ref(&SILENCE).cast(),
            size,
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn take(listener: &std::net::TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, peer) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
    Ok((socket.into(), peer.ok_or(io::ErrorKind::AddrNotAvailable)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    fn connected(address: SocketAddr, words: &[u8]) -> TcpStream {
        let mut client = TcpStream::connect(address).expect("somebody listens");
        client.write_all(words).expect("the connection is open");
        client
    }

    #[tokio::test]
    async fn connections_are_taken_in_turn_and_do_not_block() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address).await else { continue };
            let address = listener.local_addr().expect("it is bound");
            let accepting = Accepting::new(listener).expect("it is waited for");
            for _ in 0..3 {
                let mut client = connected(address, b"x");
                let (mut socket, peer) = accepting.next().await.expect("somebody has come");
                assert_eq!(Some(peer), client.local_addr().ok());
                assert_eq!((socket.nodelay().ok(), socket.read(&mut [0; 2]).ok()), (Some(true), Some(1)));
                let nothing = socket.read(&mut [0]).map_err(|error| error.kind());
                assert_eq!(nothing, Err(io::ErrorKind::WouldBlock));
                socket.write_all(b"x").expect("there is room");
                client.read_exact(&mut [0]).expect("it was sent");
            }
        }
    }

    #[tokio::test]
    async fn who_says_something_goes_before_who_does_not_and_nobody_waits_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let accepting = Accepting::new(listener).expect("it is waited for");
        let (silent, loud) = (connected(address, b""), connected(address, b"x"));
        for client in [loud, silent] {
            let (_, peer) = accepting.next().await.expect("somebody has come");
            assert_eq!(Some(peer), client.local_addr().ok());
        }
    }
}
