//! The TPU lane: straight to the leaders over QUIC, one unidirectional stream a transaction, on connections that are open
//! before they are needed.
//!
//! Nobody replies: `accepted` says that a leader's connection took the bytes and the end of the stream.

mod certificate;
mod connection;
mod leaders;
mod schedule;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tradewind_core::decode::solana::Key;

pub use connection::ConnectionState;
pub use leaders::LeaderStanding;

use super::{Lane, SendAnswer, SendOptions, SendOutcome, SendReport, Sending};
use crate::fault::{Fault, at_least_one};
use crate::monotonic::micros;
use crate::rpc_pool::{PoolFault, RpcPool};
use crate::signed_transaction::SignedTransaction;
use crate::subscriptions::SlotFeed;
use certificate::Identity;
use connection::LeaderConnection;
use leaders::Leaders;

const LANE: &str = "tpu";

/// How the lane works.
#[derive(Debug, Clone)]
pub struct TpuOptions {
    /// 32 bytes of a network identity; None: a fresh one.
    pub identity_seed: Option<[u8; 32]>,
    /// Slots whose leaders get each transaction, the current one included.
    pub fanout_slots: u64,
    /// Slots whose leaders are connected before their turn.
    pub slots_ahead: u64,
    /// Between two looks at the slot.
    pub slot_every_ms: u64,
    /// Between two looks at the nodes' addresses.
    pub nodes_every_ms: u64,
    /// For a handshake.
    pub connect_timeout_ms: u64,
    /// For handing the bytes to a connection.
    pub send_timeout_ms: u64,
    /// At once.
    pub max_connections: usize,
}

impl Default for TpuOptions {
    fn default() -> Self {
        Self {
            identity_seed: None,
            fanout_slots: 4,
            slots_ahead: 8,
            slot_every_ms: 400,
            nodes_every_ms: 30_000,
            connect_timeout_ms: 2_000,
            send_timeout_ms: 500,
            max_connections: 32,
        }
    }
}

/// Connections to the leaders of now and soon. Dropping it closes them.
#[derive(Debug)]
pub struct TpuLane {
    leaders: Arc<Leaders>,
    identity: Key,
    send_limit: Duration,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl TpuLane {
    /// Opens a UDP socket. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `limit_malformed`, `identity_unusable`, `socket_unusable`.
    pub fn new(pool: Arc<RpcPool>, options: &TpuOptions) -> Result<Self, Fault> {
        for (field, value) in [
            ("fanout_slots", options.fanout_slots),
            ("slots_ahead", options.slots_ahead),
            ("slot_every_ms", options.slot_every_ms),
            ("nodes_every_ms", options.nodes_every_ms),
            ("connect_timeout_ms", options.connect_timeout_ms),
            ("send_timeout_ms", options.send_timeout_ms),
            ("max_connections", options.max_connections as u64),
        ] {
            at_least_one(field, value)?;
        }
        let identity = Identity::new(options.identity_seed)?;
        Ok(Self {
            identity: identity.key(),
            leaders: Arc::new(Leaders::new(pool, &identity, options.clone())?),
            send_limit: Duration::from_millis(options.send_timeout_ms),
            keeper: Mutex::default(),
        })
    }

    /// The public key that leaders see: by it they find the stake.
    #[must_use]
    pub const fn identity(&self) -> Key {
        self.identity
    }

    /// Learns leaders and addresses, shakes hands with those to come, and goes on doing so.
    ///
    /// # Errors
    /// See [`PoolFault`].
    pub async fn start(&self) -> Result<Vec<LeaderStanding>, PoolFault> {
        self.start_at_pace(None).await
    }

    /// As [`Self::start`]; looks at each slot that the feed tells, and by the clock while it tells none.
    ///
    /// # Errors
    /// See [`PoolFault`].
    pub async fn start_following(
        &self,
        slots: Arc<SlotFeed>,
    ) -> Result<Vec<LeaderStanding>, PoolFault> {
        self.start_at_pace(Some(slots)).await
    }

    async fn start_at_pace(
        &self,
        slots: Option<Arc<SlotFeed>>,
    ) -> Result<Vec<LeaderStanding>, PoolFault> {
        self.leaders.learn().await?;
        self.leaders.connect_all().await;
        let keeper = tokio::spawn(Leaders::keep(Arc::downgrade(&self.leaders), slots));
        if let Some(old) = self.keeper().replace(keeper) {
            old.abort();
        }
        Ok(self.leaders.standing())
    }

    /// A newer slot from a faster source than the pool.
    pub fn observe_slot(&self, slot: u64) {
        self.leaders.observe_slot(slot);
    }

    /// The leaders of now and soon, in the order of their turns.
    #[must_use]
    pub fn leaders(&self) -> Vec<LeaderStanding> {
        self.leaders.standing()
    }

    /// Closes every connection; nothing can be sent any more.
    pub fn close(&self) {
        if let Some(keeper) = self.keeper().take() {
            keeper.abort();
        }
        self.leaders.close();
    }

    fn keeper(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send_to_leaders(&self, transaction: &SignedTransaction) -> SendReport {
        let targets = self.leaders.targets();
        if targets.is_empty() {
            let detail = "no leader of these slots is known with an address; was the lane started?"
                .to_owned();
            return SendReport::of(
                LANE,
                Vec::new(),
                SendOutcome::Unreachable {
                    code: "no_leader",
                    detail,
                },
            );
        }
        let started = Instant::now();
        let mut handing: FuturesUnordered<_> = targets
            .into_iter()
            .map(|target| hand_over(target, transaction.clone(), self.send_limit, started))
            .collect();
        let mut answers = Vec::with_capacity(handing.len());
        while let Some(answer) = handing.next().await {
            let taken = answer.outcome.is_taken();
            answers.push(answer);
            if taken {
                break;
            }
        }
        // An open connection takes the bytes at once; one that does not yet goes on by itself.
        while let Some(Some(answer)) = handing.next().now_or_never() {
            answers.push(answer);
        }
        if !handing.is_empty() {
            tokio::spawn(async move { while handing.next().await.is_some() {} });
        }
        let detail = "there is nobody to send to".to_owned();
        SendReport::of(
            LANE,
            answers,
            SendOutcome::Unreachable {
                code: "no_leader",
                detail,
            },
        )
    }
}

async fn hand_over(
    target: Arc<LeaderConnection>,
    transaction: SignedTransaction,
    limit: Duration,
    started: Instant,
) -> SendAnswer {
    let outcome = target.hand_over(&transaction, limit).await;
    SendAnswer {
        endpoint: target.label().to_owned(),
        outcome,
        elapsed_us: micros(started.elapsed()),
    }
}

impl Lane for TpuLane {
    fn name(&self) -> &'static str {
        LANE
    }

    /// To every leader of the fan-out; the first whose connection took it decides. Leaders never simulate first, so the
    /// options have no say.
    fn send<'a>(
        &'a self,
        transaction: &'a SignedTransaction,
        _options: &'a SendOptions,
    ) -> Sending<'a> {
        Box::pin(self.send_to_leaders(transaction))
    }
}

impl Drop for TpuLane {
    fn drop(&mut self) {
        self.close();
    }
}
