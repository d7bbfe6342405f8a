//! Messages to the service manager. Sending them never blocks the server.

use sd_notify::NotifyState;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

/// A socket for messages to a service manager, in the protocol of `sd_notify(3)`.
///
/// The function `sd_notify::notify` blocks while the manager's queue is full, and would thus block
/// the runtime.
pub(super) struct NotifySocket {
    socket: UnixDatagram,
    manager: SocketAddr,
}

impl NotifySocket {
    /// Creates a socket for the address in `NOTIFY_SOCKET`. Returns `None` if the variable is not
    /// set, or no socket can be created for its value.
    pub(super) fn of_environment() -> Option<Self> {
        NotifySocket::to(&std::env::var_os("NOTIFY_SOCKET")?).ok()
    }

    /// # Errors
    ///
    /// If the name is not a valid address of a Unix socket, or the system cannot create a socket.
    fn to(name: &OsStr) -> io::Result<Self> {
        let manager = match name.as_bytes().split_first() {
            Some((b'@', name)) => abstract_address(name)?,
            _ => SocketAddr::from_pathname(Path::new(name))?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(NotifySocket { socket, manager })
    }

    /// Sends a message. Returns false if the message was dropped, for example because the manager's
    /// queue is full or the manager is gone.
    pub(super) fn send(&self, states: &[NotifyState<'_>]) -> bool {
        let lines: String = states.iter().map(|state| format!("{state}\n")).collect();
        self.socket.send_to_addr(lines.as_bytes(), &self.manager).is_ok()
    }
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_name: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn an_abstract_name_is_sent_to_and_a_full_queue_drops_messages() {
        let name = format!("hostel-notify-{}", std::process::id());
        let address = abstract_address(name.as_bytes()).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        let socket = NotifySocket::to(OsStr::new(&format!("@{name}"))).unwrap();
        assert!(socket.send(&[NotifyState::Ready, NotifyState::Status("fine")]));
        while socket.send(&[NotifyState::Watchdog]) {}
        let mut bytes = [0; 100];
        let length = manager.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"READY=1\nSTATUS=fine\n");
        assert!(socket.send(&[NotifyState::Watchdog]), "there is room again");
    }
}
