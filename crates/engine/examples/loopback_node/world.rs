//! The accounts, who follows them, and what was sent.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// Owns every program.
const LOADER: &str = "BPFLoaderUpgradeab1e11111111111111111111111";
/// Where the amount of a token account stands.
const AMOUNT_AT: usize = 64;
/// How far what is final lies behind.
pub(crate) const FINAL_AFTER_SLOTS: u64 = 2;

pub(crate) struct Account {
    pub(crate) owner: String,
    pub(crate) lamports: u64,
    pub(crate) data: Vec<u8>,
}

/// A pool of the file, by what a swap writes.
#[derive(Clone)]
pub(crate) struct Vaults {
    pub(crate) pool: [u8; 32],
    pub(crate) base: String,
    pub(crate) quote: String,
    /// Whether gaps are opened at it; the others only move.
    pub(crate) opens: bool,
}

/// Somebody who is told.
pub(crate) struct Follower {
    pub(crate) subscription: u64,
    pub(crate) to: UnboundedSender<String>,
}

/// A gap: opened when, and the vaults as they were.
pub(crate) struct Gap {
    pub(crate) pool: [u8; 32],
    pub(crate) opened_at: Instant,
    pub(crate) before: [(String, u64); 2],
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: HashMap<String, Account>,
    pub(crate) followers: HashMap<String, Vec<Follower>>,
    pub(crate) slot_followers: Vec<Follower>,
    pub(crate) signature_followers: HashMap<String, Vec<Follower>>,
    pub(crate) gaps: Vec<Gap>,
    /// In the slot.
    pub(crate) landed: HashMap<String, u64>,
    pub(crate) closed_ns: Vec<u64>,
    /// Transactions that close no gap that is open.
    pub(crate) astray: u64,
    /// When the first transaction came.
    pub(crate) first_sent_at: Option<Instant>,
}

pub(crate) struct World {
    state: Mutex<State>,
    pub(crate) header: Value,
    pub(crate) pools: Vec<Vaults>,
    slot: AtomicU64,
    subscriptions: AtomicU64,
}

impl World {
    /// One JSON object a line: `header`, `account` or `pool`.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let (mut state, mut header, mut pools) = (State::default(), Value::Null, Vec::new());
        for line in std::fs::read_to_string(path)?.lines() {
            let line: Value = serde_json::from_str(line)?;
            if let Some(account) = line.get("account") {
                let read = Account {
                    owner: text(&account["owner"])?,
                    lamports: account["lamports"].as_u64().ok_or("lamports")?,
                    data: STANDARD.decode(text(&account["data"])?)?,
                };
                state.accounts.insert(text(&account["key"])?, read);
            } else if let Some(pool) = line.get("pool") {
                let mut address = [0; 32];
                bs58::decode(text(&pool["address"])?).onto(&mut address)?;
                pools.push(Vaults {
                    pool: address,
                    base: text(&pool["base_vault"])?,
                    quote: text(&pool["quote_vault"])?,
                    opens: pool["opens"].as_bool().unwrap_or_default(),
                });
            } else {
                header = line["header"].clone();
            }
        }
        let slot = header["slot"].as_u64().ok_or("header.slot")?;
        Ok(Self {
            state: Mutex::new(state),
            header,
            pools,
            slot: slot.into(),
            subscriptions: AtomicU64::new(1),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn slot(&self) -> u64 {
        self.slot.load(Ordering::Relaxed)
    }

    pub(crate) fn next_slot(&self) -> u64 {
        self.slot.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn next_subscription(&self) -> u64 {
        self.subscriptions.fetch_add(1, Ordering::Relaxed)
    }
}

impl State {
    pub(crate) fn amount(&self, key: &str) -> u64 {
        let bytes = self
            .accounts
            .get(key)
            .and_then(|account| account.data.get(AMOUNT_AT..AMOUNT_AT + 8))
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_le_bytes)
    }

    /// Writes the amount of a token account, and tells whoever follows it.
    pub(crate) fn write(&mut self, key: &str, amount_raw: u64, slot: u64) {
        let Some(account) = self.accounts.get_mut(key) else {
            return;
        };
        account.data[AMOUNT_AT..AMOUNT_AT + 8].copy_from_slice(&amount_raw.to_le_bytes());
        let value = shown(account);
        for follower in self.followers.get(key).into_iter().flatten() {
            let result = json!({"context": {"slot": slot}, "value": value});
            let _gone = follower.to.send(notification(
                "accountNotification",
                follower.subscription,
                &result,
            ));
        }
    }

    /// A transaction came, at this moment.
    pub(crate) fn sent(&mut self, signature: &str, wire: &[u8], at: Instant, slot: u64) {
        if self.landed.contains_key(signature) {
            return;
        }
        self.first_sent_at.get_or_insert(at);
        let closes = self
            .gaps
            .iter()
            .position(|gap| wire.windows(32).any(|window| window == gap.pool));
        match closes {
            Some(place) => {
                let gap = self.gaps.swap_remove(place);
                let took = at.duration_since(gap.opened_at).as_nanos();
                self.closed_ns.push(u64::try_from(took).unwrap_or(u64::MAX));
                for (key, amount_raw) in &gap.before {
                    self.write(key, *amount_raw, slot);
                }
            }
            None => self.astray += 1,
        }
        self.landed.insert(signature.to_owned(), slot);
        for follower in self
            .signature_followers
            .remove(signature)
            .into_iter()
            .flatten()
        {
            let result = json!({"context": {"slot": slot}, "value": {"err": null}});
            let _gone = follower.to.send(notification(
                "signatureNotification",
                follower.subscription,
                &result,
            ));
        }
    }
}

/// An account as JSON-RPC writes it.
pub(crate) fn shown(account: &Account) -> Value {
    json!({
        "data": [STANDARD.encode(&account.data), "base64"], "executable": account.owner == LOADER,
        "lamports": account.lamports, "owner": account.owner, "rentEpoch": u64::MAX,
        "space": account.data.len(),
    })
}

pub(crate) fn notification(method: &str, subscription: u64, result: &Value) -> String {
    json!({"jsonrpc": "2.0", "method": method, "params": {"subscription": subscription, "result": result}})
        .to_string()
}

fn text(value: &Value) -> Result<String, String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("{value} is no text"))
}
