use proptest::prelude::*;

use super::super::recorded::recorded;
use super::*;

#[test]
fn recorded_entries_are_read_to_the_last_transaction() {
    for case in recorded() {
        let entries = decode_entries(&case.entries).expect("entries");
        let read: Vec<Vec<_>> = entries
            .iter()
            .map(|entry| {
                let transactions = entry.transactions.iter();
                transactions.map(|it| it.raw().to_vec()).collect()
            })
            .collect();
        assert_eq!(read, case.wires, "{}", case.name);
        assert_eq!(entries[0].num_hashes, 1);
    }
}

#[test]
fn every_cut_is_refused_and_so_is_a_byte_too_many() {
    let case = &recorded()[0];
    for length in 0..case.entries.len() {
        decode_entries(&case.entries[..length]).expect_err("cut short");
    }
    let longer = [&case.entries[..], &[0]].concat();
    assert_eq!(decode_entries(&longer), Err(EntriesFault::LeftOver(1)));
}

#[test]
fn a_count_that_the_bytes_cannot_hold_is_refused_before_anything_is_allocated() {
    let mut bytes = vec![0xff; 8];
    bytes.extend([0; 100]);
    let fault = EntriesFault::CutShort("the number of entries");
    assert_eq!(decode_entries(&bytes), Err(fault));
    let mut bytes = 1u64.to_le_bytes().to_vec();
    bytes.extend([0; 40]);
    bytes.extend(0x0100_0000_0000_0000u64.to_le_bytes());
    bytes.extend([0; 300]);
    let fault = EntriesFault::CutShort("the number of transactions");
    assert_eq!(decode_entries(&bytes), Err(fault));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = decode_entries(&bytes);
    }

    #[test]
    fn no_change_of_recorded_bytes_makes_it_panic(
        place in any::<prop::sample::Index>(), byte in any::<u8>(), number in 0..14usize,
    ) {
        let mut bytes = recorded().swap_remove(number).entries;
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(entries) = decode_entries(&bytes) {
            let held = entries.iter().flat_map(|entry| &entry.transactions);
            prop_assert!(held.map(|it| it.raw().len()).sum::<usize>() < bytes.len());
        }
    }
}
