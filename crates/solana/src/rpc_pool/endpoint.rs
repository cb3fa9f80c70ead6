//! One RPC endpoint of a pool: believed once it has shown the pinned genesis hash, and remembered by its slot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::PoolOptions;
use crate::circuit_breaker::CircuitState;
use crate::fault::Fault;
use crate::http_endpoint::{ExchangeFault, HttpEndpoint, SharedEndpoint};
use crate::json_rpc::{self, Answered, AskFault};

/// Whether an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointState {
    /// Has not shown the genesis hash yet.
    Unproven,
    /// Asked.
    Ready,
    /// Failed too often.
    Open,
    /// Failed too often, and gets another try.
    HalfOpen,
    /// Rests after a 429.
    Limited,
    /// Not asked any more.
    WrongChain,
}

impl EndpointState {
    /// In snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Ready => "ready",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Limited => "limited",
            Self::WrongChain => "wrong_chain",
        }
    }

    /// Higher is asked sooner.
    pub(super) const fn worth(self) -> u8 {
        match self {
            Self::Ready => 5,
            Self::Unproven => 4,
            Self::HalfOpen => 3,
            Self::Limited => 2,
            Self::Open => 1,
            Self::WrongChain => 0,
        }
    }
}

/// How an endpoint does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointStanding {
    /// Scheme, host and port.
    pub endpoint: String,
    /// Whether it is asked.
    pub state: EndpointState,
    /// Smoothed over about 8 answers.
    pub latency_us: Option<u64>,
    /// The newest that it told.
    pub slot: Option<u64>,
    /// Of the newest that any told.
    pub slots_behind: Option<u64>,
    /// Times it answered.
    pub answered: u64,
    /// Times it did not, or not readably.
    pub failed: u64,
    /// Times it answered 429.
    pub rate_limited: u64,
}

/// One endpoint.
#[derive(Debug)]
pub struct RpcEndpoint {
    http: SharedEndpoint,
    genesis_hash: String,
    proven: AtomicBool,
    wrong_chain: AtomicBool,
    /// The newest slot plus 1; 0 while none is known.
    next_slot: AtomicU64,
}

impl RpcEndpoint {
    pub(super) fn new(
        address: &str,
        genesis_hash: &str,
        options: &PoolOptions,
    ) -> Result<Self, Fault> {
        Ok(Self {
            http: Arc::new(HttpEndpoint::new(
                address,
                &options.headers,
                &options.limits,
            )?),
            genesis_hash: genesis_hash.to_owned(),
            proven: AtomicBool::new(false),
            wrong_chain: AtomicBool::new(false),
            next_slot: AtomicU64::new(0),
        })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn label(&self) -> &str {
        self.http.label()
    }

    /// The newest slot that it told.
    #[must_use]
    pub fn slot(&self) -> Option<u64> {
        self.next_slot.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Asks, after the proof of its chain where that is not yet given. Waits at most `patience_ms` for its turn.
    ///
    /// # Errors
    /// See [`AskFault`].
    pub async fn ask(
        &self,
        method: &str,
        params: &str,
        patience_ms: u64,
    ) -> Result<Answered, AskFault> {
        if self.wrong_chain.load(Ordering::Relaxed) {
            return Err(AskFault::WrongChain("what it told before".to_owned()));
        }
        if !self.proven.load(Ordering::Relaxed) {
            self.prove(patience_ms).await?;
        }
        let answer = json_rpc::ask(
            &self.http,
            "",
            json_rpc::request(method, params),
            patience_ms,
        )
        .await;
        match &answer {
            Ok(answered) => self.note_slot(method, &answered.result),
            // Behind a name there may be another node next time.
            Err(AskFault::Exchange(
                ExchangeFault::NotConnected(_) | ExchangeFault::ConnectionLost(_),
            )) => {
                self.proven.store(false, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        answer
    }

    async fn prove(&self, patience_ms: u64) -> Result<(), AskFault> {
        let told = json_rpc::ask(
            &self.http,
            "",
            json_rpc::request("getGenesisHash", "[]"),
            patience_ms,
        )
        .await?;
        let told: String = serde_json::from_str(told.result.get())
            .map_err(|fault| AskFault::Unreadable(fault.to_string()))?;
        if told != self.genesis_hash {
            self.wrong_chain.store(true, Ordering::Relaxed);
            return Err(AskFault::WrongChain(told));
        }
        self.proven.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn note_slot(&self, method: &str, result: &RawValue) {
        if let Some(slot) = slot_of(method, result.get()) {
            self.next_slot
                .fetch_max(slot.saturating_add(1), Ordering::Relaxed);
        }
    }

    pub(super) fn standing(&self, newest: Option<u64>) -> EndpointStanding {
        let tally = self.http.tally();
        let slot = self.slot();
        EndpointStanding {
            endpoint: self.label().to_owned(),
            state: self.state(),
            latency_us: tally.latency_us,
            slot,
            slots_behind: slot.and_then(|slot| Some(newest?.saturating_sub(slot))),
            answered: tally.answered,
            failed: tally.failed,
            rate_limited: tally.rate_limited,
        }
    }

    fn state(&self) -> EndpointState {
        if self.wrong_chain.load(Ordering::Relaxed) {
            return EndpointState::WrongChain;
        }
        match self.http.availability() {
            (CircuitState::Open, _) => EndpointState::Open,
            (CircuitState::HalfOpen, _) => EndpointState::HalfOpen,
            (CircuitState::Closed, 0) if self.proven.load(Ordering::Relaxed) => {
                EndpointState::Ready
            }
            (CircuitState::Closed, 0) => EndpointState::Unproven,
            (CircuitState::Closed, _) => EndpointState::Limited,
        }
    }
}

pub(super) const fn is_limited(fault: &AskFault) -> bool {
    matches!(
        fault,
        AskFault::Exchange(ExchangeFault::Limited { .. } | ExchangeFault::TooManyRequests { .. })
    )
}

#[derive(Deserialize)]
struct WithContext {
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

/// Most answers carry their slot in front; nothing else is searched for one.
fn slot_of(method: &str, result: &str) -> Option<u64> {
    if method == "getSlot" {
        return result.parse().ok();
    }
    if !result.starts_with("{\"context\"") {
        return None;
    }
    Some(
        serde_json::from_str::<WithContext>(result)
            .ok()?
            .context
            .slot,
    )
}
