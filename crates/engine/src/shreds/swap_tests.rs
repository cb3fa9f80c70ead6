use super::super::entries::decode_entries;
use super::super::recorded::{Recorded, named, recorded, state, table, tables};
use super::*;

/// The pools of a case after its swaps, as they are predicted; None where they fail.
fn predicted(case: &Recorded) -> Option<Vec<Pool>> {
    let mut pools = case.before.clone();
    for swap in swaps(case, &tables()).expect("read") {
        let pool = pools.iter_mut().find(|it| it.address() == swap.pool);
        let pool = pool.expect("a known pool");
        *pool = swap.apply(pool)?;
    }
    Some(pools)
}

fn swaps(case: &Recorded, tables: &LookupTables) -> Result<Vec<PoolSwap>, LeftOut> {
    let entries = decode_entries(&case.entries).expect("entries");
    let mut transactions = entries.iter().flat_map(|entry| &entry.transactions);
    let transaction = transactions.next().expect("one");
    read_swaps(transaction, tables, &case.inventory(1))
}

#[test]
fn what_is_predicted_is_what_the_real_programs_did() {
    for case in recorded() {
        let states = |pools: &[Pool]| pools.iter().map(state).collect::<Vec<_>>();
        let predicted = predicted(&case);
        assert_eq!(predicted.is_none(), case.failed, "{}", case.name);
        let expected = predicted.as_ref().unwrap_or(&case.before);
        assert_eq!(states(expected), states(&case.after), "{}", case.name);
    }
}

#[test]
fn accounts_behind_a_table_that_is_not_known_leave_the_transaction_and_name_the_table() {
    let case = named("two venues behind a lookup table");
    let (address, keys) = table();
    let Err(LeftOut::Unresolved(named)) = swaps(&case, &LookupTables::new()) else {
        panic!("resolved without its table");
    };
    assert!(named.iter().all(|table| *table == address));
    let short = LookupTables::from([(address, keys[..1].to_vec())]);
    assert!(matches!(swaps(&case, &short), Err(LeftOut::Unresolved(_))));
    assert_eq!(swaps(&case, &tables()).map(|swaps| swaps.len()), Ok(2));
}

#[test]
fn a_transaction_of_pools_that_are_not_known_has_no_swap() {
    let mut case = named("amm v4, swap_base_in_v2");
    case.before.clear();
    assert_eq!(swaps(&case, &tables()), Ok(Vec::new()));
    let case = named("no swap");
    assert_eq!(swaps(&case, &tables()), Ok(Vec::new()));
}

#[test]
fn a_direction_that_no_account_tells_leaves_the_transaction() {
    let case = named("amm v4, swap_base_in_v2");
    let entries = decode_entries(&case.entries).expect("entries");
    let transaction = entries[1].transactions.first().expect("one");
    // Without its mints' programs, no account of the user can be derived.
    let mut inventory = Inventory::default();
    inventory.add_priced(case.before[0].clone());
    let read = read_swaps(transaction, &tables(), &inventory);
    assert_eq!(read, Err(LeftOut::Direction));
}

#[test]
fn a_token_account_that_the_transaction_makes_tells_its_mint() {
    let key = |number: u8| Key([number; 32]);
    let account = |number: u8| tradewind_core::decode::solana::Account {
        key: AccountKey::Known(key(number)),
        signer: false,
        writable: true,
    };
    let mut mints = HashMap::new();
    for (program, data, accounts) in [
        (TOKEN_PROGRAM, &[1][..], [1, 2, 9, 9]),
        (TOKEN_2022_PROGRAM, &[18; 33][..], [3, 4, 9, 9]),
        (ASSOCIATED_TOKEN_PROGRAM, &[][..], [9, 5, 9, 6]),
        (TOKEN_PROGRAM, &[3; 9][..], [7, 8, 9, 9]),
    ] {
        let instruction = Instruction {
            program,
            accounts: accounts.map(account).to_vec(),
            data,
        };
        told_mint(&instruction, &mut mints);
    }
    let told = [(key(1), key(2)), (key(3), key(4)), (key(5), key(6))];
    assert_eq!(mints, HashMap::from(told));
}
