//! Snapshots, events and losses in any order against two maps; then books merged and swept.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use tradewind_core::books::{
    AggregateRequest, BookTerms, Events, OrderBook, OutOfSync, Rows, SequenceRule, Side, Snapshot,
    SweepAmount, aggregate_order_books,
};

use super::input::Input;

type Row = (u8, i64, i64);
const MOST_OPERATIONS: usize = 24;

/// A book whose numbers always follow on each other, as maps.
#[derive(Default)]
struct Model([BTreeMap<i64, i64>; 2]);

impl Model {
    fn set(&mut self, rows: &[Row], depth: Option<usize>) {
        for (side, price, size) in rows {
            let levels = &mut self.0[usize::from(*side)];
            match size {
                0 => drop(levels.remove(price)),
                size => drop(levels.insert(*price, *size)),
            }
        }
        let depth = depth.unwrap_or(usize::MAX);
        while self.0[0].len() > depth {
            self.0[0].pop_first();
        }
        while self.0[1].len() > depth {
            self.0[1].pop_last();
        }
    }

    fn levels(&self, side: Side) -> Vec<(u64, u64)> {
        let pair = |(price, size): (&i64, &i64)| (price.unsigned_abs(), size.unsigned_abs());
        match side {
            Side::Bid => self.0[0].iter().rev().map(pair).collect(),
            Side::Ask => self.0[1].iter().map(pair).collect(),
        }
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut books = Vec::new();
    for venue in 0..=input.below(3) {
        books.extend(book(venue, &mut input));
    }
    let books: Vec<&OrderBook> = books.iter().collect();
    let request = AggregateRequest {
        levels: input.any::<bool>().then(|| input.below(20)),
        now_ns: input.any(),
        max_age_ns: input.any(),
    };
    let Ok(merged) = aggregate_order_books(&books, &request) else {
        return;
    };
    let _ = (merged.crossing(true), merged.crossing(false));
    for side in [Side::Bid, Side::Ask] {
        let offered: u128 = merged
            .parts(side)
            .iter()
            .map(|part| u128::from(part.size))
            .sum();
        let levels: Vec<u64> = merged.levels(side).map(|level| level.price).collect();
        assert!(levels.windows(2).all(|two| match side {
            Side::Bid => two[0] > two[1],
            Side::Ask => two[0] < two[1],
        }));
        for amount in [
            SweepAmount::Size(u128::from(input.any::<u64>())),
            SweepAmount::Notional(input.amount()),
        ] {
            let Ok(sweep) = merged.sweep(side, amount, input.any()) else {
                continue;
            };
            let taken: u128 = sweep.fills.iter().map(|fill| fill.size).sum();
            assert!(taken <= offered);
            let paid = sweep.fills.iter().map(|fill| fill.notional);
            assert!(paid.fold(U256::ZERO, U256::saturating_add) < U256::MAX);
            if let SweepAmount::Size(size) = amount {
                assert!(taken <= size);
            }
        }
    }
}

fn book(venue: usize, input: &mut Input<'_>) -> Option<OrderBook> {
    let depth = input.any::<bool>().then(|| input.below(12));
    let terms = BookTerms {
        venue: venue.to_string(),
        instrument: "BTC/USD".to_owned(),
        price_decimals: 2,
        size_decimals: 8,
        tick: input.any::<u64>() >> input.below(64),
        lot: input.any::<u64>() >> input.below(64),
        taker_fee_ppm: input.any::<u32>() >> input.below(32),
        sequence: SequenceRule::Ranged,
        depth,
    };
    let mut book = OrderBook::new(terms).ok()?;
    let mut model: Option<Model> = None;
    for _ in 0..input.below(MOST_OPERATIONS) {
        let wild: bool = input.any::<u8>() >= 224;
        let rows = rows(wild, input);
        match input.any::<u8>() {
            0..=15 => {
                book.lose_sync(OutOfSync::Told("lost".to_owned()), input.any());
                book.lose_sync(OutOfSync::NoSnapshot, false);
                model = None;
            }
            16..=79 => model = snapshot(&mut book, model, &rows, depth, input),
            _ => model = event(&mut book, model, &rows, depth, input),
        }
        check(&book, model.as_ref());
    }
    Some(book)
}

/// Prices near each other, or any numbers.
fn rows(wild: bool, input: &mut Input<'_>) -> Vec<Row> {
    let count = input.below(6);
    let row = |input: &mut Input<'_>| {
        if wild {
            return (input.any::<u8>() % 3, input.any(), input.any());
        }
        let price = 1 + i64::from(input.any::<u8>());
        (
            input.any::<u8>() % 2,
            price,
            i64::from(input.any::<u8>() % 4),
        )
    };
    (0..count).map(|_| row(input)).collect()
}

fn column<T>(rows: &[Row], of: impl Fn(&Row) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

fn snapshot(
    book: &mut OrderBook,
    model: Option<Model>,
    rows: &[Row],
    depth: Option<usize>,
    input: &mut Input<'_>,
) -> Option<Model> {
    let older = model.is_some() && input.any::<bool>();
    let sequence = book.sequence().saturating_add(u64::from(!older));
    let side = |side| -> Vec<Row> { rows.iter().filter(|row| row.0 == side).copied().collect() };
    let (bids, asks) = (side(0), side(1));
    let given = Snapshot {
        sequence,
        bid_prices: &column(&bids, |row| row.1),
        bid_sizes: &column(&bids, |row| row.2),
        ask_prices: &column(&asks, |row| row.1),
        ask_sizes: &column(&asks, |row| row.2),
    };
    match book.apply_snapshot(&given, input.any()) {
        Ok(_) if older => model,
        Ok(_) if book.out_of_sync().is_some() => None,
        Ok(_) => {
            let mut model = Model::default();
            model.set(&[bids, asks].concat(), depth);
            Some(model)
        }
        Err(_) => {
            assert!(book.out_of_sync().is_some());
            None
        }
    }
}

/// The next event, or one with a gap before it; while the book is out of sync nothing is kept for it.
fn event(
    book: &mut OrderBook,
    model: Option<Model>,
    rows: &[Row],
    depth: Option<usize>,
    input: &mut Input<'_>,
) -> Option<Model> {
    let mut model = model?;
    let next = i64::try_from(book.sequence()).ok()?.checked_add(1)?;
    let gap = i64::from(input.any::<u8>() >= 248);
    let events = Events {
        first: &[next + gap],
        last: &[next + gap],
        counts: Some(&[i64::try_from(rows.len()).unwrap()]),
        rows: Rows {
            sides: &column(rows, |row| row.0),
            prices: &column(rows, |row| row.1),
            sizes: &column(rows, |row| row.2),
        },
    };
    let applied = book.apply_events(&events, input.any());
    if applied.is_err() || gap == 1 {
        assert!(book.out_of_sync().is_some());
        book.lose_sync(OutOfSync::NoSnapshot, false);
        return None;
    }
    model.set(rows, depth);
    Some(model)
}

fn check(book: &OrderBook, model: Option<&Model>) {
    assert_eq!(book.out_of_sync().is_none(), model.is_some());
    for side in [Side::Bid, Side::Ask] {
        let Some(model) = model else {
            assert!(book.levels(side).is_err());
            continue;
        };
        let levels: Vec<(u64, u64)> = book.levels(side).unwrap().collect();
        assert_eq!(levels, model.levels(side));
        assert_eq!(book.level_count(side).unwrap(), levels.len());
    }
}

/// A snapshot and events of two venues.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seed = |step: u8| -> Vec<u8> {
        (0..400u16)
            .map(|at| at.to_le_bytes()[0].wrapping_mul(step) ^ step)
            .collect()
    };
    [1, 3, 7, 29, 101].map(seed).to_vec()
}
