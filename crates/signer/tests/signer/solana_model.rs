//! Steps on Solana under any order of requests, halts, crashes and half proofs, held against a model that knows only what
//! was answered: when a further signature may exist, and what all of them together may spend.

use crate::bench::Bench;
use crate::solana_orders::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const STEPS: usize = 4;
const CAP_RAW: u64 = 10 * SOL;

#[derive(Debug, Clone)]
enum Act {
    Draw(usize),
    /// Ask for the next attempt: of which step, with or without the receipt, after how many blocks, seen how far
    /// finalized, naming the earlier signatures, by how many endpoints.
    Sign(usize, bool, u64, u64, bool, bool),
    Repeat(usize),
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
    /// Every attempt that is on record: its order, and its answer once there was one.
    attempts: Vec<(SolanaOrder, Option<Value>)>,
    ended: bool,
    spent_raw: u64,
}

struct World {
    bench: Bench,
    steps: Vec<Known>,
    height: u64,
    halted: Option<Value>,
    blockhash: u8,
}

fn act() -> impl Strategy<Value = Act> {
    let step = 0..STEPS;
    prop_oneof![
        1 => step.clone().prop_map(Act::Draw),
        12 => (step.clone(), prop::bool::weighted(0.9), prop::sample::select(vec![0, 10, 151, 300]), 0_u64..64, any::<bool>(), any::<bool>())
            .prop_map(|(s, receipt, blocks, behind, named, both)| Act::Sign(s, receipt, blocks, behind, named, both)),
        2 => step.clone().prop_map(Act::Repeat),
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
        order.attempt = u32::try_from(known.attempts.len()).unwrap() + 1;
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
        known.attempts.push((order, Some(answer)));
        known.spent_raw = 2 * SOL + step as u64;
        let spent: u64 = self.steps.iter().map(|known| known.spent_raw).sum();
        assert!(spent <= CAP_RAW, "signed for {spent}");
    }

    fn crash(&mut self, step: usize) {
        let seen = evidence(self.height, self.height, &json!([]));
        let order = self.next(step, true, seen);
        if self.bench.dies(&order.request()) {
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
            Act::Crash(step) => self.crash(step),
            Act::Halt => {
                let halt = json!({ "op": "halt", "reason": "x", "by": "x", "wallet": WALLET });
                self.halted = Some(self.bench.ok(&halt)["kill_epoch"].clone());
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
                    assert!(
                        self.steps[step].attempts.is_empty(),
                        "closed with an attempt on record"
                    );
                    self.steps[step].ended = true;
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
    }
}
