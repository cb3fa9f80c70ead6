//! The open connections: a fixed number of places, where the longest idle gives way to whoever comes new.
//!
//! So nobody keeps others out by holding connections open, and a halt always finds its way in.

use std::collections::BTreeMap;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// All connections that hold a place.
pub struct Connections {
    most: usize,
    open: Mutex<Open>,
    freed: Condvar,
}

#[derive(Default)]
struct Open {
    turn: u64,
    by_id: BTreeMap<u64, Connection>,
}

struct Connection {
    stream: Arc<UnixStream>,
    /// When it was last heard of, as a count: later is larger.
    turn: u64,
    answering: bool,
}

/// The place of one connection; given back when dropped.
pub struct Place {
    connections: Arc<Connections>,
    id: u64,
}

impl Connections {
    /// With `most` places.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            open: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Takes a place. When there is none, the connection that waits longest for a request is closed; while a
    /// request is being answered on each of them, this waits for the first that ends.
    #[must_use]
    pub fn admit(self: &Arc<Self>, stream: Arc<UnixStream>) -> Place {
        let mut open = self.lock();
        while open.by_id.len() >= self.most && !open.close_longest_idle() {
            open = self
                .freed
                .wait(open)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let turn = open.next_turn();
        let connection = Connection {
            stream,
            turn,
            answering: false,
        };
        open.by_id.insert(turn, connection);
        Place {
            connections: Arc::clone(self),
            id: turn,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    fn close_longest_idle(&mut self) -> bool {
        let idle = self.by_id.iter().filter(|(_, one)| !one.answering);
        let Some(id) = idle.min_by_key(|(_, one)| one.turn).map(|(id, _)| *id) else {
            return false;
        };
        if let Some(closed) = self.by_id.remove(&id) {
            // It may be closed already; then its thread is about to end.
            let _ = closed.stream.shutdown(Shutdown::Both);
        }
        true
    }
}

impl Place {
    /// From now on it is not idle.
    pub fn begin_answer(&self) {
        self.set_answering(true);
    }

    /// From now on it is idle, and the last to give way.
    pub fn end_answer(&self) {
        self.set_answering(false);
        self.connections.freed.notify_one();
    }

    fn set_answering(&self, answering: bool) {
        let mut open = self.connections.lock();
        let turn = open.next_turn();
        if let Some(own) = open.by_id.get_mut(&self.id) {
            (own.answering, own.turn) = (answering, turn);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().by_id.remove(&self.id);
        self.connections.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Read};
    use std::thread;

    #[test]
    fn a_connection_that_is_being_answered_is_closed_only_after_its_answer() {
        let connections = Arc::new(Connections::new(1));
        let (mut client, served) = UnixStream::pair().unwrap();
        let place = connections.admit(Arc::new(served));
        place.begin_answer();
        let others = Arc::clone(&connections);
        let next = thread::spawn(move || others.admit(Arc::new(UnixStream::pair().unwrap().0)));
        client.set_nonblocking(true).unwrap();
        for _ in 0..1_000 {
            let read = client.read(&mut [0]).map_err(|error| error.kind());
            assert_eq!(read, Err(ErrorKind::WouldBlock));
            thread::yield_now();
        }
        place.end_answer();
        let _next = next.join().unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
}
