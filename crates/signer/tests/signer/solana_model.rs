//! Steps on Solana under any order of requests, halts, crashes and half proofs, held against a model that knows only what
//! was answered: when a further signature may exist, and what all of them together may spend.

use crate::bench::Bench;
use crate::solana_orders::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const STEPS: usize = 4;
const CAP_RAW: u64 = 10 * SOL;
const HOLD_S: u64 = 10;

#[derive(Debug, Clone)]
enum Act {
    Draw(usize),
    /// Ask for the next attempt: of which step, with or without the receipt, after how many blocks, seen how far
    /// finalized, naming the earlier signatures, by how many endpoints.
    Sign(usize, bool, u64, u64, bool, bool),
    Repeat(usize),
    /// Ask for the next attempt to be held; whether the signer dies of it.
    Presign(usize, bool),
    /// Release what is held, after how many blocks and seconds.
    Release(usize, u64, u64),
    /// Discard what is held; whether the signer dies of it.
    Discard(usize, bool),
    Crash(usize),
    Halt,
    Resume,
    Close(usize),
    Settle(usize, &'static str, bool),
    Restart,
}

/// What was answered for one step.
#[derive(Default)]
struct Known {
    receipt: Option<(String, String)>,
    /// Every attempt that is on record and not discarded: its order, and its answer once there was one.
    attempts: Vec<(SolanaOrder, Option<Value>)>,
    /// The number of the last one, whatever became of it.
    last: u32,
    /// That the last one is held: until which second, and by how many halts it was recorded.
    held: Option<(u64, u64)>,
    ended: bool,
    spent_raw: u64,
}

struct World {
    bench: Bench,
    steps: Vec<Known>,
    height: u64,
    halted: Option<Value>,
    halts: u64,
    /// The bytes of what was discarded while it was held: they must never be told.
    gone: Vec<Vec<u8>>,
    blockhash: u8,
}

fn act() -> impl Strategy<Value = Act> {
    let step = 0..STEPS;
    prop_oneof![
        1 => step.clone().prop_map(Act::Draw),
        12 => (step.clone(), prop::bool::weighted(0.9), prop::sample::select(vec![0, 10, 151, 300]), 0_u64..64, any::<bool>(), any::<bool>())
            .prop_map(|(s, receipt, blocks, behind, named, both)| Act::Sign(s, receipt, blocks, behind, named, both)),
        2 => step.clone().prop_map(Act::Repeat),
        6 => (step.clone(), prop::bool::weighted(0.1)).prop_map(|(s, dies)| Act::Presign(s, dies)),
        5 => (step.clone(), prop::sample::select(vec![0, 10, 151]), prop::sample::select(vec![0, 1, 11]))
            .prop_map(|(s, blocks, seconds)| Act::Release(s, blocks, seconds)),
        3 => (step.clone(), prop::bool::weighted(0.1)).prop_map(|(s, dies)| Act::Discard(s, dies)),
        1 => step.clone().prop_map(Act::Crash),
        1 => Just(Act::Halt),
        2 => Just(Act::Resume),
        1 => step.clone().prop_map(Act::Close),
        2 => (step, prop::sample::select(vec!["succeeded", "reverted", "expired"]), any::<bool>())
            .prop_map(|(s, outcome, deep)| Act::Settle(s, outcome, deep)),
        1 => Just(Act::Restart),
    ]
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            bench: bench(),
            steps: (0..STEPS).map(|_| Known::default()).collect(),
            height: HEIGHT,
            halted: None,
            halts: 0,
            gone: Vec::new(),
            blockhash: 1,
        };
        // Half of the steps have a receipt from the beginning; later it is often too late for one.
        world.run(&Act::Draw(0));
        world.run(&Act::Draw(1));
        world
    }

    /// The step's next attempt, as an honest builder makes it or as a careless one does.
    fn next(&mut self, step: usize, receipted: bool, evidence: Value) -> SolanaOrder {
        let known = &self.steps[step];
        let mut order = SolanaOrder::of(
            &format!("step-{step}"),
            &[
                units(200_000),
                cpmm(IN, OUT, 2 * SOL + step as u64, 300_000_000),
            ],
            (WSOL, USDC, 2 * SOL + step as u64, 300_000_000),
        );
        if let Some((seed, address)) = known.receipt.as_ref().filter(|_| receipted) {
            order = order.and(receipt(seed, address));
        }
        order.attempt = known.last + 1;
        self.blockhash += 1;
        order.blockhash = self.blockhash;
        order.last_valid = self.height + 150;
        order.evidence = evidence;
        order
    }

    fn sign(&mut self, step: usize, receipted: bool, behind: u64, named: bool, both: bool) {
        let finalized = self.height.saturating_sub(behind);
        let known = &self.steps[step];
        let answers = known
            .attempts
            .iter()
            .filter_map(|(_, answer)| answer.as_ref());
        let signatures: Vec<Value> = answers
            .filter(|_| named)
            .map(|answer| json!({ "signature": answer["signature"], "status": "absent" }))
            .collect();
        let mut seen = evidence(self.height, finalized, &json!(signatures));
        if !both {
            seen["endpoints"] = json!(["one"]);
        }
        let order = self.next(step, receipted, seen);
        let Ok(answer) = self.bench.ask(&order.request()) else {
            return;
        };
        let known = &mut self.steps[step];
        assert!(self.halted.is_none(), "signed under a halt");
        assert!(known.held.is_none(), "signed beside what is held");
        assert!(!known.ended, "signed for a step that had ended");
        assert_eq!(
            receipted && known.receipt.is_some(),
            known.receipt.is_some(),
            "signed without the receipt"
        );
        for (earlier, signature) in &known.attempts {
            if known.receipt.is_some() {
                assert!(
                    self.height > earlier.last_valid,
                    "signed while an earlier attempt was valid"
                );
            } else {
                assert!(
                    finalized > earlier.last_valid + 60,
                    "signed before the margin"
                );
                assert!(
                    named && both && signature.is_some(),
                    "signed on half a proof"
                );
            }
        }
        known.last = order.attempt;
        known.attempts.push((order, Some(answer)));
        self.reserve(step);
    }

    fn reserve(&mut self, step: usize) {
        self.steps[step].spent_raw = 2 * SOL + step as u64;
        let spent: u64 = self.steps.iter().map(|known| known.spent_raw).sum();
        assert!(spent <= CAP_RAW, "signed for {spent}");
    }

    /// An honest request, of one who says what became of every signature.
    fn presign(&mut self, step: usize, dies: bool) {
        let known = &self.steps[step];
        let told = known
            .attempts
            .iter()
            .filter_map(|(_, answer)| answer.as_ref());
        let signatures: Vec<Value> = told
            .map(|answer| json!({ "signature": answer["signature"], "status": "absent" }))
            .collect();
        let (height, receipted) = (self.height, known.receipt.is_some());
        let order = self.next(step, true, evidence(height, height, &json!(signatures)));
        let request = order.presign_request(HOLD_S * 1_000);
        let recorded = if dies {
            let died = self.bench.dies(&request);
            self.bench.restart(None);
            died
        } else {
            let answer = self.bench.ask(&request);
            let told = answer.as_ref().map(Value::to_string).unwrap_or_default();
            assert!(!told.contains("raw_tx") && !told.contains("signature"));
            answer.is_ok()
        };
        if !recorded {
            return;
        }
        let (now_s, margin) = (self.bench.now_s(), if receipted { 0 } else { 60 });
        let known = &mut self.steps[step];
        assert!(self.halted.is_none(), "held under a halt");
        assert!(!known.ended, "held for a step that had ended");
        assert!(known.held.is_none(), "held beside what is held");
        for (earlier, _) in &known.attempts {
            assert!(
                height > earlier.last_valid + margin,
                "held while an earlier attempt could land"
            );
        }
        known.last = order.attempt;
        known.held = Some((now_s + HOLD_S, self.halts));
        known.attempts.push((order, None));
        self.reserve(step);
    }

    fn release(&mut self, step: usize, blocks: u64, seconds: u64) {
        self.height += blocks;
        self.bench.at(self.bench.now_s() + seconds);
        let (now_s, height, halts) = (self.bench.now_s(), self.height, self.halts);
        let halted = self.halted.is_some();
        let known = &mut self.steps[step];
        let (held, ended) = (known.held, known.ended);
        let Some((order, answer)) = known.attempts.last_mut() else {
            return;
        };
        let Ok(told) = self.bench.ask(&order.release_request(height)) else {
            let (Some((until_s, since)), false) = (held, halted || ended) else {
                return;
            };
            let in_time = now_s <= until_s && height <= order.last_valid && since == halts;
            assert!(!in_time, "a release in time was refused");
            return;
        };
        assert!(!halted, "released under a halt");
        if let Some((until_s, since)) = held {
            assert!(!ended, "released for a step that had ended");
            assert_eq!(since, halts, "released behind a halt");
            assert!(
                now_s <= until_s && height <= order.last_valid,
                "released too late"
            );
            known.held = None;
        }
        assert!(
            answer.as_ref().is_none_or(|known| *known == told),
            "other bytes of the same attempt"
        );
        *answer = Some(told);
    }

    fn discard(&mut self, step: usize, dies: bool) {
        let known = &mut self.steps[step];
        let Some((order, _)) = known.attempts.last() else {
            return;
        };
        let request = order.discard_request();
        let discarded = if dies {
            let died = self.bench.dies(&request);
            self.bench.restart(None);
            died
        } else {
            self.bench.ask(&request).is_ok()
        };
        assert_eq!(
            discarded,
            known.held.is_some(),
            "discarded what was not held, or not what was"
        );
        if known.held.take().is_some() {
            let (order, _) = known.attempts.pop().unwrap();
            self.gone.push(order.bytes()[65..].to_vec());
            if known.attempts.is_empty() {
                known.spent_raw = 0;
            }
        }
    }

    /// What is told of a step is what was answered, and nothing of what is held or was discarded.
    fn look(&mut self, step: usize) {
        let order = SolanaOrder::new(&format!("step-{step}"));
        let told = self.bench.ok(&order.step_request());
        let known = &self.steps[step];
        for attempt in told["attempts"].as_array().into_iter().flatten() {
            let raw = attempt["raw_tx"].as_str().unwrap();
            let raw = alloy_primitives::hex::decode(raw).unwrap();
            assert!(
                self.gone.iter().all(|gone| raw[65..] != gone[..]),
                "a discarded attempt is told"
            );
            let number = attempt["attempt"].as_u64().unwrap();
            let held = known.held.is_some() && number == u64::from(known.last);
            assert!(!held, "a held attempt is told");
        }
    }

    fn crash(&mut self, step: usize) {
        let seen = evidence(self.height, self.height, &json!([]));
        let order = self.next(step, true, seen);
        if self.bench.dies(&order.request()) {
            self.steps[step].last = order.attempt;
            self.steps[step].attempts.push((order, None));
            self.steps[step].spent_raw = 2 * SOL + step as u64;
        }
        self.bench.restart(None);
    }

    fn repeat(&mut self, step: usize) {
        for (order, answer) in &mut self.steps[step].attempts {
            match (self.bench.ask(&order.request()), answer.as_ref()) {
                (Ok(again), known) => {
                    assert!(self.halted.is_none(), "answered under a halt");
                    assert!(
                        known.is_none_or(|known| *known == again),
                        "another answer for the same attempt"
                    );
                    *answer = Some(again);
                }
                (Err(_), Some(_)) => assert!(self.halted.is_some(), "a known answer was refused"),
                (Err(_), None) => {}
            }
        }
    }

    fn settle(&mut self, step: usize, outcome: &str, deep: bool) {
        let known = &mut self.steps[step];
        let signed: Vec<_> = known
            .attempts
            .iter()
            .filter_map(|(_, answer)| answer.clone())
            .collect();
        let expired = outcome == "expired";
        let (Some(last), false) = (signed.last(), known.ended) else {
            return;
        };
        let signature = if expired {
            Value::Null
        } else {
            last["signature"].clone()
        };
        let mut request = known.attempts[0]
            .0
            .settle_request(outcome, &signature, &json!({}));
        request["finalized"] =
            json!({ "slot": if deep { 1_300 } else { 1_000 }, "block_height": self.height });
        request["endpoints"] = json!(["one", "two"]);
        let all = signed
            .iter()
            .map(|answer| json!({ "signature": answer["signature"], "status": "absent" }));
        request["signatures"] = all.collect();
        let Ok(answer) = self.bench.ask(&request) else {
            return;
        };
        let alive = known
            .attempts
            .iter()
            .map(|(order, _)| order.last_valid)
            .max()
            .unwrap();
        if answer["final"] == true {
            assert!(deep || expired, "final without depth");
            assert!(
                !expired || self.height > alive + 60,
                "expired while an attempt could land"
            );
            known.ended = true;
            if outcome != "succeeded" {
                known.spent_raw = 0;
            }
        }
    }

    fn run(&mut self, act: &Act) {
        match *act {
            Act::Draw(step) => {
                let order = SolanaOrder::new(&format!("step-{step}"));
                if let Ok(drawn) = self.bench.ask(&order.receipt_request()) {
                    let text = |name: &str| drawn[name].as_str().unwrap().to_owned();
                    let pair = (text("seed"), text("address"));
                    let known = &mut self.steps[step];
                    assert!(
                        known.receipt.as_ref().is_none_or(|before| *before == pair),
                        "drawn twice"
                    );
                    assert!(
                        known.receipt.is_some() || known.attempts.is_empty(),
                        "drawn behind an attempt"
                    );
                    known.receipt = Some(pair);
                }
            }
            Act::Sign(step, receipted, blocks, behind, named, both) => {
                self.height += blocks;
                self.sign(step, receipted, behind, named, both);
            }
            Act::Repeat(step) => self.repeat(step),
            Act::Presign(step, dies) => self.presign(step, dies),
            Act::Release(step, blocks, seconds) => self.release(step, blocks, seconds),
            Act::Discard(step, dies) => self.discard(step, dies),
            Act::Crash(step) => self.crash(step),
            Act::Halt => {
                let halt = json!({ "op": "halt", "reason": "x", "by": "x", "wallet": WALLET });
                self.halted = Some(self.bench.ok(&halt)["kill_epoch"].clone());
                self.halts += 1;
            }
            Act::Resume => {
                if let Some(epoch) = self.halted.take() {
                    self.bench.ok(&json!({ "op": "resume", "kill_epoch": epoch, "by": "x", "confirm": "resume" }));
                }
            }
            Act::Close(step) => {
                let close =
                    json!({ "op": "close", "intent_id": format!("step-{step}"), "step": 0 });
                if self.bench.ok(&close)["closed"] == true {
                    let known = &mut self.steps[step];
                    let told = known.attempts.iter().any(|(_, answer)| answer.is_some());
                    assert!(
                        !told && known.held.is_none(),
                        "closed with an attempt that was told, or is held"
                    );
                    known.attempts.clear();
                    (known.ended, known.spent_raw) = (true, 0);
                }
            }
            Act::Settle(step, outcome, deep) => self.settle(step, outcome, deep),
            Act::Restart => self.bench.restart(None),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_requests_signs_what_the_model_forbids(acts in proptest::collection::vec(act(), 10..60)) {
        let mut world = World::new();
        for act in &acts {
            world.run(act);
        }
        for step in 0..STEPS {
            world.look(step);
        }
    }
}
