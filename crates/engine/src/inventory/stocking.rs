//! What an inventory was stocked with before its feed ran, taken out for a recording and put in again by a replay.

use tradewind_core::ChainAddress;
use tradewind_solana::Key;
use tradewind_solana::token_accounts::TokenProgram;

use super::{Inventory, KnownTable, Loans};
use crate::feed::Stock;

impl Inventory {
    /// What it knows besides pools, each in order.
    #[must_use]
    pub fn stock(&self) -> Stock {
        let mints = self.mints();
        let programs = mints.iter().filter_map(|mint| {
            let program = self.token_program(*mint)?;
            Some((*mint, ChainAddress::from(program.key())))
        });
        let mut token_accounts: Vec<_> = self.token_accounts.iter().copied().collect();
        token_accounts.sort_unstable();
        Stock {
            wallet: self.wallet(),
            market: self.loans.market_address(),
            reserves: self.loans.reserve_addresses(),
            obligations: self.loans.obligation_addresses(),
            token_programs: programs.collect(),
            token_accounts,
            lookup_tables: self.tables().iter().map(held).collect(),
        }
    }

    /// Knows what was known then. Whoever trades already goes on to.
    pub fn restock(&mut self, stock: &Stock) {
        for (mint, program) in &stock.token_programs {
            if let Some(program) = program.solana().and_then(|key| TokenProgram::of(Key(key))) {
                self.add_token(*mint, program);
            }
        }
        if let Some(wallet) = self.wallet().or(stock.wallet) {
            self.trade_for(wallet, &[]);
        }
        for account in &stock.token_accounts {
            self.add_token_account(*account);
        }
        for (table, held) in &stock.lookup_tables {
            if let Ok(known) = KnownTable::of(*table, held) {
                self.add_table(known);
            }
        }
        let (reserves, obligations) = (stock.reserves.clone(), stock.obligations.clone());
        self.follow_loans(match stock.market {
            Some(market) => Loans::of(market, reserves, obligations),
            None => Loans::lenders(reserves),
        });
    }
}

fn held(known: &KnownTable) -> (ChainAddress, Vec<ChainAddress>) {
    let keys = known.keys.iter().copied().map(ChainAddress::from);
    (ChainAddress::from(known.table.address()), keys.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ChainAddress {
        ChainAddress::Solana([byte; 32])
    }

    #[test]
    fn a_restocked_inventory_knows_what_the_recorded_one_knew() {
        let mut recorded = Inventory::default();
        recorded.add_token(key(1), TokenProgram::Token);
        recorded.add_token(key(2), TokenProgram::Token2022);
        recorded.trade_for(key(3), &[key(1)]);
        recorded.add_token_account(key(4));
        recorded.add_table(KnownTable::of(key(5), &[key(6), key(7)]).expect("a table"));
        recorded.follow_loans(Loans::of(key(8), [key(9)], [key(10), key(11)]));
        let mut replayed = Inventory::default();
        replayed.restock(&recorded.stock());
        assert_eq!(replayed.stock(), recorded.stock());
        assert_eq!(replayed.loans().accounts(), recorded.loans().accounts());
        assert_eq!(replayed.tables()[0].told, recorded.tables()[0].told);
    }

    #[test]
    fn reserves_that_only_lend_are_known_again_and_a_configured_wallet_stays() {
        let mut recorded = Inventory::default();
        recorded.trade_for(key(3), &[]);
        recorded.follow_loans(Loans::lenders([key(9)]));
        let mut replayed = Inventory::default();
        replayed.trade_for(key(4), &[]);
        replayed.restock(&recorded.stock());
        assert_eq!(replayed.wallet(), Some(key(4)));
        assert_eq!(replayed.loans().accounts(), [key(9)]);
        assert_eq!(replayed.stock().market, None);
    }
}
