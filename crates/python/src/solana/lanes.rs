//! `RpcLane`, `TpuLane` and `Rebroadcast`, and what sending answers with.

use std::sync::Arc;

use pyo3::prelude::*;
use tradewind_solana::lanes::rebroadcast::{self, RebroadcastPlan};
use tradewind_solana::lanes::rpc::{self, RpcLaneOptions};
use tradewind_solana::lanes::tpu::{self, ConnectionState, TpuOptions};
use tradewind_solana::lanes::{self, Lane, SendOptions, SendReport};
use tradewind_solana::signed_transaction::{PACKET_BYTES, SignedTransaction};
use tradewind_solana::transaction_fault;

use super::rpc::{Future, RpcConnectionPool, Whole, count, level};
use super::runtime::{Refusal, future, handle, whole};
use crate::error::{core_error, raise};
use crate::integer::native;

/// Why the chain, or a simulation of it, refuses a transaction.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct TransactionFault {
    name: String,
    instruction: Option<u64>,
    instruction_error: Option<String>,
    custom: Option<u64>,
    detail: String,
    logs: Vec<String>,
}

impl From<transaction_fault::TransactionFault> for TransactionFault {
    fn from(fault: transaction_fault::TransactionFault) -> Self {
        Self {
            name: fault.name,
            instruction: fault.instruction,
            instruction_error: fault.instruction_error,
            custom: fault.custom,
            detail: fault.detail,
            logs: fault.logs,
        }
    }
}

#[pymethods]
impl TransactionFault {
    fn __repr__(&self) -> String {
        format!("TransactionFault({})", self.detail)
    }
}

/// What one endpoint answered.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct SendAnswer {
    endpoint: String,
    kind: &'static str,
    code: Option<&'static str>,
    detail: String,
    elapsed_us: u64,
}

impl From<lanes::SendAnswer> for SendAnswer {
    fn from(answer: lanes::SendAnswer) -> Self {
        Self {
            kind: answer.outcome.kind(),
            code: answer.outcome.code(),
            detail: answer.outcome.detail().to_owned(),
            endpoint: answer.endpoint,
            elapsed_us: answer.elapsed_us,
        }
    }
}

#[pymethods]
impl SendAnswer {
    fn __repr__(&self) -> String {
        format!(
            "SendAnswer({:?}, {:?}, code={:?}, detail={:?})",
            self.endpoint, self.kind, self.code, self.detail
        )
    }
}

/// What became of handing a transaction over.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct SendOutcome {
    lane: &'static str,
    kind: &'static str,
    reference: Option<String>,
    endpoint: Option<String>,
    code: Option<&'static str>,
    detail: String,
    fault: Option<TransactionFault>,
    retry_after_ms: Option<u64>,
    answers: Vec<SendAnswer>,
}

impl From<SendReport> for SendOutcome {
    fn from(report: SendReport) -> Self {
        let mut sent = Self {
            lane: report.lane,
            kind: report.outcome.kind(),
            reference: None,
            endpoint: report.endpoint,
            code: report.outcome.code(),
            detail: report.outcome.detail().to_owned(),
            fault: None,
            retry_after_ms: None,
            answers: report.answers.into_iter().map(Into::into).collect(),
        };
        match report.outcome {
            lanes::SendOutcome::Accepted { reference }
            | lanes::SendOutcome::AlreadyKnown { reference } => sent.reference = Some(reference),
            lanes::SendOutcome::Refused { fault, .. } => sent.fault = fault.map(Into::into),
            lanes::SendOutcome::RateLimited { retry_after_ms } => {
                sent.retry_after_ms = Some(retry_after_ms)
            }
            lanes::SendOutcome::Unreachable { .. } | lanes::SendOutcome::Unknown { .. } => {}
        }
        sent
    }
}

#[pymethods]
impl SendOutcome {
    fn __repr__(&self) -> String {
        format!(
            "SendOutcome({:?}, {:?}, reference={:?}, code={:?}, detail={:?})",
            self.lane, self.kind, self.reference, self.code, self.detail
        )
    }
}

/// Reads a transaction within the lane's limit of bytes.
pub(super) fn signed(transaction: &[u8], max_bytes: usize) -> PyResult<SignedTransaction> {
    SignedTransaction::parse(transaction, max_bytes).map_err(raise)
}

pub(super) fn max_bytes(given: &Whole<'_>) -> PyResult<usize> {
    given.as_ref().map_or(Ok(PACKET_BYTES), |most| {
        count("max_transaction_bytes", most)
    })
}

/// Sends on any lane.
pub(super) fn send_on<'py, L: Lane + 'static>(
    py: Python<'py>,
    lane: Arc<L>,
    transaction: SignedTransaction,
    options: SendOptions,
) -> Future<'py> {
    future(py, async move {
        Ok::<_, Refusal>(SendOutcome::from(lane.send(&transaction, &options).await))
    })
}

/// `sendTransaction` to all endpoints of a pool at once.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct RpcLane {
    lane: Arc<rpc::RpcLane>,
    max_bytes: usize,
}

#[pymethods]
impl RpcLane {
    #[new]
    #[pyo3(signature = (pool, *, preflight=false, preflight_commitment="processed", max_transaction_bytes=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        pool: &RpcConnectionPool,
        preflight: bool,
        preflight_commitment: &str,
        max_transaction_bytes: Whole<'_>,
    ) -> PyResult<Self> {
        let preflight_commitment = level("preflight_commitment", preflight_commitment)?.name();
        let options = RpcLaneOptions {
            preflight,
            preflight_commitment,
        };
        Ok(Self {
            lane: Arc::new(rpc::RpcLane::new(Arc::clone(&pool.0), options)),
            max_bytes: max_bytes(&max_transaction_bytes)?,
        })
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.lane.name()
    }

    #[pyo3(signature = (transaction, *, preflight=None, min_context_slot=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn send<'py>(
        &self,
        py: Python<'py>,
        transaction: &[u8],
        preflight: Option<bool>,
        min_context_slot: Whole<'_>,
    ) -> Future<'py> {
        let min_context_slot = min_context_slot
            .as_ref()
            .map(|slot| native("min_context_slot", slot))
            .transpose()?;
        let transaction = signed(transaction, self.max_bytes)?;
        send_on(
            py,
            Arc::clone(&self.lane),
            transaction,
            SendOptions {
                preflight,
                min_context_slot,
            },
        )
    }

    #[pyo3(signature = (transaction, *, last_valid_block_height, every_ms=None, most=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn rebroadcast(
        &self,
        py: Python<'_>,
        transaction: &[u8],
        last_valid_block_height: Bound<'_, PyAny>,
        every_ms: Whole<'_>,
        most: Whole<'_>,
    ) -> PyResult<Rebroadcast> {
        let plan = RebroadcastPlan {
            last_valid_block_height: native("last_valid_block_height", &last_valid_block_height)?,
            every_ms: whole!(every_ms, 1_000),
            most: whole!(most, 300),
        };
        let transaction = signed(transaction, self.max_bytes)?;
        let runtime = handle(py)?;
        let _within = runtime.enter();
        let running = rebroadcast::Rebroadcast::start((*self.lane).clone(), transaction, plan);
        running.map(Rebroadcast).map_err(raise)
    }
}

/// A transaction that is being sent again and again.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct Rebroadcast(rebroadcast::Rebroadcast);

#[pymethods]
impl Rebroadcast {
    fn stop(&self) {
        self.0.stop();
    }

    fn finished<'py>(&self, py: Python<'py>) -> Future<'py> {
        let finished = self.0.finished();
        future(py, async move {
            let end = finished.await?;
            Ok(RebroadcastEnd {
                reason: end.reason.name(),
                sends: end.sends,
                accepted: end.accepted,
                last: end.last.map(Into::into),
            })
        })
    }
}

/// How the sending ended.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct RebroadcastEnd {
    reason: &'static str,
    sends: u32,
    accepted: u32,
    last: Option<SendOutcome>,
}

#[pymethods]
impl RebroadcastEnd {
    fn __repr__(&self) -> String {
        format!(
            "RebroadcastEnd({:?}, sends={}, accepted={})",
            self.reason, self.sends, self.accepted
        )
    }
}

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

    fn start<'py>(&self, py: Python<'py>) -> Future<'py> {
        let lane = Arc::clone(&self.lane);
        future(py, async move { Ok(standings(lane.start().await?)) })
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
    module.add_class::<TransactionFault>()?;
    module.add_class::<SendAnswer>()?;
    module.add_class::<SendOutcome>()?;
    module.add_class::<RpcLane>()?;
    module.add_class::<Rebroadcast>()?;
    module.add_class::<RebroadcastEnd>()?;
    module.add_class::<TpuLane>()?;
    module.add_class::<LeaderStanding>()
}
