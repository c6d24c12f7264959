//! Where a server listens and which clients connect: network addresses, and sockets in the file
//! system (unix(7)) for a tunnel on the same board.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// The length of the kernel's queue of clients that wait to be accepted: as many as we accept. With the
/// standard library's 128, the rest of a burst would retry after a second.
pub const BACKLOG: i32 = 1024;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address of the network.
    Tcp(SocketAddr),
    /// A socket in the file system. Users who may write to it may connect.
    Unix(PathBuf),
}

/// `127.0.0.1:8000` or `unix:/run/http.sock`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Address {
    /// The address as a client needs it, with the path to call.
    pub fn endpoint(&self, path: &str) -> String {
        match self {
            Address::Tcp(address) => format!("http://{address}{path}"),
            Address::Unix(_) => format!("{self}, path {path}"),
        }
    }

    /// Listens. A restart binds at once, even if connections are in TIME_WAIT or a killed process has left its
    /// socket. Returns also the socket in the file system, if there is one.
    pub fn listen(&self) -> io::Result<(Listener, Option<SocketFile>)> {
        let (listener, file) = match self {
            // Sets SO_REUSEADDR.
            Address::Tcp(address) => (Listener::Tcp(TcpListener::bind(address)?), None),
            Address::Unix(path) => {
                let listener = bind(path)?;
                (Listener::Unix(listener), Some(SocketFile::at(path)?))
            }
        };
        rustix::net::listen(&listener, BACKLOG)?;
        Ok((listener, file))
    }

    /// Connects as a client on the same board does. Connecting, reading and writing take at most
    /// `patience` each.
    pub fn connect(&self, patience: Duration) -> io::Result<File> {
        let socket: OwnedFd = match self {
            Address::Tcp(address) => {
                let stream = TcpStream::connect_timeout(&reachable(*address), patience)?;
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                stream.into()
            }
            Address::Unix(path) => {
                let stream = connect(path)?;
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                stream.into()
            }
        };
        Ok(socket.into())
    }
}

/// The address by which the board reaches its own listener.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    // Of two processes that find a socket abandoned, one would remove the new socket of the other; and one that is bound
    // and does not listen yet looks abandoned.
    let _lock = lock_directory(path);
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_abandoned(path) => {
            fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

/// Locks the directory of a socket. Another process has it for an instant only; where it cannot be had, we go on.
fn lock_directory(path: &Path) -> Option<File> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = File::open(directory).ok()?;
    for _ in 0..100 {
        if flock(&directory, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Some(directory)
}

/// Whether it is a socket without a listener: a process that was killed leaves one.
fn is_abandoned(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    is_socket && connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// Connects at once or not at all: if the queue of the listener is full, connect(2) would wait for ever.
fn connect(path: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// A socket that we have created in the file system. Drop removes it, unless another file has replaced it.
/// Its listener goes on, so that clients that have connected get an answer.
pub struct SocketFile {
    path: PathBuf,
    identity: Identity,
}

/// Device, inode and time of creation: the kernel soon reuses the number of an inode.
type Identity = (u64, u64, Option<SystemTime>);

impl SocketFile {
    fn at(path: &Path) -> io::Result<SocketFile> {
        Ok(SocketFile { path: path.to_owned(), identity: SocketFile::identity(path)? })
    }

    fn identity(path: &Path) -> io::Result<Identity> {
        let metadata = fs::symlink_metadata(path)?;
        Ok((metadata.dev(), metadata.ino(), metadata.created().ok()))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if SocketFile::identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // If that fails, the next start finds that the socket is abandoned and removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A socket to which clients connect.
pub enum Listener {
    /// A network socket.
    Tcp(TcpListener),
    /// A socket in the file system.
    Unix(UnixListener),
}

impl Listener {
    /// Where it listens. For port 0 this is the port that the kernel has chosen.
    pub fn address(&self) -> io::Result<Address> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Listener::Unix(listener) => {
                // We use paths only, but a service manager may hand over a socket with another kind of name.
                let address = listener.local_addr()?;
                Ok(Address::Unix(address.as_pathname().unwrap_or(Path::new("@")).to_owned()))
            }
        }
    }

    /// Sets whether `accept` returns at once (true) or waits for a client.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.set_nonblocking(nonblocking),
            Listener::Unix(listener) => listener.set_nonblocking(nonblocking),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listener::Tcp(listener) => listener.as_fd(),
            Listener::Unix(listener) => listener.as_fd(),
        }
    }
}

/// The other end of a connection: for a client behind a tunnel, the end of the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A client on the network.
    Tcp(SocketAddr),
    /// A process on this board, through a socket in the file system.
    Unix,
}

/// `127.0.0.1:4711` or `unix`.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Tcp(address) => address.fmt(f),
            Peer::Unix => f.write_str("unix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn an_abandoned_socket_is_taken_over_by_one() {
        const RIVALS: usize = 4;
        let path = std::env::temp_dir().join(format!("weatherhook-{}.sock", std::process::id()));
        for round in 0..300 {
            if round % 2 == 0 {
                drop(UnixListener::bind(&path).expect("a socket"));
            }
            let barrier = Barrier::new(RIVALS);
            let bind = || {
                barrier.wait();
                bind(&path)
            };
            let bound = thread::scope(|scope| {
                let rivals: Vec<_> = (0..RIVALS).map(|_| scope.spawn(bind)).collect();
                rivals.into_iter().map(|rival| rival.join().expect("an end")).collect::<Vec<_>>()
            });
            assert_eq!(bound.iter().filter(|bound| bound.is_ok()).count(), 1, "round {round}: {bound:?}");
            fs::remove_file(&path).expect("a socket");
        }
    }
}
