//! Speaks to a running signer: one request, one answer.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Sends `request` and gives the whole answer object.
///
/// # Errors
/// Nobody listens, or no answer came within `timeout`.
pub fn ask(socket: &Path, request: &Value, timeout: Duration) -> io::Result<Value> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    // A peer that is not served is told so and cut off, maybe before it has written.
    match stream.write_all(format!("{request}\n").as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
        _ => {}
    }
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    serde_json::from_str(&line).map_err(|_| io::ErrorKind::UnexpectedEof.into())
}
