//! Builds and signs one transaction over and over, asked in JSON lines; for the benches.
//!
//! `{"op": "load", "seed": HEX, "blockhash": KEY, "instructions": [..], "table": {..}}` gives `{"wire": HEX}`;
//! `{"op": "sign" | "compile" | "build" | "template", "count": N}` gives `{"ns": total, "wire": HEX}`: the signature of the
//! finished message alone; the builder alone; builder, signature and wire bytes; template, signature and wire bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;
use tradewind_solana::Key;
use tradewind_solana::instruction::{AccountMeta, Instruction};
use tradewind_solana::signature::Signature;
use tradewind_solana::template::{PatchPlace, PatchPoint, PatchWidth, TransactionTemplate};
use tradewind_solana::transaction::{LookupTable, TransactionBuilder};

const SIZE_LIMIT_BYTES: usize = 1232;

struct Work {
    key: SigningKey,
    blockhash: Key,
    instructions: Vec<Instruction>,
    table: LookupTable,
    template: TransactionTemplate,
    /// The amounts of the third and the fourth instruction, as they stand there.
    amounts: [(PatchPoint, u64); 2],
    message: Vec<u8>,
    wire: Vec<u8>,
}

impl Work {
    fn load(request: &Value) -> Self {
        let seed = unhex(&request["seed"]);
        let key = SigningKey::from_bytes(&seed.try_into().unwrap());
        let blockhash = key_of(&request["blockhash"]);
        let instructions: Vec<Instruction> = request["instructions"]
            .as_array()
            .unwrap()
            .iter()
            .map(instruction)
            .collect();
        let held: Vec<Key> = request["table"]["addresses"]
            .as_array()
            .unwrap()
            .iter()
            .map(key_of)
            .collect();
        let table = LookupTable::new(key_of(&request["table"]["address"]), &held).unwrap();
        let points = [("swap", 2, 8), ("tip", 3, 4)];
        let places = points.map(|(name, instruction, offset)| {
            let width = PatchWidth::U64;
            (
                name,
                PatchPlace::Data {
                    instruction,
                    offset,
                    width,
                },
            )
        });
        let builder = builder(&key, blockhash, &instructions, &table);
        let template = TransactionTemplate::compile(&builder, &places).unwrap();
        let amounts = points.map(|(name, instruction, offset)| {
            let data = &instructions[instruction].data[offset..offset + 8];
            let amount = u64::from_le_bytes(data.try_into().unwrap());
            (template.patch_point(name).unwrap(), amount)
        });
        let message = builder.build().unwrap().message().to_vec();
        let wire = vec![0; SIZE_LIMIT_BYTES];
        Self {
            key,
            blockhash,
            instructions,
            table,
            template,
            amounts,
            message,
            wire,
        }
    }

    fn sign(&mut self) {
        let signature = self.key.sign(black_box(&self.message));
        black_box(signature.to_bytes());
    }

    fn compile(&mut self) {
        let builder = builder(&self.key, self.blockhash, &self.instructions, &self.table);
        black_box(builder.build().unwrap());
    }

    fn build(&mut self) {
        let builder = builder(&self.key, self.blockhash, &self.instructions, &self.table);
        let transaction = builder.build().unwrap();
        let signature = Signature(self.key.sign(transaction.message()).to_bytes());
        self.wire = transaction.to_wire(&[signature]).unwrap();
    }

    fn instantiate(&mut self) {
        self.wire.resize(SIZE_LIMIT_BYTES, 0);
        let written = self
            .template
            .instantiate(self.blockhash, &self.amounts, &mut self.wire)
            .unwrap();
        let message = &self.wire[self.template.message_range()];
        let signature = Signature(self.key.sign(message).to_bytes());
        self.template.sign(&mut self.wire, 0, &signature).unwrap();
        self.wire.truncate(written);
    }
}

fn builder(
    key: &SigningKey,
    blockhash: Key,
    instructions: &[Instruction],
    table: &LookupTable,
) -> TransactionBuilder {
    let mut builder = TransactionBuilder::new();
    builder
        .add_instructions(instructions.iter().cloned())
        .set_fee_payer(Key(key.verifying_key().to_bytes()))
        .set_recent_blockhash(blockhash)
        .add_lookup_table(table.clone());
    builder
}

fn instruction(given: &Value) -> Instruction {
    let accounts = given["accounts"].as_array().unwrap();
    Instruction {
        program: key_of(&given["program"]),
        accounts: accounts
            .iter()
            .map(|account| AccountMeta {
                key: key_of(&account[0]),
                is_signer: account[1].as_bool().unwrap(),
                is_writable: account[2].as_bool().unwrap(),
            })
            .collect(),
        data: unhex(&given["data"]),
    }
}

fn key_of(text: &Value) -> Key {
    Key::parse(text.as_str().unwrap()).unwrap()
}

fn unhex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn timed(work: &mut Work, request: &Value, run: fn(&mut Work)) -> Value {
    let count = request["count"].as_u64().unwrap();
    let start = Instant::now();
    for _ in 0..count {
        run(work);
    }
    let ns = start.elapsed().as_nanos();
    json!({"ns": u64::try_from(ns).unwrap(), "wire": hex(&work.wire)})
}

fn main() {
    let mut work: Option<Work> = None;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let reply = match (request["op"].as_str(), &mut work) {
            (Some("load"), _) => {
                let mut loaded = Work::load(&request);
                loaded.build();
                let reply = json!({"wire": hex(&loaded.wire)});
                work = Some(loaded);
                reply
            }
            (Some("sign"), Some(work)) => timed(work, &request, Work::sign),
            (Some("compile"), Some(work)) => timed(work, &request, Work::compile),
            (Some("build"), Some(work)) => timed(work, &request, Work::build),
            (Some("template"), Some(work)) => timed(work, &request, Work::instantiate),
            _ => json!({"error": "load first; then sign, compile, build or template"}),
        };
        println!("{reply}");
        std::io::stdout().flush().unwrap();
    }
}
