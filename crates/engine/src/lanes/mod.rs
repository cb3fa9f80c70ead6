//! The lanes of one engine: which there are, which a transaction takes, and the handing over.
//!
//! - here: what is open, and one handing over; - `choice`: which of them, in which order;
//! - `condition`: how each has done lately; - `sending`: the same bytes again and again.

mod choice;
mod condition;
mod sending;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tradewind_solana::http_endpoint::EndpointLimits;
use tradewind_solana::lanes::jito::{JitoLane, JitoOptions};
use tradewind_solana::lanes::rpc::{RpcLane, RpcLaneOptions};
use tradewind_solana::lanes::tpu::{ConnectionState, TpuLane, TpuOptions};
use tradewind_solana::lanes::{Lane, SendOptions, SendOutcome, SendReport};
use tradewind_solana::rpc_pool::RpcPool;
use tradewind_solana::signed_transaction::SignedTransaction;

pub use choice::{Choice, NoLane, Wish};
pub use sending::Sending;

use self::condition::Condition;
use crate::config::LanesConfig;
use crate::fault::{Ending, EngineFault};
use crate::log::Log;

/// One handing over may take so long; what it has handed over by then may land all the same.
const HAND_OVER: Duration = Duration::from_secs(1);
/// Between two tries to learn the leaders, while the chain does not tell them.
const LEADERS_AGAIN: Duration = Duration::from_secs(1);

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaneName {
    /// `sendTransaction`.
    Rpc,
    /// The block engine.
    Jito,
    /// The leaders.
    Tpu,
}

impl LaneName {
    /// As `executionMethod` says it in events.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Jito => "jito_bundle",
            Self::Tpu => "tpu_direct",
        }
    }

    /// The lane that an event names.
    #[must_use]
    pub fn of_method(method: &str) -> Option<Self> {
        let all = [Self::Rpc, Self::Jito, Self::Tpu];
        all.into_iter().find(|lane| lane.method() == method)
    }

    /// Whether nobody but who makes the block sees what goes by it.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Self::Jito)
    }
}

/// What is open. Shared by reference.
#[derive(Debug)]
pub struct Lanes {
    rpc: Option<(RpcLane, Condition)>,
    jito: Option<(JitoLane, Condition)>,
    tpu: Option<(Arc<TpuLane>, Condition)>,
    race: bool,
    private_above_lamports: Option<u64>,
}

impl Lanes {
    /// Opens those that are configured, and keeps connections to the leaders. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// What of the configuration cannot be used. A lane that does not answer is none: the others go on.
    pub fn open(config: &LanesConfig, pool: &Arc<RpcPool>, log: &Log) -> Result<Self, EngineFault> {
        let unusable = |fault: tradewind_solana::fault::Fault| {
            EngineFault::new(Ending::BadConfiguration, fault.code(), fault.to_string())
        };
        let rpc = config.rpc.then(|| {
            let options = RpcLaneOptions {
                preflight: false,
                preflight_commitment: "processed",
            };
            RpcLane::new(Arc::clone(pool), options)
        });
        let jito = config.jito.as_ref().map(|access| {
            let limits = EndpointLimits {
                requests_per_second: access.requests_per_s,
                burst: access.requests_per_s,
                ..EndpointLimits::default()
            };
            let options = JitoOptions {
                limits,
                ..JitoOptions::default()
            };
            JitoLane::new(&access.regions, &options)
        });
        let tpu = config
            .tpu
            .then(|| TpuLane::new(Arc::clone(pool), &TpuOptions::default()));
        let tpu = tpu.transpose().map_err(unusable)?.map(Arc::new);
        if let Some(tpu) = &tpu {
            tokio::spawn(follow_leaders(Arc::clone(tpu), log.clone()));
        }
        Ok(Self {
            rpc: rpc.map(|lane| (lane, Condition::default())),
            jito: jito
                .transpose()
                .map_err(unusable)?
                .map(|lane| (lane, Condition::default())),
            tpu: tpu.map(|lane| (lane, Condition::default())),
            race: config.race,
            private_above_lamports: config.private_above_lamports,
        })
    }

    /// Whether it is open, and has done well lately.
    #[must_use]
    pub fn is_well(&self, lane: LaneName) -> bool {
        match lane {
            LaneName::Rpc => self.rpc.as_ref().is_some_and(|(_, it)| it.is_well()),
            LaneName::Jito => self.jito.as_ref().is_some_and(|(_, it)| it.is_well()),
            LaneName::Tpu => self.tpu.as_ref().is_some_and(|(lane, it)| {
                let leaders = lane.leaders();
                let connected = |state: &Option<ConnectionState>| {
                    matches!(state, Some(ConnectionState::Connected))
                };
                it.is_well() && leaders.iter().any(|leader| connected(&leader.state))
            }),
        }
    }

    /// Hands the bytes over once.
    async fn hand_over(&self, lane: LaneName, transaction: &SignedTransaction) -> SendReport {
        let Some((open, condition)) = self.at(lane) else {
            return unsent(lane, "lane_off", "it is not configured");
        };
        let options = SendOptions::default();
        let sending = open.send(transaction, &options);
        let Ok(report) = tokio::time::timeout(HAND_OVER, sending).await else {
            condition.failed();
            let detail = format!("no answer within {} ms", HAND_OVER.as_millis());
            return SendReport {
                outcome: SendOutcome::Unknown {
                    code: "timed_out",
                    detail,
                },
                ..unsent(lane, "", "")
            };
        };
        match report.outcome {
            SendOutcome::Accepted { .. } | SendOutcome::AlreadyKnown { .. } => condition.took(),
            SendOutcome::RateLimited { .. } => {}
            _ => condition.failed(),
        }
        report
    }

    fn at(&self, lane: LaneName) -> Option<(&dyn Lane, &Condition)> {
        match lane {
            LaneName::Rpc => self.rpc.as_ref().map(|(lane, it)| (lane as &dyn Lane, it)),
            LaneName::Jito => self.jito.as_ref().map(|(lane, it)| (lane as &dyn Lane, it)),
            LaneName::Tpu => {
                let tpu = self.tpu.as_ref();
                tpu.map(|(lane, it)| (lane.as_ref() as &dyn Lane, it))
            }
        }
    }

    /// Whether the block engine says that it landed this bundle.
    async fn has_landed_bundle(&self, bundle_id: &str) -> bool {
        let Some((jito, _)) = &self.jito else {
            return false;
        };
        let ids = [bundle_id.to_owned()];
        let asked = jito.bundle_statuses(&ids);
        let told = tokio::time::timeout(HAND_OVER, asked).await;
        told.is_ok_and(|told| told.is_ok_and(|told| told.iter().any(Option::is_some)))
    }
}

/// Until the chain has told its leaders once; from then on the lane follows them by itself.
async fn follow_leaders(lane: Arc<TpuLane>, log: Log) {
    let mut told = false;
    while let Err(fault) = lane.start().await {
        if !told {
            let message = format!("lanes.tpu: the leaders are not known: {fault}");
            log.warning(
                "lane_down",
                &message,
                json!({"lane": "tpu", "code": fault.code()}),
            );
            told = true;
        }
        tokio::time::sleep(LEADERS_AGAIN).await;
    }
}

fn unsent(lane: LaneName, code: &'static str, detail: &str) -> SendReport {
    SendReport {
        lane: lane.method(),
        outcome: SendOutcome::Unreachable {
            code,
            detail: detail.to_owned(),
        },
        endpoint: None,
        answers: Vec::new(),
    }
}
