use std::path::Path;

use super::*;
use crate::pipeline::{Hop, PositionBounds, TradeHop};

const BASE: ChainAddress = ChainAddress::Solana([1; 32]);
const POOL: ChainAddress = ChainAddress::Solana([2; 32]);
const BOUNDS: PositionBounds = PositionBounds {
    budget_raw: 250,
    most_positions: 2,
};

fn coin(number: u8) -> ChainAddress {
    ChainAddress::Solana([number; 32])
}

fn trade(purpose: Purpose, coin: ChainAddress, amount_in_raw: u64) -> Trade {
    let (mint_in, mint_out) = match purpose {
        Purpose::Sell { .. } => (coin, BASE),
        _ => (BASE, coin),
    };
    let hop = Hop {
        pool: POOL,
        mint_in,
        mint_out,
    };
    Trade {
        purpose,
        base: BASE,
        mint_in,
        mint_out,
        wallet: ChainAddress::Solana([9; 32]),
        hops: vec![TradeHop {
            hop,
            venue: "pump_curve",
            amount_in_raw,
            amount_out_raw: 1,
            limit_out_raw: 1,
            accounts: Vec::new(),
        }],
        token_accounts: Vec::new(),
        instructions: Vec::new(),
        loan: None,
        may_make: Vec::new(),
        moves_native_sol: false,
        amount_in_raw,
        amount_out_raw: 1,
        least_out_raw: 1,
        unit_limit: 1,
        unit_price_micro_lamports: 0,
        fee_lamports: 5_000,
        tip_lamports: 0,
        strategy_id: None,
    }
}

fn opened(path: &Path, now_ms: u64) -> io::Result<PositionBook> {
    let book = PositionBook::default();
    book.open(path, now_ms)?;
    Ok(book)
}

/// Spent, realized, and how many there are.
fn sums(positions: &PositionBook) -> (u64, i64, usize) {
    let known = positions.known();
    (known.spent_raw(), known.realized_raw(), known.len())
}

fn buy(number: u8) -> Trade {
    trade(Purpose::Buy(BOUNDS), coin(number), 100)
}

fn moved(gained_raw: i64, kept_raw: i64) -> Moved {
    Moved {
        gained_raw,
        kept_raw,
        cost_lamports: 5_000,
        locked_lamports: 0,
    }
}

#[test]
fn a_position_is_what_its_purchase_moved_also_after_a_crash_and_its_sale_realizes_the_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("positions");
    let positions = opened(&path, 7).expect("opened");
    positions.begin("p1", &buy(3), &[]).expect("begun");
    drop(positions);
    let positions = opened(&path, 99).expect("opened again");
    assert_eq!(positions.known().began_at_ms(), Some(7), "the run goes on");
    assert_eq!(positions.known().pending(), ["p1"]);
    assert_eq!(positions.known().being_paid(), (1, 100));
    positions
        .end("p1", Some((50, moved(-101, 777))))
        .expect("ended");
    let held = positions.known().of(&coin(3)).cloned().expect("held");
    assert_eq!(
        (held.held_raw, held.cost_raw, held.bought_slot),
        (777, 101, 50)
    );
    assert_eq!(
        positions.known().being_paid(),
        (0, 0),
        "it has left the wallet"
    );
    assert!(!positions.known().is_done_with(&coin(3)));
    let sale = trade(Purpose::Sell { cost_raw: 101 }, coin(3), 777);
    positions.begin("p2", &sale, &[]).expect("begun");
    assert!(
        matches!(
            positions.begin("p3", &sale, &[]),
            Err(PositionFault::Taken(_))
        ),
        "one sale at a time"
    );
    drop(positions);
    let positions = opened(&path, 99).expect("opened again");
    positions
        .end("p2", Some((60, moved(130, -777))))
        .expect("ended");
    assert!(positions.known().is_empty());
    assert_eq!(sums(&positions), (100, 29, 0));
    assert!(positions.known().is_done_with(&coin(3)));
    assert!(!positions.known().is_done_with(&coin(4)), "never bought");
    assert!(
        positions.known().begun("p1").is_some(),
        "its result may have to be told again"
    );
    assert!(
        matches!(
            positions.begin("p4", &buy(3), &[]),
            Err(PositionFault::Taken(_))
        ),
        "once a run"
    );
}

#[test]
fn what_came_to_nothing_gives_its_budget_back_and_a_failed_sale_leaves_the_position() {
    let folder = tempfile::tempdir().expect("a folder");
    let positions = opened(&folder.path().join("positions"), 7).expect("opened");
    positions.begin("p1", &buy(3), &[]).expect("begun");
    positions.end("p1", None).expect("ended");
    assert_eq!(sums(&positions), (0, 0, 0));
    positions.begin("p2", &buy(4), &[]).expect("begun");
    positions
        .end("p2", Some((50, moved(-100, 10))))
        .expect("ended");
    let sale = trade(Purpose::Sell { cost_raw: 100 }, coin(4), 10);
    positions.begin("p3", &sale, &[]).expect("begun");
    positions
        .end("p3", Some((51, moved(0, 0))))
        .expect("reverted");
    let held = positions.known().of(&coin(4)).cloned().expect("still held");
    assert_eq!((held.held_raw, held.pending.as_ref()), (10, None));
    let less = trade(Purpose::Sell { cost_raw: 100 }, coin(4), 9);
    assert!(matches!(
        positions.begin("p4", &less, &[]),
        Err(PositionFault::NotHeld(_))
    ));
    positions.correct(coin(4), 0).expect("written");
    assert!(positions.known().is_empty(), "the chain has the last word");
}

#[test]
fn the_budget_and_the_number_of_positions_hold_when_a_purchase_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let positions = opened(&folder.path().join("positions"), 7).expect("opened");
    positions.begin("p1", &buy(3), &[]).expect("begun");
    positions.begin("p2", &buy(4), &[]).expect("begun");
    assert!(
        matches!(
            positions.begin("p3", &buy(5), &[]),
            Err(PositionFault::NoRoom)
        ),
        "two at most"
    );
    positions
        .end("p1", Some((50, moved(-100, 10))))
        .expect("ended");
    let sale = trade(Purpose::Sell { cost_raw: 100 }, coin(3), 10);
    positions.begin("p4", &sale, &[]).expect("begun");
    positions
        .end("p4", Some((51, moved(90, -10))))
        .expect("sold");
    assert!(
        matches!(
            positions.begin("p5", &buy(5), &[]),
            Err(PositionFault::NoRoom)
        ),
        "300 of 250"
    );
    positions.over("budget_spent").expect("over");
    positions.begin("p6", &buy(5), &[]).expect("a new run");
}

#[test]
fn a_purchase_that_was_said_to_have_failed_is_held_once_it_landed_for_ever_and_the_other_way_round()
{
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("positions");
    let positions = opened(&path, 7).expect("opened");
    positions.begin("p1", &buy(3), &[]).expect("begun");
    let reverted = Some((50, moved(0, 0)));
    positions.end("p1", reverted).expect("ended");
    positions.end("p1", reverted).expect("the same again");
    let lines = || std::fs::read_to_string(&path).map(|text| text.lines().count());
    assert_eq!(lines().expect("read"), 3);
    assert_eq!(sums(&positions), (0, 0, 0));
    positions
        .end("p1", Some((51, moved(-101, 777))))
        .expect("corrected");
    let again = opened(&path, 9).expect("opened again");
    for positions in [&positions, &again] {
        assert_eq!(sums(positions), (100, 0, 1));
        let known = positions.known();
        let held = known.of(&coin(3)).expect("held");
        assert_eq!(
            (held.held_raw, held.cost_raw, held.bought_slot),
            (777, 101, 51)
        );
        assert_eq!(held.pending, None);
    }
    let sale = trade(Purpose::Sell { cost_raw: 101 }, coin(3), 777);
    again.begin("p2", &sale, &[]).expect("begun");
    again.end("p1", None).expect("corrected once more");
    assert_eq!(sums(&again), (0, 0, 0));
    again.end("p2", None).expect("there was nothing to sell");
    assert_eq!(sums(&again), (0, 0, 0));
}

#[test]
fn a_sale_is_taken_back_to_what_was_held_and_said_again_but_never_over_a_later_purchase() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("positions");
    let positions = opened(&path, 7).expect("opened");
    positions.begin("p1", &buy(3), &[]).expect("begun");
    let bought = Some((50, moved(-101, 777)));
    positions.end("p1", bought).expect("ended");
    let before = positions.known().of(&coin(3)).cloned();
    let sale = trade(Purpose::Sell { cost_raw: 101 }, coin(3), 777);
    positions.begin("p2", &sale, &[]).expect("begun");
    let sold = Some((60, moved(130, -777)));
    positions.end("p2", sold).expect("ended");
    assert_eq!(sums(&positions), (100, 29, 0));
    positions.end("p2", None).expect("corrected");
    assert_eq!(positions.known().of(&coin(3)).cloned(), before);
    assert_eq!(sums(&positions), (100, 0, 1));
    positions.end("p2", sold).expect("corrected again");
    assert_eq!(sums(&positions), (100, 29, 0));
    positions.over("time_over").expect("over");
    positions.begin("p3", &buy(3), &[]).expect("a new run");
    positions.end("p3", bought).expect("ended");
    positions.end("p2", None).expect("too late");
    assert_eq!(positions.known().of(&coin(3)).cloned(), before);
}

#[test]
fn nothing_begins_without_a_file_and_a_line_that_was_cut_off_never_was() {
    let nowhere = PositionBook::default();
    assert!(matches!(
        nowhere.begin("p1", &buy(3), &[]),
        Err(PositionFault::Unwritable(_))
    ));
    nowhere
        .begin("p1", &trade(Purpose::Circle, coin(3), 5), &[])
        .expect("a circle has no position");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("positions");
    opened(&path, 7)
        .expect("opened")
        .begin("p1", &buy(3), &[])
        .expect("begun");
    let whole = std::fs::read_to_string(&path).expect("read");
    std::fs::write(&path, format!("{whole}{{\"end\": \"p1\", \"lan")).expect("written");
    let positions = opened(&path, 9).expect("opened");
    assert_eq!(positions.known().pending(), ["p1"]);
    positions.end("p1", None).expect("ended");
    assert!(opened(&path, 9).expect("opened").known().is_empty());
    std::fs::write(&path, "nonsense\n").expect("written");
    opened(&path, 9).expect_err("refused");
}
