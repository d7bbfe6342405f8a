//! Sends and receives tasks with their descriptors as messages on a socket.

use super::task::Task;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Maximum bytes of a task in JSON.
const MAX_TASK_BYTES: usize = 64 << 10;

/// The descriptors of a process: its input, output and errors, and a control socket. The supervisor
/// reports the end of the process on the control socket, and kills the process when the other side
/// closes this socket.
pub(super) struct Descriptors {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
    pub(super) errors: OwnedFd,
    pub(super) control: OwnedFd,
}

/// Creates a socket pair that preserves message boundaries and signals when the other end is
/// closed.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC;
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

pub(super) fn send(socket: BorrowedFd<'_>, task: &Task, with: &Descriptors) -> io::Result<()> {
    let message = serde_json::to_vec(task)?;
    if message.len() > MAX_TASK_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "its paths are too long"));
    }
    let Descriptors { input, output, errors, control } = with;
    let descriptors = [input.as_fd(), output.as_fd(), errors.as_fd(), control.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(socket, &[IoSlice::new(&message)], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Returns the next task, or `None` once the other side has closed the socket.
pub(super) fn receive(socket: BorrowedFd<'_>) -> io::Result<Option<(Task, Descriptors)>> {
    let mut message = vec![0; MAX_TASK_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(&mut message)];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received =
        rustix::io::retry_on_intr(|| recvmsg(socket, &mut parts, &mut ancillary, flags))?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let mut descriptors = ancillary.drain().flat_map(|part| match part {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let mut next = || descriptors.next().ok_or(io::ErrorKind::InvalidData);
    let (input, output, errors, control) = (next()?, next()?, next()?, next()?);
    let task = serde_json::from_slice(message.get(..received.bytes).unwrap_or_default())?;
    Ok(Some((task, Descriptors { input, output, errors, control })))
}
