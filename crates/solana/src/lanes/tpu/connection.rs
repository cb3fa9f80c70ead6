//! One leader's QUIC connection: opened before its turn, kept warm, opened again after a rest when it breaks.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quinn::{Connection, Endpoint};
use tokio::time::Instant;
use tradewind_core::decode::solana::Key;

use crate::lanes::SendOutcome;
use crate::signed_transaction::SignedTransaction;

const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(10);
/// Any name does: certificates of nodes are not checked against it.
const SERVER_NAME: &str = "localhost";

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Bytes can go at once.
    Connected,
    /// In the handshake, or about to be.
    Connecting,
    /// A handshake failed; the next one waits.
    Resting,
}

#[derive(Debug)]
enum Line {
    Idle,
    Connecting,
    Open(Connection),
    Resting { until: Instant, rest: Duration },
}

/// A leader, where it is, and the line to it.
#[derive(Debug)]
pub(super) struct LeaderConnection {
    leader: Key,
    address: SocketAddr,
    line: Mutex<Line>,
    handshakes: AtomicU64,
    sent: AtomicU64,
    failed: AtomicU64,
}

/// What a connection has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) handshakes: u64,
    pub(super) sent: u64,
    pub(super) failed: u64,
}

impl LeaderConnection {
    pub(super) fn new(leader: Key, address: SocketAddr) -> Self {
        Self {
            leader,
            address,
            line: Mutex::new(Line::Idle),
            handshakes: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn label(&self) -> String {
        format!("{} at {}", self.leader, self.address)
    }

    pub(super) fn state(&self) -> ConnectionState {
        match &*self.line() {
            Line::Open(connection) if connection.close_reason().is_none() => {
                ConnectionState::Connected
            }
            Line::Resting { .. } => ConnectionState::Resting,
            Line::Idle | Line::Connecting | Line::Open(_) => ConnectionState::Connecting,
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            handshakes: self.handshakes.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Shakes hands, unless it is open, being opened, or at rest. Never called on the way of a transaction.
    pub(super) async fn open(&self, endpoint: &Endpoint, limit: Duration) {
        let Some(rest) = self.begin() else { return };
        let connected = match endpoint.connect(self.address, SERVER_NAME) {
            Ok(connecting) => tokio::time::timeout(limit, connecting)
                .await
                .ok()
                .and_then(Result::ok),
            Err(_) => None,
        };
        let mut line = self.line();
        if let Some(connection) = connected {
            self.handshakes.fetch_add(1, Ordering::Relaxed);
            *line = Line::Open(connection);
        } else {
            self.failed.fetch_add(1, Ordering::Relaxed);
            *line = Line::Resting {
                until: Instant::now() + rest,
                rest,
            };
        }
    }

    /// The rest that a failure would lead to; None: nothing to do now. Each failure doubles it.
    fn begin(&self) -> Option<Duration> {
        let mut line = self.line();
        let rest = match &*line {
            Line::Idle => FIRST_REST,
            Line::Open(connection) if connection.close_reason().is_some() => FIRST_REST,
            Line::Resting { until, rest } if *until <= Instant::now() => {
                (*rest * 2).min(LONGEST_REST)
            }
            Line::Connecting | Line::Open(_) | Line::Resting { .. } => return None,
        };
        *line = Line::Connecting;
        Some(rest)
    }

    /// One unidirectional stream: the bytes, and its end.
    pub(super) async fn hand_over(
        &self,
        transaction: &SignedTransaction,
        limit: Duration,
    ) -> SendOutcome {
        let connection = match &*self.line() {
            Line::Open(connection) => connection.clone(),
            Line::Idle | Line::Connecting | Line::Resting { .. } => {
                return unreachable("not_connected", "no connection is open");
            }
        };
        if let Some(reason) = connection.close_reason() {
            return unreachable("not_connected", &reason.to_string());
        }
        let outcome = tokio::time::timeout(limit, write(&connection, transaction)).await;
        let outcome = outcome.unwrap_or_else(|_| SendOutcome::Unknown {
            code: "timed_out",
            detail: format!(
                "the connection did not take the bytes within {} ms",
                limit.as_millis()
            ),
        });
        let count = if outcome.is_taken() {
            &self.sent
        } else {
            &self.failed
        };
        count.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    pub(super) fn close(&self) {
        if let Line::Open(connection) = std::mem::replace(&mut *self.line(), Line::Idle) {
            connection.close(0_u32.into(), b"");
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(connection: &Connection, transaction: &SignedTransaction) -> SendOutcome {
    let mut stream = match connection.open_uni().await {
        Ok(stream) => stream,
        Err(fault) => return unreachable("connection_lost", &fault.to_string()),
    };
    let written = stream
        .write_all(transaction.wire())
        .await
        .map_err(|fault| fault.to_string());
    let finished = written.and_then(|()| stream.finish().map_err(|fault| fault.to_string()));
    match finished {
        Ok(()) => SendOutcome::Accepted {
            reference: transaction.signature(),
        },
        // Some of the bytes may have left, and all of them may have been taken.
        Err(detail) => SendOutcome::Unknown {
            code: "connection_lost",
            detail,
        },
    }
}

fn unreachable(code: &'static str, detail: &str) -> SendOutcome {
    SendOutcome::Unreachable {
        code,
        detail: detail.to_owned(),
    }
}
