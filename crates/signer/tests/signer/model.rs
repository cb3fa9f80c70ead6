//! The limits of amounts against a model: a plain list of what was signed, with its times, and sums over it.
//!
//! Any interleaving of permits, swaps, later attempts, no-ops, settlements true and false, closures, time, restarts and
//! processes killed between record and signature: what is granted never passes a limit by one unit, what fits is
//! granted, and the signer's own sums are the model's.

use crate::bench::{Bench, START_S};
use crate::orders::{Order, USDC, USDC_UNIT, address};
use crate::process::{WALLETS, config};
use crate::strategies::{ONE, OTHER};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tradewind_core::evm::Exact;

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;
pub const STRATEGIES: [&str; 2] = [ONE, OTHER];

/// Limits in whole USDC: whose, over which time, how much. Small, so that all of them are met.
const LIMITS: [Limit; 8] = [
    (Scope::All, Window::Transaction, 40),
    (Scope::All, Window::Hour, 90),
    (Scope::All, Window::Day, 120),
    (Scope::All, Window::Signed, 300),
    (Scope::Wallet(0), Window::Hour, 60),
    (Scope::Wallet(1), Window::Day, 80),
    (Scope::Strategy(0), Window::Hour, 50),
    (Scope::Strategy(1), Window::Signed, 150),
];

/// Whose, over which time, and how many whole USDC.
pub type Limit = (Scope, Window, u64);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scope {
    All,
    Wallet(usize),
    Strategy(usize),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    Transaction,
    Hour,
    Day,
    Signed,
}

impl Window {
    fn key(self) -> &'static str {
        match self {
            Self::Transaction => "max_per_transaction",
            Self::Hour => "max_per_hour",
            Self::Day => "max_per_day",
            Self::Signed => "max_signed_per_day",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Signed => "signed_per_day",
        }
    }
}

fn limits_of(limits: &[Limit], scope: Scope) -> String {
    let own = limits.iter().filter(|(whose, _, _)| *whose == scope);
    own.map(|(_, window, units)| format!("{} = \"{units}\"", window.key()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A configuration with two strategies and these limits.
pub fn configured(limits: &[Limit]) -> String {
    let table = |scope| {
        format!(
            "limits = [{{ chain = 42161, token = \"{USDC}\", {} }}]",
            limits_of(limits, scope)
        )
    };
    let mut text = config();
    for (index, wallet) in WALLETS.iter().enumerate().take(2) {
        let entry = format!("address = \"{wallet}\"\nchains = [42161]");
        text = text.replacen(
            &entry,
            &format!("{entry}\n{}", table(Scope::Wallet(index))),
            1,
        );
    }
    let mut strategies = String::new();
    for (index, id) in STRATEGIES.iter().enumerate() {
        let limits = table(Scope::Strategy(index));
        let entry = format!(
            "[strategies.\"{id}\"]\nwallets = [\"{}\", \"{}\"]\n{limits}\n",
            WALLETS[0], WALLETS[1]
        );
        strategies.push_str(&entry);
    }
    text = text.replacen("[chains.42161]", &format!("{strategies}[chains.42161]"), 1);
    let global = limits_of(limits, Scope::All).replace(", ", "\n");
    text.replacen(
        "max_per_transaction = \"50000\"\nmax_per_day = \"200000\"",
        &global,
        1,
    )
}

/// One step as the model sees it.
#[derive(Debug, Clone)]
struct Spent {
    order: Order,
    wallet: usize,
    strategy: usize,
    reserved: u64,
    /// What it counts with in the hour and the day.
    counts: u64,
    until_s: u64,
    hash: Option<Value>,
    attempts: u32,
    noop: bool,
    over: bool,
}

#[derive(Default)]
struct Model {
    steps: Vec<Spent>,
    nonces: BTreeMap<usize, u64>,
}

impl Model {
    fn used(&self, scope: Scope, window: Window, now_s: u64, except: Option<usize>) -> u64 {
        let length_s = if window == Window::Hour {
            HOUR_S
        } else {
            DAY_S
        };
        let counted = self.steps.iter().enumerate().filter(|(index, step)| {
            Some(*index) != except
                && step.until_s + length_s > now_s
                && match scope {
                    Scope::All => true,
                    Scope::Wallet(own) => own == step.wallet,
                    Scope::Strategy(own) => own == step.strategy,
                }
        });
        counted
            .map(|(_, step)| match window {
                Window::Transaction => 0,
                Window::Signed => step.reserved,
                Window::Hour | Window::Day => step.counts,
            })
            .sum()
    }

    fn amount(&self, amount: Amount, wallet: usize, strategy: usize, now_s: u64) -> u64 {
        let more = match amount {
            Amount::Raw(amount) => return amount,
            Amount::Room(more) => more,
        };
        let bound = [Scope::All, Scope::Wallet(wallet), Scope::Strategy(strategy)];
        let rooms = LIMITS
            .iter()
            .filter(|(scope, _, _)| bound.contains(scope))
            .map(|(scope, window, units)| {
                units * USDC_UNIT - self.used(*scope, *window, now_s, None)
            });
        (rooms.min().unwrap_or_default() + more).max(1)
    }

    fn fits(
        &self,
        wallet: usize,
        strategy: usize,
        amount: u64,
        now_s: u64,
        except: Option<usize>,
    ) -> bool {
        LIMITS.iter().all(|(scope, window, units)| {
            let bound =
                [Scope::All, Scope::Wallet(wallet), Scope::Strategy(strategy)].contains(scope);
            !bound || self.used(*scope, *window, now_s, except) + amount <= units * USDC_UNIT
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Amount {
    Raw(u64),
    Room(u64),
}

/// One thing that happens. Numbers are reduced to what there is.
#[derive(Debug, Clone)]
enum Event {
    /// A new step of an amount, or of just as much as there is room for and this much more: by permit or by swap, of a wallet, for a strategy, of an amount, valid for so long.
    New {
        permit: bool,
        wallet: usize,
        strategy: usize,
        amount: Amount,
        valid_s: u64,
        exact_out: bool,
        killed: bool,
    },
    /// The swap of a step that has its permit.
    Swap(prop::sample::Index),
    /// A further attempt with a later deadline.
    Again(prop::sample::Index, u64),
    /// A further attempt that does nothing.
    Noop(prop::sample::Index),
    /// A settlement as reverted, or as succeeded with this part of the most that it can spend; for good or not.
    Settle {
        step: prop::sample::Index,
        spent: Option<u64>,
        is_final: bool,
    },
    Close(prop::sample::Index),
    Advance(u64),
    /// To the last second of a step in an hour or a day, or to the first one after it.
    Edge {
        step: prop::sample::Index,
        day: bool,
        after: bool,
    },
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let step = any::<prop::sample::Index>;
    let amount = prop_oneof![
        (1..=3_u64).prop_map(Amount::Raw),
        (1..=40 * USDC_UNIT + 1).prop_map(Amount::Raw),
        (0..=1_u64).prop_map(Amount::Room),
    ];
    let new = (
        any::<bool>(),
        0..2_usize,
        0..2_usize,
        amount,
        0..=3_600_u64,
        any::<bool>(),
        0..6_u8,
    );
    prop_oneof![
        8 => new.prop_map(|(permit, wallet, strategy, amount, valid_s, exact_out, killed)| Event::New {
            permit, wallet, strategy, amount, valid_s, exact_out, killed: killed == 0,
        }),
        2 => step().prop_map(Event::Swap),
        2 => (step(), 0..=3_600_u64).prop_map(|(step, valid_s)| Event::Again(step, valid_s)),
        2 => step().prop_map(Event::Noop),
        4 => (step(), prop::option::of(0..=100_u64), any::<bool>())
            .prop_map(|(step, spent, is_final)| Event::Settle { step, spent, is_final }),
        1 => step().prop_map(Event::Close),
        3 => (step(), any::<bool>(), any::<bool>())
            .prop_map(|(step, day, after)| Event::Edge { step, day, after }),
        2 => prop_oneof![1..=60_u64, 1..=7_200_u64, Just(DAY_S)].prop_map(Event::Advance),
        1 => Just(Event::Restart),
    ]
}

/// The signer and the model side by side.
struct Pair {
    bench: Bench,
    model: Model,
}

impl Pair {
    fn play(&mut self, event: &Event) {
        match event {
            Event::New { .. } => self.begin(event),
            Event::Swap(step) => self.swap(*step),
            Event::Again(step, valid_s) => self.again(*step, *valid_s),
            Event::Noop(step) => self.noop(*step),
            Event::Settle {
                step,
                spent,
                is_final,
            } => self.settle(*step, *spent, *is_final),
            Event::Close(step) => self.close(*step),
            Event::Advance(seconds) => {
                self.bench.at(self.bench.now_s() + seconds);
            }
            Event::Edge { step, day, after } => self.edge(*step, *day, *after),
            Event::Restart => self.bench.restart(None),
        }
        self.compare();
    }

    fn begin(&mut self, event: &Event) {
        let Event::New {
            permit,
            wallet,
            strategy,
            amount,
            valid_s,
            exact_out,
            killed,
        } = *event
        else {
            return;
        };
        let now_s = self.bench.now_s();
        let nonce = *self.model.nonces.entry(wallet).or_insert(7);
        let order = Order::new(&format!("step-{}", self.model.steps.len()))
            .spending(self.model.amount(amount, wallet, strategy, now_s))
            .at_nonce(nonce)
            .with(|o| {
                o.wallet = address(WALLETS[wallet]);
                o.strategy = Some(STRATEGIES[strategy]);
                o.deadline_s = now_s + valid_s;
                if exact_out {
                    (o.exact, o.quoted_out) = (Exact::Out, o.amount_out);
                }
            });
        let amount = order.amount_in;
        let request = if permit {
            order.permit_request()
        } else {
            order.request()
        };
        let fits = self.model.fits(wallet, strategy, amount, now_s, None);
        let hash = if killed && fits {
            self.kill(&order, &request)
        } else {
            self.ask(&request, fits)
        };
        if fits {
            if !permit {
                self.model.nonces.insert(wallet, nonce + 1);
            }
            self.model.steps.push(Spent {
                until_s: order.deadline_s,
                order,
                wallet,
                strategy,
                reserved: amount,
                counts: amount,
                hash,
                attempts: u32::from(!permit),
                noop: false,
                over: false,
            });
        }
    }

    /// Dies with the record on disk and nothing signed, starts again, and signs what was recorded.
    fn kill(&mut self, order: &Order, request: &Value) -> Option<Value> {
        assert!(self.bench.dies(request));
        self.bench.restart(None);
        let step = self.bench.ok(&order.step_request());
        assert_eq!(step["pending"], json!([]), "{step}");
        step["attempts"]
            .get(0)
            .map(|attempt| attempt["tx_hash"].clone())
    }

    /// Asks; the answer must be what the model says. Gives the transaction hash, if there is one.
    fn ask(&self, request: &Value, fits: bool) -> Option<Value> {
        match self.bench.ask(request) {
            Ok(answer) => {
                assert!(fits, "granted what does not fit: {request}");
                answer.get("tx_hash").cloned()
            }
            Err(fault) => {
                assert!(!fits, "refused what fits: {fault}\n{request}");
                let text = fault.to_string();
                assert!(
                    text.contains("amount_per") || text.contains("signed_per"),
                    "{text}"
                );
                None
            }
        }
    }

    fn some(&self, step: prop::sample::Index, such: impl Fn(&Spent) -> bool) -> Option<usize> {
        let found = self
            .model
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| !step.over && such(step));
        let found: Vec<_> = found.map(|(index, _)| index).collect();
        (!found.is_empty()).then(|| found[step.index(found.len())])
    }

    fn swap(&mut self, step: prop::sample::Index) {
        let Some(index) = self.some(step, |step| step.attempts == 0) else {
            return;
        };
        let (now_s, spent) = (self.bench.now_s(), self.model.steps[index].clone());
        let nonce = *self.model.nonces.entry(spent.wallet).or_insert(7);
        let order = spent
            .order
            .clone()
            .at_nonce(nonce)
            .with(|o| o.deadline_s = now_s + 60);
        let fits = self.model.fits(
            spent.wallet,
            spent.strategy,
            spent.reserved,
            now_s,
            Some(index),
        );
        let hash = self.ask(&order.request(), fits);
        if fits {
            self.model.nonces.insert(spent.wallet, nonce + 1);
            let step = &mut self.model.steps[index];
            (step.until_s, step.hash, step.attempts) =
                (step.until_s.max(order.deadline_s), hash, 1);
            step.order = order;
        }
    }

    fn again(&mut self, step: prop::sample::Index, valid_s: u64) {
        let Some(index) = self.some(step, |step| step.attempts > 0 && !step.noop) else {
            return;
        };
        let (now_s, spent) = (self.bench.now_s(), self.model.steps[index].clone());
        let order = spent.order.clone().with(|o| {
            o.attempt = spent.attempts + 1;
            o.max_fee += u128::from(spent.attempts);
            (o.latest_nonce, o.deadline_s) = (o.nonce, now_s + valid_s);
        });
        let fits = self.model.fits(
            spent.wallet,
            spent.strategy,
            spent.reserved,
            now_s,
            Some(index),
        );
        if self.ask(&order.request(), fits).is_some() {
            let step = &mut self.model.steps[index];
            step.attempts += 1;
            step.until_s = step.until_s.max(order.deadline_s);
        }
    }

    /// It is signed whatever the limits say, and keeps no reservation longer.
    fn noop(&mut self, step: prop::sample::Index) {
        if let Some(index) = self.some(step, |step| step.attempts > 0) {
            let step = &mut self.model.steps[index];
            (step.attempts, step.noop) = (step.attempts + 1, true);
            let order = step.order.clone().noop(step.attempts).with(|o| {
                o.latest_nonce = o.nonce;
                o.max_fee += u128::from(o.attempt);
            });
            self.bench.ok(&order.request());
        }
    }

    fn settle(&mut self, step: prop::sample::Index, percent: Option<u64>, is_final: bool) {
        let Some(index) = self.some(step, |step| step.hash.is_some()) else {
            return;
        };
        let step = &mut self.model.steps[index];
        let (outcome, spent) = match percent {
            None => ("reverted", 0),
            Some(_) if step.order.exact == Exact::In => ("succeeded", step.reserved),
            Some(percent) => ("succeeded", step.reserved * percent / 100),
        };
        let hash = step.hash.clone().unwrap();
        let request = if is_final {
            step.order.final_settle_request(&hash, outcome, spent)
        } else {
            step.order.settle_request(&hash, outcome, spent)
        };
        assert_eq!(self.bench.ok(&request), json!({ "final": is_final }));
        if is_final {
            (step.counts, step.over) = (spent, true);
        }
    }

    fn edge(&mut self, step: prop::sample::Index, day: bool, after: bool) {
        let steps = &self.model.steps;
        if !steps.is_empty() {
            let until_s = steps[step.index(steps.len())].until_s;
            let edge = until_s + if day { DAY_S } else { HOUR_S } - u64::from(!after);
            self.bench.at(edge.max(self.bench.now_s()));
        }
    }

    fn close(&mut self, step: prop::sample::Index) {
        let Some(index) = self.some(step, |_| true) else {
            return;
        };
        let step = &mut self.model.steps[index];
        let closed = step.attempts == 0;
        assert_eq!(
            self.bench.ok(&step.order.close_request()),
            json!({ "closed": closed })
        );
        if closed {
            (step.counts, step.reserved, step.over) = (0, 0, true);
        }
    }

    /// Every sum that the signer tells is the model's, and none is above its limit.
    fn compare(&self) {
        let (now_s, answer) = (
            self.bench.now_s(),
            self.bench.ok(&json!({ "op": "budgets" })),
        );
        let told = answer["budgets"].as_array().unwrap();
        for (scope, window, units) in LIMITS {
            let (wallet, strategy) = match scope {
                Scope::All => (None, None),
                Scope::Wallet(index) => (Some(WALLETS[index]), None),
                Scope::Strategy(index) => (None, Some(STRATEGIES[index])),
            };
            let scope_told = json!({ "wallet": wallet, "strategy_id": strategy });
            let own = |b: &&Value| {
                b["token"] == USDC && b["window"] == window.name() && b["scope"] == scope_told
            };
            let budget = told.iter().find(own).unwrap();
            let used = self.model.used(scope, window, now_s, None);
            assert!(used <= units * USDC_UNIT, "{scope:?} {window:?}");
            assert_eq!(budget["used_raw"], used.to_string(), "{scope:?} {window:?}");
            assert_eq!(budget["limit_raw"], (units * USDC_UNIT).to_string());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_is_passed_by_one_unit_and_what_fits_is_granted(
        events in prop::collection::vec(event(), 1..60)
    ) {
        let bench = Bench::under(&configured(&LIMITS));
        bench.at(START_S);
        let mut pair = Pair { bench, model: Model::default() };
        for event in &events {
            pair.play(event);
        }
    }
}
