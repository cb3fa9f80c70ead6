//! The sign-gate as the engine asks it: one connection, one JSON line each way, blocking.
//!
//! A connection that is lost is opened again and the same request sent once more: the gate answers the same request the
//! same for ever, so nothing can happen twice by it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

use crate::chain_reader::Heights;

/// Why the gate gave no signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GateFault {
    /// It understood, and says no. Nothing was signed.
    #[error("{message}")]
    Refused {
        /// Its rule.
        rule: String,
        /// Its words.
        message: String,
    },
    /// It failed, or did not understand. Nothing was signed.
    #[error("the signer failed: {0}")]
    Failed(String),
    /// It cannot be reached, or the answer was lost: nothing is known until it is asked again.
    #[error("signer.socket: no answer: {0}; see that the signer runs")]
    Lost(String),
}

/// A step of which nothing is signed yet, and its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedStep {
    /// The plan that will be carried out as this step.
    pub plan_id: String,
    /// The seed of its receipt.
    pub seed: String,
}

/// What is asked to be signed.
#[derive(Debug, Clone)]
pub struct SigningOrder<'a> {
    /// The step's owner; the step is 0 and the attempt 1.
    pub plan_id: &'a str,
    /// The signer's name for the strategy.
    pub strategy_id: Option<&'a str>,
    /// Who signs.
    pub wallet: &'a str,
    /// The transaction, with zeros for the signature.
    pub unsigned: &'a [u8],
    /// What its lookup tables hold, by table and place.
    pub lookup_tables: &'a Value,
    /// Of its blockhash.
    pub last_valid_block_height: u64,
    /// Paid.
    pub mint_in: &'a str,
    /// Got; the same in a circle.
    pub mint_out: &'a str,
    /// Paid, in raw units.
    pub amount_in_raw: u64,
    /// Expected, in raw units.
    pub amount_out_raw: u64,
    /// What the caller saw of the chain, and where.
    pub heights: &'a Heights,
}

/// A signature as the gate gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// In base 58.
    pub signature: String,
    /// As it travels.
    pub wire: Vec<u8>,
    /// The height after which it can never land.
    pub last_valid_block_height: u64,
}

/// An attempt that is on record and whose bytes stay in the signer until it is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The attempt of the step.
    pub attempt: u32,
    /// When the hold ends, by the signer's clock, in milliseconds since 1970.
    pub held_until_ms: u64,
    /// The height after which it can never land.
    pub last_valid_block_height: u64,
}

/// The gate behind one socket.
#[derive(Debug)]
pub struct Gate {
    socket: PathBuf,
    timeout: Duration,
    connection: Option<BufReader<UnixStream>>,
}

impl Gate {
    /// Connects with the first request.
    #[must_use]
    pub const fn new(socket: PathBuf, timeout: Duration) -> Self {
        Self {
            socket,
            timeout,
            connection: None,
        }
    }

    /// The wallets that it signs for on Solana.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn wallets(&mut self) -> Result<Vec<String>, GateFault> {
        let told = self.ask(&json!({"op": "hello"}))?;
        let wallets = told["wallets"].as_array().into_iter().flatten();
        let of_solana = wallets.filter(|wallet| {
            let chains = wallet["chains"].as_array().into_iter().flatten();
            chains.into_iter().any(|chain| chain == 101)
        });
        Ok(of_solana
            .filter_map(|wallet| wallet["address"].as_str().map(str::to_owned))
            .collect())
    }

    /// Draws the receipt of a step of which nothing is signed.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn prepare(&mut self, plan_id: String, wallet: &str) -> Result<PreparedStep, GateFault> {
        let told = self.ask(&json!({
            "op": "receipt", "intent_id": plan_id, "step": 0, "wallet": wallet, "chain_id": 101,
        }))?;
        let seed = text(&told, "seed")?;
        Ok(PreparedStep { plan_id, seed })
    }

    /// Records, then signs.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn sign(&mut self, order: &SigningOrder<'_>) -> Result<Signed, GateFault> {
        let told = self.ask(&attempt_request("sign_solana", order, 1))?;
        signed(&told)
    }

    /// Records an attempt for `hold` and holds its bytes back: it is signed when it is released. After a discard the
    /// next attempt of the step has the next number.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn presign(
        &mut self,
        order: &SigningOrder<'_>,
        attempt: u32,
        hold: Duration,
    ) -> Result<Held, GateFault> {
        let mut request = attempt_request("presign_solana", order, attempt);
        request["hold_ms"] = u64::try_from(hold.as_millis()).unwrap_or(u64::MAX).into();
        let told = self.ask(&request)?;
        let integer = |name: &str| {
            let told = told[name].as_u64();
            told.ok_or_else(|| GateFault::Failed(format!("its answer has no {name}")))
        };
        Ok(Held {
            attempt,
            held_until_ms: integer("held_until_ms")?,
            last_valid_block_height: integer("last_valid_block_height")?,
        })
    }

    /// The bytes of a held attempt, the same ones each time; from then on it may land. Refused by a halt since, by a
    /// policy that does not pass it any more, and as `hold_expired` behind the end of the hold or of its blockhash.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn release(
        &mut self,
        plan_id: &str,
        attempt: u32,
        block_height: u64,
    ) -> Result<Signed, GateFault> {
        let told = self.ask(&json!({
            "op": "release", "intent_id": plan_id, "step": 0, "attempt": attempt, "block_height": block_height,
        }))?;
        signed(&told)
    }

    /// Ends a held attempt whose bytes never left: its step is free and what it reserved is given back. Refused as
    /// `released` when they did.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn discard(&mut self, plan_id: &str, attempt: u32) -> Result<(), GateFault> {
        let request = json!({"op": "discard", "intent_id": plan_id, "step": 0, "attempt": attempt});
        self.ask(&request).map(|_| ())
    }

    /// What is on record of a step: its one attempt, if it was signed.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn recorded(&mut self, plan_id: &str) -> Result<Option<Signed>, GateFault> {
        let told = self.ask(&json!({"op": "step", "intent_id": plan_id, "step": 0}))?;
        told["attempts"].get(0).map(signed).transpose()
    }

    /// Has a step never signed; false when an attempt is on record.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn close(&mut self, plan_id: &str) -> Result<bool, GateFault> {
        let told = self.ask(&json!({"op": "close", "intent_id": plan_id, "step": 0}))?;
        Ok(told["closed"] == true)
    }

    /// Ends what an earlier run left of a step that nothing was signed for: discards what is held, and has the step
    /// never signed. False when that cannot be, because something of it may have left the signer.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn abandon(&mut self, plan_id: &str) -> Result<bool, GateFault> {
        let told = self.ask(&json!({"op": "step", "intent_id": plan_id, "step": 0}))?;
        let holds = told["holds"].as_array().into_iter().flatten();
        let held = holds.filter(|hold| hold["state"] == "held");
        for attempt in held.filter_map(|hold| hold["attempt"].as_u64()) {
            let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
            match self.discard(plan_id, attempt) {
                Err(GateFault::Refused { .. }) => return Ok(false),
                other => other?,
            }
        }
        self.close(plan_id)
    }

    /// Tells how a step ended. False when that is a note: the gate has not given back yet what was reserved.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn settle(&mut self, settlement: &Value) -> Result<bool, GateFault> {
        let told = self.ask(settlement)?;
        Ok(told["final"] == true)
    }

    fn ask(&mut self, request: &Value) -> Result<Value, GateFault> {
        let line = format!("{request}\n");
        // An old connection may have been closed while it was idle; a new one is tried once.
        let had_one = self.connection.is_some();
        let answer = match self.exchange(&line) {
            Err(_) if had_one => self.exchange(&line),
            answer => answer,
        };
        let mut answer = answer.map_err(|error| GateFault::Lost(error.to_string()))?;
        if let Some(told) = answer.get_mut("ok") {
            return Ok(told.take());
        }
        if let Some(refused) = answer.get("refused") {
            return Err(GateFault::Refused {
                rule: refused["rule"].as_str().unwrap_or("unknown").to_owned(),
                message: refused["message"].as_str().unwrap_or_default().to_owned(),
            });
        }
        Err(GateFault::Failed(answer["error"].to_string()))
    }

    fn exchange(&mut self, line: &str) -> std::io::Result<Value> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        connection.get_mut().write_all(line.as_bytes())?;
        let mut answer = String::new();
        if connection.read_line(&mut answer)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let answer = serde_json::from_str(&answer)?;
        // Only after a whole answer is the connection in step again.
        self.connection = Some(connection);
        Ok(answer)
    }

    fn connect(&self) -> std::io::Result<BufReader<UnixStream>> {
        let stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        Ok(BufReader::new(stream))
    }
}

fn attempt_request(op: &str, order: &SigningOrder<'_>, attempt: u32) -> Value {
    json!({
        "op": op,
        "intent_id": order.plan_id,
        "step": 0,
        "attempt": attempt,
        "strategy_id": order.strategy_id,
        "wallet": order.wallet,
        "chain_id": 101,
        "unsigned_tx": hex(order.unsigned),
        "lookup_tables": order.lookup_tables,
        "last_valid_block_height": order.last_valid_block_height,
        "quoted": {
            "mint_in": order.mint_in,
            "mint_out": order.mint_out,
            "amount_in_raw": order.amount_in_raw.to_string(),
            "amount_out_raw": order.amount_out_raw.to_string(),
        },
        "evidence": {
            "block_height": order.heights.confirmed,
            "finalized_block_height": order.heights.finalized,
            "signatures": [],
            "endpoints": order.heights.endpoints,
        },
    })
}

fn signed(told: &Value) -> Result<Signed, GateFault> {
    let wire = text(told, "raw_tx")?;
    let wire = unhex(&wire).ok_or_else(|| GateFault::Failed("raw_tx is no hex".to_owned()))?;
    Ok(Signed {
        signature: text(told, "signature")?,
        wire,
        last_valid_block_height: told["last_valid_block_height"].as_u64().unwrap_or_default(),
    })
}

fn text(told: &Value, name: &str) -> Result<String, GateFault> {
    let text = told[name].as_str().map(str::to_owned);
    text.ok_or_else(|| GateFault::Failed(format!("its answer has no {name}")))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// Answers one line on each of so many connections, and hangs up.
    fn answering(answers: Vec<&'static str>) -> (tempfile::TempDir, Gate) {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).expect("bound");
        std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().expect("a client");
                let mut reader = BufReader::new(stream);
                reader.read_line(&mut String::new()).expect("a request");
                reader
                    .get_mut()
                    .write_all(answer.as_bytes())
                    .expect("answered");
            }
        });
        (folder, Gate::new(socket, Duration::from_secs(5)))
    }

    #[test]
    fn a_connection_that_was_closed_while_idle_is_opened_again() {
        let (_folder, mut gate) = answering(vec![
            "{\"ok\": {\"wallets\": [{\"address\": \"A\", \"chains\": [101]}, {\"address\": \"0x\", \"chains\": [1]}]}}\n",
            "{\"ok\": {\"closed\": true}}\n",
        ]);
        assert_eq!(gate.wallets(), Ok(vec!["A".to_owned()]));
        assert_eq!(gate.close("x"), Ok(true));
    }

    #[test]
    fn a_refusal_an_error_and_a_lost_answer_are_told_apart() {
        let refusal =
            "{\"refused\": {\"code\": \"halted\", \"rule\": \"halted\", \"message\": \"no\"}}\n";
        let (_folder, mut gate) = answering(vec![refusal]);
        let refused = gate.close("x");
        assert!(matches!(refused, Err(GateFault::Refused { rule, .. }) if rule == "halted"));
        let (_folder, mut gate) = answering(vec!["{\"error\": {\"code\": \"field_missing\"}}\n"]);
        assert!(matches!(gate.close("x"), Err(GateFault::Failed(_))));
        let (_folder, mut gate) = answering(vec!["{\"ok\": {\"clo"]);
        assert!(matches!(gate.close("x"), Err(GateFault::Lost(_))));
    }

    #[test]
    fn what_an_earlier_run_held_is_discarded_before_its_step_is_closed() {
        let told = "{\"ok\": {\"holds\": [{\"attempt\": 1, \"state\": \"discarded\"}, {\"attempt\": 2, \"state\": \"held\"}]}}\n";
        let discarded = "{\"ok\": {\"discarded\": true}}\n";
        let closed = "{\"ok\": {\"closed\": true}}\n";
        let (_folder, mut gate) = answering(vec![told, discarded, closed]);
        assert_eq!(gate.abandon("x"), Ok(true));
        let refusal = "{\"refused\": {\"code\": \"released\", \"rule\": \"released\", \"message\": \"no\"}}\n";
        let (_folder, mut gate) = answering(vec![told, refusal]);
        assert_eq!(gate.abandon("x"), Ok(false));
    }

    #[test]
    fn a_settlement_that_is_only_noted_is_told_apart_from_one_for_good() {
        for (answer, is_final) in [
            ("{\"ok\": {\"final\": false}}\n", false),
            ("{\"ok\": {\"final\": true}}\n", true),
        ] {
            let (_folder, mut gate) = answering(vec![answer]);
            assert_eq!(gate.settle(&json!({})), Ok(is_final));
        }
    }

    #[test]
    fn hex_is_read_as_it_is_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        assert_eq!(unhex("0x123"), None);
        assert_eq!(hex(&[0, 0xab]), "0x00ab");
    }
}
