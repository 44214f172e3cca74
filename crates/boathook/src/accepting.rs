//! Takes new connections from a port, without telling the reactor of them: most of what visitors ask
//! is answered before a connection ever has to wait. Knows no HTTP.

use rustix::net::{SocketFlags, acceptfrom_with};
use std::io;
use std::net::{SocketAddr, TcpStream};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpListener;

/// A port that listens.
pub(crate) struct Accepting(AsyncFd<std::net::TcpListener>);

impl Accepting {
    /// # Errors
    /// When the system does not let this process wait for the port.
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        let listener = listener.into_std()?;
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

fn take(listener: &std::net::TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, peer) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
    Ok((socket.into(), peer.ok_or(io::ErrorKind::AddrNotAvailable)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    #[tokio::test]
    async fn connections_are_taken_in_turn_and_do_not_block() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address).await else { continue };
            let address = listener.local_addr().expect("it is bound");
            let accepting = Accepting::new(listener).expect("it is waited for");
            for _ in 0..3 {
                let mut client = TcpStream::connect(address).expect("somebody listens");
                let (mut socket, peer) = accepting.next().await.expect("somebody has come");
                assert_eq!(Some(peer), client.local_addr().ok());
                let nothing = socket.read(&mut [0]).map_err(|error| error.kind());
                assert_eq!(nothing, Err(io::ErrorKind::WouldBlock));
                socket.write_all(b"x").expect("there is room");
                client.read_exact(&mut [0]).expect("it was sent");
            }
        }
    }
}
