//! What a transaction does to pools, as far as its own instructions say.
//!
//! Instructions that a program calls by itself (a router's) are not seen, nor is what an account of a stranger holds. So a
//! transaction is read whole or left: what it does besides would make the rest wrong.

use std::collections::HashMap;

use alloy_primitives::U256;
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::{
    ASSOCIATED_TOKEN_PROGRAM, AccountKey, Direction, Instruction, LookupTables, Meaning, Swap,
    TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Transaction, Venue,
};
use tradewind_core::pools::pump_curve::PumpCurvePool;
use tradewind_core::pools::pump_fees::FeeSettlement;
use tradewind_core::pools::pumpswap::PumpswapPool;
use tradewind_core::pools::{Exact, Pool, PoolMath as _, TokenPair};
use tradewind_solana::Key;
use tradewind_solana::token_accounts::token_account_address;

use crate::inventory::Inventory;

/// Why a transaction with a swap is not predicted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// Its swaps are on venues that are not predicted, or in forms that are not read.
    OtherVenue,
    /// A pool or a token account stands in lookup tables that are not known.
    Unresolved(Vec<Key>),
    /// Which way it trades cannot be told from its accounts.
    Direction,
    /// One of its swaps cannot be read.
    Malformed,
}

/// One swap through one pool that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSwap {
    /// The pool.
    pub pool: ChainAddress,
    /// Which way.
    pub pair: TokenPair,
    /// Which amount is exact.
    pub exact: Exact,
    /// The exact amount, in raw units.
    pub amount_raw: u64,
    /// Least output, or most input; the program fails beyond it.
    pub limit_raw: u64,
    /// What becomes of the fees of pump's programs in this form of the instruction.
    pub settlement: Option<FeeSettlement>,
}

impl PoolSwap {
    /// The pool after it; None where the program fails, and with it the whole transaction.
    #[must_use]
    pub fn apply(&self, pool: &Pool) -> Option<Pool> {
        let (mut after, usual) = match self.settlement {
            Some(settlement) => settled_by(pool, settlement)?,
            None => (pool.clone(), None),
        };
        let amounts = after
            .swap(self.pair, self.exact, U256::from(self.amount_raw))
            .ok()?;
        let limit_raw = U256::from(self.limit_raw);
        let kept = match self.exact {
            Exact::In => amounts.amount_out_raw >= limit_raw,
            Exact::Out => amounts.amount_in_raw <= limit_raw,
        };
        if !kept {
            return None;
        }
        match usual {
            Some(usual) => settled_by(&after, usual).map(|(pool, _)| pool),
            None => Some(after),
        }
    }
}

/// The swaps of a transaction in pools of the inventory, in their order; none for one that does not trade there.
///
/// # Errors
/// Why it is left.
pub fn read_swaps(
    transaction: &Transaction<'_>,
    tables: &LookupTables,
    inventory: &Inventory,
) -> Result<Vec<PoolSwap>, LeftOut> {
    let own: Vec<_> = transaction.static_keys().collect();
    let programs = transaction.compiled_instructions().iter();
    let trades = programs
        .filter_map(|it| own.get(usize::from(it.program_index)))
        .any(|program| Venue::of(*program).is_some());
    if !trades {
        return Ok(Vec::new());
    }
    let accounts = transaction.accounts_as_named();
    let mut accounts = accounts.map_err(|_| LeftOut::Malformed)?;
    for account in &mut accounts {
        if let AccountKey::Unresolved { table, index } = account.key
            && let Some(key) = tables.get(&table).and_then(|it| it.get(usize::from(index)))
        {
            account.key = AccountKey::Known(*key);
        }
    }
    let mut mints = HashMap::new();
    let mut swaps = Vec::new();
    for instruction in transaction.instructions(&accounts) {
        told_mint(&instruction, &mut mints);
        match instruction.meaning() {
            Ok(Meaning::Swap(swap)) => {
                swaps.extend(pool_swap(&swap, &mints, inventory)?);
            }
            // Nobody knows what else a venue's instruction moves.
            Ok(Meaning::OtherOf(_)) if touches(&instruction, inventory) => {
                return Err(LeftOut::OtherVenue);
            }
            Ok(_) => {}
            Err(_) => return Err(LeftOut::Malformed),
        }
    }
    Ok(swaps)
}

/// None for a swap in a pool that is not known here.
fn pool_swap(
    swap: &Swap,
    mints: &HashMap<Key, Key>,
    inventory: &Inventory,
) -> Result<Option<PoolSwap>, LeftOut> {
    let named = [swap.account_in, swap.account_out];
    let missing = swap.pools.iter().chain(named.iter().flatten());
    let missing: Vec<_> = missing
        .filter_map(|key| match key {
            AccountKey::Unresolved { table, .. } => Some(*table),
            AccountKey::Known(_) => None,
        })
        .collect();
    if !missing.is_empty() {
        return Err(LeftOut::Unresolved(missing));
    }
    let known = swap.pools.iter().filter_map(|key| key.known());
    let mut pools = known.filter_map(|key| inventory.graph().pool(ChainAddress::from(key)).ok());
    let Some(pool) = pools.next() else {
        return Ok(None);
    };
    let direction = match (swap.venue, pool) {
        (Venue::RaydiumAmmV4, Pool::RaydiumAmmV4(_)) => None,
        (Venue::PumpSwap, Pool::Pumpswap(_)) | (Venue::PumpCurve, Pool::PumpCurve(_)) => {
            swap.directions.first()
        }
        _ => return Err(LeftOut::OtherVenue),
    };
    let (base, quote) = (0, 1);
    let pair = match direction {
        Some(Direction::Buy) => TokenPair {
            input: quote,
            output: base,
        },
        Some(Direction::Sell) => TokenPair {
            input: base,
            output: quote,
        },
        _ => by_accounts(swap, pool, mints, inventory).ok_or(LeftOut::Direction)?,
    };
    Ok(Some(PoolSwap {
        pool: pool.address(),
        pair,
        exact: swap.exact,
        amount_raw: swap.amount_raw,
        limit_raw: swap.limit_raw,
        settlement: settlement(swap),
    }))
}

/// Which way, by the mints of the token accounts: those that the transaction makes itself, and associated ones.
fn by_accounts(
    swap: &Swap,
    pool: &Pool,
    mints: &HashMap<Key, Key>,
    inventory: &Inventory,
) -> Option<TokenPair> {
    let user = swap.user.known();
    let associated = |account: Key| {
        pool.tokens().iter().copied().find(|mint| {
            let derived = || {
                let program = inventory.token_program(*mint)?;
                token_account_address(user?, Key(mint.solana()?), program)
            };
            derived() == Some(account)
        })
    };
    let mint_of = |account: Option<AccountKey>| {
        let account = account?.known()?;
        let told = mints.get(&account).map(|mint| ChainAddress::from(*mint));
        told.or_else(|| associated(account))
    };
    let mint_in = mint_of(swap.account_in);
    let mint_out = if mint_in.is_some() {
        None
    } else {
        mint_of(swap.account_out)
    };
    pool.pair_of(mint_in, mint_out).ok()
}

/// `InitializeAccount` and its later forms of the token programs, and every form of making an associated account.
fn told_mint(instruction: &Instruction<'_>, mints: &mut HashMap<Key, Key>) {
    let places = match (instruction.program, instruction.data.first()) {
        (TOKEN_PROGRAM | TOKEN_2022_PROGRAM, Some(1 | 16 | 18)) => (0, 1),
        (ASSOCIATED_TOKEN_PROGRAM, None | Some(0 | 1)) => (1, 3),
        _ => return,
    };
    let key = |place: usize| instruction.accounts.get(place)?.key.known();
    if let (Some(account), Some(mint)) = (key(places.0), key(places.1)) {
        mints.insert(account, mint);
    }
}

/// Whether an instruction writes a pool that is known here.
fn touches(instruction: &Instruction<'_>, inventory: &Inventory) -> bool {
    let mut written = instruction.accounts.iter().filter(|it| it.writable);
    written.any(|account| {
        let key = account.key.known();
        key.is_some_and(|key| inventory.graph().contains(ChainAddress::from(key)))
    })
}

fn settlement(swap: &Swap) -> Option<FeeSettlement> {
    let kept = match swap.venue {
        Venue::PumpSwap => swap.function.ends_with("_v2"),
        Venue::PumpCurve => swap.function.ends_with("_v3"),
        _ => return None,
    };
    Some(if kept {
        FeeSettlement::Kept
    } else {
        FeeSettlement::PaidOut
    })
}

/// The pool as this form of instruction trades it, and by which form it was quoted.
fn settled_by(pool: &Pool, settlement: FeeSettlement) -> Option<(Pool, Option<FeeSettlement>)> {
    match pool {
        Pool::Pumpswap(known) => {
            let mut state = known.state();
            let usual = std::mem::replace(&mut state.fee_settlement, settlement);
            let made = PumpswapPool::new(&state).ok()?;
            Some((made.into(), Some(usual)))
        }
        Pool::PumpCurve(known) => {
            let mut state = known.state();
            let usual = std::mem::replace(&mut state.fee_settlement, settlement);
            let made = PumpCurvePool::new(&state).ok()?;
            Some((made.into(), Some(usual)))
        }
        _ => Some((pool.clone(), None)),
    }
}

#[cfg(test)]
#[path = "swap_tests.rs"]
mod tests;
