//! The leaders of now and soon, and their connections: learned from a pool, kept up by one task.

use std::collections::HashMap;
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use quinn::{
    ClientConfig, Endpoint, EndpointConfig, IdleTimeout, TokioRuntime, TransportConfig, VarInt,
};
use tokio::time::Instant;
use tradewind_core::decode::solana::Key;

use super::TpuOptions;
use super::certificate::Identity;
use super::connection::{ConnectionState, LeaderConnection};
use super::schedule::{Schedule, read_nodes};
use crate::fault::Fault;
use crate::rpc_pool::{PoolFault, RpcPool};
use crate::subscriptions::{Pace, SlotFeed, Turn};

/// Slots of leaders asked for at once.
const SCHEDULE_SLOTS: u64 = 1_000;
/// More slots cannot have passed since the pool was asked.
const MOST_SLOTS_AHEAD: u64 = 100;
/// Servers end a connection that is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
const IDLE_LIMIT_MS: u32 = 10_000;

/// A leader as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderStanding {
    /// Its identity.
    pub leader: Key,
    /// Where it takes QUIC; None when its node does not say.
    pub address: Option<SocketAddr>,
    /// None without an address.
    pub state: Option<ConnectionState>,
    /// Its first slot from now on.
    pub next_slot: u64,
    /// Made with it since the start.
    pub handshakes: u64,
    /// Transactions that its connection took.
    pub sent: u64,
    /// Handshakes and sends that failed.
    pub failed: u64,
}

#[derive(Debug, Default)]
struct Known {
    schedule: Schedule,
    addresses: HashMap<Key, SocketAddr>,
    addresses_as_of: Option<Instant>,
    connections: HashMap<Key, Arc<LeaderConnection>>,
}

#[derive(Debug)]
pub(super) struct Leaders {
    pool: Arc<RpcPool>,
    options: TpuOptions,
    endpoint: Endpoint,
    slot: AtomicU64,
    known: Mutex<Known>,
}

impl Leaders {
    pub(super) fn new(
        pool: Arc<RpcPool>,
        identity: &Identity,
        options: TpuOptions,
    ) -> Result<Self, Fault> {
        Ok(Self {
            pool,
            options,
            endpoint: client_endpoint(identity)?,
            slot: AtomicU64::new(0),
            known: Mutex::default(),
        })
    }

    pub(super) fn observe_slot(&self, slot: u64) {
        self.slot.fetch_max(slot, Ordering::Relaxed);
    }

    /// Asks for the slot, and for what is not known yet.
    pub(super) async fn learn(&self) -> Result<(), PoolFault> {
        let told = self
            .pool
            .call("getSlot", r#"[{"commitment":"processed"}]"#)
            .await?;
        let slot = told
            .get()
            .parse()
            .map_err(|_| Fault::new("answer_unreadable", "getSlot: is no number"))?;
        self.observe_slot(slot);
        self.learn_leaders().await
    }

    /// Asks, rarely, for the schedule and the addresses.
    async fn learn_leaders(&self) -> Result<(), PoolFault> {
        let slot = self.slot.load(Ordering::Relaxed);
        if !self
            .known()
            .schedule
            .covers(slot, self.options.slots_ahead + self.options.fanout_slots)
        {
            let told = self
                .pool
                .call("getSlotLeaders", &format!("[{slot},{SCHEDULE_SLOTS}]"))
                .await?;
            self.known().schedule = Schedule::read(slot, &told)?;
        }
        let limit = Duration::from_millis(self.options.nodes_every_ms);
        let aged = self
            .known()
            .addresses_as_of
            .is_none_or(|as_of| as_of.elapsed() >= limit);
        if aged {
            let told = self.pool.call("getClusterNodes", "[]").await?;
            let addresses = read_nodes(&told)?;
            let mut known = self.known();
            known.addresses = addresses;
            known.addresses_as_of = Some(Instant::now());
        }
        Ok(())
    }

    /// Shakes hands with every leader to come that has no open connection, all at once.
    pub(super) async fn connect_all(&self) {
        let limit = Duration::from_millis(self.options.connect_timeout_ms);
        let soon = self.settle_connections();
        join_all(
            soon.iter()
                .map(|connection| connection.open(&self.endpoint, limit)),
        )
        .await;
    }

    /// Learns and connects until the lane is gone: at each slot that is told, and by the clock while none is.
    pub(super) async fn keep(leaders: Weak<Self>, slots: Option<Arc<SlotFeed>>) {
        let Some(every_ms) = leaders
            .upgrade()
            .map(|leaders| leaders.options.slot_every_ms)
        else {
            return;
        };
        let mut pace = Pace::new(every_ms, slots);
        loop {
            let turn = pace.next().await;
            let Some(leaders) = leaders.upgrade() else {
                return;
            };
            // Who cannot be asked now is asked at the next turn; until then the last known slot leads.
            let _failed = match turn {
                Turn::Slot(slot) if leaders.is_near(slot) => {
                    leaders.observe_slot(slot);
                    leaders.learn_leaders().await
                }
                _ => leaders.learn().await,
            };
            leaders.connect_in_background();
        }
    }

    /// A slot that is told is a hint: one that is far ahead of what the pool answered must not lead astray.
    fn is_near(&self, slot: u64) -> bool {
        slot.saturating_sub(self.slot.load(Ordering::Relaxed)) <= MOST_SLOTS_AHEAD
    }

    /// Handshakes of slow nodes must not hold up the next look at the slot.
    fn connect_in_background(&self) {
        let limit = Duration::from_millis(self.options.connect_timeout_ms);
        for connection in self.settle_connections() {
            let endpoint = self.endpoint.clone();
            tokio::spawn(async move { connection.open(&endpoint, limit).await });
        }
    }

    /// Those whose turn is now or soon; the others are closed once there are too many.
    fn settle_connections(&self) -> Vec<Arc<LeaderConnection>> {
        let slot = self.slot.load(Ordering::Relaxed);
        let mut known = self.known();
        let turns = known
            .schedule
            .turns(slot, self.options.slots_ahead + self.options.fanout_slots);
        let mut soon = Vec::new();
        for (leader, _) in turns.into_iter().take(self.options.max_connections) {
            let Some(address) = known.addresses.get(&leader).copied() else {
                continue;
            };
            let connection = known
                .connections
                .entry(leader)
                .or_insert_with(|| Arc::new(LeaderConnection::new(leader, address)));
            if connection.address() != address {
                connection.close();
                *connection = Arc::new(LeaderConnection::new(leader, address));
            }
            soon.push(Arc::clone(connection));
        }
        if known.connections.len() > self.options.max_connections {
            known.connections.retain(|_, connection| {
                let needed = soon.iter().any(|other| Arc::ptr_eq(other, connection));
                if !needed {
                    connection.close();
                }
                needed
            });
        }
        soon
    }

    /// Whose connections get a transaction now. Takes one short lock, and shakes no hands.
    pub(super) fn targets(&self) -> Vec<Arc<LeaderConnection>> {
        let slot = self.slot.load(Ordering::Relaxed);
        let known = self.known();
        let turns = known.schedule.turns(slot, self.options.fanout_slots);
        turns
            .iter()
            .filter_map(|(leader, _)| known.connections.get(leader).cloned())
            .collect()
    }

    pub(super) fn standing(&self) -> Vec<LeaderStanding> {
        let slot = self.slot.load(Ordering::Relaxed);
        let known = self.known();
        let turns = known
            .schedule
            .turns(slot, self.options.slots_ahead + self.options.fanout_slots);
        let standing = |(leader, next_slot): (Key, u64)| {
            let connection = known.connections.get(&leader);
            let counts = connection
                .map(|connection| connection.counts())
                .unwrap_or_default();
            LeaderStanding {
                leader,
                address: known.addresses.get(&leader).copied(),
                state: connection.map(|connection| connection.state()),
                next_slot,
                handshakes: counts.handshakes,
                sent: counts.sent,
                failed: counts.failed,
            }
        };
        turns.into_iter().map(standing).collect()
    }

    pub(super) fn close(&self) {
        let mut known = self.known();
        known
            .connections
            .drain()
            .for_each(|(_, connection)| connection.close());
        known.schedule = Schedule::default();
        self.endpoint.close(0_u32.into(), b"");
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One UDP socket for all leaders, of both families where the system has both.
fn client_endpoint(identity: &Identity) -> Result<Endpoint, Fault> {
    let unusable = |fault: std::io::Error| {
        Fault::new(
            "socket_unusable",
            format!("no UDP socket can be opened: {fault}"),
        )
    };
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))
        .or_else(|_| UdpSocket::bind("0.0.0.0:0"))
        .map_err(unusable)?;
    let mut endpoint = Endpoint::new(
        EndpointConfig::default(),
        None,
        socket,
        Arc::new(TokioRuntime),
    )
    .map_err(unusable)?;
    let mut transport = TransportConfig::default();
    transport
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_LIMIT_MS))))
        .max_concurrent_bidi_streams(0_u32.into())
        .max_concurrent_uni_streams(0_u32.into())
        .datagram_receive_buffer_size(None);
    let mut config = ClientConfig::new(Arc::new(identity.client_config()?));
    config.transport_config(Arc::new(transport));
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}
