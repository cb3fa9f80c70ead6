//! The sign-gate as the engine asks it: one connection, one JSON line each way, blocking.
//!
//! A connection that is lost is opened again and the same request sent once more: the gate answers the same request the
//! same for ever, so nothing can happen twice by it.

mod messages;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

pub use messages::{Held, OnRecord, PreparedStep, Signed, SigningOrder};
use messages::{attempt_request, signed, text};

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

    /// The wallets that the policy in force lets liquidate loans.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn liquidators(&mut self) -> Result<Vec<String>, GateFault> {
        let told = self.ask(&json!({"op": "hello"}))?;
        let wallets = told["liquidators"].as_array().into_iter().flatten();
        Ok(wallets
            .filter_map(|wallet| wallet.as_str().map(str::to_owned))
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

    /// Has a step never signed; false when an attempt is on record.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn close(&mut self, plan_id: &str) -> Result<bool, GateFault> {
        let told = self.ask(&json!({"op": "close", "intent_id": plan_id, "step": 0}))?;
        Ok(told["closed"] == true)
    }

    /// What is on record of a step. Where nothing of it was signed it is ended: what is held is discarded, and the step is
    /// never signed.
    ///
    /// # Errors
    /// See [`GateFault`].
    pub fn abandon(&mut self, plan_id: &str) -> Result<OnRecord, GateFault> {
        let told = self.ask(&json!({"op": "step", "intent_id": plan_id, "step": 0}))?;
        if let Some(attempt) = told["attempts"].get(0) {
            return Ok(OnRecord::Signed(signed(attempt)?));
        }
        let no_holds = Vec::new();
        let holds = told["holds"].as_array().unwrap_or(&no_holds);
        let held = holds.iter().filter(|hold| hold["state"] == "held");
        for attempt in held.filter_map(|hold| hold["attempt"].as_u64()) {
            let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
            match self.discard(plan_id, attempt) {
                Err(GateFault::Refused { .. }) => return Ok(OnRecord::Undecided),
                other => other?,
            }
        }
        let was_held = !holds.is_empty();
        Ok(if self.close(plan_id)? {
            OnRecord::Closed { was_held }
        } else {
            OnRecord::Undecided
        })
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
        assert_eq!(gate.abandon("x"), Ok(OnRecord::Closed { was_held: true }));
        let refusal = "{\"refused\": {\"code\": \"released\", \"rule\": \"released\", \"message\": \"no\"}}\n";
        let (_folder, mut gate) = answering(vec![told, refusal]);
        assert_eq!(gate.abandon("x"), Ok(OnRecord::Undecided));
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
}
