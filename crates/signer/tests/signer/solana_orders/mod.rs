//! Orders on Solana: transactions built byte by byte, and the requests that carry them.

mod instructions;

pub use instructions::*;

use crate::bench::Bench;
use crate::process::{Folder, SIGNER};
use alloy_primitives::hex;
use serde_json::{Value, json};
use tradewind_core::decode::solana::Key;
use tradewind_signer::fault::Rule;

/// RFC 8032, section 7.1, tests 1 and 2: seed and public key.
const PAIRS: [&str; 2] = [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\
     d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb\
     3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
];
pub const WALLET: &str = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z";
pub const OTHER_WALLET: &str = "586Z7H2vpX9qNhN2T4e9Utugie3ogjbxzGaMtM3E6HR5";
pub const NATIVE: &str = "11111111111111111111111111111111";
pub const WSOL: &str = "So11111111111111111111111111111111111111112";
pub const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
pub const PYUSD: &str = "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo";
// The wallet's associated accounts, as solders 0.29 derives them.
pub const WSOL_ACCOUNT: &str = "43QbFUJCc1TjAMeUYQnDmDejbwnKz7c9UtZzpMHxWgVx";
pub const USDC_ACCOUNT: &str = "HU2S9ByyqbnCD2SVfvr9qoLtDTtyTnMZoMaw1xpr6cTb";
pub const PYUSD_ACCOUNT: &str = "3hZ5WQn9WnAzkb4pmeDkYqZDiR9z23QtTuCphajSZvuP";
pub const RECIPIENT: &str = "7v91N7iZ9mNicL8WfG6cgSCKyRXydQjLh6UYBWwm6y1Q";
pub const RECIPIENT_USDC: &str = "FhuKYUwrnqLokQ3Ne8LqkiWz8XRPfGTuZdYvwAGytLPb";
pub const TIP_ACCOUNT: &str = "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5";
pub const SYSTEM: &str = NATIVE;
pub const COMPUTE_BUDGET: &str = "ComputeBudget111111111111111111111111111111";
pub const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
pub const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
pub const ATA: &str = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";
pub const CPMM: &str = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C";
pub const WHIRLPOOL: &str = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc";
pub const KAMINO: &str = "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD";
pub const RESERVE: &str = "d4A2prbA2whesmvHaL88BH6Ewn5N4bTSU2Ze8P6Bc4Q";
pub const PINNED: &str = "2immgwYNHBbyVQKVGCEkgWpi53bLwWNRMB5G2nbgYV17";
pub const SOL: u64 = 1_000_000_000;
pub const HEIGHT: u64 = 1_000;

pub fn config() -> String {
    format!(
        r#"
socket = "run/signer.sock"
gate = "gate.db"
key_file = "keys.age"
[[wallets]]
address = "{WALLET}"
chains = [101]
[[wallets]]
address = "{OTHER_WALLET}"
chains = [101]
[chains.101]
programs = ["{SYSTEM}", "{COMPUTE_BUDGET}", "{TOKEN}", "{TOKEN_2022}", "{ATA}", "{CPMM}", "{WHIRLPOOL}", "{KAMINO}"]
recipients = ["{RECIPIENT}"]
max_tip_lamports = 100000
max_compute_units = 400000
max_compute_unit_price_micro_lamports = 100000
max_fee_lamports = 40000
max_slippage_bps = 100
blockhash_life_s = 120
flash_reserves = [{{ reserve = "{RESERVE}", assumed_fee_bps = 1 }}]
lookup_tables = [{{ address = "{PINNED}", keys = ["{WSOL}", "{USDC_ACCOUNT}", "{TIP_ACCOUNT}"] }}]
[[chains.101.tokens]]
symbol = "SOL"
address = "{NATIVE}"
decimals = 9
max_per_transaction = "0.02"
max_per_day = "0.1"
[[chains.101.tokens]]
symbol = "WSOL"
address = "{WSOL}"
decimals = 9
max_per_transaction = "5"
max_per_hour = "10"
max_per_day = "10"
[[chains.101.tokens]]
symbol = "USDC"
address = "{USDC}"
decimals = 6
max_per_transaction = "1000"
max_per_day = "5000"
[[chains.101.tokens]]
symbol = "PYUSD"
address = "{PYUSD}"
decimals = 6
program = "token_2022"
max_per_transaction = "1000"
max_per_day = "5000"
"#
    )
}

pub fn folder() -> Folder {
    let folder = Folder::new();
    for (index, pair) in PAIRS.iter().enumerate() {
        folder.write("id.json", &format!("{:?}", hex::decode(pair).unwrap()));
        let label = format!("sol-{index}");
        let arguments = [
            "key",
            "import",
            "--keys",
            "keys.age",
            "--passphrase-file",
            "passphrase",
            "--solana-file",
            "id.json",
            "--label",
            &label,
            "--work-factor",
            "2",
            "--delete",
        ];
        let output = folder.command(SIGNER, &arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    folder.write("signer.toml", &config());
    folder
}

/// A signer that knows the wallets already.
pub fn bench() -> Bench {
    let bench = Bench::over(folder());
    for wallet in [WALLET, OTHER_WALLET] {
        bench.ok(&adoption(wallet));
    }
    bench
}

pub fn adoption(wallet: &str) -> Value {
    json!({ "op": "adopt_wallet", "wallet": wallet, "chain_id": 101, "by": "alice" })
}

pub fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

/// An account that is none of the wallet's.
pub fn stranger(number: u8) -> Key {
    Key([number; 32])
}

pub const IN: (&str, &str) = (WSOL_ACCOUNT, WSOL);
pub const OUT: (&str, &str) = (USDC_ACCOUNT, USDC);
pub const THIRD: (&str, &str) = (PYUSD_ACCOUNT, PYUSD);

/// A transaction with one signer. With a table it is of version 0, and what the table has is looked up there.
pub fn wire(
    payer: Key,
    instructions: &[Ix],
    blockhash: u8,
    table: Option<(Key, &[Key])>,
) -> Vec<u8> {
    let programs: Vec<Key> = instructions.iter().map(|it| it.program).collect();
    let mut writable: Vec<Key> = Vec::new();
    let mut readonly: Vec<Key> = Vec::new();
    let used = instructions
        .iter()
        .flat_map(|it| it.accounts.iter().copied());
    let used: Vec<_> = used.collect();
    let is_writable = |key: Key| used.iter().any(|(other, writes)| *other == key && *writes);
    for (key, _) in used
        .iter()
        .copied()
        .chain(programs.iter().map(|key| (*key, false)))
    {
        let list = if is_writable(key) {
            &mut writable
        } else {
            &mut readonly
        };
        if key != payer && !list.contains(&key) {
            list.push(key);
        }
    }
    let behind = |key: &Key| {
        let (_, keys) = table?;
        let place = keys.iter().position(|known| known == key)?;
        (!programs.contains(key)).then_some(u8::try_from(place).unwrap())
    };
    let (far_writable, writable): (Vec<_>, Vec<_>) =
        writable.into_iter().partition(|key| behind(key).is_some());
    let (far_readonly, readonly): (Vec<_>, Vec<_>) =
        readonly.into_iter().partition(|key| behind(key).is_some());
    let own: Vec<Key> = [vec![payer], writable, readonly.clone()].concat();
    let all: Vec<Key> = [own.clone(), far_writable.clone(), far_readonly.clone()].concat();
    let index =
        |key: &Key| u8::try_from(all.iter().position(|known| known == key).unwrap()).unwrap();
    let count = |length: usize| u8::try_from(length).unwrap();
    let mut bytes = vec![1];
    bytes.extend([0; 64]);
    if table.is_some() {
        bytes.push(0x80);
    }
    bytes.extend([1, 0, count(readonly.len()), count(own.len())]);
    bytes.extend(own.iter().flat_map(|key| key.0));
    bytes.extend([blockhash; 32]);
    bytes.push(count(instructions.len()));
    for it in instructions {
        bytes.push(index(&it.program));
        bytes.push(count(it.accounts.len()));
        bytes.extend(it.accounts.iter().map(|(key, _)| index(key)));
        assert!(it.data.len() < 128, "one byte counts it");
        bytes.push(count(it.data.len()));
        bytes.extend(&it.data);
    }
    if let Some((address, _)) = table {
        bytes.push(1);
        bytes.extend(address.0);
        for far in [far_writable, far_readonly] {
            bytes.push(count(far.len()));
            bytes.extend(far.iter().map(|key| behind(key).unwrap()));
        }
    }
    bytes
}

/// A trade of 1 WSOL for 150 USDC, and what the tests change of it.
#[derive(Clone)]
pub struct SolanaOrder {
    pub intent: String,
    pub attempt: u32,
    pub blockhash: u8,
    pub instructions: Vec<Ix>,
    pub tables: Value,
    pub table: Option<(Key, Vec<Key>)>,
    pub last_valid: u64,
    pub quoted: (String, String, u64, u64),
    pub evidence: Value,
}

impl SolanaOrder {
    pub fn new(intent: &str) -> Self {
        Self::of(
            intent,
            &[
                units(200_000),
                price(10_000),
                cpmm(IN, OUT, SOL, 149_000_000),
            ],
            (WSOL, USDC, SOL, 150_000_000),
        )
    }

    pub fn of(intent: &str, instructions: &[Ix], quoted: (&str, &str, u64, u64)) -> Self {
        Self {
            intent: intent.to_owned(),
            attempt: 1,
            blockhash: 7,
            instructions: instructions.to_vec(),
            tables: json!({}),
            table: None,
            last_valid: HEIGHT + 150,
            quoted: (quoted.0.to_owned(), quoted.1.to_owned(), quoted.2, quoted.3),
            evidence: evidence(HEIGHT, HEIGHT - 32, &json!([])),
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn and(mut self, instruction: Ix) -> Self {
        self.instructions.push(instruction);
        self
    }

    /// The next attempt: another blockhash, and what was seen of the chain since.
    pub fn again(mut self, block_height: u64, finalized: u64, signatures: &Value) -> Self {
        self.attempt += 1;
        self.blockhash += 1;
        self.last_valid = block_height + 150;
        self.evidence = evidence(block_height, finalized, signatures);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let table = self
            .table
            .as_ref()
            .map(|(key, keys)| (*key, keys.as_slice()));
        wire(key(WALLET), &self.instructions, self.blockhash, table)
    }

    pub fn request(&self) -> Value {
        self.request_of(&self.bytes())
    }

    pub fn request_of(&self, unsigned_tx: &[u8]) -> Value {
        json!({
            "op": "sign_solana", "intent_id": self.intent, "step": 0, "attempt": self.attempt, "strategy_id": null,
            "wallet": WALLET, "chain_id": 101, "unsigned_tx": hex::encode_prefixed(unsigned_tx),
            "lookup_tables": self.tables, "last_valid_block_height": self.last_valid, "quoted": self.quoted(),
            "evidence": self.evidence,
        })
    }

    pub fn presign_request(&self, hold_ms: u64) -> Value {
        let mut request = self.request();
        request["op"] = json!("presign_solana");
        request["hold_ms"] = json!(hold_ms);
        request
    }

    pub fn release_request(&self, block_height: u64) -> Value {
        json!({
            "op": "release", "intent_id": self.intent, "step": 0, "attempt": self.attempt,
            "block_height": block_height,
        })
    }

    pub fn discard_request(&self) -> Value {
        json!({ "op": "discard", "intent_id": self.intent, "step": 0, "attempt": self.attempt })
    }

    pub fn check_request(&self) -> Value {
        json!({
            "op": "check_solana", "strategy_id": null, "wallet": WALLET, "chain_id": 101,
            "unsigned_tx": hex::encode_prefixed(self.bytes()), "lookup_tables": self.tables, "quoted": self.quoted(),
        })
    }

    fn quoted(&self) -> Value {
        let (mint_in, mint_out, amount_in, amount_out) = &self.quoted;
        json!({
            "mint_in": mint_in, "mint_out": mint_out,
            "amount_in_raw": amount_in.to_string(), "amount_out_raw": amount_out.to_string(),
        })
    }

    pub fn step_request(&self) -> Value {
        json!({ "op": "step", "intent_id": self.intent, "step": 0 })
    }

    pub fn receipt_request(&self) -> Value {
        json!({ "op": "receipt", "intent_id": self.intent, "step": 0, "wallet": WALLET, "chain_id": 101 })
    }

    pub fn settle_request(&self, outcome: &str, signature: &Value, spent: &Value) -> Value {
        let slot = if signature.is_null() {
            Value::Null
        } else {
            json!(1_203)
        };
        json!({
            "op": "settle_solana", "intent_id": self.intent, "step": 0, "outcome": outcome, "signature": signature,
            "slot": slot, "spent": spent, "signatures": [], "endpoints": ["one"],
            "finalized": { "slot": 1_240, "block_height": HEIGHT + 180 },
        })
    }
}

pub fn evidence(block_height: u64, finalized: u64, signatures: &Value) -> Value {
    json!({
        "block_height": block_height, "finalized_block_height": finalized, "signatures": signatures,
        "endpoints": ["one", "two"],
    })
}

pub fn absent(signature: &Value) -> Value {
    json!([{ "signature": signature, "status": "absent" }])
}

/// By the question whether it would be signed, and by the signature itself.
#[track_caller]
pub fn refused(bench: &Bench, order: &SolanaOrder, rule: Rule) {
    let answer = bench.ok(&order.check_request());
    assert_eq!(answer["rule"], rule.name(), "{answer}");
    assert_eq!(bench.rule(&order.request()), Some(rule));
}
