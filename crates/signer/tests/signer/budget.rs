//! The daily budget under concurrency: never exceeded by one unit, and usable to the last one.

use crate::orders::{Order, USDC_UNIT, address};
use crate::process::{Folder, Signer, WALLETS};
use std::thread;

const CAP: u64 = 200_000 * USDC_UNIT;
const EACH: u32 = 40;

/// A small generator with a seed, so that a failure can be repeated.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: u64) -> u64 {
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
            .with(|o| (o.wallet, o.nonce) = (address(WALLETS[wallet]), nonce));
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
fn a_reverted_step_gives_its_budget_back_and_a_successful_one_what_it_did_not_spend() {
    let folder = Folder::new();
    let signer = folder.start();
    let most = 50_000 * USDC_UNIT;
    let order = |index: u64| {
        Order::new(&format!("full-{index}"))
            .spending(most)
            .with(|o| o.nonce = 7 + index)
    };
    let hashes: Vec<_> = (0..4)
        .map(|index| signer.ok(&order(index).request())["tx_hash"].clone())
        .collect();
    let one = |name: &str, amount| Order::new(name).spending(amount).permit_request();
    assert_eq!(signer.refusal(&one("full", 1)), "amount_per_day");

    signer.ok(&order(0).settle_request(&hashes[0], "reverted", 0));
    signer.ok(&one("refunded", most));
    assert_eq!(signer.refusal(&one("full again", 1)), "amount_per_day");

    signer.ok(&order(1).settle_request(&hashes[1], "succeeded", most - 7));
    assert_eq!(signer.refusal(&one("too much", 8)), "amount_per_day");
    signer.ok(&one("the rest", 7));
}
