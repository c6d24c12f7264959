//! Where a server listens, and who connects: addresses of the network, and sockets in the file
//! system (unix(7)) for a tunnel on the same board.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// Clients that may wait to be accepted, in the kernel's queue: as many as we take. Behind the
/// standard library's 128, the rest of a burst would try again after a second.
pub const BACKLOG: i32 = 1024;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address of the network.
    Tcp(SocketAddr),
    /// A socket in the file system. Who may write to it may connect.
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
    /// What a client is told to call.
    pub fn endpoint(&self, path: &str) -> String {
        match self {
            Address::Tcp(address) => format!("http://{address}{path}"),
            Address::Unix(_) => format!("{self}, path {path}"),
        }
    }

    /// Listens; a restart binds at once, connections in TIME_WAIT and the socket of a process that was
    /// killed notwithstanding. Beside the listener comes what it has put into the file system.
    pub fn listen(&self) -> io::Result<(Listener, Option<Placed>)> {
        let (listener, placed) = match self {
            // Sets SO_REUSEADDR.
            Address::Tcp(address) => (Listener::Tcp(TcpListener::bind(address)?), None),
            Address::Unix(path) => {
                let listener = bind(path)?;
                (Listener::Unix(listener), Some(Placed::at(path)?))
            }
        };
        rustix::net::listen(&listener, BACKLOG)?;
        Ok((listener, placed))
    }

    /// Connects as a client on the same board does; neither reading nor writing takes longer than
    /// `patience`.
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
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_abandoned(path) => {
            fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

/// Whether it is a socket at which nobody listens any more: a process that was killed leaves it.
fn is_abandoned(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    is_socket && connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// Connects at once or not at all: where the queue of a listener is full, connect(2) waits for ever.
fn connect(path: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// A socket that we have put into the file system. Dropped, it is taken out of there, unless another has
/// taken its place; its listener goes on, so that who has connected is answered.
pub struct Placed {
    path: PathBuf,
    file: Identity,
}

/// Device, inode, and when it was made, as a number is soon given to another file.
type Identity = (u64, u64, Option<SystemTime>);

impl Placed {
    fn at(path: &Path) -> io::Result<Placed> {
        Ok(Placed { path: path.to_owned(), file: Placed::file(path)? })
    }

    fn file(path: &Path) -> io::Result<Identity> {
        let metadata = fs::symlink_metadata(path)?;
        Ok((metadata.dev(), metadata.ino(), metadata.created().ok()))
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        if Placed::file(&self.path).is_ok_and(|file| file == self.file) {
            // What cannot be removed is recognised as abandoned at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A socket at which clients connect.
pub enum Listener {
    /// One of the network.
    Tcp(TcpListener),
    /// One in the file system.
    Unix(UnixListener),
}

impl Listener {
    /// Where it listens: the port that was chosen instead of 0, too.
    pub fn address(&self) -> io::Result<Address> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Listener::Unix(listener) => {
                // Other names than paths are no concern of ours, but a manager may hand them over.
                let address = listener.local_addr()?;
                Ok(Address::Unix(address.as_pathname().unwrap_or(Path::new("@")).to_owned()))
            }
        }
    }

    /// Whether accepting waits for a client.
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

/// The other end of a connection: behind a tunnel, the tunnel's own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A client in the network.
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
