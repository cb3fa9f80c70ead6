//! A pool from the bytes of its accounts, and what new bytes of one of them change.

use std::sync::Arc;

use super::OrcaWhirlpoolPool;
use super::course::WhirlpoolCourse;
use super::layout::{self, Kind, Whirlpool};
use super::outlook::Outlook;
use super::state::{self, IMMUTABLE_WHIRLPOOL_PROGRAM, OrcaWhirlpoolState, WHIRLPOOL_PROGRAM};
use super::tick_arrays::{TickArray, array_start, is_array_start};
use crate::ChainAddress;
use crate::pools::concentrated::Position;
use crate::pools::{Account, AccountSet, ChainClock, PoolError};
use crate::solana::{Mint, program_address};

/// Tick arrays on either side of the current one that a quote may need: a rising swap may begin in the next.
const NEEDED_BELOW: i32 = 2;
const NEEDED_ABOVE: i32 = 3;

impl OrcaWhirlpoolPool {
    /// Decodes a pool from its account, both mints, the oracle where the fee is adaptive, and tick arrays.
    ///
    /// Every tick array of the pool that is given is taken. An array within three of the current one that was
    /// looked up and does not exist is given by its address with no bytes; then it counts as one without
    /// ticks. An array that is not given at all is unknown, and a swap that would enter it is refused.
    ///
    /// # Errors
    /// `account_missing`, `account_malformed`, `unsupported_feature`, `state_invalid` or `tick_malformed`.
    pub fn from_accounts(
        pool: ChainAddress,
        accounts: &AccountSet<'_>,
        clock: ChainClock,
    ) -> Result<Self, PoolError> {
        let given = |account: ChainAddress, role| {
            let missing = PoolError::AccountMissing {
                pool,
                account,
                role,
            };
            accounts.get(&account).ok_or(missing)
        };
        let account = given(pool, "the pool's own account")?;
        let whirlpool = own(account)?;
        let [mint_a, mint_b] = whirlpool.tokens;
        let mint = |address| Mint::decode(pool, given(address, "the mint of a token")?);
        let oracle = match oracle_address(account.owner, pool) {
            Some(address) if whirlpool.adaptive => Some(Box::new(layout::oracle(given(
                address,
                "the adaptive fee",
            )?)?)),
            Some(address) => {
                refuse_unused_oracle(pool, accounts.get(&address))?;
                None
            }
            None => None,
        };
        Self::new(&OrcaWhirlpoolState {
            pool,
            program: account.owner,
            token_a: mint_a,
            token_b: mint_b,
            tick_spacing: whirlpool.tick_spacing,
            fee_ppm: whirlpool.fee_ppm,
            protocol_fee_bps: whirlpool.protocol_fee_bps,
            sqrt_price_x64: whirlpool.sqrt_price_x64,
            tick: whirlpool.tick,
            liquidity: whirlpool.liquidity,
            tick_arrays: tick_arrays(pool, account.owner, &whirlpool, accounts)?,
            oracle,
            transfer_fees_a: mint(mint_a)?.transfer_fees,
            transfer_fees_b: mint(mint_b)?.transfer_fees,
            clock,
        })
    }

    /// The accounts to read with a pool's own so that every swap of it can be quoted: both mints, the oracle
    /// where the fee is adaptive, and the six tick arrays around the current tick, whether they exist or not.
    ///
    /// # Errors
    /// `account_malformed`.
    pub fn needed_accounts(account: &Account<'_>) -> Result<Vec<ChainAddress>, PoolError> {
        let whirlpool = own(account)?;
        let (pool, program) = (account.address, account.owner);
        let oracle = whirlpool
            .adaptive
            .then(|| oracle_address(program, pool))
            .flatten();
        let arrays =
            needed_starts(&whirlpool).filter_map(|start| tick_array_address(program, pool, start));
        Ok(whirlpool
            .tokens
            .into_iter()
            .chain(oracle)
            .chain(arrays)
            .collect())
    }

    /// Takes new bytes of one of the pool's accounts.
    pub(super) fn change(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let known = self.ladder.course().arrays.start_of(account.address);
        match (layout::kind(account), known) {
            _ if account.address == self.terms.address => self.change_whirlpool(account),
            _ if self.terms.tokens.contains(&account.address) => self.change_mint(account),
            (Kind::TickArray(pool), _)
                if pool == self.terms.address && account.owner == self.terms.program =>
            {
                self.change_array(&layout::tick_array(account, self.terms.tick_spacing)?)
            }
            (Kind::Oracle(pool), _)
                if pool == self.terms.address && account.owner == self.terms.program =>
            {
                self.change_oracle(account)
            }
            (_, Some(start_tick_index)) if account.data.is_empty() => {
                self.change_array(&TickArray {
                    account: account.address,
                    start_tick_index,
                    initialized: false,
                    ticks: Vec::new(),
                })
            }
            (_, Some(_)) => layout::tick_array(account, self.terms.tick_spacing)
                .and_then(|_| Err(self.mismatch("tick array of another pool or program"))),
            _ => Err(self.mismatch("account of another pool")),
        }
    }

    /// The clock has moved on.
    pub(super) fn tell_time(&mut self, clock: ChainClock) {
        let same_second = clock.unix_timestamp == self.clock.unix_timestamp;
        self.clock = clock;
        if self.oracle.is_some() && !same_second {
            self.outlooks = Outlook::both(&self.ladder);
        }
    }

    fn change_whirlpool(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let whirlpool = own(account)?;
        let same = account.owner == self.terms.program
            && whirlpool.tokens == self.terms.tokens
            && whirlpool.tick_spacing == self.terms.tick_spacing
            && whirlpool.adaptive == self.oracle.is_some();
        if !same {
            return Err(PoolError::AccountMalformed {
                account: account.address,
                field: "whirlpool",
                fault: "its program, mints, tick spacing or fee tier are not the pool's; they never change"
                    .to_owned(),
            });
        }
        state::check_protocol_fee(whirlpool.protocol_fee_bps)?;
        let Whirlpool {
            sqrt_price_x64,
            tick,
            liquidity,
            ..
        } = whirlpool;
        let position = state::position(sqrt_price_x64, tick, liquidity)?;
        let course = self.ladder.course();
        let same_course = course.fee_ppm == u32::from(whirlpool.fee_ppm)
            && course.protocol_fee_bps == whirlpool.protocol_fee_bps
            && course.liquidity_at(tick) == Some(liquidity);
        if same_course {
            self.ladder.move_to(position);
            self.outlooks = Outlook::both(&self.ladder);
            return Ok(());
        }
        let arrays = Arc::clone(&course.arrays);
        let fees = (u32::from(whirlpool.fee_ppm), whirlpool.protocol_fee_bps);
        self.survey(
            WhirlpoolCourse::new(arrays, fees.0, fees.1, &position),
            position,
        );
        Ok(())
    }

    fn change_array(&mut self, array: &TickArray) -> Result<(), PoolError> {
        let course = self.ladder.course();
        let known = course.arrays.account_at(array.start_tick_index);
        if known.is_some_and(|known| known != array.account) {
            return Err(self.mismatch("second account for a tick array"));
        }
        let mut arrays = (*course.arrays).clone();
        arrays.replace(array)?;
        let position = self.ladder.position();
        let course = WhirlpoolCourse::new(
            Arc::new(arrays),
            course.fee_ppm,
            course.protocol_fee_bps,
            &position,
        );
        self.survey(course, position);
        Ok(())
    }

    fn change_oracle(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let oracle = layout::oracle(account)?;
        match &self.oracle {
            Some(known) if known.account == oracle.account => {}
            Some(_) => return Err(self.mismatch("second oracle")),
            None => return refuse_unused_oracle(self.terms.address, Some(account)),
        }
        oracle.check(self.terms.tick_spacing)?;
        self.oracle = Some(Box::new(oracle));
        self.outlooks = Outlook::both(&self.ladder);
        Ok(())
    }

    fn change_mint(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let fees = Mint::decode(self.terms.address, account)?.transfer_fees;
        let place = usize::from(account.address == self.terms.tokens[1]);
        if self.terms.transfer_fees[place] != fees {
            Arc::make_mut(&mut self.terms).transfer_fees[place] = fees;
        }
        Ok(())
    }

    /// Stands on a course that may differ from the old one anywhere.
    fn survey(&mut self, course: WhirlpoolCourse, position: Position<u128>) {
        let old = self.ladder.course();
        let same_fees =
            old.fee_ppm == course.fee_ppm && old.protocol_fee_bps == course.protocol_fee_bps;
        if same_fees {
            let (low, high) = old
                .difference(&course)
                .unwrap_or((position.tick, position.tick));
            self.ladder.change(course, &(low..=high), position);
        } else {
            self.ladder = crate::pools::concentrated::Ladder::new(course, position);
        }
        self.outlooks = Outlook::both(&self.ladder);
    }
}

/// The pool's account of either program.
fn own(account: &Account<'_>) -> Result<Whirlpool, PoolError> {
    if [WHIRLPOOL_PROGRAM, IMMUTABLE_WHIRLPOOL_PROGRAM].contains(&account.owner) {
        return layout::whirlpool(account);
    }
    Err(PoolError::AccountMalformed {
        account: account.address,
        field: "owner program",
        fault: format!("must be a Whirlpool program, not {}", account.owner),
    })
}

/// All arrays of the pool among the accounts, and those near the current tick that do not exist.
fn tick_arrays(
    pool: ChainAddress,
    program: ChainAddress,
    whirlpool: &Whirlpool,
    accounts: &AccountSet<'_>,
) -> Result<Vec<TickArray>, PoolError> {
    if whirlpool.tick_spacing == 0 {
        return Ok(Vec::new());
    }
    let own = accounts.iter().filter(|account| {
        account.owner == program && layout::kind(account) == Kind::TickArray(pool)
    });
    let mut arrays = own
        .map(|account| layout::tick_array(account, whirlpool.tick_spacing))
        .collect::<Result<Vec<_>, _>>()?;
    for start in needed_starts(whirlpool) {
        if arrays.iter().any(|array| array.start_tick_index == start) {
            continue;
        }
        let address = tick_array_address(program, pool, start);
        let absent = address.and_then(|address| accounts.get(&address));
        if let Some(account) = absent {
            if !account.data.is_empty() {
                return Err(PoolError::AccountMalformed {
                    account: account.address,
                    field: "tick_array",
                    fault: "is at the address of one of the pool's tick arrays, and is none"
                        .to_owned(),
                });
            }
            arrays.push(TickArray {
                account: account.address,
                start_tick_index: start,
                initialized: false,
                ticks: Vec::new(),
            });
        }
    }
    Ok(arrays)
}

/// Where the arrays around the current tick start, as far as the program has any.
fn needed_starts(whirlpool: &Whirlpool) -> impl Iterator<Item = i32> {
    let spacing = whirlpool.tick_spacing.max(1);
    let span = 88 * i32::from(spacing);
    let bounded = whirlpool
        .tick
        .clamp(super::tick_math::MIN_TICK, super::tick_math::MAX_TICK);
    let own = array_start(bounded, spacing);
    (-NEEDED_BELOW..=NEEDED_ABOVE)
        .map(move |place| own + place * span)
        .filter(move |start| is_array_start(*start, spacing))
}

/// The address of a tick array: its start is a seed in decimal digits.
fn tick_array_address(
    program: ChainAddress,
    pool: ChainAddress,
    start: i32,
) -> Option<ChainAddress> {
    let key = pool.solana()?;
    program_address(
        program,
        &[b"tick_array", &key, start.to_string().as_bytes()],
    )
}

fn oracle_address(program: ChainAddress, pool: ChainAddress) -> Option<ChainAddress> {
    let key = pool.solana()?;
    program_address(program, &[b"oracle", &key])
}

/// The program would apply an adaptive fee wherever the oracle exists.
fn refuse_unused_oracle(pool: ChainAddress, oracle: Option<&Account<'_>>) -> Result<(), PoolError> {
    match oracle {
        Some(oracle) if !oracle.data.is_empty() => Err(PoolError::Unsupported {
            pool,
            feature: format!(
                "an oracle ({}) though its fee tier is fixed",
                oracle.address
            ),
        }),
        _ => Ok(()),
    }
}
