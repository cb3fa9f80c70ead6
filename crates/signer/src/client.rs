//! Speaks to a running signer: one request, one answer.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Sends `request` and gives the whole answer object. Takes no longer than `timeout`, whatever the other end does.
///
/// # Errors
/// Nobody listens, or no whole answer came in time. The request may have been carried out all the same.
pub fn ask(socket: &Path, request: &Value, timeout: Duration) -> io::Result<Value> {
    let (sender, receiver) = mpsc::channel();
    let (socket, line) = (socket.to_owned(), format!("{request}\n"));
    // On a thread of its own, because connecting can hang and an answer can drip.
    thread::Builder::new().spawn(move || {
        let _ = sender.send(exchange(&socket, &line, timeout));
    })?;
    receiver
        .recv_timeout(timeout)
        .map_err(|_| io::Error::new(ErrorKind::TimedOut, format!("no answer in {timeout:?}")))?
}

fn exchange(socket: &Path, request: &str, timeout: Duration) -> io::Result<Value> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    // A peer that is not served is told so and cut off, maybe before it has written.
    match stream.write_all(request.as_bytes()) {
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ) =>
        {
            return Err(error);
        }
        _ => {}
    }
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    serde_json::from_str(&line)
        .map_err(|_| io::Error::new(ErrorKind::UnexpectedEof, "the answer is cut off or no JSON"))
}
