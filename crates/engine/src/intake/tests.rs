use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::clock::Clock;
use crate::config::{EngineConfig, InForce};
use crate::events::Journal;
use crate::fault::EngineFault;
use crate::feed::{Moment, NextEvent};
use crate::inventory::{CLOCK, Inventory};
use crate::log::Log;
use crate::pipeline::{quote_update, quote_updates};
use tradewind_core::solana::TOKEN_PROGRAM;
use tradewind_solana::Key;

/// A pool of the real chain; `tests/fixtures/README.md` says how it was recorded.
const SWAPS: &str = include_str!("../../../../tests/fixtures/solana/raydium_amm_v4/swaps.json");
const PROGRAM: &str = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8";
const STRANGER: ChainAddress = ChainAddress::Solana([77; 32]);
/// Where the pool's account names its vaults and their mints.
const VAULTS: [(usize, usize); 2] = [(336, 400), (368, 432)];

/// An account whose slot its reader sets.
fn account(key: ChainAddress, owner: ChainAddress, data: Vec<u8>) -> AccountUpdate {
    AccountUpdate {
        key,
        moment: Moment::default(),
        lamports: 1,
        owner,
        data: data.into(),
    }
}

fn key_at(data: &[u8], offset: usize) -> ChainAddress {
    ChainAddress::Solana(data[offset..offset + 32].try_into().expect("32 bytes"))
}

fn holding(key: ChainAddress, mint: ChainAddress, amount_raw: u64) -> AccountUpdate {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(&mint.solana().expect("Solana"));
    data[64..72].copy_from_slice(&amount_raw.to_le_bytes());
    data[108] = 1;
    account(key, TOKEN_PROGRAM, data)
}

/// The recorded pool under another address and with vaults of its own.
fn pool(number: u8) -> [AccountUpdate; 3] {
    let recorded: Value = serde_json::from_str(SWAPS).expect("JSON");
    let data = recorded["pool_data"].as_str().expect("data");
    let mut data = STANDARD.decode(data).expect("base64");
    let [coin, pc] = VAULTS.map(|(vault, mint)| {
        data[vault] = number;
        holding(key_at(&data, vault), key_at(&data, mint), 1_000_000_000)
    });
    let program = Key::parse(PROGRAM).expect("a key").into();
    let address = ChainAddress::Solana([number; 32]);
    [account(address, program, data), coin, pc]
}

/// A chain as a node tells it.
#[derive(Debug, Default)]
struct Node {
    accounts: Mutex<HashMap<ChainAddress, AccountUpdate>>,
    slot: Mutex<u64>,
    /// What it was asked.
    asked: Mutex<Vec<ChainAddress>>,
}

impl Node {
    fn at(slot: u64, pools: &[[AccountUpdate; 3]]) -> Arc<Self> {
        let node = Self::default();
        *node.slot.lock().expect("a lock") = slot;
        let mut clock = vec![0; 40];
        clock[32] = 1;
        let mut known = vec![account(CLOCK, STRANGER, clock)];
        for update in pools.iter().flatten() {
            known.push(update.clone());
            for (_, mint) in VAULTS.iter().filter(|_| update.data.len() == 752) {
                let mint = key_at(&update.data, *mint);
                known.push(account(mint, TOKEN_PROGRAM, vec![0; 82]));
            }
        }
        let known = known.into_iter().map(|update| (update.key, update));
        node.accounts.lock().expect("a lock").extend(known);
        Arc::new(node)
    }

    fn go_to(&self, slot: u64) {
        *self.slot.lock().expect("a lock") = slot;
    }

    fn put(&self, update: AccountUpdate) {
        let mut accounts = self.accounts.lock().expect("a lock");
        accounts.insert(update.key, update);
    }

    /// What it was asked since it was asked this the last time.
    fn asked(&self) -> Vec<ChainAddress> {
        std::mem::take(&mut *self.asked.lock().expect("a lock"))
    }
}

impl AccountReader for Node {
    async fn read(&self, keys: &[ChainAddress]) -> Result<Vec<Option<AccountUpdate>>, EngineFault> {
        self.asked.lock().expect("a lock").extend(keys);
        let slot = *self.slot.lock().expect("a lock");
        let accounts = self.accounts.lock().expect("a lock");
        let read = keys.iter().map(|key| {
            let mut update = accounts.get(key)?.clone();
            update.moment.slot = slot;
            Some(update)
        });
        Ok(read.collect())
    }
}

/// A feed that tells what a test says.
struct Script {
    events: mpsc::UnboundedReceiver<FeedEvent>,
    followed: Arc<Mutex<Vec<ChainAddress>>>,
}

impl Feed for Script {
    fn next(&mut self) -> NextEvent<'_> {
        Box::pin(self.events.recv())
    }

    fn follow(&mut self, accounts: &[ChainAddress]) {
        self.followed.lock().expect("a lock").extend(accounts);
    }

    fn unfollow(&mut self, accounts: &[ChainAddress]) {
        let mut followed = self.followed.lock().expect("a lock");
        followed.retain(|account| !accounts.contains(account));
    }

    fn follow_programs(&mut self, _: &[ProgramFilter]) {}

    fn trouble(&self) -> Option<&str> {
        None
    }
}

/// An intake that runs.
struct Running {
    shared: Arc<Shared>,
    node: Arc<Node>,
    events: mpsc::UnboundedSender<FeedEvent>,
    followed: Arc<Mutex<Vec<ChainAddress>>>,
    ready: watch::Receiver<bool>,
    _folder: tempfile::TempDir,
}

pub(crate) const CONFIG: &str = r#"{"version": 1, "strategy": "arb", "instance": "arb-1", "folder": "/tmp/arb-1",
    "chain": {"chain_id": 101, "rpc": ["http://x"], "websocket": "ws://x", "yellowstone": null, "shredstream": null,
              "genesis_hash": "So11111111111111111111111111111111111111112"},
    "signer": null, "feeds": {"kind": "websocket"}, "inventory": {"snapshot": "pools.json", "programs": []},
    "mode": "paper", "executes": "engine", "limits": {"max_feed_silence_ms": "60000"}, "blacklist": [],
    "parameters": {}}"#;

/// Of these pools, on a node that has come so far.
fn running(pools: &[[AccountUpdate; 3]], node_slot: u64) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::new(Clock::System, std::io::sink());
    let (_journal, told) =
        Journal::open(&folder.path().join("events"), log.clone()).expect("opened");
    let config = EngineConfig::parse(CONFIG).expect("a configuration");
    let shared = Arc::new(Shared::new(
        "arb-1".to_owned(),
        Inventory::default(),
        InForce::new(config.changeable),
        Clock::System,
        log,
        told,
    ));
    let node = Node::at(node_slot, pools);
    let addresses = pools.iter().map(|pool| pool[0].key).collect();
    let (intake, ready) = Intake::new(Arc::clone(&shared), Arc::clone(&node), addresses, None);
    let (events, script) = mpsc::unbounded_channel();
    let followed = Arc::default();
    let feed = Script {
        events: script,
        followed: Arc::clone(&followed),
    };
    tokio::spawn(intake.run(Box::new(feed)));
    Running {
        shared,
        node,
        events,
        followed,
        ready,
        _folder: folder,
    }
}

impl Running {
    fn tell(&self, event: FeedEvent) {
        self.events.send(event).expect("listened to");
    }

    fn tell_gap(&self) {
        let reason = "a test".to_owned();
        self.tell(FeedEvent::Gap { reason });
    }

    fn tell_slot(&self, slot: u64, status: SlotStatus) {
        self.tell(FeedEvent::Slot { slot, status });
    }

    fn tell_write(&self, update: &AccountUpdate, slot: u64, write_version: u64) {
        let moment = Moment {
            slot,
            write_version,
        };
        let update = AccountUpdate {
            moment,
            ..update.clone()
        };
        self.tell(FeedEvent::Account(update));
    }

    /// Everything that was told is taken, and whatever follows from it has happened: nobody has anything to do any more,
    /// so that the paused clock goes on.
    async fn settled(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    async fn until(&self, what: impl Fn() -> bool) {
        let waited = async {
            while !what() {
                self.settled().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), waited).await;
        waited.expect("it came to that");
    }

    fn stale(&self) -> usize {
        self.shared.inventory().stale().len()
    }

    /// Of the only pool.
    fn coin_vault_raw(&self) -> u64 {
        let inventory = self.shared.inventory();
        let [id] = inventory.graph().pool_ids().collect::<Vec<_>>()[..] else {
            panic!("not one pool");
        };
        let state = inventory.graph().at(id).expect("there").state();
        let tradewind_core::pools::PoolState::RaydiumAmmV4(state) = state else {
            panic!("another family");
        };
        state.coin_vault_raw
    }

    /// All that waits for the pools comes to them.
    fn quote_all(&self) {
        self.shared.updates.close();
        quote_updates(&self.shared);
    }

    fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// A feed that runs, and pools that were read behind it.
    async fn begun(&self, slot: u64) {
        self.tell_gap();
        self.tell_slot(slot, SlotStatus::Processed);
        self.until(|| self.is_ready()).await;
        // What was found by reading is followed, too.
        let accounts = self.followed.lock().expect("a lock").clone();
        self.tell(FeedEvent::Following { accounts });
        self.until(|| self.stale() == 0).await;
        self.settled().await;
        self.node.asked();
    }
}

#[tokio::test(start_paused = true)]
async fn pools_are_read_once_the_feed_tells_something_and_not_before() {
    let running = running(&[pool(1)], 9);
    running.tell_gap();
    running.settled().await;
    assert!(
        running.node.asked().is_empty(),
        "the reading could be older than the feed"
    );
    running.tell_slot(9, SlotStatus::Processed);
    running.until(|| running.is_ready()).await;
    assert_eq!(running.shared.inventory().graph().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_behind_the_feed_is_asked_until_it_has_come_as_far() {
    let running = running(&[pool(1)], 8);
    running.tell_gap();
    running.tell_slot(9, SlotStatus::Processed);
    let asked = Cell::new(0);
    let again = || {
        asked.set(asked.get() + running.node.asked().len());
        asked.get() > 2
    };
    running.until(again).await;
    assert!(!running.is_ready());
    running.node.go_to(9);
    running.until(|| running.is_ready()).await;
}

#[tokio::test(start_paused = true)]
async fn accounts_that_were_found_by_reading_leave_their_pool_stale_until_they_are_followed() {
    let running = running(&[pool(1)], 9);
    running.tell_gap();
    running.tell_slot(9, SlotStatus::Processed);
    running.until(|| running.is_ready()).await;
    assert_eq!(running.stale(), 1, "a vault can have been written since");
    let accounts = running.followed.lock().expect("a lock").clone();
    assert_eq!(accounts.len(), 3, "the pool and its vaults");
    running.tell(FeedEvent::Following { accounts });
    running.until(|| running.stale() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn only_the_pool_that_missed_something_is_stale_and_read() {
    let pools = [pool(1), pool(2)];
    let running = running(&pools, 9);
    running.begun(9).await;
    running.tell_write(&pools[0][1], 10, 1);
    running.node.go_to(10);
    running.tell_slot(10, SlotStatus::Dead);
    running.settled().await;
    assert_eq!(running.stale(), 1, "what stood before slot 10 is not known");
    assert!(
        running.shared.inventory().stale().iter().all(|id| {
            running.shared.inventory().graph().address_of(*id) == Some(pools[0][0].key)
        })
    );
    // The node of slot 10 may not know yet that it is dead.
    running.node.go_to(11);
    running.until(|| running.stale() == 0).await;
    let asked = running.node.asked();
    assert!(asked.contains(&pools[0][1].key));
    assert!(!asked.contains(&pools[1][1].key));
}

#[tokio::test(start_paused = true)]
async fn a_death_of_a_slot_that_the_pools_were_read_behind_has_them_read_again() {
    let pools = [pool(1)];
    let running = running(&pools, 9);
    running.begun(9).await;
    // The feed told of no write in slot 9: the reading alone has seen it.
    running
        .node
        .put(holding(pools[0][1].key, key_at(&pools[0][0].data, 400), 7));
    running.tell_slot(9, SlotStatus::Dead);
    running.settled().await;
    assert_eq!(running.stale(), 1);
    running.node.go_to(10);
    running.until(|| running.stale() == 0).await;
    running.tell_slot(11, SlotStatus::Dead);
    running.settled().await;
    assert_eq!(running.stale(), 0, "a slot after the reading was not in it");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_while_the_pools_are_read_counts_where_it_is_newer() {
    let pools = [pool(1)];
    let running = running(&pools, 9);
    let vault = pools[0][1].key;
    let mint = key_at(&pools[0][0].data, 400);
    let told = |amount_raw| holding(vault, mint, amount_raw);
    running.begun(9).await;
    running.node.go_to(9);
    running.tell_gap();
    // The node is one slot behind, so that the reading takes a while.
    running.tell_write(&told(5), 10, 1);
    running.tell_write(&told(6), 12, 1);
    running.settled().await;
    running.node.put(told(4));
    running.node.go_to(11);
    running.until(|| running.stale() == 0).await;
    assert_eq!(
        running.coin_vault_raw(),
        6,
        "of slot 12, and not 4 of slot 11"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_write_that_still_waits_for_the_pools_never_stands_in_them() {
    let pools = [pool(1)];
    let mint = key_at(&pools[0][0].data, 400);
    let told = |amount_raw| holding(pools[0][1].key, mint, amount_raw);
    // What the fork that lives writes at last: nothing, in the same slot, or in a later one.
    let lives = [(None, 5), (Some((6, 11, 1)), 6), (Some((7, 13, 1)), 7)];
    for (lives, stands) in lives {
        let running = running(&pools, 9);
        running.begun(9).await;
        running.tell_write(&told(5), 10, 1);
        running.tell_write(&told(8), 11, 2);
        running.tell_write(&told(9), 12, 2);
        running.settled().await;
        let waiting = running.shared.updates.pop(Duration::ZERO).expect("one");
        quote_update(&running.shared, &waiting.update, waiting.told_at);
        assert_eq!(running.coin_vault_raw(), 9);
        running.tell_write(&told(10), 12, 3);
        running.tell_slot(12, SlotStatus::Dead);
        running.tell_slot(11, SlotStatus::Dead);
        if let Some((amount_raw, slot, write_version)) = lives {
            running.tell_write(&told(amount_raw), slot, write_version);
        }
        running.settled().await;
        running.quote_all();
        assert_eq!(running.coin_vault_raw(), stands, "{lives:?}");
        assert_eq!(running.stale(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_anew_since_is_not_taken_back_to_what_was_before_a_dead_slot() {
    let pools = [pool(1)];
    let running = running(&pools, 9);
    running.begun(9).await;
    let mint = key_at(&pools[0][0].data, 400);
    let told = |amount_raw| holding(pools[0][1].key, mint, amount_raw);
    running.tell_write(&told(5), 10, 1);
    running.tell_write(&told(8), 11, 2);
    running.tell_slot(11, SlotStatus::Dead);
    running.settled().await;
    running.tell_gap();
    running.settled().await;
    assert_eq!(running.stale(), 1);
    running.node.put(told(6));
    running.node.go_to(12);
    running.tell_slot(12, SlotStatus::Processed);
    running.until(|| running.stale() == 0).await;
    running.quote_all();
    assert_eq!(running.coin_vault_raw(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_silent_feed_leaves_the_pools_stale_until_it_tells_again() {
    let running = running(&[pool(1)], 9);
    running.begun(9).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(running.stale(), 1);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(
        running.stale(),
        1,
        "a reading without a feed is old at once"
    );
    assert!(running.node.asked().is_empty());
    running.tell_slot(9, SlotStatus::Processed);
    running.until(|| running.stale() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asked_for_by_address_goes_to_whoever_looks_for_new_pools() {
    let pools = [pool(1)];
    let running = running(&pools, 9);
    running.begun(9).await;
    running.tell_write(&account(STRANGER, STRANGER, vec![1]), 10, 1);
    running.tell_write(&pools[0][1], 10, 2);
    running.settled().await;
    let (newcomer, _) = running.shared.newcomers.pop(Duration::ZERO).expect("one");
    assert_eq!(newcomer.key, STRANGER);
    assert!(running.shared.newcomers.is_empty());
    assert_eq!(running.shared.updates.len(), 1, "the vault's");
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_was_found_is_read_followed_and_read_again_behind_the_feed() {
    let running = running(&[pool(1)], 9);
    running.begun(9).await;
    let found = pool(2);
    for update in &found {
        running.node.put(update.clone());
    }
    assert!(running.shared.joining.add(found[0].key));
    running
        .until(|| running.shared.inventory().graph().len() == 2)
        .await;
    assert_eq!(running.stale(), 1, "not followed yet");
    let accounts = found.iter().map(|update| update.key).collect();
    running.tell(FeedEvent::Following { accounts });
    running.until(|| running.stale() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_was_taken_out_is_not_followed_any_more_and_what_another_reads_still_is() {
    let running = running(&[pool(1)], 9);
    running.begun(9).await;
    let kept = running.followed.lock().expect("a lock").clone();
    let found = pool(2);
    for update in &found {
        running.node.put(update.clone());
    }
    running.shared.joining.add(found[0].key);
    running
        .until(|| running.shared.inventory().graph().len() == 2)
        .await;
    assert!(
        running
            .followed
            .lock()
            .expect("a lock")
            .contains(&found[1].key)
    );
    let accounts = running.shared.inventory_mut().forget_launch(found[0].key);
    running.shared.joining.leave(found[0].key, accounts);
    running.tell_slot(10, SlotStatus::Processed);
    running
        .until(|| *running.followed.lock().expect("a lock") == kept)
        .await;
    assert_eq!(running.shared.inventory().graph().len(), 1);
    // What was on its way is nobody's, and what is read of the other pools goes on.
    running.tell_write(&found[1], 10, 1);
    running.settled().await;
    assert_eq!(running.shared.updates.len(), 0);
    running.node.asked();
    running.tell_gap();
    running.node.go_to(11);
    running.tell_slot(11, SlotStatus::Processed);
    running.until(|| running.stale() == 0).await;
    assert!(!running.node.asked().contains(&found[0].key));
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_taken_out_while_it_is_read_stays_out() {
    let running = running(&[pool(1)], 9);
    running.begun(9).await;
    let found = pool(2);
    for update in &found {
        running.node.put(update.clone());
    }
    running.node.go_to(8);
    running.shared.joining.add(found[0].key);
    running.until(|| !running.node.asked().is_empty()).await;
    running.shared.joining.leave(found[0].key, Vec::new());
    running.node.go_to(9);
    running.settled().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(running.shared.inventory().graph().len(), 1);
}
