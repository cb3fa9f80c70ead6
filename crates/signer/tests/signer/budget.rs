//! The daily budget under concurrency: never exceeded by one unit, and usable to the last one.

use crate::orders::{Order, USDC_UNIT, address};
use crate::process::{Folder, Signer, WALLETS};
use std::thread;
use tradewind_core::evm::Exact;

const CAP: u64 = 200_000 * USDC_UNIT;
const EACH: u32 = 40;

/// A small generator with a seed, so that a failure can be repeated.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Asks for permits and swaps of random amounts; gives what was granted.
fn spend(signer: &Signer, wallet: usize, seed: u64) -> u64 {
    let mut random = Seeded(seed);
    let mut client = signer.connect();
    let (mut granted, mut nonce) = (0, 7);
    for index in 0..EACH {
        let amount = 1 + random.next(9_000 * USDC_UNIT);
        let order = Order::new(&format!("{wallet}-{index}"))
            .spending(amount)
            .at_nonce(nonce)
            .with(|o| o.wallet = address(WALLETS[wallet]));
        let by_permit = random.next(2) == 0;
        let request = if by_permit {
            order.permit_request()
        } else {
            order.request()
        };
        let answer = client.ask(&request).unwrap();
        if answer.get("ok").is_some() {
            granted += amount;
            nonce += u64::from(!by_permit);
        } else {
            assert_eq!(answer["refused"]["rule"], "amount_per_day", "{answer}");
        }
    }
    granted
}

#[test]
fn concurrent_requests_never_pass_the_daily_cap_and_can_use_all_of_it() {
    for seed in 1..=3 {
        let folder = Folder::new();
        let signer = folder.start();
        let granted: u64 = thread::scope(|scope| {
            let signer = &signer;
            let threads: Vec<_> = (0..WALLETS.len())
                .map(|wallet| scope.spawn(move || spend(signer, wallet, seed * 31 + wallet as u64)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert!(granted <= CAP, "seed {seed}: {granted}");
        assert!(granted > CAP / 2, "seed {seed}: the cap was never near");
        let mut left = CAP - granted;
        for index in 0.. {
            let amount = left.min(50_000 * USDC_UNIT);
            let last = Order::new(&format!("last-{index}")).spending(amount);
            if amount == 0 {
                break;
            }
            signer.ok(&last.permit_request());
            left -= amount;
        }
        let more = Order::new("more").spending(1);
        assert_eq!(
            signer.refusal(&more.permit_request()),
            "amount_per_day",
            "seed {seed}"
        );
    }
}

#[test]
fn no_settlement_makes_room_in_the_day_whatever_the_caller_says() {
    let folder = Folder::new();
    let signer = folder.start();
    let most = 50_000 * USDC_UNIT;
    let exact_out = |order: &mut Order| {
        (order.exact, order.quoted_out) = (Exact::Out, order.amount_out);
    };
    let order = |index: u64| {
        let order = Order::new(&format!("full-{index}"))
            .spending(most)
            .at_nonce(7 + index);
        if index == 2 {
            order.with(exact_out)
        } else {
            order
        }
    };
    let hashes: Vec<_> = (0..4)
        .map(|index| signer.ok(&order(index).request())["tx_hash"].clone())
        .collect();
    let one_more = Order::new("one more").spending(1).permit_request();
    assert_eq!(signer.refusal(&one_more), "amount_per_day");

    signer.ok(&order(0).settle_request(&hashes[0], "reverted", 0));
    signer.ok(&order(1).settle_request(&hashes[1], "succeeded", most));
    signer.ok(&order(2).settle_request(&hashes[2], "succeeded", 1));
    assert_eq!(signer.refusal(&one_more), "amount_per_day");
}

#[test]
fn a_swap_of_an_exact_input_has_spent_all_of_it_or_nothing() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("exact");
    let hash = signer.ok(&order.request())["tx_hash"].clone();
    for spent in [0, 1, order.amount_in - 1, order.amount_in + 1] {
        let settle = order.settle_request(&hash, "succeeded", spent);
        assert_eq!(signer.refusal(&settle), "settlement_amount", "{spent}");
    }
    signer.ok(&order.settle_request(&hash, "succeeded", order.amount_in));
}
