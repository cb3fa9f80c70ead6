//! The limits of Solana as single terms, and as text.

use super::super::Terms;
use super::super::terms::{
    ASSUMED_FEE, BLOCKHASH_LIFE, EVIDENCE_QUORUM, MIN_PROFIT, QUORUM, chain_key, value_of,
};
use super::SolanaPolicy;
use alloy_primitives::{B256, U256, keccak256};
use std::fmt::Write as _;
use tradewind_core::decode::solana::Key;

const TIP: &str = "max_tip_lamports";
const UNITS: &str = "max_compute_units";
const PRICE: &str = "max_compute_unit_price_micro_lamports";
const FEE: &str = "max_fee_lamports";
const SLIPPAGE: &str = "max_slippage_bps";
const TOP_UP: &str = "treasury.max_lamports";
const TOP_UPS: &str = "treasury.max_per_day_lamports";

impl SolanaPolicy {
    pub(in super::super) fn terms(&self, id: u64) -> Terms {
        let mut terms = Terms::new();
        let mut set = |what: &str, value: U256| terms.extend([(chain_key(id, what), value)]);
        set(TIP, U256::from(self.max_tip_lamports));
        set(UNITS, U256::from(self.max_compute_units));
        set(
            PRICE,
            U256::from(self.max_compute_unit_price_micro_lamports),
        );
        set(FEE, U256::from(self.max_fee_lamports));
        set(SLIPPAGE, U256::from(self.max_slippage_bps));
        set(BLOCKHASH_LIFE, U256::from(self.blockhash_life_s));
        set(QUORUM, U256::from(self.settlement_quorum));
        set(EVIDENCE_QUORUM, U256::from(self.evidence_quorum));
        for program in &self.programs {
            set(&format!("program.{program}"), U256::ONE);
        }
        for recipient in &self.recipients {
            set(&format!("recipient.{recipient}"), U256::ONE);
        }
        for account in &self.tip_accounts {
            set(&format!("tip_account.{account}"), U256::ONE);
        }
        if let Some(treasury) = &self.treasury {
            set(TOP_UP, U256::from(treasury.max_lamports));
            set(TOP_UPS, U256::from(treasury.max_per_day_lamports));
            set(&treasury_key(treasury.wallet), U256::ONE);
            for wallet in &treasury.wallets {
                set(&topped_up_key(*wallet), U256::ONE);
            }
        }
        for (reserve, fee_bps) in &self.flash_reserves {
            set(&format!("flash_reserve.{reserve}"), U256::ONE);
            set(
                &format!("flash_reserve.{reserve}.{ASSUMED_FEE}"),
                U256::from(*fee_bps),
            );
        }
        for (table, keys) in &self.lookup_tables {
            set(&table_key(table, keys), U256::ONE);
        }
        for (mint, token) in &self.tokens {
            set(&format!("token.{mint}"), U256::ONE);
            set(
                &format!("token.{mint}.{MIN_PROFIT}"),
                U256::from(token.min_profit_raw),
            );
        }
        if let Some(liquidations) = &self.liquidations {
            terms.extend(liquidations.terms(id));
        }
        if let Some(unlisted) = &self.unlisted_mints {
            terms.extend(unlisted.terms(id));
        }
        terms
    }

    pub(in super::super) fn restrict(&mut self, id: u64, terms: &Terms) {
        let in_force = |what: &str| value_of(terms, &chain_key(id, what));
        let listed = |what: &str| !in_force(what).is_zero();
        let least =
            |what: &str, own: u64| u64::try_from(in_force(what)).map_or(own, |cap| cap.min(own));
        let least_u32 =
            |what: &str, own: u32| u32::try_from(in_force(what)).map_or(own, |cap| cap.min(own));
        let most =
            |what: &str, own: u64| own.max(u64::try_from(in_force(what)).unwrap_or(u64::MAX));
        self.max_tip_lamports = least(TIP, self.max_tip_lamports);
        self.max_compute_units = least_u32(UNITS, self.max_compute_units);
        self.max_compute_unit_price_micro_lamports =
            least(PRICE, self.max_compute_unit_price_micro_lamports);
        self.max_fee_lamports = least(FEE, self.max_fee_lamports);
        self.max_slippage_bps = least_u32(SLIPPAGE, self.max_slippage_bps);
        self.blockhash_life_s = most(BLOCKHASH_LIFE, self.blockhash_life_s);
        self.settlement_quorum = most(QUORUM, self.settlement_quorum);
        self.evidence_quorum = most(EVIDENCE_QUORUM, self.evidence_quorum);
        self.treasury = self
            .treasury
            .take()
            .filter(|one| listed(&treasury_key(one.wallet)));
        if let Some(treasury) = &mut self.treasury {
            treasury.max_lamports = least(TOP_UP, treasury.max_lamports);
            treasury.max_per_day_lamports = least(TOP_UPS, treasury.max_per_day_lamports);
            treasury
                .wallets
                .retain(|wallet| listed(&topped_up_key(*wallet)));
        }
        if let Some(liquidations) = &mut self.liquidations {
            liquidations.restrict(id, terms);
        }
        if let Some(unlisted) = &mut self.unlisted_mints {
            unlisted.restrict(id, terms);
        }
        self.programs
            .retain(|program| listed(&format!("program.{program}")));
        self.recipients
            .retain(|recipient| listed(&format!("recipient.{recipient}")));
        self.tip_accounts
            .retain(|account| listed(&format!("tip_account.{account}")));
        self.flash_reserves.retain(|reserve, fee_bps| {
            let assumed = most(
                &format!("flash_reserve.{reserve}.{ASSUMED_FEE}"),
                (*fee_bps).into(),
            );
            *fee_bps = u32::try_from(assumed).unwrap_or(u32::MAX);
            listed(&format!("flash_reserve.{reserve}"))
        });
        self.lookup_tables
            .retain(|table, keys| listed(&table_key(table, keys)));
        self.tokens.retain(|mint, token| {
            token.min_profit_raw =
                most(&format!("token.{mint}.{MIN_PROFIT}"), token.min_profit_raw);
            listed(&format!("token.{mint}"))
        });
    }

    pub(in super::super) fn describe(&self, id: u64, text: &mut String) {
        for (key, value) in self.terms(id) {
            let _ = writeln!(text, "{key} {value}");
        }
        for (mint, token) in &self.tokens {
            let _ = writeln!(
                text,
                "chain {id} token {mint} {:?} of {}",
                token.symbol, token.program
            );
        }
    }
}

fn treasury_key(wallet: Key) -> String {
    format!("treasury.from.{wallet}")
}

fn topped_up_key(wallet: Key) -> String {
    format!("treasury.to.{wallet}")
}

/// Other contents of a table are another term: they have to be presented and to wait like any other raise.
fn table_key(table: &Key, keys: &[Key]) -> String {
    let bytes: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
    let digest: B256 = keccak256(bytes);
    format!("lookup_table.{table}.{digest}")
}
