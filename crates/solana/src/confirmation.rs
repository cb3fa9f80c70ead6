//! What became of a signature: landed, reverted, or expired by evidence; else it is pending, whatever the clock says.
//!
//! One endpoint's word is enough that it is in a block, for that can be taken back; that its block is final needs a quorum.
//! That it can never land needs a quorum, each of whose members tells a finalized height past the last valid one and, asked after that, does
//! not know the signature even in its history.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

use crate::fault::{Fault, at_least_one};
use crate::json_rpc::AskFault;
use crate::rpc_pool::{RpcEndpoint, RpcPool, within};
use crate::signature_feed;
pub use crate::signature_status::Level;
use crate::signature_status::{Status, most_told, read_status};
use crate::signed_transaction::is_signature;
use crate::transaction_fault::TransactionFault;

/// What one endpoint knew when it was asked for an expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Scheme, host and port.
    pub endpoint: String,
    /// Its finalized block height; None: it did not tell.
    pub finalized_height: Option<u64>,
    /// Whether it knows the signature; None: it was not asked, or did not tell.
    pub knows_signature: Option<bool>,
}

/// What became of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// In a block, and without fault.
    Landed(Inclusion),
    /// In a block; nothing but the fee was taken.
    Reverted {
        /// Where.
        inclusion: Inclusion,
        /// Why.
        fault: TransactionFault,
    },
    /// It can never land.
    Expired {
        /// Of each endpoint.
        evidence: Vec<Evidence>,
    },
    /// Nothing is decided.
    Pending {
        /// Of each endpoint, when the last valid height was looked at.
        evidence: Vec<Evidence>,
    },
}

/// Where a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inclusion {
    /// Its block's slot.
    pub slot: u64,
    /// How sure the chain is.
    pub level: Level,
    /// When an endpoint had the transaction itself already.
    pub fee_lamports: Option<u64>,
    /// The same.
    pub compute_units: Option<u64>,
}

impl Confirmation {
    /// In snake case.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Landed(_) => "landed",
            Self::Reverted { .. } => "reverted",
            Self::Expired { .. } => "expired",
            Self::Pending { .. } => "pending",
        }
    }
}

/// What is waited for.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// In base 58.
    pub signature: String,
    /// The last block height at which it can land.
    pub last_valid_block_height: u64,
    /// How sure the chain has to be.
    pub commitment: Level,
}

/// How a watch asks.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// Feeds that hurry the questions.
    pub websocket_urls: Vec<String>,
    /// How many endpoints make an expiry; None: the pool's.
    pub quorum: Option<usize>,
    /// Between two rounds of questions.
    pub poll_ms: u64,
}

/// Follows signatures.
#[derive(Debug, Clone)]
pub struct ConfirmationWatch {
    pool: Arc<RpcPool>,
    websocket_urls: Vec<String>,
    quorum: usize,
    poll_ms: u64,
    trusts_one: bool,
}

impl ConfirmationWatch {
    /// Over this pool.
    ///
    /// # Errors
    /// `limit_malformed`, `quorum_impossible`, `websocket_url_malformed`.
    pub fn new(pool: Arc<RpcPool>, options: WatchOptions) -> Result<Self, Fault> {
        at_least_one("poll_ms", options.poll_ms)?;
        let quorum = options.quorum.unwrap_or_else(|| pool.quorum());
        if !(1..=pool.endpoints().len()).contains(&quorum) {
            let message = format!(
                "quorum: {quorum} of {} endpoints cannot be; give 1 to {0}",
                pool.endpoints().len()
            );
            return Err(Fault::new("quorum_impossible", message));
        }
        options
            .websocket_urls
            .iter()
            .try_for_each(|url| signature_feed::check_url(url))?;
        Ok(Self {
            pool,
            websocket_urls: options.websocket_urls,
            quorum,
            poll_ms: options.poll_ms,
            trusts_one: true,
        })
    }

    /// Trusts no endpoint alone, however sure the chain has to be: as many as make a quorum have to tell the same, or,
    /// where fewer answer, all that do. One that knows what a quorum does not know holds up no expiry.
    #[must_use]
    pub fn trusting_no_one(self) -> Self {
        Self {
            trusts_one: false,
            ..self
        }
    }

    /// Until it is decided, or for `timeout_ms` and the round that ends in: then it is pending, and may be asked again.
    ///
    /// # Errors
    /// `signature_malformed`.
    pub async fn wait(&self, awaited: &Awaited, timeout_ms: u64) -> Result<Confirmation, Fault> {
        check(awaited)?;
        let deadline = tokio::time::Instant::now() + Duration::from_millis(timeout_ms);
        let mut feeds: FuturesUnordered<_> = self
            .websocket_urls
            .iter()
            .map(|url| signature_feed::notified(url, &awaited.signature, awaited.commitment.name()))
            .collect();
        loop {
            // A round that has begun is heard out: cut short by one slow endpoint, none would ever decide anything.
            let last = self.ask(awaited).await;
            if !matches!(last, Confirmation::Pending { .. }) {
                return Ok(last);
            }
            let pause = Duration::from_millis(self.poll_ms);
            let rest = tokio::time::timeout(pause, hurried(&mut feeds));
            if tokio::time::timeout_at(deadline, rest).await.is_err() {
                return Ok(last);
            }
        }
    }

    /// The same, from one round of questions.
    ///
    /// # Errors
    /// `signature_malformed`.
    pub async fn check(&self, awaited: &Awaited) -> Result<Confirmation, Fault> {
        check(awaited)?;
        Ok(self.ask(awaited).await)
    }

    async fn ask(&self, awaited: &Awaited) -> Confirmation {
        let params = json!([[awaited.signature], {"searchTransactionHistory": true}]).to_string();
        let said = self.pool.ask_each("getSignatureStatuses", &params).await;
        let statuses: Vec<_> = said
            .iter()
            .filter_map(|said| read_status(said.answer.as_ref().ok()?.result.get()).ok())
            .collect();
        let sure: Vec<_> = statuses
            .iter()
            .flatten()
            .filter(|status| status.level >= awaited.commitment)
            .collect();
        match most_told(&sure) {
            Some((status, told)) if told >= self.needed(awaited.commitment, statuses.len()) => {
                self.included(&awaited.signature, status).await
            }
            // Somebody has it in a block, if not yet surely enough: it is not gone.
            _ if statuses.iter().any(Option::is_some) && !self.may_be_gone(&statuses) => {
                Confirmation::Pending {
                    evidence: Vec::new(),
                }
            }
            _ => self.expiry(awaited).await,
        }
    }

    /// How many of those that answered have to tell the same. What is final is acted upon for ever, so one endpoint's word
    /// is not enough for it.
    fn needed(&self, commitment: Level, answered: usize) -> usize {
        if commitment == Level::Finalized {
            self.quorum
        } else if self.trusts_one {
            1
        } else {
            self.quorum.min(answered).max(1)
        }
    }

    /// Whether those who do not know it could outweigh who does.
    fn may_be_gone(&self, statuses: &[Option<Status>]) -> bool {
        let unknown = statuses.iter().filter(|status| status.is_none()).count();
        !self.trusts_one && unknown >= self.quorum
    }

    async fn included(&self, signature: &str, status: &Status) -> Confirmation {
        let (fee_lamports, compute_units) = self.cost(signature, status.level).await;
        let inclusion = Inclusion {
            slot: status.slot,
            level: status.level,
            fee_lamports,
            compute_units,
        };
        match &status.fault {
            None => Confirmation::Landed(inclusion),
            Some(fault) => Confirmation::Reverted {
                inclusion,
                fault: fault.clone(),
            },
        }
    }

    /// Nice to have, and asked once: `getTransaction` knows nothing below `confirmed`, and is late behind the statuses.
    async fn cost(&self, signature: &str, level: Level) -> (Option<u64>, Option<u64>) {
        if level < Level::Confirmed {
            return (None, None);
        }
        let params = json!([signature, {"commitment": level.name(), "encoding": "base64", "maxSupportedTransactionVersion": 0}]);
        let told = within(1_000, self.pool.call("getTransaction", &params.to_string())).await;
        let told: Option<Value> = told
            .and_then(Result::ok)
            .and_then(|told| serde_json::from_str(told.get()).ok());
        let part = |name: &str| told.as_ref()?.get("meta")?.get(name)?.as_u64();
        (part("fee"), part("computeUnitsConsumed"))
    }

    async fn expiry(&self, awaited: &Awaited) -> Confirmation {
        let evidence = join_all(
            self.pool
                .endpoints()
                .iter()
                .map(|endpoint| witness(endpoint, awaited)),
        )
        .await;
        let past = |one: &&Evidence| {
            one.finalized_height
                .is_some_and(|height| height > awaited.last_valid_block_height)
        };
        let absent = evidence
            .iter()
            .filter(past)
            .filter(|one| one.knows_signature == Some(false))
            .count();
        let known = evidence.iter().any(|one| one.knows_signature == Some(true));
        if absent >= self.quorum && (!known || !self.trusts_one) {
            Confirmation::Expired { evidence }
        } else {
            Confirmation::Pending { evidence }
        }
    }
}

/// The height first: a signature that was absent before the height was past might have landed in between.
async fn witness(endpoint: &RpcEndpoint, awaited: &Awaited) -> Evidence {
    let patience_ms = 1_000;
    let height = endpoint
        .ask(
            "getBlockHeight",
            r#"[{"commitment":"finalized"}]"#,
            patience_ms,
        )
        .await;
    let finalized_height = height
        .ok()
        .and_then(|told| told.result.get().parse::<u64>().ok());
    let mut knows_signature = None;
    if finalized_height.is_some_and(|height| height > awaited.last_valid_block_height) {
        let params = json!([[awaited.signature], {"searchTransactionHistory": true}]).to_string();
        let told: Result<_, AskFault> = endpoint
            .ask("getSignatureStatuses", &params, patience_ms)
            .await;
        knows_signature = told.ok().and_then(|told| {
            read_status(told.result.get())
                .ok()
                .map(|status| status.is_some())
        });
    }
    Evidence {
        endpoint: endpoint.label().to_owned(),
        finalized_height,
        knows_signature,
    }
}

/// Returns when a feed notifies. Feeds that end without are let go; without any it waits for ever, and the caller's pause ends it.
async fn hurried(feeds: &mut FuturesUnordered<impl Future<Output = bool>>) {
    while let Some(notified) = feeds.next().await {
        if notified {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn check(awaited: &Awaited) -> Result<(), Fault> {
    if is_signature(&awaited.signature) {
        return Ok(());
    }
    Err(Fault::new(
        "signature_malformed",
        "signature: must be 64 bytes in base 58",
    ))
}

#[cfg(test)]
#[path = "confirmation_tests.rs"]
mod tests;
