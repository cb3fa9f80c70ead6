//! Who trades, and what that wallet has: lamports, token accounts, and the tables that make its transactions smaller.

use tradewind_core::ChainAddress;
use tradewind_core::solana::TokenAccount;
use tradewind_solana::Key;
use tradewind_solana::token_accounts::{TokenProgram, token_account_address};

use super::{Inventory, KnownTable};
use crate::feed::{AccountUpdate, Moment};

/// A wallet's token account, or the wallet itself, as far as plans need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// In raw units; of the wallet itself, in lamports.
    pub amount_raw: u64,
    /// As of.
    pub moment: Moment,
}

impl Inventory {
    /// Says who trades, and follows its lamports and what it holds of these mints.
    pub fn trade_for(&mut self, wallet: ChainAddress, mints: &[ChainAddress]) {
        self.wallet = Some(wallet);
        self.follow_holding(wallet);
        for mint in mints {
            if let Some(account) = self.token_account(wallet, *mint) {
                self.follow_holding(account);
            }
        }
    }

    /// Who trades.
    #[must_use]
    pub const fn wallet(&self) -> Option<ChainAddress> {
        self.wallet
    }

    /// What the wallet has in lamports, wrapped ones not counted; nothing before it was read.
    #[must_use]
    pub fn lamports(&self) -> u64 {
        let held = self.wallet.and_then(|wallet| self.holding(wallet));
        held.map_or(0, |held| held.amount_raw)
    }

    /// Says which program keeps a mint.
    pub fn add_token(&mut self, mint: ChainAddress, program: TokenProgram) {
        self.token_programs.insert(mint, program);
    }

    /// Which program keeps a mint, if it was read.
    #[must_use]
    pub fn token_program(&self, mint: ChainAddress) -> Option<TokenProgram> {
        self.token_programs.get(&mint).copied()
    }

    /// The token account of a wallet for a mint, as far as its program is known.
    #[must_use]
    pub fn token_account(&self, wallet: ChainAddress, mint: ChainAddress) -> Option<ChainAddress> {
        let (owner, key) = (Key(wallet.solana()?), Key(mint.solana()?));
        token_account_address(owner, key, self.token_program(mint)?).map(ChainAddress::from)
    }

    /// Says that a token account is there.
    pub fn add_token_account(&mut self, account: ChainAddress) {
        self.token_accounts.insert(account);
    }

    /// Whether the wallet's token account for a mint is known to be there.
    #[must_use]
    pub fn has_token_account(&self, wallet: ChainAddress, mint: ChainAddress) -> bool {
        let account = self.token_account(wallet, mint);
        account.is_some_and(|account| self.token_accounts.contains(&account))
    }

    /// Every mint of a pool.
    #[must_use]
    pub fn mints(&self) -> Vec<ChainAddress> {
        let mut mints: Vec<_> = self.token_programs.keys().copied().collect();
        mints.sort_unstable();
        mints
    }

    /// Offers a lookup table to every transaction.
    pub fn add_table(&mut self, table: KnownTable) {
        self.tables.push(table);
    }

    /// The lookup tables that transactions may use.
    #[must_use]
    pub fn tables(&self) -> &[KnownTable] {
        &self.tables
    }

    /// Follows what a token account of the wallet holds.
    pub fn follow_holding(&mut self, token_account: ChainAddress) {
        let nothing = Holding {
            amount_raw: 0,
            moment: Moment::default(),
        };
        self.holdings.entry(token_account).or_insert(nothing);
    }

    /// Takes what an account holds, if it is followed.
    pub(super) fn hold(&mut self, update: &AccountUpdate) {
        let is_wallet = self.wallet == Some(update.key);
        if let Some(holding) = self.holdings.get_mut(&update.key) {
            holding.moment = update.moment;
            holding.amount_raw = if is_wallet {
                update.lamports
            } else {
                // A token account that was closed has no data any more.
                TokenAccount::decode(update.key, &update.account())
                    .map_or(0, |account| account.amount_raw)
            };
        }
    }

    /// Every account of the wallet that is followed, and the wallet.
    #[must_use]
    pub fn holdings(&self) -> Vec<ChainAddress> {
        let mut accounts: Vec<_> = self.holdings.keys().copied().collect();
        accounts.sort_unstable();
        accounts
    }

    /// What a followed token account, or the wallet, holds.
    #[must_use]
    pub fn holding(&self, token_account: ChainAddress) -> Option<Holding> {
        self.holdings.get(&token_account).copied()
    }
}
