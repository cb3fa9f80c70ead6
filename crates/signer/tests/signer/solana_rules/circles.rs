//! Trades that come back to where they began, and the loans that they may take.

use super::{passes, refused};
use crate::bench::Bench;
use crate::solana_orders::*;
use tradewind_signer::fault::Rule;

pub(super) fn circle(amount: u64, back: u64) -> SolanaOrder {
    SolanaOrder::of(
        "circle",
        &[
            units(200_000),
            borrow(RESERVE, amount),
            cpmm(IN, OUT, amount, 150_000_000),
            cpmm(OUT, IN, 150_000_000, back),
            repay(RESERVE, amount, 1),
        ],
        (WSOL, WSOL, amount, amount + 1_000_000),
    )
}

// 4 SOL, one basis point to the lender, 5,000 lamports to the network.
pub(super) const BREAK_EVEN: u64 = 4 * SOL + 400_000 + 5_000;

#[test]
fn a_circular_trade_must_bring_back_what_it_costs() {
    let bench = bench();
    passes(&bench, &circle(4 * SOL, BREAK_EVEN));
    refused(&bench, &circle(4 * SOL, BREAK_EVEN - 1), Rule::MinProfit);
    let tipping = circle(4 * SOL, BREAK_EVEN).and(transfer(TIP_ACCOUNT, 1));
    refused(&bench, &tipping, Rule::MinProfit);
    passes(
        &bench,
        &circle(4 * SOL, BREAK_EVEN + 1).and(transfer(TIP_ACCOUNT, 1)),
    );
}

#[test]
fn a_circular_trade_must_bring_the_listed_profit() {
    let config = config().replace(
        "symbol = \"WSOL\"",
        "symbol = \"WSOL\"\nmin_profit = \"0.001\"",
    );
    let folder = folder();
    folder.write("signer.toml", &config);
    let bench = Bench::over(folder);
    passes(&bench, &circle(4 * SOL, BREAK_EVEN + 1_000_000));
    let answer = bench.ok(&circle(4 * SOL, BREAK_EVEN + 999_999).check_request());
    assert_eq!(answer["rule"], "min_profit");
}

#[test]
fn a_loan_raises_what_a_trade_may_move_and_its_own_money_does_not() {
    let bench = bench();
    passes(&bench, &circle(50 * SOL, 50 * SOL + 5_000_000 + 5_000));
    let mut own = circle(6 * SOL, 7 * SOL);
    own.instructions.retain(|it| it.program != key(KAMINO));
    refused(&bench, &own, Rule::AmountPerTransaction);
}

#[test]
fn refuses_a_loan_that_is_not_repaid_in_kind_or_comes_from_elsewhere() {
    let bench = bench();
    let base = || circle(4 * SOL, 5 * SOL);
    let unpaid = base().with(|o| drop(o.instructions.pop()));
    refused(&bench, &unpaid, Rule::FlashLoan);
    for wrong in [
        repay(RESERVE, 4 * SOL - 1, 1),
        repay(RESERVE, 4 * SOL, 2),
        repay(PINNED, 4 * SOL, 1),
    ] {
        refused(
            &bench,
            &base().with(|o| o.instructions[4] = wrong),
            Rule::FlashLoan,
        );
    }
    refused(
        &bench,
        &base().with(|o| o.instructions[1] = borrow(PINNED, 4 * SOL)),
        Rule::FlashLoan,
    );
    refused(&bench, &base().and(borrow(RESERVE, 1)), Rule::FlashLoan);
}
