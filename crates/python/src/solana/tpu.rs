//! `TpuLane` and its leaders.

use std::sync::Arc;

use pyo3::prelude::*;
use tradewind_solana::lanes::tpu::{self, ConnectionState, TpuOptions};
use tradewind_solana::lanes::{Lane as _, SendOptions};

use super::feeds::SlotFeed;
use super::lanes::{max_bytes, send_on, signed};
use super::rpc::{Future, RpcConnectionPool, Whole, count};
use super::runtime::{future, handle, whole};
use crate::error::{core_error, raise};
use crate::integer::native;

/// Straight to the leaders over QUIC.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct TpuLane {
    lane: Arc<tpu::TpuLane>,
    max_bytes: usize,
}

#[pymethods]
impl TpuLane {
    #[new]
    #[pyo3(signature = (pool, *, identity_seed=None, fanout_slots=None, slots_ahead=None, slot_every_ms=None, nodes_every_ms=None, connect_timeout_ms=None, send_timeout_ms=None, max_connections=None, max_transaction_bytes=None))]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keyword arguments"
    )]
    fn new(
        py: Python<'_>,
        pool: &RpcConnectionPool,
        identity_seed: Option<&[u8]>,
        fanout_slots: Whole<'_>,
        slots_ahead: Whole<'_>,
        slot_every_ms: Whole<'_>,
        nodes_every_ms: Whole<'_>,
        connect_timeout_ms: Whole<'_>,
        send_timeout_ms: Whole<'_>,
        max_connections: Whole<'_>,
        max_transaction_bytes: Whole<'_>,
    ) -> PyResult<Self> {
        let usual = TpuOptions::default();
        let most = max_connections
            .as_ref()
            .map(|most| count("max_connections", most))
            .transpose()?;
        let options = TpuOptions {
            identity_seed: identity_seed.map(seed).transpose()?,
            fanout_slots: whole!(fanout_slots, usual.fanout_slots),
            slots_ahead: whole!(slots_ahead, usual.slots_ahead),
            slot_every_ms: whole!(slot_every_ms, usual.slot_every_ms),
            nodes_every_ms: whole!(nodes_every_ms, usual.nodes_every_ms),
            connect_timeout_ms: whole!(connect_timeout_ms, usual.connect_timeout_ms),
            send_timeout_ms: whole!(send_timeout_ms, usual.send_timeout_ms),
            max_connections: most.unwrap_or(usual.max_connections),
        };
        let runtime = handle(py)?;
        let _within = runtime.enter();
        Ok(Self {
            lane: Arc::new(tpu::TpuLane::new(Arc::clone(&pool.0), &options).map_err(raise)?),
            max_bytes: max_bytes(&max_transaction_bytes)?,
        })
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.lane.name()
    }

    #[getter]
    fn identity(&self) -> String {
        self.lane.identity().to_string()
    }

    #[pyo3(signature = (slots=None))]
    fn start<'py>(&self, py: Python<'py>, slots: Option<&SlotFeed>) -> Future<'py> {
        let (lane, slots) = (Arc::clone(&self.lane), slots.map(SlotFeed::shared));
        future(py, async move {
            let leaders = match slots {
                Some(slots) => lane.start_following(slots).await,
                None => lane.start().await,
            };
            Ok(standings(leaders?))
        })
    }

    fn observe_slot(&self, slot: &Bound<'_, PyAny>) -> PyResult<()> {
        self.lane.observe_slot(native("slot", slot)?);
        Ok(())
    }

    fn send<'py>(&self, py: Python<'py>, transaction: &[u8]) -> Future<'py> {
        let transaction = signed(transaction, self.max_bytes)?;
        send_on(
            py,
            Arc::clone(&self.lane),
            transaction,
            SendOptions::default(),
        )
    }

    fn leaders(&self) -> Vec<LeaderStanding> {
        standings(self.lane.leaders())
    }

    fn close(&self) {
        self.lane.close();
    }
}

fn seed(bytes: &[u8]) -> PyResult<[u8; 32]> {
    let wrong = |_| {
        core_error(
            "identity_malformed",
            &format!("identity_seed: must be 32 bytes, not {}", bytes.len()),
        )
    };
    bytes.try_into().map_err(wrong)
}

/// A leader of now or soon.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct LeaderStanding {
    leader: String,
    address: Option<String>,
    state: &'static str,
    next_slot: u64,
    handshakes: u64,
    sent: u64,
    failed: u64,
}

fn standings(standings: Vec<tpu::LeaderStanding>) -> Vec<LeaderStanding> {
    let standings = standings.into_iter().map(|standing| LeaderStanding {
        leader: standing.leader.to_string(),
        address: standing.address.map(|address| address.to_string()),
        state: match standing.state {
            None if standing.address.is_none() => "no_address",
            Some(ConnectionState::Connected) => "connected",
            Some(ConnectionState::Resting) => "resting",
            None | Some(ConnectionState::Connecting) => "connecting",
        },
        next_slot: standing.next_slot,
        handshakes: standing.handshakes,
        sent: standing.sent,
        failed: standing.failed,
    });
    standings.collect()
}

#[pymethods]
impl LeaderStanding {
    fn __repr__(&self) -> String {
        format!(
            "LeaderStanding({}, {:?}, {}, next_slot={})",
            self.leader, self.address, self.state, self.next_slot
        )
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TpuLane>()?;
    module.add_class::<LeaderStanding>()
}
