//! Discovery: pools that appear while the engine runs. Whatever a followed program writes to an account that nobody asked
//! for is looked at once; what is a new pool is read from the chain, with all that a buyer wants to know of its coin.
//!
//! - here: which account is a pool, and the thread that asks; - `examining`: what is asked of the chain;
//! - `simulation`: buying and selling at once, as a node would execute it; - `forgetting`: pools that nobody wants.

mod examining;
mod forgetting;
mod simulation;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Handle;
use tradewind_core::ChainAddress;
use tradewind_core::solana::AccountFields;
use tradewind_solana::Key;

use crate::chain_reader::ChainReader;
use crate::feed::{AccountUpdate, Comparison, ProgramFilter};
use crate::pipeline::Shared;

pub use forgetting::Forgetting;

const PATIENCE: Duration = Duration::from_millis(100);
/// Accounts that are remembered as looked at; of older ones the next write is a first one again.
const MOST_SEEN: usize = 100_000;

const PUMP: Key = Key::constant("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
const PUMPSWAP: Key = Key::constant("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");
const RAYDIUM_AMM_V4: Key = Key::constant("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
/// What an account of a curve, or of a pool of `PumpSwap`, begins with; a pool of Raydium AMM v4 has a size of its own.
const CURVE_TYPE: [u8; 8] = [0x17, 0xb7, 0xf8, 0x37, 0x60, 0xd8, 0xac, 0x60];
const PUMPSWAP_TYPE: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
const RAYDIUM_AMM_V4_BYTES: u64 = 752;
/// Where a curve says what is left of its coins, and how many there are.
const CURVE_LEFT_OFFSET: usize = 24;
const CURVE_SUPPLY_OFFSET: usize = 40;

/// Venues whose new pools can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaunchVenue {
    /// A bonding curve of pump.
    PumpCurve,
    /// A pool of `PumpSwap`.
    Pumpswap,
    /// A pool of Raydium AMM v4.
    RaydiumAmmV4,
}

impl LaunchVenue {
    /// By the name that its pools have.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "pump_curve" => Some(Self::PumpCurve),
            "pumpswap" => Some(Self::Pumpswap),
            "raydium_amm_v4" => Some(Self::RaydiumAmmV4),
            _ => None,
        }
    }

    /// Which accounts are its pools.
    #[must_use]
    pub fn filter(self) -> ProgramFilter {
        let begins = |with: [u8; 8]| {
            vec![Comparison {
                offset: 0,
                bytes: Arc::from(with),
            }]
        };
        let (program, data_size, comparisons) = match self {
            Self::PumpCurve => (PUMP, None, begins(CURVE_TYPE)),
            Self::Pumpswap => (PUMPSWAP, None, begins(PUMPSWAP_TYPE)),
            Self::RaydiumAmmV4 => (RAYDIUM_AMM_V4, Some(RAYDIUM_AMM_V4_BYTES), Vec::new()),
        };
        ProgramFilter {
            program: program.into(),
            data_size,
            comparisons,
        }
    }
}

/// Which new pools a strategy wants to be shown.
#[derive(Debug, Clone)]
pub struct DiscoveryTerms {
    /// Where they are.
    pub venues: Vec<LaunchVenue>,
    /// What one side of them has to be.
    pub base: ChainAddress,
    /// What a purchase would pay, for the simulation.
    pub amount_in_raw: u64,
    /// Most pools that are known at once; the oldest without a position goes.
    pub most_pools: usize,
    /// A pool that nobody has written for so many slots goes, unless a position is in it.
    pub forget_after_slots: u64,
    /// Whether a node is asked to buy and sell at once before a purchase.
    pub simulates: bool,
}

/// Looks for new pools.
#[derive(Debug)]
pub struct Discovery {
    shared: Arc<Shared>,
    reader: Arc<ChainReader>,
    terms: DiscoveryTerms,
    runtime: Handle,
    seen: Seen,
    forgetting: Forgetting,
}

/// Accounts that were looked at, the newest of them.
#[derive(Debug, Default)]
struct Seen {
    known: HashSet<ChainAddress>,
    order: VecDeque<ChainAddress>,
}

impl Seen {
    /// Whether it is there for the first time.
    fn is_first(&mut self, account: ChainAddress) -> bool {
        if !self.known.insert(account) {
            return false;
        }
        self.order.push_back(account);
        if self.order.len() > MOST_SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl Discovery {
    /// Of one engine. Must be made within a tokio runtime.
    #[must_use]
    pub fn new(shared: Arc<Shared>, reader: Arc<ChainReader>, terms: DiscoveryTerms) -> Self {
        let forgetting = Forgetting::new(terms.most_pools, terms.forget_after_slots);
        Self {
            shared,
            reader,
            terms,
            runtime: Handle::current(),
            seen: Seen::default(),
            forgetting,
        }
    }

    /// The whole work of its thread.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while !shared.newcomers.is_finished() {
            if let Some((update, _)) = shared.newcomers.pop(PATIENCE) {
                self.look(&update);
            }
            self.forgetting.sweep(&shared);
        }
    }

    fn look(&mut self, update: &AccountUpdate) {
        let is_pool = self
            .terms
            .venues
            .iter()
            .any(|venue| is_account_of(*venue, update));
        if !is_pool || is_half_sold(update) || !self.seen.is_first(update.key) {
            return;
        }
        let examined = self.runtime.block_on(self.examine(update));
        let launch = match examined {
            Ok(launch) => launch,
            Err((code, why)) => {
                let fields = json!({"pool": update.key.to_string(), "code": code});
                self.shared.log.info("pool_not_added", &why, fields);
                return;
            }
        };
        let fields = json!({
            "pool": launch.pool.to_string(), "mint": launch.coin.to_string(), "decimals": launch.mint.decimals,
            "creator": launch.creator.map(|creator| creator.to_string()), "found_slot": launch.found_slot,
            "born_slot": launch.born_slot.filter(|slot| *slot < u64::MAX),
        });
        let pool = launch.pool;
        self.forgetting.add(pool, launch.coin);
        self.shared.inventory_mut().add_launch(launch);
        if self.shared.joining.add(pool) {
            let message = format!("{pool} is a new pool; it is read and followed");
            self.shared.log.info("pool_added", &message, fields);
        }
    }
}

/// Whether it is a curve that was sold by half already: nobody has to be asked whether that is new.
fn is_half_sold(update: &AccountUpdate) -> bool {
    let account = update.account();
    let fields = AccountFields::new(&account);
    let (left, supply) = (
        fields.u64("real_token_reserves", CURVE_LEFT_OFFSET),
        fields.u64("token_total_supply", CURVE_SUPPLY_OFFSET),
    );
    let is_curve = update.owner == ChainAddress::from(PUMP);
    // A curve begins with less than four fifths of the supply.
    matches!((left, supply), (Ok(left), Ok(supply)) if is_curve && left < supply / 5 * 2)
}

fn is_account_of(venue: LaunchVenue, update: &AccountUpdate) -> bool {
    let filter = venue.filter();
    let sized = filter
        .data_size
        .is_none_or(|size| u64::try_from(update.data.len()) == Ok(size));
    update.owner == filter.program
        && sized
        && filter
            .comparisons
            .iter()
            .all(|it| update.data.starts_with(&it.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Moment;

    fn update(owner: Key, data: Vec<u8>) -> AccountUpdate {
        AccountUpdate {
            key: ChainAddress::Solana([7; 32]),
            moment: Moment::default(),
            lamports: 1,
            owner: owner.into(),
            data: data.into(),
        }
    }

    #[test]
    fn an_account_is_a_pool_by_its_owner_its_size_and_its_beginning() {
        let curve = [&CURVE_TYPE[..], &[0; 158]].concat();
        assert!(is_account_of(
            LaunchVenue::PumpCurve,
            &update(PUMP, curve.clone())
        ));
        assert!(!is_account_of(
            LaunchVenue::PumpCurve,
            &update(PUMPSWAP, curve.clone())
        ));
        assert!(!is_account_of(
            LaunchVenue::PumpCurve,
            &update(PUMP, vec![0; 166])
        ));
        assert!(!is_account_of(
            LaunchVenue::Pumpswap,
            &update(PUMPSWAP, curve)
        ));
        assert!(is_account_of(
            LaunchVenue::RaydiumAmmV4,
            &update(RAYDIUM_AMM_V4, vec![0; 752])
        ));
        assert!(!is_account_of(
            LaunchVenue::RaydiumAmmV4,
            &update(RAYDIUM_AMM_V4, vec![0; 751])
        ));
    }

    #[test]
    fn a_curve_that_is_half_sold_is_not_asked_about() {
        let curve = |left: u64| {
            let mut data = [&CURVE_TYPE[..], &[0; 158]].concat();
            data[24..32].copy_from_slice(&left.to_le_bytes());
            data[40..48].copy_from_slice(&1_000_000_u64.to_le_bytes());
            update(PUMP, data)
        };
        assert!(!is_half_sold(&curve(793_100)));
        assert!(!is_half_sold(&curve(400_000)));
        assert!(is_half_sold(&curve(399_999)));
        assert!(!is_half_sold(&update(PUMPSWAP, vec![0; 300])));
    }

    #[test]
    fn what_was_looked_at_is_remembered_and_the_memory_is_bounded() {
        let mut seen = Seen::default();
        let address = |number: u64| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            ChainAddress::Solana(bytes)
        };
        assert!(seen.is_first(address(0)));
        assert!(!seen.is_first(address(0)));
        for number in 1..=u64::try_from(MOST_SEEN).expect("fits") {
            assert!(seen.is_first(address(number)));
        }
        assert_eq!((seen.known.len(), seen.order.len()), (MOST_SEEN, MOST_SEEN));
        assert!(seen.is_first(address(0)), "forgotten");
    }
}
