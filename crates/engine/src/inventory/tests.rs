use super::*;
use std::sync::Arc;
use tradewind_core::pools::{PoolState, read_pools};

/// The JSON form of a Raydium AMM v4 pool with everything of its own, and a mint from two numbers.
fn pool(number: u64, coin: u64, pc: u64) -> Pool {
    let text = include_str!("tests/amm_v4.json");
    let mut states = read_pools(text).expect("pools");
    let PoolState::RaydiumAmmV4(state) = states.first_mut().expect("one") else {
        panic!("another family");
    };
    let key = |kind: u8, number: u64| {
        let mut bytes = [kind; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        ChainAddress::Solana(bytes)
    };
    state.pool = key(1, number);
    state.coin_vault = key(2, number);
    state.pc_vault = key(3, number);
    state.coin_mint = key(4, coin);
    state.pc_mint = key(4, pc);
    Pool::new(&states[0]).expect("a pool")
}

/// A token account's bytes as the token program lays them out: mint, owner, amount; 165 bytes, state 1.
fn token_account(mint: ChainAddress, amount_raw: u64) -> Arc<[u8]> {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(&mint.solana().expect("Solana"));
    data[64..72].copy_from_slice(&amount_raw.to_le_bytes());
    data[108] = 1;
    data.into()
}

fn vault_update(pool: &Pool, slot: u64, amount_raw: u64) -> AccountUpdate {
    AccountUpdate {
        key: pool.accounts()[1],
        moment: Moment {
            slot,
            write_version: 3,
        },
        lamports: 1,
        owner: tradewind_core::solana::TOKEN_PROGRAM,
        data: token_account(pool.tokens()[0], amount_raw),
    }
}

#[test]
fn a_vaults_bytes_move_the_price_of_its_pool_alone() {
    let mut inventory = Inventory::default();
    let (first, second) = (pool(1, 1, 2), pool(2, 1, 2));
    let id = inventory.add_priced(first.clone());
    let other = inventory.add_priced(second);
    let before = inventory.graph().version(other);
    let applied = inventory.apply(&vault_update(&first, 9, 1));
    assert_eq!(applied.changed, [id]);
    assert_eq!(inventory.graph().version(other), before);
    let PoolState::RaydiumAmmV4(state) = inventory.graph().at(id).expect("there").state() else {
        panic!("another family");
    };
    assert_eq!(state.coin_vault_raw, 1);
    let moment = inventory.standing(id).expect("standing").moment;
    assert_eq!((moment.slot, moment.write_version), (9, 3));
}

#[test]
fn bytes_that_are_no_token_account_make_the_pool_stale_and_leave_its_price() {
    let mut inventory = Inventory::default();
    let first = pool(1, 1, 2);
    let id = inventory.add_loaded(LoadedPool {
        pool: first.clone(),
        swap_accounts: None,
        moment: Moment::default(),
    });
    assert!(!inventory.standing(id).expect("standing").stale);
    let broken = AccountUpdate {
        data: [0; 3].into(),
        ..vault_update(&first, 9, 1)
    };
    let applied = inventory.apply(&broken);
    assert_eq!(applied.refused.len(), 1);
    assert_eq!(inventory.stale(), [id]);
    assert_eq!(
        inventory.graph().at(id).expect("there").state(),
        first.state()
    );
}

#[test]
fn a_pool_of_a_snapshot_is_stale_until_the_chain_was_read() {
    let mut inventory = Inventory::default();
    let id = inventory.add_priced(pool(1, 1, 2));
    assert_eq!(inventory.stale(), [id]);
    let again = inventory.add_loaded(LoadedPool {
        pool: pool(1, 1, 2),
        swap_accounts: None,
        moment: Moment::default(),
    });
    assert_eq!(again, id);
    assert!(inventory.stale().is_empty());
    inventory.set_all_stale();
    assert_eq!(inventory.stale(), [id]);
}

#[test]
fn a_token_names_its_pools_and_a_pool_that_left_is_gone() {
    let mut inventory = Inventory::default();
    let (a, b) = (pool(1, 1, 2), pool(2, 2, 3));
    let (first, second) = (
        inventory.add_priced(a.clone()),
        inventory.add_priced(b.clone()),
    );
    let middle = a.tokens()[1];
    assert_eq!(inventory.pools_of(middle), [first, second]);
    assert_eq!(inventory.accounts().len(), 6);
    assert!(inventory.remove(b.address()));
    assert_eq!(inventory.pools_of(middle), [first]);
    assert_eq!(inventory.standing(second), None);
}

#[test]
fn a_holding_follows_its_token_account() {
    let mut inventory = Inventory::default();
    let update = vault_update(&pool(1, 1, 2), 5, 77);
    inventory.follow_holding(update.key);
    assert_eq!(
        inventory.holding(update.key).expect("followed").amount_raw,
        0
    );
    inventory.apply(&update);
    assert_eq!(
        inventory.holding(update.key).expect("followed").amount_raw,
        77
    );
}

/// Resident bytes of this process, as Linux counts them.
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = text
        .split(' ')
        .nth(1)
        .expect("resident")
        .parse()
        .expect("a number");
    pages * 4096
}

#[test]
fn a_hundred_thousand_pools_cost_less_than_four_kilobytes_each() {
    let before = resident_bytes();
    let mut inventory = Inventory::default();
    for number in 0..100_000 {
        inventory.add_priced(pool(number, number % 20_000, 20_000 + number % 3));
    }
    let each = (resident_bytes() - before) / 100_000;
    println!("{each} bytes a pool");
    assert_eq!(inventory.graph().len(), 100_000);
    assert!(each < 4_096, "{each} bytes a pool");
}

#[test]
fn a_pool_of_which_one_vault_is_ahead_is_torn_until_the_other_follows_or_the_slot_is_over() {
    let mut inventory = Inventory::default();
    let first = pool(1, 1, 2);
    let id = inventory.add_loaded(LoadedPool {
        pool: first.clone(),
        swap_accounts: None,
        moment: Moment::default(),
    });
    let vault = |place: usize, write_version: u64| AccountUpdate {
        key: first.accounts()[1 + place],
        moment: Moment {
            slot: 9,
            write_version,
        },
        data: token_account(first.tokens()[place], 5_000 + write_version),
        ..vault_update(&first, 9, 1)
    };
    inventory.apply(&vault(0, 1));
    assert!(inventory.is_torn(id));
    inventory.apply(&vault(1, 2));
    assert!(!inventory.is_torn(id), "both are of one swap");
    inventory.apply(&vault(0, 3));
    assert!(inventory.is_torn(id), "a second swap of the slot");
    assert!(inventory.settle(8).is_empty());
    assert_eq!(
        inventory.settle(9),
        [id],
        "what was told of the slot is all there is"
    );
    assert!(!inventory.is_torn(id));
}

#[test]
fn the_wallets_own_lamports_are_known_and_are_no_tokens() {
    let mut inventory = Inventory::default();
    let wallet = ChainAddress::Solana([8; 32]);
    assert_eq!(inventory.lamports(), 0);
    inventory.trade_for(wallet, &[]);
    assert!(inventory.accounts().contains(&wallet), "the feed is asked");
    let told = |slot, lamports| AccountUpdate {
        key: wallet,
        moment: Moment {
            slot,
            write_version: 1,
        },
        lamports,
        owner: ChainAddress::Solana([0; 32]),
        data: Arc::from([]),
    };
    inventory.apply(&told(5, 1_000_000_000));
    assert_eq!(inventory.lamports(), 1_000_000_000);
    inventory.apply(&told(4, 7));
    assert_eq!(inventory.lamports(), 1_000_000_000, "only forward");
    inventory.apply(&told(6, 0));
    assert_eq!(inventory.lamports(), 0);
}

#[test]
fn what_is_found_and_taken_out_again_leaves_nothing_and_what_another_pool_reads_stays() {
    let mut inventory = Inventory::default();
    let (first, second) = (pool(1, 1, 2), pool(2, 3, 2));
    inventory.add_priced(first.clone());
    inventory.add_priced(second.clone());
    // Whoever else reads it: the wallet, here.
    let shared = second.accounts()[2];
    inventory.follow_holding(shared);
    for update in [vault_update(&first, 9, 1), vault_update(&second, 9, 1)] {
        inventory.apply(&update);
    }
    let gone = inventory.forget_launch(second.address());
    let mut own: Vec<_> = second.accounts();
    own.retain(|account| *account != shared);
    assert_eq!(gone, own);
    assert!(gone.iter().all(|account| !inventory.is_read(*account)));
    assert_eq!(inventory.moments.len(), 1, "of the first vault alone");
    inventory.apply(&vault_update(&second, 10, 2));
    assert_eq!(inventory.moments.len(), 1, "what comes late is nobody's");
}
