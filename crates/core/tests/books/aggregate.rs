//! Merged books against brute force: the sum of the venues, every unit bought singly, every crossing paired singly.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use proptest::prelude::*;
use tradewind_core::books::{
    AggregateRequest, BookTerms, ConsolidatedBook, CrossingState, Exclusion, OrderBook,
    SequenceRule, Side, Snapshot, SweepAmount, aggregate_order_books,
};

type Levels = Vec<(i64, i64)>;

#[derive(Debug, Clone)]
struct Venue {
    tick: u64,
    lot: u64,
    fee: u32,
    bids: Levels,
    asks: Levels,
}

fn book(place: usize, venue: &Venue) -> OrderBook {
    let terms = BookTerms {
        venue: format!("venue {place}"),
        instrument: "BTC/USD".into(),
        price_decimals: 2,
        size_decimals: 8,
        tick: venue.tick,
        lot: venue.lot,
        taker_fee_ppm: venue.fee,
        sequence: SequenceRule::Ranged,
        depth: None,
    };
    let mut book = OrderBook::new(terms).unwrap();
    let column = |levels: &Levels, of: fn(&(i64, i64)) -> i64| levels.iter().map(of).collect();
    let (bid_prices, bid_sizes): (Vec<_>, Vec<_>) =
        (column(&venue.bids, |l| l.0), column(&venue.bids, |l| l.1));
    let (ask_prices, ask_sizes): (Vec<_>, Vec<_>) =
        (column(&venue.asks, |l| l.0), column(&venue.asks, |l| l.1));
    let snapshot = Snapshot {
        sequence: 1,
        bid_prices: &bid_prices,
        bid_sizes: &bid_sizes,
        ask_prices: &ask_prices,
        ask_sizes: &ask_sizes,
    };
    book.apply_snapshot(&snapshot, 1000).unwrap();
    book
}

fn merged(venues: &[Venue], levels: Option<usize>) -> ConsolidatedBook {
    let books: Vec<OrderBook> = (0..).zip(venues).map(|(place, v)| book(place, v)).collect();
    let request = AggregateRequest {
        levels,
        ..AggregateRequest::default()
    };
    aggregate_order_books(&books.iter().collect::<Vec<_>>(), &request).unwrap()
}

fn side(venue: &Venue, side: Side) -> &Levels {
    match side {
        Side::Bid => &venue.bids,
        Side::Ask => &venue.asks,
    }
}

/// Venues whose books cross each other often; prices in units of 1 to 5 ticks of 1 to 3 units.
fn venues(most_size: i64, lots: std::ops::Range<u64>) -> impl Strategy<Value = Vec<Venue>> {
    let levels = move |prices| proptest::collection::vec((prices, 1..=most_size), 0..8);
    let venue = (
        1_u64..4,
        lots,
        0_u32..400_000,
        levels(10_i64..40),
        levels(20_i64..60),
    );
    let venue = venue.prop_map(|(tick, lot, fee, bids, asks)| Venue {
        tick,
        lot,
        fee,
        bids,
        asks,
    });
    proptest::collection::vec(venue, 1..6)
}

/// Every venue's unit singly, as (effective price in millionths, place, price); best first.
fn units(venues: &[Venue], wanted: Side, fees: bool) -> Vec<(u128, u32, u64)> {
    let mut units = Vec::new();
    for (place, venue) in (0_u32..).zip(venues) {
        let levels: BTreeMap<i64, i64> = side(venue, wanted).iter().copied().collect();
        for (ticks, lots) in levels {
            let price = ticks.unsigned_abs() * venue.tick;
            let fee = if fees { u128::from(venue.fee) } else { 0 };
            let factor = match wanted {
                Side::Ask => 1_000_000 + fee,
                Side::Bid => 1_000_000 - fee,
            };
            for _ in 0..lots.unsigned_abs() * venue.lot {
                units.push((u128::from(price) * factor, place, price));
            }
        }
    }
    match wanted {
        Side::Ask => units.sort_by_key(|unit| (unit.0, unit.2, unit.1)),
        Side::Bid => units.sort_by_key(|unit| (std::cmp::Reverse((unit.0, unit.2)), unit.1)),
    }
    units
}

/// What those units come to with each venue's fee rounded up.
fn total(venues: &[Venue], units: &[(u128, u32, u64)], wanted: Side) -> u128 {
    let mut sums: BTreeMap<u32, u128> = BTreeMap::new();
    for (_, place, price) in units {
        *sums.entry(*place).or_default() += u128::from(*price);
    }
    sums.iter()
        .map(|(place, notional)| {
            let fee = (notional * u128::from(venues[*place as usize].fee)).div_ceil(1_000_000);
            match wanted {
                Side::Ask => notional + fee,
                Side::Bid => notional - fee,
            }
        })
        .sum()
}

fn any_side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn every_level_is_the_sum_of_the_venues_there(
        venues in venues(1000, 1..4), most in proptest::option::of(0_usize..10),
    ) {
        let merged = merged(&venues, most);
        for wanted in [Side::Bid, Side::Ask] {
            let mut sums: BTreeMap<u64, BTreeMap<u32, u64>> = BTreeMap::new();
            for (place, venue) in (0_u32..).zip(&venues) {
                for (ticks, lots) in side(venue, wanted) {
                    let at = sums.entry(ticks.unsigned_abs() * venue.tick).or_default();
                    at.insert(place, lots.unsigned_abs() * venue.lot);
                }
            }
            let mut expected: Vec<_> = sums.into_iter().collect();
            if wanted == Side::Bid {
                expected.reverse();
            }
            expected.truncate(most.unwrap_or(usize::MAX));
            let got: Vec<(u64, BTreeMap<u32, u64>)> = merged.levels(wanted).map(|level| {
                (level.price, level.parts.iter().map(|part| (part.venue, part.size)).collect())
            }).collect();
            prop_assert_eq!(&got, &expected);
            for (level, (_, parts)) in merged.levels(wanted).zip(&expected) {
                prop_assert_eq!(level.size, parts.values().map(|size| u128::from(*size)).sum::<u128>());
                prop_assert!(level.parts.is_sorted_by_key(|part| part.venue));
            }
            let flat = merged.levels(wanted).flat_map(|level| level.parts).count();
            prop_assert_eq!(flat, merged.parts(wanted).len());
        }
    }

    #[test]
    fn a_size_costs_what_its_units_cost_singly(
        venues in venues(9, 1..2), wanted in any_side(), size in 1_u128..400, best_after_fees in any::<bool>(),
    ) {
        let sweep = merged(&venues, None).sweep(wanted, SweepAmount::Size(size), best_after_fees).unwrap();
        let units = units(&venues, wanted, best_after_fees);
        let filled = units.len().min(usize::try_from(size).unwrap());
        prop_assert_eq!(sweep.size, filled as u128);
        prop_assert_eq!(sweep.complete, size <= units.len() as u128);
        let expected = total(&venues, &units[..filled], wanted);
        prop_assert_eq!(sweep.total, U256::from(expected));
        let notional: u128 = units[..filled].iter().map(|unit| u128::from(unit.2)).sum();
        prop_assert_eq!(sweep.notional, U256::from(notional));
        let average = (filled > 0).then(|| match wanted {
            Side::Ask => expected.div_ceil(filled as u128),
            Side::Bid => expected / filled as u128,
        });
        prop_assert_eq!(sweep.average_price, average.map(U256::from));
        prop_assert_eq!(sweep.fills.iter().map(|fill| fill.size).sum::<u128>(), filled as u128);
    }

    #[test]
    fn a_notional_buys_the_most_units_that_it_pays_for(venues in venues(9, 1..2), notional in 1_u128..20_000) {
        let sweep = merged(&venues, None)
            .sweep(Side::Ask, SweepAmount::Notional(U256::from(notional)), true).unwrap();
        let units = units(&venues, Side::Ask, true);
        let affordable = (0..=units.len())
            .take_while(|count| total(&venues, &units[..*count], Side::Ask) <= notional)
            .last().unwrap();
        prop_assert_eq!(sweep.size, affordable as u128);
        prop_assert_eq!(sweep.total, U256::from(total(&venues, &units[..affordable], Side::Ask)));
        let spent_all = sweep.total == U256::from(notional);
        prop_assert_eq!(sweep.complete, affordable < units.len() || spent_all);
    }

    #[test]
    fn a_notional_is_brought_by_the_fewest_units_that_do(venues in venues(9, 1..2), notional in 1_u128..20_000) {
        let sweep = merged(&venues, None)
            .sweep(Side::Bid, SweepAmount::Notional(U256::from(notional)), true).unwrap();
        let units = units(&venues, Side::Bid, true);
        let enough = (0..=units.len()).find(|count| total(&venues, &units[..*count], Side::Bid) >= notional);
        prop_assert_eq!(sweep.complete, enough.is_some());
        prop_assert_eq!(sweep.size, enough.unwrap_or(units.len()) as u128);
    }

    #[test]
    fn only_whole_lots_of_a_venue_are_taken(
        venues in venues(9, 1..6), wanted in any_side(), size in 1_u128..400, notional in 1_u128..20_000,
        by_size in any::<bool>(),
    ) {
        let merged = merged(&venues, None);
        let amount = if by_size { SweepAmount::Size(size) } else { SweepAmount::Notional(U256::from(notional)) };
        let sweep = merged.sweep(wanted, amount, true).unwrap();
        for fill in &sweep.fills {
            prop_assert_eq!(fill.size % u128::from(venues[fill.venue as usize].lot), 0);
        }
        match (amount, wanted) {
            (SweepAmount::Size(_), _) => {
                prop_assert!(sweep.size <= size);
                prop_assert_eq!(sweep.complete, sweep.size == size);
            }
            (SweepAmount::Notional(_), Side::Ask) => prop_assert!(sweep.total <= U256::from(notional)),
            (SweepAmount::Notional(_), Side::Bid) => {
                prop_assert_eq!(sweep.complete, sweep.total >= U256::from(notional));
            }
        }
    }

    #[test]
    fn a_crossing_pairs_every_unit_that_crosses(venues in venues(9, 1..2), fees in any::<bool>()) {
        let crossing = merged(&venues, None).crossing(fees);
        let (bids, asks) = (units(&venues, Side::Bid, fees), units(&venues, Side::Ask, fees));
        let gains: Vec<u128> = bids.iter().zip(&asks)
            .map_while(|(bid, ask)| bid.0.checked_sub(ask.0).filter(|gain| *gain > 0)).collect();
        prop_assert_eq!(crossing.size, gains.len() as u128);
        prop_assert_eq!(crossing.gain_notional, U256::from(gains.iter().sum::<u128>() / 1_000_000));
        let locked = bids.first().zip(asks.first()).is_some_and(|(bid, ask)| bid.0 == ask.0);
        let state = match (gains.is_empty(), locked) {
            (false, _) => CrossingState::Crossed,
            (true, true) => CrossingState::Locked,
            (true, false) => CrossingState::Clear,
        };
        prop_assert_eq!(crossing.state, state);
    }

    #[test]
    fn the_largest_numbers_that_fit_overflow_nothing(
        tick in 1_u64..=i64::MAX as u64, lot in 1_u64..=i64::MAX as u64, fee in 0_u32..1_000_000,
        notional in any::<[u8; 32]>(), size in 1_u128.., wanted in any_side(),
    ) {
        let most = |unit: u64| i64::try_from(i64::MAX as u64 / unit).unwrap();
        let level = (most(tick), most(lot));
        let venue = Venue { tick, lot, fee, bids: vec![level], asks: vec![level] };
        let merged = merged(&[venue.clone(), Venue { fee: 999_999, ..venue }], None);
        prop_assert_eq!(merged.crossing(true).state, CrossingState::Clear);
        merged.sweep(wanted, SweepAmount::Size(size), true).unwrap();
        let notional = U256::from_le_bytes(notional).max(U256::from(1));
        merged.sweep(wanted, SweepAmount::Notional(notional), false).unwrap();
    }
}

fn simple(bids: Levels, asks: Levels, fee: u32) -> Venue {
    Venue {
        tick: 1,
        lot: 1,
        fee,
        bids,
        asks,
    }
}

#[test]
fn ticks_of_different_venues_meet_at_the_same_price() {
    let cent = simple(vec![], vec![(10_010, 3)], 0);
    let dime = Venue {
        tick: 10,
        lot: 100,
        ..simple(vec![], vec![(1001, 2)], 0)
    };
    let merged = merged(&[cent, dime], None);
    let levels: Vec<_> = merged.levels(Side::Ask).collect();
    assert_eq!(levels.len(), 1);
    assert_eq!((levels[0].price, levels[0].size), (10_010, 203));
}

#[test]
fn prices_too_far_apart_for_a_word_keep_their_order_and_that_of_the_books() {
    let far = i64::MAX;
    let venue = |size| simple(vec![(far, size), (7, size), (1, size)], vec![], 0);
    let venues = [venue(1), venue(2), venue(3)];
    let best: Vec<u64> = merged(&venues, Some(2))
        .levels(Side::Bid)
        .map(|level| level.price)
        .collect();
    assert_eq!(best, [far.unsigned_abs(), 7]);
    let merged = merged(&venues, None);
    let parts: Vec<_> = merged.parts(Side::Bid).iter().collect();
    let got: Vec<_> = parts.iter().map(|part| (part.price, part.size)).collect();
    let expected = [far.unsigned_abs(), 7, 1].map(|price| [(price, 1), (price, 2), (price, 3)]);
    assert_eq!(got, expected.concat());
}

#[test]
fn a_book_that_is_crossed_before_fees_need_not_be_after_them() {
    let merged = merged(
        &[
            simple(vec![(10_010, 4)], vec![], 1000),
            simple(vec![], vec![(10_000, 7)], 0),
        ],
        None,
    );
    let before = merged.crossing(false);
    assert_eq!(before.state, CrossingState::Crossed);
    assert_eq!((before.size, before.gain_notional), (4, U256::from(40)));
    let pair = before.pairs[0];
    assert_eq!((pair.ask_venue, pair.bid_venue), (1, 0));
    assert_eq!((pair.ask_price, pair.bid_price), (10_000, 10_010));
    // 10,010 less 0.1 % is 9,999.99.
    assert_eq!(merged.crossing(true).state, CrossingState::Clear);
}

#[test]
fn equal_best_prices_are_locked_and_not_crossed() {
    let merged = merged(&[simple(vec![(100, 1)], vec![(100, 2)], 0)], None);
    let crossing = merged.crossing(false);
    assert_eq!(crossing.state, CrossingState::Locked);
    assert_eq!((crossing.size, crossing.pairs.len()), (0, 0));
}

#[test]
fn the_venue_that_is_cheaper_after_its_fee_is_taken_first() {
    let venues = [
        simple(vec![], vec![(1000, 5)], 10_000),
        simple(vec![], vec![(1005, 5)], 0),
    ];
    let merged = merged(&venues, None);
    let after = merged.sweep(Side::Ask, SweepAmount::Size(5), true).unwrap();
    assert_eq!((after.fills.len(), after.fills[0].venue), (1, 1));
    assert_eq!(
        (after.total, after.worst_price),
        (U256::from(5025), Some(1005))
    );
    let before = merged
        .sweep(Side::Ask, SweepAmount::Size(5), false)
        .unwrap();
    assert_eq!(before.fills[0].venue, 0);
    assert_eq!(
        (before.notional, before.fee),
        (U256::from(5000), U256::from(50))
    );
}

#[test]
fn old_and_unsynchronised_books_are_left_out_by_name() {
    let fresh = book(0, &simple(vec![(1, 1)], vec![], 0));
    let old = book(1, &simple(vec![(2, 1)], vec![], 0));
    let mut lost = book(2, &simple(vec![(3, 1)], vec![], 0));
    lost.lose_sync(tradewind_core::books::OutOfSync::NoSnapshot, false);
    let mut fresh = fresh;
    let events = tradewind_core::books::Events {
        first: &[2],
        last: &[2],
        counts: Some(&[0]),
        ..Default::default()
    };
    fresh.apply_events(&events, 1500).unwrap();
    let request = AggregateRequest {
        levels: None,
        now_ns: 1600,
        max_age_ns: Some(200),
    };
    let merged = aggregate_order_books(&[&fresh, &old, &lost], &request).unwrap();
    assert_eq!(merged.venues[0].venue, "venue 0");
    assert_eq!(merged.as_of, [(2, 1500)]);
    assert_eq!(
        merged.excluded,
        [
            ("venue 1".to_owned(), Exclusion::Stale { age_ns: 600 }),
            ("venue 2".to_owned(), Exclusion::OutOfSync),
        ]
    );
}

#[test]
fn books_that_do_not_belong_together_are_refused() {
    let first = book(0, &simple(vec![], vec![], 0));
    let twin = book(0, &simple(vec![], vec![], 0));
    let mut other = BookTerms::clone(first.terms());
    other.venue = "other".into();
    other.price_decimals = 3;
    let other = OrderBook::new(other).unwrap();
    let merge = |books: &[&OrderBook]| {
        let refused = aggregate_order_books(books, &AggregateRequest::default());
        refused.map(drop).unwrap_err().code()
    };
    assert_eq!(merge(&[&first, &twin]), "venue_twice");
    assert_eq!(merge(&[&first, &other]), "units_mismatch");
    assert_eq!(merge(&[]), "book_count");
    let empty = aggregate_order_books(&[&first], &AggregateRequest::default()).unwrap();
    let nothing = empty
        .sweep(Side::Ask, SweepAmount::Size(0), true)
        .unwrap_err();
    assert_eq!(nothing.code(), "amount_zero");
}
