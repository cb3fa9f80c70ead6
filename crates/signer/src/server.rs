//! The Unix socket: who may connect, and one answer line for each request line.

use crate::connections::{Connections, Place};
use crate::fault::{Fault, Internal, Invalid, Rule};
use crate::protocol;
use crate::signer::Service;
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

const MAX_LINE: usize = 64 * 1024;
const MAX_CONNECTIONS: usize = 64;
const IDLE: Duration = Duration::from_secs(30);
const LINE_TIME: Duration = Duration::from_secs(5);
const WRITE_TIME: Duration = Duration::from_secs(5);
const WRITABLE_BY_OTHERS: u32 = 0o022;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound socket and whom it serves.
pub struct Server {
    listener: UnixListener,
    shared: Arc<Shared>,
}

struct Shared {
    service: Arc<dyn Service>,
    allowed_uids: BTreeSet<u32>,
    connections: Arc<Connections>,
    // Read-locked while a request is answered, write-locked to stop.
    stopping: Arc<RwLock<()>>,
}

/// Waits for the requests that are being answered, then lets no further one begin.
#[derive(Clone)]
pub struct Stopper(Arc<RwLock<()>>);

impl Stopper {
    /// Runs `end`, which must end the process, once no request is being answered.
    pub fn stop(&self, end: impl FnOnce()) {
        let _guard = self.0.write();
        end();
    }
}

impl Server {
    /// Binds the socket. Its own user is always served.
    ///
    /// # Errors
    /// `socket_unusable`, with the remedy.
    pub fn bind(
        path: &Path,
        service: Arc<dyn Service>,
        mut allowed_uids: BTreeSet<u32>,
    ) -> Result<Self, Internal> {
        let others = !allowed_uids.is_empty();
        prepare_folder(path)?;
        remove_stale(path)?;
        let unusable = |error: std::io::Error| unusable(path, &error.to_string());
        let listener = UnixListener::bind(path).map_err(unusable)?;
        // With other users allowed the peer's credentials decide, not the file mode.
        let mode = if others { 0o666 } else { 0o600 };
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(unusable)?;
        allowed_uids.insert(geteuid().as_raw());
        let shared = Arc::new(Shared {
            service,
            allowed_uids,
            connections: Arc::new(Connections::new(MAX_CONNECTIONS)),
            stopping: Arc::default(),
        });
        Ok(Self { listener, shared })
    }

    /// The way to stop it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.shared.stopping))
    }

    /// Serves for ever, one thread for each connection.
    pub fn run(&self) {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.shared.open(stream),
                // Out of file descriptors, most likely: existing connections go on.
                Err(_) => thread::sleep(ACCEPT_PAUSE),
            }
        }
    }
}

impl Shared {
    fn open(self: &Arc<Self>, stream: UnixStream) {
        // A peer that is not served gets its refusal and no place. The empty socket takes these few bytes at once.
        if let Err(fault) = self.admit(&stream) {
            let _ = send(&stream, Err(fault));
            return;
        }
        let stream = Arc::new(stream);
        let place = self.connections.admit(Arc::clone(&stream));
        let shared = Arc::clone(self);
        // What goes wrong with one connection ends that connection, also when there is no thread for it.
        let _ = thread::Builder::new().spawn(move || shared.serve(&stream, &place));
    }

    fn admit(&self, stream: &UnixStream) -> Result<(), Fault> {
        let failed = |error: std::io::Error| Internal {
            code: "connection_failed",
            message: error.to_string(),
        };
        stream.set_write_timeout(Some(WRITE_TIME)).map_err(failed)?;
        let peer = socket_peercred(stream)
            .map_err(|error| failed(error.into()))?
            .uid
            .as_raw();
        Rule::Peer.require(self.allowed_uids.contains(&peer), || {
            format!("user {peer} may not use this signer; list it in allowed_uids")
        })?;
        Ok(())
    }

    fn serve(&self, stream: &UnixStream, place: &Place) -> std::io::Result<()> {
        let mut lines = Lines { buffer: Vec::new() };
        loop {
            let line = match lines.next(stream)? {
                Line::Whole(line) => line,
                Line::TooLong => return send(stream, Err(too_long().into())),
                Line::End => return Ok(()),
            };
            let Ok(_answering) = self.stopping.read() else {
                return Ok(());
            };
            place.begin_answer();
            let answer = protocol::parse(&line)
                .map_err(Fault::from)
                .and_then(|request| self.service.answer(request));
            place.end_answer();
            send(stream, answer)?;
        }
    }
}

fn too_long() -> Invalid {
    Invalid {
        code: "request_too_long",
        field: String::new(),
        message: format!("a request line has at most {MAX_LINE} bytes"),
    }
}

fn send(mut stream: &UnixStream, answer: Result<serde_json::Value, Fault>) -> std::io::Result<()> {
    let mut line = protocol::respond(answer).to_string();
    line.push('\n');
    stream.write_all(line.as_bytes())
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

/// Splits a stream into lines: patient between requests, strict within one.
struct Lines {
    buffer: Vec<u8>,
}

impl Lines {
    fn next(&mut self, mut stream: &UnixStream) -> std::io::Result<Line> {
        let mut deadline = (!self.buffer.is_empty()).then(|| Instant::now() + LINE_TIME);
        let mut chunk = [0; 4096];
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                return Ok(if line.len() <= MAX_LINE {
                    Line::Whole(line)
                } else {
                    Line::TooLong
                });
            }
            if self.buffer.len() > MAX_LINE {
                return Ok(Line::TooLong);
            }
            let left = deadline.map_or(IDLE, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left))?;
            match stream.read(&mut chunk) {
                Ok(0) => return Ok(Line::End),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            deadline.get_or_insert_with(|| Instant::now() + LINE_TIME);
        }
    }
}

fn unusable(path: &Path, why: &str) -> Internal {
    Internal {
        code: "socket_unusable",
        message: format!("the socket {} cannot be used: {why}", path.display()),
    }
}

fn prepare_folder(path: &Path) -> Result<(), Internal> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let failed = |error: std::io::Error| unusable(path, &error.to_string());
    if !folder.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
    }
    let metadata = fs::metadata(folder).map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & WRITABLE_BY_OTHERS != 0 {
        let wanted = mode & !WRITABLE_BY_OTHERS;
        let folder = folder.display();
        let why = format!(
            "its folder has mode {mode:04o}, so others could replace it: chmod {wanted:o} {folder}"
        );
        return Err(unusable(path, &why));
    }
    if metadata.uid() != geteuid().as_raw() {
        let why = format!(
            "its folder belongs to user {}; it must be the signer's own",
            metadata.uid()
        );
        return Err(unusable(path, &why));
    }
    Ok(())
}

fn remove_stale(path: &Path) -> Result<(), Internal> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.file_type().is_socket() {
        return Err(unusable(path, "something that is no socket has this name"));
    }
    if UnixStream::connect(path).is_ok() {
        return Err(unusable(path, "another process listens there"));
    }
    fs::remove_file(path).map_err(|error| unusable(path, &error.to_string()))
}
