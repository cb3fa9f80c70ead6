//! `RpcPool`: several endpoints of one cluster, ranked by how they do, asked one at a time, all at once, or by quorum.

mod endpoint;
mod quorum;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::sync::watch;
use tradewind_core::decode::solana::Key;

pub use endpoint::{EndpointStanding, EndpointState, RpcEndpoint};
pub use quorum::{Agreed, Reached, Said};

use crate::fault::Fault;
use crate::http_endpoint::EndpointLimits;
use crate::json_rpc::{self, AskFault, RpcError};

/// A node's faults of the moment: another endpoint may well answer.
const OF_THE_NODE: [i64; 4] = [-32_005, -32_004, -32_014, -32_016];

/// How a pool works.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Of each endpoint.
    pub limits: EndpointLimits,
    /// How many must say the same; None: more than half.
    pub quorum: Option<usize>,
    /// Endpoints further behind the newest slot are asked last.
    pub max_slots_behind: u64,
    /// Sent with each request.
    pub headers: Vec<(String, String)>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            limits: EndpointLimits::default(),
            quorum: None,
            max_slots_behind: 8,
            headers: Vec::new(),
        }
    }
}

/// Why a pool has no answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PoolFault {
    /// The node refused the request itself.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// Each endpoint, and why it did not answer.
    #[error("no endpoint answered: {}", list(.0))]
    NoAnswer(Vec<(String, String)>),
    /// Each endpoint, and what it said.
    #[error("fewer than {needed} endpoints said the same: {}", list(.said))]
    NoQuorum {
        /// How many had to.
        needed: usize,
        /// Endpoint and answer.
        said: Vec<(String, String)>,
    },
    /// Refused before anybody was asked.
    #[error(transparent)]
    Own(#[from] Fault),
}

impl PoolFault {
    /// The stable name, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rpc(_) => "rpc_error",
            Self::NoAnswer(_) => "no_endpoint_answered",
            Self::NoQuorum { .. } => "no_quorum",
            Self::Own(fault) => fault.code(),
        }
    }
}

fn list(said: &[(String, String)]) -> String {
    let said: Vec<_> = said
        .iter()
        .map(|(endpoint, words)| format!("{endpoint} ({words})"))
        .collect();
    said.join(", ")
}

/// Several endpoints of one cluster.
#[derive(Debug)]
pub struct RpcPool {
    endpoints: Vec<Arc<RpcEndpoint>>,
    quorum: usize,
    max_slots_behind: u64,
    patience_ms: u64,
    closed: watch::Sender<bool>,
}

impl RpcPool {
    /// Opens no connection yet. `genesis_hash` pins the cluster: who cannot show it is not believed.
    ///
    /// # Errors
    /// `no_endpoints`, `endpoint_malformed`, `endpoint_twice`, `genesis_hash_malformed`, `quorum_impossible`,
    /// `header_malformed`, `limit_malformed`, `no_root_certificates`.
    pub fn new(
        addresses: &[String],
        genesis_hash: &str,
        options: &PoolOptions,
    ) -> Result<Self, Fault> {
        if addresses.is_empty() {
            return Err(Fault::new(
                "no_endpoints",
                "endpoints: is empty; give at least one address",
            ));
        }
        let distinct: HashSet<_> = addresses
            .iter()
            .map(|address| address.trim_end_matches('/'))
            .collect();
        if distinct.len() < addresses.len() {
            return Err(Fault::new(
                "endpoint_twice",
                "endpoints: an address is there twice, and would count as two witnesses; give each once",
            ));
        }
        if Key::parse(genesis_hash).is_none() {
            return Err(Fault::new(
                "genesis_hash_malformed",
                "genesis_hash: must be 32 bytes in base 58, as getGenesisHash answers",
            ));
        }
        let quorum = options.quorum.unwrap_or(addresses.len() / 2 + 1);
        if !(1..=addresses.len()).contains(&quorum) {
            let message = format!(
                "quorum: {quorum} of {} endpoints cannot be; give 1 to {0}",
                addresses.len()
            );
            return Err(Fault::new("quorum_impossible", message));
        }
        let endpoints = addresses
            .iter()
            .map(|address| RpcEndpoint::new(address, genesis_hash, options).map(Arc::new));
        Ok(Self {
            endpoints: endpoints.collect::<Result<_, _>>()?,
            quorum,
            max_slots_behind: options.max_slots_behind,
            patience_ms: options.limits.request_timeout_ms,
            closed: watch::Sender::new(false),
        })
    }

    /// The endpoints, in the order given.
    #[must_use]
    pub fn endpoints(&self) -> &[Arc<RpcEndpoint>] {
        &self.endpoints
    }

    /// How many must say the same.
    #[must_use]
    pub const fn quorum(&self) -> usize {
        self.quorum
    }

    /// Connects to each, proves the genesis hash, and measures latency and slot.
    pub async fn warm_up(&self) -> Vec<EndpointStanding> {
        let processed = r#"[{"commitment":"processed"}]"#;
        join_all(
            self.endpoints
                .iter()
                .map(|endpoint| endpoint.ask("getSlot", processed, self.patience_ms)),
        )
        .await;
        self.standing()
    }

    /// How each does, best first.
    #[must_use]
    pub fn standing(&self) -> Vec<EndpointStanding> {
        self.ranked()
            .into_iter()
            .map(|(_, standing)| standing)
            .collect()
    }

    /// The best endpoint that answers. A fault of one is another's chance; a refusal of the request itself is final.
    ///
    /// # Errors
    /// See [`PoolFault`].
    pub async fn call(&self, method: &str, params: &str) -> Result<Box<RawValue>, PoolFault> {
        self.call_read(method, params, |told| Ok(told.to_owned()))
            .await
    }

    /// The first answer, best endpoint first, that `read` takes. One that it does not take is a fault of its endpoint.
    ///
    /// # Errors
    /// See [`PoolFault`].
    pub async fn call_read<T>(
        &self,
        method: &str,
        params: &str,
        read: impl Fn(&RawValue) -> Result<T, Fault>,
    ) -> Result<T, PoolFault> {
        check_params(params)?;
        self.unless_closed(self.read_in_turn(method, params, read))
            .await
    }

    /// The block height at this commitment that a quorum has reached: at least as many endpoints as the quorum asks for
    /// tell this height or a higher one, and they are named. What fewer tell, however high or low, does not count.
    ///
    /// # Errors
    /// See [`PoolFault`].
    pub async fn height(&self, commitment: &str) -> Result<Reached, PoolFault> {
        self.unless_closed(quorum::reached(
            &self.endpoints,
            commitment,
            self.quorum,
            self.patience_ms,
        ))
        .await
    }

    /// What `quorum` endpoints say, `context` aside, and which.
    ///
    /// # Errors
    /// See [`PoolFault`].
    pub async fn agree(
        &self,
        method: &str,
        params: &str,
        quorum: Option<usize>,
    ) -> Result<Agreed, PoolFault> {
        check_params(params)?;
        let needed = quorum.unwrap_or(self.quorum);
        if !(1..=self.endpoints.len()).contains(&needed) {
            let message = format!(
                "quorum: {needed} of {} endpoints cannot be; give 1 to {0}",
                self.endpoints.len()
            );
            return Err(Fault::new("quorum_impossible", message).into());
        }
        self.unless_closed(quorum::agree(
            &self.endpoints,
            method,
            params,
            needed,
            self.patience_ms,
        ))
        .await
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// What each endpoint says, in the order given. A closed pool has nobody to ask.
    pub async fn ask_each(&self, method: &str, params: &str) -> Vec<Said> {
        let endpoints = if self.is_closed() {
            &[]
        } else {
            self.endpoints.as_slice()
        };
        let asked = endpoints.iter().map(async |endpoint| Said {
            endpoint: endpoint.label().to_owned(),
            answer: endpoint.ask(method, params, self.patience_ms).await,
        });
        join_all(asked).await
    }

    /// Nothing is asked any more, and who waits is told.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    async fn read_in_turn<T>(
        &self,
        method: &str,
        params: &str,
        read: impl Fn(&RawValue) -> Result<T, Fault>,
    ) -> Result<T, PoolFault> {
        let mut faults = Vec::new();
        for patience_ms in [0, self.patience_ms] {
            faults.clear();
            let mut waited = false;
            for (endpoint, _) in self.ranked() {
                match endpoint.ask(method, params, patience_ms).await {
                    Ok(answered) => match read(&answered.result) {
                        Ok(told) => return Ok(told),
                        Err(fault) => faults.push((endpoint.label().to_owned(), fault.to_string())),
                    },
                    Err(AskFault::Refused(error)) if !OF_THE_NODE.contains(&error.code) => {
                        return Err(error.into());
                    }
                    Err(fault) => {
                        waited |= endpoint::is_limited(&fault);
                        faults.push((endpoint.label().to_owned(), fault.to_string()));
                    }
                }
            }
            // Only where somebody merely rests is it worth to wait for a turn.
            if !waited {
                break;
            }
        }
        Err(PoolFault::NoAnswer(faults))
    }

    async fn unless_closed<T>(
        &self,
        asked: impl Future<Output = Result<T, PoolFault>>,
    ) -> Result<T, PoolFault> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(Fault::new("pool_closed", "the pool was closed; make a new one").into()),
            answer = asked => answer,
        }
    }

    fn ranked(&self) -> Vec<(Arc<RpcEndpoint>, EndpointStanding)> {
        let newest = self
            .endpoints
            .iter()
            .filter_map(|endpoint| endpoint.slot())
            .max();
        let mut ranked: Vec<_> = self
            .endpoints
            .iter()
            .map(|endpoint| (Arc::clone(endpoint), endpoint.standing(newest)))
            .collect();
        ranked.sort_by_key(|(_, standing)| {
            let behind = standing.slots_behind.unwrap_or(0) > self.max_slots_behind;
            (
                Reverse(standing.state.worth()),
                behind,
                standing.latency_us.unwrap_or(0),
            )
        });
        ranked
    }
}

/// One round of questions with a time of its own; None when it is over.
pub(crate) async fn within<T>(limit_ms: u64, asked: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(limit_ms), asked)
        .await
        .ok()
}

fn check_params(params: &str) -> Result<(), Fault> {
    let valid = serde_json::from_str::<&RawValue>(params)
        .is_ok_and(|raw| raw.get().starts_with(['[', '{']));
    if valid {
        return Ok(());
    }
    Err(Fault::new(
        "params_malformed",
        "params_json: must be the text of a JSON array or object",
    ))
}

impl From<json_rpc::Answered> for Box<RawValue> {
    fn from(answered: json_rpc::Answered) -> Self {
        answered.result
    }
}
