//! The loans that a strategy follows, found and read before the feed runs.

use serde_json::json;
use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{Fraction, KAMINO_PROGRAM, Obligation, Reserve};
use tradewind_solana::Key;
use tradewind_solana::flash_loan::KaminoReserve;
use tradewind_solana::token_accounts::TokenProgram;

use super::{GATE_TIMEOUT, Running};
use crate::chain_reader::ChainReader;
use crate::fault::{Ending, EngineFault};
use crate::feed::{AccountUpdate, Comparison, ProgramFilter};
use crate::gate::Gate;
use crate::inventory::{AccountReader as _, Loans};
use crate::strategies::LoanSource;

/// Bytes of the two kinds of account, and where both name their market.
const RESERVE_BYTES: u64 = 8_624;
const OBLIGATION_BYTES: u64 = 3_344;
const MARKET_OFFSET: u64 = 32;

impl Running<'_> {
    /// Follows what the strategy's parameters say; nothing where it follows no loans.
    pub(super) async fn follow_loans(&self, reader: &ChainReader) -> Result<(), EngineFault> {
        let parameters = &self.run.config.changeable.parameters;
        let Some(source) = self.strategy.loans(parameters) else {
            return self.follow_lenders(reader).await;
        };
        let reserves = found(reader, &source, RESERVE_BYTES).await?;
        let reserves = reserves
            .iter()
            .filter_map(|it| Reserve::decode(&it.account()).ok());
        let reserves: Vec<_> = reserves.filter(|it| it.market == source.market).collect();
        if reserves.is_empty() {
            let message = format!(
                "parameters.market: {} has no reserves on this chain; name a lending market",
                source.market
            );
            let fault = EngineFault::new(Ending::BadConfiguration, "market_empty", message);
            return Err(fault);
        }
        let obligations = self.obligations(reader, &source).await?;
        let mut inventory = self.shared.inventory_mut();
        for reserve in &reserves {
            let program = reserve.liquidity_token_program.solana().map(Key);
            if let Some(program) = program.and_then(TokenProgram::of) {
                inventory.add_token(reserve.liquidity_mint, program);
            }
            inventory.add_token(reserve.collateral_mint, TokenProgram::Token);
        }
        let fields = json!({"reserves": reserves.len(), "loans": obligations.len()});
        let reserves = reserves.iter().map(|it| it.address);
        inventory.follow_loans(Loans::of(source.market, reserves, obligations));
        drop(inventory);
        self.shared
            .log
            .info("loans_found", "the loans of the market are known", fields);
        Ok(())
    }

    /// That the signer would sign what is planned, where this engine asks it to.
    pub(super) fn check_liquidator(&self, wallet: Option<ChainAddress>) -> Result<(), EngineFault> {
        let config = &self.run.config;
        let (Some(wallet), Some(socket)) = (wallet, &config.signer) else {
            return Ok(());
        };
        let parameters = &config.changeable.parameters;
        if self.strategy.loans(parameters).is_none() {
            return Ok(());
        }
        let liquidators = Gate::new(socket.clone(), GATE_TIMEOUT).liquidators();
        let liquidators = liquidators
            .map_err(|fault| EngineFault::unavailable("signer_unavailable", fault.to_string()))?;
        if liquidators.contains(&wallet.to_string()) {
            return Ok(());
        }
        let message = format!(
            "mode: the signer's policy lets {wallet} liquidate nothing; add the wallet and the reserves to [chains.101.liquidations] of signer.toml, or choose mode paper"
        );
        Err(EngineFault::new(
            Ending::BadConfiguration,
            "liquidation_not_allowed",
            message,
        ))
    }

    /// Follows the reserves that lend to a strategy's own transactions.
    async fn follow_lenders(&self, reader: &ChainReader) -> Result<(), EngineFault> {
        let lenders = self
            .strategy
            .lenders(&self.run.config.changeable.parameters);
        let (reserves, _): (Vec<_>, Vec<_>) = lenders.iter().copied().unzip();
        let read = reader.read(&reserves).await?;
        for ((reserve, mint), account) in lenders.iter().zip(read) {
            let decoded = account.and_then(|it| KaminoReserve::decode(&it.account()).ok());
            let lends = decoded.map(|lender| ChainAddress::from(lender.liquidity_mint));
            if lends != Some(*mint) {
                let message = format!(
                    "parameters.bases: {reserve} is no reserve of Kamino that lends {mint}; name one, or take flash_loan out"
                );
                let fault = EngineFault::new(Ending::BadConfiguration, "reserve_unknown", message);
                return Err(fault);
            }
        }
        let loans = Loans::lenders(reserves);
        self.shared.inventory_mut().follow_loans(loans);
        Ok(())
    }

    /// The loans of the list, or all of the market; the largest, where they are too many.
    async fn obligations(
        &self,
        reader: &ChainReader,
        source: &LoanSource,
    ) -> Result<Vec<ChainAddress>, EngineFault> {
        if !source.obligations.is_empty() {
            return Ok(source.obligations.clone());
        }
        let accounts = found(reader, source, OBLIGATION_BYTES).await?;
        let loans = accounts
            .iter()
            .filter_map(|it| Obligation::decode(&it.account()).ok());
        let owes = |loan: &Obligation| loan.borrows.iter().any(|it| it.borrowed > Fraction::ZERO);
        let owing = |loan: &Obligation| loan.market == source.market && owes(loan);
        let mut loans: Vec<_> = loans.filter(owing).collect();
        loans.sort_by_key(|loan| std::cmp::Reverse(loan.stored_debt_value));
        if let Some(left_out) = loans.len().checked_sub(source.most_obligations + 1) {
            let message = "smaller loans are left out; raise parameters.most_obligations";
            let fields = json!({"code": "loans_left_out", "loans": left_out + 1});
            self.shared.log.warning("loans_left_out", message, fields);
        }
        loans.truncate(source.most_obligations);
        Ok(loans.into_iter().map(|loan| loan.address).collect())
    }
}

/// The accounts of one kind in a market, as they are now.
async fn found(
    reader: &ChainReader,
    source: &LoanSource,
    data_size: u64,
) -> Result<Vec<AccountUpdate>, EngineFault> {
    let filter = ProgramFilter {
        program: ChainAddress::Solana(KAMINO_PROGRAM.0),
        data_size: Some(data_size),
        comparisons: vec![Comparison {
            offset: MARKET_OFFSET,
            bytes: source.market.solana().unwrap_or_default().to_vec().into(),
        }],
    };
    let addresses = reader.accounts_matching(&filter).await?;
    Ok(reader
        .read(&addresses)
        .await?
        .into_iter()
        .flatten()
        .collect())
}
