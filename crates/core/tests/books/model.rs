//! A venue's book against a map: any sequence of snapshots, deltas and gaps gives the same levels or the same refusal.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tradewind_core::books::{
    BookError, BookTerms, Events, OrderBook, OutOfSync, Rows, SequenceRule, Side, Snapshot,
    SnapshotOutcome,
};

/// A book as the rules say it, with nothing clever: maps, and all events kept until a snapshot.
#[derive(Default)]
struct Model {
    sides: [BTreeMap<i64, i64>; 2],
    sequence: u64,
    live: bool,
    pending: Vec<Delta>,
    depth: Option<usize>,
}

type Row = (u8, i64, i64);

#[derive(Debug, Clone)]
struct Delta {
    first: u64,
    last: u64,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
enum Message {
    Snapshot { sequence: u64, rows: Vec<Row> },
    Deltas(Vec<Delta>),
    Lost,
}

impl Model {
    fn delta(&mut self, delta: &Delta) {
        if self.live && delta.last <= self.sequence {
            return;
        }
        if self.live && delta.first <= self.sequence + 1 {
            self.rows(&delta.rows);
            self.sequence = delta.last;
        } else {
            self.live = false;
            self.pending.push(delta.clone());
        }
    }

    fn snapshot(&mut self, sequence: u64, rows: &[Row]) {
        if self.live && sequence <= self.sequence {
            return;
        }
        self.sides = [BTreeMap::new(), BTreeMap::new()];
        self.rows(rows);
        self.live = true;
        self.sequence = sequence;
        for delta in std::mem::take(&mut self.pending) {
            self.delta(&delta);
        }
    }

    fn rows(&mut self, rows: &[Row]) {
        for (side, price, size) in rows {
            let side = &mut self.sides[usize::from(*side)];
            if *size == 0 {
                side.remove(price);
            } else {
                side.insert(*price, *size);
            }
        }
        let depth = self.depth.unwrap_or(usize::MAX);
        while self.sides[0].len() > depth {
            self.sides[0].pop_first();
        }
        while self.sides[1].len() > depth {
            self.sides[1].pop_last();
        }
    }

    fn levels(&self, side: Side) -> Vec<(u64, u64)> {
        let pair = |(price, size): (&i64, &i64)| (price.unsigned_abs(), size.unsigned_abs());
        match side {
            Side::Bid => self.sides[0].iter().rev().map(pair).collect(),
            Side::Ask => self.sides[1].iter().map(pair).collect(),
        }
    }
}

fn terms(sequence: SequenceRule, depth: Option<usize>) -> BookTerms {
    BookTerms {
        venue: "venue".into(),
        instrument: "BTC/USD".into(),
        price_decimals: 2,
        size_decimals: 8,
        tick: 1,
        lot: 1,
        taker_fee_ppm: 0,
        sequence,
        depth,
    }
}

fn column<T>(rows: &[Row], of: impl Fn(&Row) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

fn tell(book: &mut OrderBook, message: &Message) -> Result<(), BookError> {
    match message {
        Message::Snapshot { sequence, rows } => {
            let side = |wanted| -> Vec<Row> {
                let rows = rows.iter().filter(|row| row.0 == wanted);
                rows.copied().collect()
            };
            let (bids, asks) = (side(0), side(1));
            let snapshot = Snapshot {
                sequence: *sequence,
                bid_prices: &column(&bids, |row| row.1),
                bid_sizes: &column(&bids, |row| row.2),
                ask_prices: &column(&asks, |row| row.1),
                ask_sizes: &column(&asks, |row| row.2),
            };
            book.apply_snapshot(&snapshot, 0).map(drop)
        }
        Message::Deltas(deltas) => {
            let rows: Vec<Row> = deltas.iter().flat_map(|delta| delta.rows.clone()).collect();
            let number = |number: u64| i64::try_from(number).unwrap();
            let counts: Vec<i64> = deltas
                .iter()
                .map(|delta| number(delta.rows.len() as u64))
                .collect();
            let events = Events {
                first: &deltas
                    .iter()
                    .map(|delta| number(delta.first))
                    .collect::<Vec<_>>(),
                last: &deltas
                    .iter()
                    .map(|delta| number(delta.last))
                    .collect::<Vec<_>>(),
                counts: deltas
                    .iter()
                    .any(|delta| delta.rows.len() != 1)
                    .then_some(counts.as_slice()),
                rows: Rows {
                    sides: &column(&rows, |row| row.0),
                    prices: &column(&rows, |row| row.1),
                    sizes: &column(&rows, |row| row.2),
                },
            };
            book.apply_events(&events, 0).map(drop)
        }
        Message::Lost => {
            book.lose_sync(OutOfSync::Told("connection lost".into()), false);
            Ok(())
        }
    }
}

fn levels(book: &OrderBook, side: Side) -> Vec<(u64, u64)> {
    book.levels(side).unwrap().collect()
}

/// Prices near each other, far apart, and at the very ends of what fits.
fn price() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 50_000_i64..50_200,
        2 => 1_i64..100_000,
        1 => prop_oneof![Just(1), Just(2), Just(i64::MAX), Just(i64::MAX - 1), Just(16_384)],
        1 => 1..=i64::MAX,
    ]
}

fn row() -> impl Strategy<Value = Row> {
    (
        0_u8..2,
        price(),
        prop_oneof![2 => Just(0), 3 => 1_i64..1000, 1 => Just(i64::MAX)],
    )
}

fn delta() -> impl Strategy<Value = Delta> {
    (0_u64..60, 0_u64..4, proptest::collection::vec(row(), 0..6)).prop_map(|(first, span, rows)| {
        Delta {
            first,
            last: first + span,
            rows,
        }
    })
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        2 => (0_u64..60, proptest::collection::vec(row(), 0..30))
            .prop_map(|(sequence, rows)| Message::Snapshot { sequence, rows }),
        1 => Just(Message::Lost),
        6 => proptest::collection::vec(delta(), 0..6)
            .prop_map(|mut deltas| { deltas.sort_by_key(|delta| delta.first); Message::Deltas(deltas) }),
    ]
}

fn follow(messages: &[Message], depth: Option<usize>) -> Result<(), TestCaseError> {
    let mut book = OrderBook::new(terms(SequenceRule::Ranged, depth)).unwrap();
    let mut model = Model {
        depth,
        ..Model::default()
    };
    for message in messages {
        tell(&mut book, message).unwrap();
        match message {
            Message::Snapshot { sequence, rows } => model.snapshot(*sequence, rows),
            Message::Deltas(deltas) => deltas.iter().for_each(|delta| model.delta(delta)),
            Message::Lost => {
                model.live = false;
                model.pending.clear();
            }
        }
        prop_assert_eq!(book.out_of_sync().is_none(), model.live);
        if !model.live {
            let refusal = book.levels(Side::Bid).map(drop).unwrap_err();
            prop_assert_eq!(refusal.code(), "book_out_of_sync");
            continue;
        }
        prop_assert_eq!(book.sequence(), model.sequence);
        for side in [Side::Bid, Side::Ask] {
            prop_assert_eq!(levels(&book, side), model.levels(side));
            prop_assert_eq!(book.level_count(side).unwrap(), model.levels(side).len());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_messages_give_the_book_or_the_refusal_of_the_model(
        messages in proptest::collection::vec(message(), 1..30), depth in proptest::option::of(1_usize..12),
    ) {
        follow(&messages, depth)?;
    }

    #[test]
    fn any_columns_are_taken_or_refused_without_a_panic(
        first in proptest::collection::vec(any::<i64>(), 0..4),
        last in proptest::collection::vec(any::<i64>(), 0..4),
        counts in proptest::collection::vec(-1_i64..4, 0..4),
        sides in proptest::collection::vec(0_u8..4, 0..8),
        prices in proptest::collection::vec(any::<i64>(), 0..8),
        sizes in proptest::collection::vec(any::<i64>(), 0..8),
        live in any::<bool>(), counted in any::<bool>(),
    ) {
        let mut book = OrderBook::new(terms(SequenceRule::Ranged, None)).unwrap();
        if live {
            book.apply_snapshot(&Snapshot::default(), 0).unwrap();
        }
        let rows = Rows { sides: &sides, prices: &prices, sizes: &sizes };
        let events = Events { first: &first, last: &last, counts: counted.then_some(counts.as_slice()), rows };
        let refused = book.apply_events(&events, 0).err().filter(|error| error.code() != "columns_unequal");
        if refused.is_some() {
            prop_assert!(book.out_of_sync().is_some());
        }
        let snapshot = Snapshot {
            sequence: 7, bid_prices: &prices, bid_sizes: &sizes, ask_prices: &prices, ask_sizes: &sizes,
        };
        if book.apply_snapshot(&snapshot, 0).is_err_and(|error| error.code() != "columns_unequal") {
            prop_assert!(book.out_of_sync().is_some());
        }
    }
}

#[test]
fn a_price_that_wanders_through_the_whole_range_leaves_the_book_of_the_model() {
    // Each step is beyond the window of the last one for a while, so that the window has to follow many times.
    let mut book = OrderBook::new(terms(SequenceRule::Ranged, None)).unwrap();
    let mut model = Model::default();
    tell(
        &mut book,
        &Message::Snapshot {
            sequence: 0,
            rows: vec![],
        },
    )
    .unwrap();
    model.snapshot(0, &[]);
    let mut best = 1_000_000_i64;
    for step in 1..60_000_u64 {
        let swing = i64::try_from(step.wrapping_mul(2_654_435_761) % 61).unwrap();
        // Up for a while, then down again through what was left behind.
        best += if step / 15_000 % 2 == 0 {
            swing - 20
        } else {
            20 - swing
        } * 3;
        let step_back = i64::try_from(step % 2003).unwrap();
        let size = i64::try_from(step % 5).unwrap();
        let delta = Delta {
            first: step,
            last: step,
            rows: vec![
                (1, best + swing, size),
                (0, best - swing - 1, size),
                // Where the price was: some of it far behind the window by now.
                (1, best + swing - step_back * 7, 0),
                (0, best - swing - 1 - step_back, 0),
            ],
        };
        tell(&mut book, &Message::Deltas(vec![delta.clone()])).unwrap();
        model.delta(&delta);
        if step % 3000 == 0 {
            for side in [Side::Bid, Side::Ask] {
                assert_eq!(levels(&book, side), model.levels(side));
                assert_eq!(book.level_count(side).unwrap(), model.levels(side).len());
            }
        }
    }
    for side in [Side::Bid, Side::Ask] {
        assert!(levels(&book, side).len() > 10_000);
    }
}

#[test]
fn a_gap_waits_for_a_snapshot_that_reaches_it() {
    let mut book = OrderBook::new(terms(SequenceRule::Ranged, None)).unwrap();
    let snapshot = |sequence| Snapshot {
        sequence,
        bid_prices: &[100],
        bid_sizes: &[5],
        ..Snapshot::default()
    };
    book.apply_snapshot(&snapshot(10), 1).unwrap();
    let event = |first, last, size| {
        Message::Deltas(vec![Delta {
            first,
            last,
            rows: vec![(0, 100, size)],
        }])
    };
    tell(&mut book, &event(12, 13, 6)).unwrap();
    assert_eq!(
        book.out_of_sync(),
        Some(&OutOfSync::Gap {
            expected: 11,
            first: 12
        })
    );
    assert_eq!(book.pending_events(), 1);
    let outcome = book.apply_snapshot(&snapshot(10), 2).unwrap();
    assert!(matches!(outcome, SnapshotOutcome::Gap(_)), "{outcome:?}");
    let outcome = book.apply_snapshot(&snapshot(11), 3).unwrap();
    assert!(matches!(outcome, SnapshotOutcome::Live(_)), "{outcome:?}");
    assert_eq!(levels(&book, Side::Bid), [(100, 6)]);
    assert_eq!(book.sequence(), 13);
}

#[test]
fn what_waits_for_a_snapshot_is_bounded_and_loses_the_oldest_first() {
    let mut book = OrderBook::new(terms(SequenceRule::Ranged, None)).unwrap();
    let rows = vec![(1_u8, 100_i64, 1_i64); 10_000];
    for number in 1..=30 {
        let delta = Delta {
            first: number,
            last: number,
            rows: rows.clone(),
        };
        tell(&mut book, &Message::Deltas(vec![delta])).unwrap();
    }
    assert_eq!(book.pending_events(), 19);
    assert_eq!(book.dropped_events(), 11);
    tell(
        &mut book,
        &Message::Snapshot {
            sequence: 5,
            rows: vec![],
        },
    )
    .unwrap();
    assert!(book.out_of_sync().is_some());
    tell(
        &mut book,
        &Message::Snapshot {
            sequence: 11,
            rows: vec![],
        },
    )
    .unwrap();
    assert_eq!(book.sequence(), 30);
}

#[test]
fn a_venue_without_numbers_counts_its_events_and_ignores_those_before_the_snapshot() {
    let mut book = OrderBook::new(terms(SequenceRule::Unnumbered, Some(2))).unwrap();
    let event = |row| {
        Message::Deltas(vec![Delta {
            first: 0,
            last: 0,
            rows: vec![row],
        }])
    };
    tell(&mut book, &event((0, 1, 1))).unwrap();
    assert_eq!(book.pending_events(), 0);
    let rows = vec![(0, 10, 1), (0, 9, 1), (1, 11, 1), (1, 12, 1)];
    tell(&mut book, &Message::Snapshot { sequence: 0, rows }).unwrap();
    tell(&mut book, &event((1, 10, 7))).unwrap();
    assert_eq!(levels(&book, Side::Ask), [(10, 7), (11, 1)]);
    assert_eq!(book.sequence(), 1);
}

#[test]
fn the_checksum_is_the_one_of_krakens_own_example() {
    // docs.kraken.com, guide "Book checksum (WebSocket v2)": BTC/USD, 1 decimal of price and 8 of size.
    let asks: [(i64, i64); 10] = [
        (452_852, 100_000),
        (452_864, 154_571_953),
        (452_866, 154_571_109),
        (452_896, 154_560_911),
        (452_902, 15_890_660),
        (452_918, 154_553_491),
        (452_947, 4_454_749),
        (452_961, 35_380_000),
        (452_975, 9_945_542),
        (452_995, 18_772_827),
    ];
    let bids: [(i64, i64); 10] = [
        (452_835, 10_000_000),
        (452_834, 154_582_015),
        (452_821, 10_000_000),
        (452_810, 10_000_000),
        (452_803, 154_592_586),
        (452_790, 7_990_000),
        (452_776, 3_310_103),
        (452_775, 30_000_000),
        (452_773, 154_602_737),
        (452_766, 15_445_238),
    ];
    let mut book = OrderBook::new(terms(SequenceRule::Unnumbered, Some(10))).unwrap();
    let snapshot = Snapshot {
        sequence: 0,
        bid_prices: &bids.map(|level| level.0),
        bid_sizes: &bids.map(|level| level.1),
        ask_prices: &asks.map(|level| level.0),
        ask_sizes: &asks.map(|level| level.1),
    };
    book.apply_snapshot(&snapshot, 0).unwrap();
    assert_eq!(book.checksum(1, 1).unwrap(), 3_310_070_434);
}

#[test]
fn what_the_book_already_has_makes_it_no_younger() {
    let mut book = OrderBook::new(terms(SequenceRule::Ranged, None)).unwrap();
    let snapshot = Snapshot {
        sequence: 10,
        ..Snapshot::default()
    };
    book.apply_snapshot(&snapshot, 100).unwrap();
    let event = |sequence: i64| (vec![sequence], vec![0]);
    for (sequence, time_ns, as_of_ns) in [(10, 200, 100), (11, 300, 300), (11, 400, 300)] {
        let (sequences, counts) = event(sequence);
        let events = Events {
            first: &sequences,
            last: &sequences,
            counts: Some(&counts),
            ..Events::default()
        };
        book.apply_events(&events, time_ns).unwrap();
        assert_eq!(book.as_of_ns(), as_of_ns);
    }
}

#[test]
fn terms_outside_their_range_are_refused_by_name() {
    let fee = BookTerms {
        taker_fee_ppm: 1_000_000,
        ..terms(SequenceRule::Ranged, None)
    };
    let error = OrderBook::new(fee).unwrap_err();
    assert_eq!(error.code(), "term_out_of_range");
    assert!(
        error
            .to_string()
            .starts_with("taker_fee_ppm: must be from 0 to 999999")
    );
    let tick = BookTerms {
        tick: 0,
        ..terms(SequenceRule::Ranged, None)
    };
    assert!(
        OrderBook::new(tick)
            .unwrap_err()
            .to_string()
            .starts_with("tick")
    );
}
