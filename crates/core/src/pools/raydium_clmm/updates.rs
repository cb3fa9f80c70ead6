//! What an account may change in a Raydium CLMM pool, one account at a time.

use std::sync::Arc;

use super::book::{Arrays, Book, Frame};
use super::layout::{self, AmmConfig, BitmapExtension, PoolAccount, TickArray};
use super::state::{check_frame, check_position, invalid};
use super::{Facts, RaydiumClmmPool};
use crate::pools::concentrated::{Ladder, Position};
use crate::pools::{Account, PoolChange, PoolError};
use crate::solana::Mint;

impl RaydiumClmmPool {
    pub(super) fn change(&mut self, change: PoolChange<'_>) -> Result<(), PoolError> {
        match change {
            PoolChange::Account(account) => self.account(&account),
            PoolChange::Clock(clock) => {
                self.facts.clock = clock;
                Ok(())
            }
            other => Err(self.mismatch(other.kind())),
        }
    }

    fn account(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let facts = &self.facts;
        if account.address == facts.address {
            return self.pool_account(&PoolAccount::decode(account)?);
        }
        if account.address == facts.amm_config {
            let config = AmmConfig::decode(facts.address, account)?;
            config.check(account, self.frame.spacing)?;
            let frame = Frame {
                rates: config.rates,
                ..self.frame
            };
            check_frame(frame)?;
            // Each step's fee is another one.
            let position = self.ladder.position();
            self.frame = frame;
            self.ladder = Ladder::new(Book::new(&self.arrays, frame, position), position);
            return Ok(());
        }
        if let Some(side) = facts
            .tokens
            .iter()
            .position(|mint| *mint == account.address)
        {
            let mint = Mint::decode(facts.address, account)?;
            self.facts.transfer_fees[side] = mint.transfer_fees;
            return Ok(());
        }
        if BitmapExtension::is(account) {
            let extension = BitmapExtension::decode(facts.address, account)?;
            return self.bitmap_extension(&extension);
        }
        if TickArray::is(account) {
            let array = TickArray::decode(facts.address, self.frame.spacing, account)?;
            let mut arrays = (*self.arrays).clone();
            // The pool's own bitmap may tell it later or earlier than the array itself.
            if array.ticks.is_empty() {
                arrays.remove(&array.start);
            } else {
                arrays.insert(array.start, Some(array.ticks.into()));
            }
            self.rebuild(arrays, self.frame, self.ladder.position());
            return Ok(());
        }
        Err(self.mismatch("account of another pool"))
    }

    fn pool_account(&mut self, account: &PoolAccount) -> Result<(), PoolError> {
        let facts = account.facts(self.facts.transfer_fees, self.facts.clock);
        facts.check()?;
        let fixed = |facts: &Facts| (facts.tokens, facts.amm_config);
        if fixed(&facts) != fixed(&self.facts)
            || i32::from(account.tick_spacing) != self.frame.spacing
        {
            return Err(invalid(
                "token_mint_0",
                "the mints, the config or the spacing are not those of the pool; read it anew"
                    .to_owned(),
            ));
        }
        check_position(account.position)?;
        let range = layout::default_bitmap(account.tick_spacing);
        let starts = account.array_starts();
        let known = self
            .arrays
            .iter()
            .filter(|(start, _)| !range.contains(*start) || starts.binary_search(start).is_ok());
        let mut arrays: Arrays = known
            .map(|(start, ticks)| (*start, ticks.clone()))
            .collect();
        for start in starts {
            arrays.entry(start).or_insert(None);
        }
        self.facts = facts;
        if arrays == *self.arrays
            && self.ladder.course().liquidity_at(account.position.tick)
                == account.position.liquidity
        {
            self.ladder.move_to(account.position);
        } else {
            self.rebuild(arrays, self.frame, account.position);
        }
        Ok(())
    }

    fn bitmap_extension(&mut self, extension: &BitmapExtension) -> Result<(), PoolError> {
        let spacing = u16::try_from(self.frame.spacing).unwrap_or(u16::MAX);
        let range = layout::default_bitmap(spacing);
        let starts = extension.array_starts(spacing)?;
        let known = self
            .arrays
            .iter()
            .filter(|(start, _)| range.contains(*start) || starts.binary_search(start).is_ok());
        let mut arrays: Arrays = known
            .map(|(start, ticks)| (*start, ticks.clone()))
            .collect();
        for start in starts {
            arrays.entry(start).or_insert(None);
        }
        let frame = Frame {
            extension_known: true,
            ..self.frame
        };
        self.rebuild(arrays, frame, self.ladder.position());
        Ok(())
    }

    /// Takes other arrays; sums of stretches that stay the same are kept.
    fn rebuild(&mut self, arrays: Arrays, frame: Frame, position: Position<u128>) {
        let book = Book::new(&arrays, frame, position);
        let changed = self.ladder.course().difference(&book);
        let changed = changed.unwrap_or(position.tick..=position.tick);
        self.ladder.change(book, &changed, position);
        self.arrays = Arc::new(arrays);
        self.frame = frame;
    }

    fn mismatch(&self, change: &'static str) -> PoolError {
        PoolError::ChangeMismatch {
            pool: self.facts.address,
            venue: "raydium_clmm",
            change,
        }
    }
}
