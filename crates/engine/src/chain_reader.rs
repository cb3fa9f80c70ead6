//! Reads the chain over JSON-RPC: accounts as they are now, the accounts of a program, and heights.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use serde_json::{Value, json};
use tradewind_core::ChainAddress;
use tradewind_solana::Key;
use tradewind_solana::rpc_pool::{Reached, RpcPool};
use tradewind_solana::token_accounts::TokenProgram;

use crate::fault::EngineFault;
use crate::feed::websocket::decode_account;
use crate::feed::{AccountUpdate, Moment, ProgramFilter};
use crate::inventory::AccountReader;

/// Accounts that a node gives in one answer.
const ACCOUNTS_AT_ONCE: usize = 100;
/// An account with so many transactions is not new.
const MOST_SIGNATURES: usize = 200;
/// Mints that are looked at for one owner; a curve has one, and strangers can give it others.
const MOST_MINTS: usize = 64;
/// Owners whose mints are remembered.
const MOST_OWNERS: usize = 8_192;

/// Heights that a quorum of endpoints has reached, as evidence for the gate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heights {
    /// At `confirmed`.
    pub confirmed: u64,
    /// At `finalized`.
    pub finalized: u64,
    /// Those that told both, or more.
    pub endpoints: Vec<String>,
}

/// How far the chain is for ever, by a quorum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finality {
    /// The slot that a quorum has reached.
    pub slot: u64,
    /// The same, counted in blocks.
    pub block_height: u64,
    /// Those that told the height, or more.
    pub endpoints: Vec<String>,
}

/// One cluster, read at one commitment.
#[derive(Debug, Clone)]
pub struct ChainReader {
    pool: Arc<RpcPool>,
    commitment: &'static str,
    /// The mints that owners of token accounts were found to hold.
    held: Arc<Mutex<HashMap<ChainAddress, Vec<ChainAddress>>>>,
}

impl ChainReader {
    /// Over these endpoints.
    #[must_use]
    pub fn new(pool: Arc<RpcPool>, commitment: &'static str) -> Self {
        Self {
            pool,
            commitment,
            held: Arc::default(),
        }
    }

    /// How many endpoints decide together what cannot be undone.
    #[must_use]
    pub fn quorum(&self) -> usize {
        self.pool.quorum()
    }

    /// The addresses of all accounts that a program owns.
    ///
    /// # Errors
    /// `chain_unreadable`.
    pub async fn accounts_of(
        &self,
        program: ChainAddress,
    ) -> Result<Vec<ChainAddress>, EngineFault> {
        self.accounts_matching(&ProgramFilter::all_of(program))
            .await
    }

    /// The addresses of the accounts of a program that a filter lets through.
    ///
    /// # Errors
    /// `chain_unreadable`.
    pub async fn accounts_matching(
        &self,
        filter: &ProgramFilter,
    ) -> Result<Vec<ChainAddress>, EngineFault> {
        let mut how = json!({"encoding": "base64", "commitment": self.commitment, "dataSlice": {"offset": 0, "length": 0}});
        let sizes = filter
            .data_size
            .iter()
            .map(|size| json!({"dataSize": size}));
        let comparisons = filter.comparisons.iter().map(|it| {
            let bytes = bs58::encode(&it.bytes).into_string();
            json!({"memcmp": {"offset": it.offset, "bytes": bytes}})
        });
        let filters: Vec<_> = sizes.chain(comparisons).collect();
        if !filters.is_empty() {
            how["filters"] = Value::Array(filters);
        }
        let program = filter.program.to_string();
        let told = self
            .ask("getProgramAccounts", &json!([program, how]))
            .await?;
        let keys = told.as_array().map(|accounts| {
            let keys = accounts
                .iter()
                .map(|account| Key::parse(account["pubkey"].as_str()?));
            keys.map(|key| key.map(ChainAddress::from))
                .collect::<Option<Vec<_>>>()
        });
        keys.flatten()
            .ok_or_else(|| unreadable("getProgramAccounts", "the answer has another form"))
    }

    /// The heights now: one endpoint's word would end a transaction's life early, or never.
    ///
    /// # Errors
    /// `chain_unreadable`.
    pub async fn heights(&self) -> Result<Heights, EngineFault> {
        let (confirmed, finalized) =
            tokio::try_join!(self.height("confirmed"), self.height("finalized"))?;
        let told_both = |endpoint: &&String| finalized.endpoints.contains(*endpoint);
        let both: Vec<_> = confirmed
            .endpoints
            .iter()
            .filter(told_both)
            .cloned()
            .collect();
        Ok(Heights {
            confirmed: confirmed.block_height,
            finalized: finalized.block_height,
            endpoints: if both.is_empty() {
                confirmed.endpoints
            } else {
                both
            },
        })
    }

    /// How far the chain is for ever.
    ///
    /// # Errors
    /// `chain_unreadable`.
    pub async fn finality(&self) -> Result<Finality, EngineFault> {
        let finalized = json!([{"commitment": "finalized"}]).to_string();
        let (said, height) = tokio::join!(
            self.pool.ask_each("getSlot", &finalized),
            self.height("finalized")
        );
        let slots = said.into_iter().map(|said| said.answer.ok());
        let mut slots: Vec<u64> = slots
            .filter_map(|told| told?.result.get().parse().ok())
            .collect();
        slots.sort_unstable_by(|a, b| b.cmp(a));
        let reached = slots.get(self.pool.quorum().saturating_sub(1));
        let height = height?;
        Ok(Finality {
            slot: *reached.ok_or_else(|| unreadable("getSlot", "too few endpoints tell theirs"))?,
            block_height: height.block_height,
            endpoints: height.endpoints,
        })
    }

    /// The endpoints that have a transaction in a final block of this slot.
    pub async fn witnesses(&self, signature: &str, slot: u64) -> Vec<String> {
        let how = json!({"searchTransactionHistory": true});
        let params = json!([[signature], how]).to_string();
        let said = self.pool.ask_each("getSignatureStatuses", &params).await;
        let has_it = |told: &str| {
            let told: Value = serde_json::from_str(told).unwrap_or_default();
            let status = &told["value"][0];
            status["confirmationStatus"] == "finalized" && status["slot"] == slot
        };
        said.into_iter()
            .filter(|said| {
                let answer = said.answer.as_ref();
                answer.is_ok_and(|answer| has_it(answer.result.get()))
            })
            .map(|said| said.endpoint)
            .collect()
    }

    async fn height(&self, commitment: &str) -> Result<Reached, EngineFault> {
        let told = self.pool.height(commitment).await;
        told.map_err(|fault| unreadable("getBlockHeight", &fault.to_string()))
    }

    /// A transaction with what it moved; null when it is not known.
    ///
    /// # Errors
    /// `chain_unreadable`.
    pub async fn transaction(&self, signature: &str) -> Result<Value, EngineFault> {
        let how = json!({"encoding": "json", "commitment": "confirmed", "maxSupportedTransactionVersion": 0});
        self.ask("getTransaction", &json!([signature, how])).await
    }

    /// The slot of the oldest transaction that names an account; None when there are too many to tell.
    ///
    /// # Errors
    /// `chain_unreadable`.
    pub async fn born_slot(&self, account: ChainAddress) -> Result<Option<u64>, EngineFault> {
        const METHOD: &str = "getSignaturesForAddress";
        // Nodes keep this list at `confirmed` at best.
        let how = json!({"limit": MOST_SIGNATURES, "commitment": "confirmed"});
        let told = self.ask(METHOD, &json!([account.to_string(), how])).await?;
        let listed = told
            .as_array()
            .ok_or_else(|| unreadable(METHOD, "the answer has another form"))?;
        if listed.len() >= MOST_SIGNATURES {
            return Ok(None);
        }
        // One that is not confirmed yet is as young as can be.
        let oldest = listed
            .iter()
            .filter_map(|entry| entry["slot"].as_u64())
            .min();
        Ok(Some(oldest.unwrap_or(u64::MAX)))
    }

    /// What a node says of executing a transaction that nobody has signed, on a blockhash of its own.
    ///
    /// # Errors
    /// `chain_unreadable`.
    pub async fn simulate(&self, wire: &[u8]) -> Result<Value, EngineFault> {
        let how = json!({
            "encoding": "base64", "commitment": self.commitment, "sigVerify": false, "replaceRecentBlockhash": true,
        });
        let wire = base64::engine::general_purpose::STANDARD.encode(wire);
        self.ask("simulateTransaction", &json!([wire, how])).await
    }

    async fn ask(&self, method: &str, params: &Value) -> Result<Value, EngineFault> {
        let told = self.pool.call(method, &params.to_string()).await;
        let told = told.map_err(|fault| unreadable(method, &fault.to_string()))?;
        serde_json::from_str(told.get()).map_err(|_| unreadable(method, "the answer is no JSON"))
    }

    async fn read_some(
        &self,
        keys: &[ChainAddress],
    ) -> Result<Vec<Option<AccountUpdate>>, EngineFault> {
        const METHOD: &str = "getMultipleAccounts";
        let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
        let how = json!({"encoding": "base64", "commitment": self.commitment});
        let told = self.ask(METHOD, &json!([names, how])).await?;
        let malformed = || unreadable(METHOD, "the answer has another form");
        let slot = told["context"]["slot"].as_u64().ok_or_else(malformed)?;
        let values = told["value"]
            .as_array()
            .filter(|values| values.len() == keys.len());
        let moment = Moment {
            slot,
            write_version: 0,
        };
        let read = |(key, value): (&ChainAddress, &Value)| {
            if value.is_null() {
                return Ok(None);
            }
            let account = decode_account(*key, value).ok_or_else(malformed)?;
            Ok(Some(AccountUpdate { moment, ..account }))
        };
        keys.iter()
            .zip(values.ok_or_else(malformed)?)
            .map(read)
            .collect()
    }
}

impl ChainReader {
    /// The mint of each token account that an owner has under one of the two programs.
    async fn held_under(
        &self,
        owner: ChainAddress,
        program: TokenProgram,
    ) -> Result<Vec<ChainAddress>, EngineFault> {
        const METHOD: &str = "getTokenAccountsByOwner";
        let which = json!({"programId": program.key().to_string()});
        let how = json!({"encoding": "base64", "commitment": self.commitment});
        let told = self
            .ask(METHOD, &json!([owner.to_string(), which, how]))
            .await?;
        let listed = told["value"]
            .as_array()
            .ok_or_else(|| unreadable(METHOD, "the answer has another form"))?;
        let mints = listed.iter().filter_map(|entry| {
            let account = decode_account(owner, &entry["account"])?;
            let mint: [u8; 32] = account.data.get(..32)?.try_into().ok()?;
            Some(ChainAddress::Solana(mint))
        });
        Ok(mints.take(MOST_MINTS).collect())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ChainAddress, Vec<ChainAddress>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccountReader for ChainReader {
    async fn mints_held_by(&self, owner: ChainAddress) -> Result<Vec<ChainAddress>, EngineFault> {
        if let Some(known) = self.held().get(&owner) {
            return Ok(known.clone());
        }
        let mut mints = self.held_under(owner, TokenProgram::Token).await?;
        mints.extend(self.held_under(owner, TokenProgram::Token2022).await?);
        if !mints.is_empty() {
            let mut held = self.held();
            if held.len() >= MOST_OWNERS {
                held.clear();
            }
            held.insert(owner, mints.clone());
        }
        Ok(mints)
    }

    async fn read(&self, keys: &[ChainAddress]) -> Result<Vec<Option<AccountUpdate>>, EngineFault> {
        let mut accounts = Vec::with_capacity(keys.len());
        for some in keys.chunks(ACCOUNTS_AT_ONCE) {
            accounts.extend(self.read_some(some).await?);
        }
        Ok(accounts)
    }
}

fn unreadable(method: &str, why: &str) -> EngineFault {
    let message = format!("chain.rpc: {method} has no answer: {why}; see that an endpoint is up");
    EngineFault::unavailable("chain_unreadable", message)
}
