//! Pools from the accounts of the chain: each family says which accounts it still needs, until it has them all.

use std::collections::{BTreeSet, HashMap};

use tradewind_core::ChainAddress;
use tradewind_core::pools::{AccountSet, ChainClock, Pool, PoolError, PoolMath as _};
use tradewind_core::solana::AccountFields;
use tradewind_solana::Key;
use tradewind_solana::swaps::{SwapAccounts, SwapError};
use tradewind_solana::token_accounts::TokenProgram;

use crate::fault::EngineFault;
use crate::feed::{AccountUpdate, Moment};

/// The sysvar that pools read the time from.
pub const CLOCK: ChainAddress = ChainAddress::Solana(
    tradewind_solana::Key::constant("SysvarC1ock11111111111111111111111111111111").0,
);

/// Rounds of questions: a family names what it needs one account after the other.
const MOST_ROUNDS: usize = 64;

/// Reads accounts as they are now.
pub trait AccountReader: Send + Sync {
    /// The accounts in the order asked for, all of one slot; None for one that is not there.
    ///
    /// # Errors
    /// When the chain does not answer.
    fn read(
        &self,
        keys: &[ChainAddress],
    ) -> impl Future<Output = Result<Vec<Option<AccountUpdate>>, EngineFault>> + Send;

    /// The mints of the token accounts that somebody has: a curve of pump does not name its coin.
    ///
    /// # Errors
    /// When the chain does not answer.
    fn mints_held_by(
        &self,
        _owner: ChainAddress,
    ) -> impl Future<Output = Result<Vec<ChainAddress>, EngineFault>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// A pool as the chain has it.
#[derive(Debug, Clone)]
pub struct LoadedPool {
    /// Ready to be quoted.
    pub pool: Pool,
    /// What its instructions name; None where the venue's instructions cannot be built from what is there.
    pub swap_accounts: Option<SwapAccounts>,
    /// The newest of the slots that its accounts were read at.
    pub moment: Moment,
}

impl LoadedPool {
    /// Where it stands.
    #[must_use]
    pub fn pool_address(&self) -> ChainAddress {
        self.pool.address()
    }
}

/// A pool that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which.
    pub pool: ChainAddress,
    /// A stable code.
    pub code: &'static str,
    /// The same in words.
    pub why: String,
}

impl LeftOut {
    fn of(pool: ChainAddress, error: &PoolError) -> Self {
        Self {
            pool,
            code: error.code(),
            why: error.to_string(),
        }
    }

    /// Whether a node that has come further would say the same.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        ["unsupported_feature", "swaps_disabled"].contains(&self.code)
    }
}

/// What came of loading.
#[derive(Debug, Default)]
pub struct Loading {
    /// The pools that could be read.
    pub pools: Vec<LoadedPool>,
    /// The others, with the reason.
    pub left_out: Vec<LeftOut>,
    /// The program that keeps each mint of these pools.
    pub tokens: Vec<(ChainAddress, TokenProgram)>,
    /// Every account that was read, for whoever records.
    pub accounts: Vec<AccountUpdate>,
    /// The chain's clock at the end.
    pub clock: ChainClock,
}

impl Loading {
    /// The newest slot that anything of it was read at.
    #[must_use]
    pub fn newest_slot(&self) -> u64 {
        let slots = self.accounts.iter().map(|it| it.moment.slot);
        slots.max().unwrap_or_default()
    }
}

/// Reads these pools whole.
///
/// # Errors
/// When the chain does not answer; a pool that cannot be read is no error.
pub async fn load<R: AccountReader>(
    reader: &R,
    pools: &[ChainAddress],
) -> Result<Loading, EngineFault> {
    let mut seen: HashMap<ChainAddress, Option<AccountUpdate>> = HashMap::new();
    let mut wanted: BTreeSet<ChainAddress> = pools.iter().copied().chain([CLOCK]).collect();
    let (mut open, mut loading) = (pools.to_vec(), Loading::default());
    let mut asked = BTreeSet::new();
    open.sort_unstable();
    open.dedup();
    for _ in 0..MOST_ROUNDS {
        let keys: Vec<_> = wanted.iter().copied().collect();
        let read = reader.read(&keys).await?;
        seen.extend(keys.into_iter().zip(read));
        wanted.clear();
        loading.clock = clock_of(&seen)?;
        let nameless;
        (open, nameless) = decode_all(open, &seen, &mut wanted, &mut loading, &mut asked);
        for pool in &nameless {
            let mints = reader.mints_held_by(*pool).await?;
            wanted.extend(mints.into_iter().filter(|mint| !seen.contains_key(mint)));
        }
        if wanted.is_empty() && nameless.is_empty() {
            break;
        }
    }
    let unfinished = open.into_iter().map(|pool| LeftOut {
        pool,
        code: "accounts_endless",
        why: "it names one account after the other without end".to_owned(),
    });
    loading.left_out.extend(unfinished);
    let mints: BTreeSet<_> = loading
        .pools
        .iter()
        .flat_map(|it| it.pool.tokens())
        .copied()
        .collect();
    let unread: Vec<_> = mints
        .iter()
        .copied()
        .filter(|mint| !seen.contains_key(mint))
        .collect();
    let read = reader.read(&unread).await?;
    seen.extend(unread.into_iter().zip(read));
    loading.tokens = mints
        .into_iter()
        .filter_map(|mint| Some((mint, program_of(seen.get(&mint)?.as_ref()?)?)))
        .collect();
    loading.accounts = seen.into_values().flatten().collect();
    loading.accounts.sort_unstable_by_key(|account| account.key);
    Ok(loading)
}

/// Decodes what can be decoded; gives back the pools that still need accounts, which are then wanted, and those of them
/// whose mints have to be asked for, each once.
fn decode_all(
    open: Vec<ChainAddress>,
    seen: &HashMap<ChainAddress, Option<AccountUpdate>>,
    wanted: &mut BTreeSet<ChainAddress>,
    loading: &mut Loading,
    asked: &mut BTreeSet<ChainAddress>,
) -> (Vec<ChainAddress>, Vec<ChainAddress>) {
    let accounts: AccountSet<'_> = seen
        .values()
        .flatten()
        .map(AccountUpdate::account)
        .collect();
    let (mut still_open, mut nameless) = (Vec::new(), Vec::new());
    for pool in open {
        match decode(pool, &accounts, loading.clock) {
            Ok((decoded, swap_accounts)) => {
                let moment = newest(&decoded, seen);
                loading.pools.push(LoadedPool {
                    pool: decoded,
                    swap_accounts,
                    moment,
                });
            }
            Err(PoolError::AccountMissing { account, .. }) if !seen.contains_key(&account) => {
                wanted.insert(account);
                still_open.push(pool);
            }
            Err(PoolError::StateInvalid {
                field: "base_mint", ..
            }) if asked.insert(pool) => {
                nameless.push(pool);
                still_open.push(pool);
            }
            Err(error) => loading.left_out.push(LeftOut::of(pool, &error)),
        }
    }
    (still_open, nameless)
}

fn decode(
    address: ChainAddress,
    accounts: &AccountSet<'_>,
    clock: ChainClock,
) -> Result<(Pool, Option<SwapAccounts>), PoolError> {
    let pool = Pool::from_accounts(address, accounts, clock)?;
    match SwapAccounts::decode(&pool, accounts) {
        Ok(swap_accounts) => Ok((pool, Some(swap_accounts))),
        Err(SwapError::Pool(error @ PoolError::AccountMissing { .. })) => Err(error),
        Err(_) => Ok((pool, None)),
    }
}

fn newest(pool: &Pool, seen: &HashMap<ChainAddress, Option<AccountUpdate>>) -> Moment {
    let read = pool
        .accounts()
        .into_iter()
        .filter_map(|key| seen.get(&key)?.as_ref());
    read.map(|account| account.moment).max().unwrap_or_default()
}

fn program_of(mint: &AccountUpdate) -> Option<TokenProgram> {
    TokenProgram::of(Key(mint.owner.solana()?))
}

fn clock_of(
    seen: &HashMap<ChainAddress, Option<AccountUpdate>>,
) -> Result<ChainClock, EngineFault> {
    let missing = || {
        EngineFault::unavailable(
            "clock_missing",
            "chain.rpc: the clock's account cannot be read; ask another endpoint",
        )
    };
    let account = seen
        .get(&CLOCK)
        .and_then(Option::as_ref)
        .ok_or_else(missing)?;
    decode_clock(account).ok_or_else(missing)
}

/// The clock from its account's bytes: slot, start of the epoch, epoch, leader schedule's epoch, time; all of 8 bytes.
#[must_use]
pub fn decode_clock(account: &AccountUpdate) -> Option<ChainClock> {
    let account = account.account();
    let fields = AccountFields::new(&account);
    Some(ChainClock {
        slot: fields.u64("slot", 0).ok()?,
        epoch: fields.u64("epoch", 16).ok()?,
        unix_timestamp: fields.i64("unix_timestamp", 32).ok()?,
    })
}
