//! Builders of requests: each starts as one that passes, so that a test changes just what it is about.

use crate::process::WALLETS;
use alloy_primitives::{Address, B256, U256, hex};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tradewind_core::evm::{
    Approve, Eip1559Transaction, Exact, Permit, RouterSwap, SwapLeg, SwapPath,
};

pub const ROUTER: &str = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45";
pub const USDC: &str = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831";
pub const WETH: &str = "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1";
pub const ARB: &str = "0x912CE59144191C1204E64559FE8253a0e49E6548";
pub const USDC_UNIT: u64 = 1_000_000;

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A swap of USDC into WETH and the request to sign it.
#[derive(Debug, Clone)]
pub struct Order {
    pub intent: String,
    pub step: u32,
    pub attempt: u32,
    pub strategy: Option<&'static str>,
    pub wallet: Address,
    pub exact: Exact,
    pub tokens: Vec<Address>,
    pub recipient: Option<Address>,
    pub amount_in: u64,
    pub amount_out: u64,
    pub deadline_s: u64,
    pub permit: Option<Permit>,
    pub to: Address,
    pub chain_id: u64,
    pub nonce: u64,
    pub latest_nonce: u64,
    pub gas_limit: u64,
    pub max_fee: u128,
    pub tip: u128,
    pub value: u64,
    pub quoted_in: u64,
    pub quoted_out: u64,
    /// Calldata instead of the swap's.
    pub data: Option<Vec<u8>>,
}

impl Order {
    pub fn new(intent: &str) -> Self {
        Self {
            intent: intent.to_owned(),
            step: 0,
            attempt: 1,
            strategy: None,
            wallet: address(WALLETS[0]),
            exact: Exact::In,
            tokens: vec![address(USDC), address(WETH)],
            recipient: None,
            amount_in: 3_000 * USDC_UNIT,
            amount_out: 995_000_000_000_000_000,
            deadline_s: now_s() + 600,
            permit: None,
            to: address(ROUTER),
            chain_id: 42161,
            nonce: 7,
            latest_nonce: 7,
            gas_limit: 400_000,
            max_fee: 100_000_000,
            tip: 0,
            value: 0,
            quoted_in: 3_000 * USDC_UNIT,
            quoted_out: 1_000_000_000_000_000_000,
            data: None,
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The next transaction of the wallet, all before it being on the chain.
    pub fn at_nonce(self, nonce: u64) -> Self {
        self.with(|order| (order.nonce, order.latest_nonce) = (nonce, nonce))
    }

    pub fn spending(self, amount: u64) -> Self {
        self.with(|order| {
            order.amount_in = amount;
            order.quoted_in = amount;
        })
    }

    pub fn approving(self, spender: &str, amount: u64) -> Self {
        let approve = Approve {
            spender: address(spender),
            amount_raw: U256::from(amount),
        };
        self.with(|order| {
            order.to = address(USDC);
            order.data = Some(approve.encode());
            order.quoted_in = amount;
        })
    }

    pub fn transaction(&self) -> Eip1559Transaction {
        Eip1559Transaction {
            chain_id: self.chain_id,
            nonce: self.nonce,
            max_priority_fee_per_gas_wei: self.tip,
            max_fee_per_gas_wei: self.max_fee,
            gas_limit: self.gas_limit,
            to: self.to,
            value_wei: U256::from(self.value),
            data: self.data.clone().unwrap_or_else(|| self.swap().encode()),
        }
    }

    fn swap(&self) -> RouterSwap {
        let fees = vec![500; self.tokens.len() - 1];
        let leg = SwapLeg {
            path: SwapPath::new(self.tokens.clone(), fees).unwrap(),
            amount_in_raw: U256::from(self.amount_in),
            amount_out_raw: U256::from(self.amount_out),
        };
        RouterSwap::new(
            self.exact,
            vec![leg],
            self.recipient.unwrap_or(self.wallet),
            self.deadline_s,
            self.permit,
        )
        .unwrap()
    }

    pub fn request(&self) -> Value {
        self.request_for(&self.transaction().encode_unsigned())
    }

    pub fn request_for(&self, unsigned_tx: &[u8]) -> Value {
        json!({
            "op": "sign",
            "intent_id": self.intent,
            "step": self.step,
            "attempt": self.attempt,
            "strategy_id": self.strategy,
            "wallet": self.wallet.to_checksum(None),
            "chain_id": self.chain_id,
            "unsigned_tx": hex::encode_prefixed(unsigned_tx),
            "quoted": {
                "amount_in_raw": self.quoted_in.to_string(),
                "amount_out_raw": self.quoted_out.to_string(),
            },
            "evidence": {
                "latest_nonce": self.latest_nonce,
                "block_number": 100,
                "block_hash": B256::repeat_byte(0xab).to_string(),
                "base_fee_wei": "20000000",
                "endpoints": ["http://127.0.0.1:8545"],
            },
        })
    }

    /// The request for the permit of this order.
    pub fn permit_request(&self) -> Value {
        json!({
            "op": "permit",
            "intent_id": self.intent,
            "step": self.step,
            "strategy_id": self.strategy,
            "wallet": self.wallet.to_checksum(None),
            "chain_id": self.chain_id,
            "token": self.tokens[0].to_checksum(None),
            "spender": ROUTER,
            "value_raw": self.amount_in.to_string(),
            "permit_nonce": "0",
            "deadline_s": self.deadline_s,
        })
    }

    pub fn step_request(&self) -> Value {
        json!({ "op": "step", "intent_id": self.intent, "step": self.step })
    }

    pub fn close_request(&self) -> Value {
        json!({ "op": "close", "intent_id": self.intent, "step": self.step })
    }

    /// The end of this order's step by `tx_hash`.
    pub fn settle_request(&self, tx_hash: &Value, outcome: &str, spent: u64) -> Value {
        json!({
            "op": "settle",
            "intent_id": self.intent,
            "step": self.step,
            "outcome": outcome,
            "tx_hash": tx_hash,
            "block_number": 101,
            "block_hash": B256::repeat_byte(0xcd).to_string(),
            "spent_raw": spent.to_string(),
            "endpoints": ["http://127.0.0.1:8545"],
        })
    }
}

impl Order {
    /// The same, where the chain calls the block final.
    pub fn final_settle_request(&self, tx_hash: &Value, outcome: &str, spent: u64) -> Value {
        let mut request = self.settle_request(tx_hash, outcome, spent);
        request["finalized"] =
            json!({ "number": 101, "hash": B256::repeat_byte(0xcd).to_string() });
        request
    }

    /// The next attempt of this order's step: a no-op.
    pub fn noop(self, attempt: u32) -> Self {
        self.with(|order| {
            order.attempt = attempt;
            order.to = order.wallet;
            order.data = Some(Vec::new());
            (order.quoted_in, order.quoted_out) = (0, 0);
        })
    }

    /// The question whether this order would pass.
    pub fn check_request(&self) -> Value {
        let sign = self.request();
        json!({
            "op": "check",
            "strategy_id": sign["strategy_id"],
            "wallet": sign["wallet"],
            "chain_id": sign["chain_id"],
            "unsigned_tx": sign["unsigned_tx"],
            "quoted": sign["quoted"],
        })
    }
}

/// The permit of an answer, as calldata takes it.
pub fn permit_of(answer: &Value) -> Permit {
    let word = |key: &str| answer[key].as_str().unwrap().parse::<B256>().unwrap();
    let value = U256::from_str_radix(answer["value_raw"].as_str().unwrap(), 10).unwrap();
    let v = u8::try_from(answer["v"].as_u64().unwrap()).unwrap();
    Permit::new(
        value,
        answer["deadline_s"].as_u64().unwrap(),
        v,
        word("r"),
        word("s"),
    )
    .unwrap()
}
