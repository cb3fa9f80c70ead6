//! The plan: its instructions, its size, and what is not planned.

use serde_json::json;
use tradewind_core::ChainAddress;

use super::desk::{Desk, MARKET, SOL, USDC, key, loan, parameters, part, told};
use crate::pipeline::assemble;
use crate::strategies::liquidation::parameters::Base;
use crate::strategies::liquidation::plan::cost_raw;

const ANY_SEED: &str = "00000000000000000000000000000000";
const ANY_BLOCKHASH: &str = "11111111111111111111111111111111";

#[test]
fn a_plan_borrows_refreshes_liquidates_sells_and_gives_back_in_this_order() {
    let desk = Desk::new(50_000, &parameters()).with_table();
    let candidate = desk.scan(MARKET).remove(0);
    let trade = desk.plan(&candidate).expect("planned");
    let part = part(&candidate);
    assert_eq!((trade.mint_in, trade.mint_out), (key(USDC), key(SOL)));
    assert_eq!(trade.amount_in_raw, trade.hops[0].amount_in_raw);
    let gained = trade.amount_out_raw - part.repaid_raw - part.fee_raw;
    assert_eq!(trade.expected_raw(), i64::try_from(gained).expect("small"));
    assert!(trade.least_out_raw > part.repaid_raw + part.fee_raw + trade.fee_lamports);
    let tags: Vec<_> = trade.instructions.iter().map(|it| it.data[0]).collect();
    // By the first byte of each: borrow, two refreshes of reserves, the obligation's, liquidation, swap, repayment.
    assert_eq!(tags[..5], [0x87, 2, 2, 33, 162]);
    assert_eq!(tags.last(), Some(&0xb9));
    assert_eq!(trade.instructions.len(), 7);
    let liquidation = &trade.instructions[4];
    assert_eq!(liquidation.data[8..16], part.borrowed_raw.to_le_bytes());
    assert_eq!(
        liquidation.data[16..24],
        trade.amount_in_raw.to_le_bytes(),
        "received at least"
    );
}

#[test]
fn the_repayment_names_the_place_of_the_loan_behind_budget_receipt_and_token_accounts() {
    let mut desk = Desk::new(50_000, &parameters()).with_table();
    let candidate = desk.scan(MARKET).remove(0);
    let trade = desk.plan(&candidate).expect("planned");
    let borrowed_at = |desk: &Desk| {
        let made = assemble(&trade, &desk.inventory, ANY_SEED, ANY_BLOCKHASH).expect("built");
        assert!(made.wire.len() <= 1_232, "{} bytes", made.wire.len());
        let amount = part(&candidate).borrowed_raw.to_le_bytes();
        let told = [
            &[0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba][..],
            &amount,
        ]
        .concat();
        let at = made
            .wire
            .windows(told.len())
            .position(|it| it == told)
            .expect("a repayment");
        made.wire[at + told.len()]
    };
    // Limit, price, receipt, and three accounts that are made: SOL, the collateral, USDC.
    assert_eq!(borrowed_at(&desk), 6);
    let wallet = desk.inventory.wallet().expect("a wallet");
    let own = desk
        .inventory
        .token_account(wallet, key(SOL))
        .expect("derivable");
    desk.inventory.add_token_account(own);
    assert_eq!(borrowed_at(&desk), 5);
}

#[test]
fn what_does_not_fit_or_does_not_pay_is_not_planned_and_says_why() {
    let desk = Desk::new(50_000, &parameters());
    let candidate = desk.scan(MARKET).remove(0);
    let refused = desk.plan(&candidate).expect_err("no lookup table");
    assert_eq!(refused.code(), "transaction_refused");
    assert!(refused.to_string().contains("bytes"), "{refused}");
    let dear = json!({"market": MARKET, "bases": [{"mint": SOL, "min_profit_raw": "1000000000"}]});
    let desk = Desk::new(50_000, &dear).with_table();
    assert_eq!(
        desk.plan(&candidate).expect_err("too little").code(),
        "not_paying"
    );
    let mut desk = Desk::new(50_000, &parameters()).with_table();
    let repaid = ChainAddress::Solana([2; 32]);
    desk.inventory
        .apply(&told(repaid, loan(9_000_000_000, 30_000_000_000), 2));
    assert_eq!(
        desk.plan(&candidate).expect_err("healthy").code(),
        "not_liquidatable"
    );
    desk.inventory.set_all_stale();
    assert_eq!(
        desk.plan(&candidate).expect_err("stale").code(),
        "pool_stale"
    );
}

#[test]
fn what_a_transaction_costs_counts_in_every_base_and_never_less_than_was_configured() {
    let desk = Desk::new(50_000, &parameters());
    let cost = |mint: &str, configured_raw: u64| {
        let base = Base {
            mint: key(mint),
            min_profit_raw: 1,
            max_repay_raw: u64::MAX,
            cost_raw: configured_raw,
        };
        cost_raw(&desk.inventory, &base, 1_000_000)
    };
    assert_eq!(cost(SOL, 7), 1_000_000, "known in lamports");
    // A thousandth of a SOL at 178.58 dollars, less the pool's fee of a quarter of a percent.
    assert!(
        (178_000..178_200).contains(&cost(USDC, 7)),
        "{}",
        cost(USDC, 7)
    );
    assert_eq!(cost(USDC, 500_000), 500_000);
    assert_eq!(cost(MARKET, 7), 7, "nobody trades it");
}
