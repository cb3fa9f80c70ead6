//! Kamino's refreshes and liquidations.
//!
//! Source: npm `@kamino-finance/klend-sdk` 8.0.2, `@codegen/klend/instructions`. A liquidation wants every reserve of the
//! obligation, and then the obligation, refreshed in its own slot. A flash loan marks its reserve stale, so that it stands
//! in front of the refreshes.

use tradewind_core::ChainAddress;
use tradewind_core::lending::kamino::{KAMINO_PROGRAM, Obligation, Reserve};
use tradewind_core::solana::program_address;

use crate::Key;
use crate::flash_loan::kamino::INSTRUCTIONS_SYSVAR;
use crate::flash_loan::market_authority;
use crate::instruction::{AccountMeta, Instruction};
use crate::token_accounts::{TokenProgram, token_account_address};

/// The program that counts deposits for rewards.
pub const FARMS_PROGRAM: Key = Key::constant("FarmsPZpWu9i7Kky8tPN37rs2TpmMrAZrC7S7vJa91Hr");

const REFRESH_RESERVE: [u8; 8] = [2, 218, 138, 235, 79, 201, 25, 102];
const REFRESH_OBLIGATION: [u8; 8] = [33, 132, 147, 228, 151, 192, 72, 89];
const LIQUIDATE: [u8; 8] = [177, 71, 154, 188, 226, 133, 74, 55];
const LIQUIDATE_V2: [u8; 8] = [162, 161, 35, 143, 30, 187, 185, 103];

/// The most that a refresh of a reserve is taken to cost, with a price that is read anew. These three are bounds: the
/// program was not run for them, and Kamino's own package offers 1,400,000 for whatever it does. Who simulates the
/// transaction knows better.
pub const REFRESH_RESERVE_UNITS: u32 = 60_000;
/// The most that a refresh of an obligation is taken to cost for each of its reserves.
pub const REFRESH_OBLIGATION_UNITS_PER_RESERVE: u32 = 25_000;
/// The most that a liquidation is taken to cost, the refreshes of both farms included.
pub const LIQUIDATE_UNITS: u32 = 300_000;

/// The two forms of the instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiquidationForm {
    /// Wants the refreshes, and those of the farms, directly in front of it.
    First,
    /// Wants the refreshes in its slot, and refreshes the farms itself.
    Second,
}

/// One liquidation.
#[derive(Debug, Clone, Copy)]
pub struct LiquidationCall<'a> {
    /// Whose loan.
    pub obligation: &'a Obligation,
    /// The debt's reserve.
    pub repay_reserve: &'a Reserve,
    /// The collateral's reserve.
    pub withdraw_reserve: &'a Reserve,
    /// Who repays, receives and signs; with its associated token accounts.
    pub liquidator: Key,
    /// At most so much of the debt, in raw units.
    pub repay_raw: u64,
    /// At least so much of the collateral's token, in raw units, or it fails.
    pub least_received_raw: u64,
}

/// `refresh_reserve`: interest to now, and the price anew where the market wants that.
#[must_use]
pub fn refresh_reserve(reserve: &Reserve) -> Instruction {
    let oracles = reserve.config.oracles;
    let prices = [
        oracles.pyth,
        oracles.switchboard_price,
        oracles.switchboard_twap,
        oracles.scope,
    ];
    let named =
        |account: Option<ChainAddress>| AccountMeta::readonly(account.map_or(KAMINO_PROGRAM, key));
    let mut accounts = vec![
        AccountMeta::writable(key(reserve.address)),
        AccountMeta::readonly(key(reserve.market)),
    ];
    accounts.extend(prices.map(named));
    called(REFRESH_RESERVE, accounts)
}

/// `refresh_obligation`: with all its reserves, in the account's order, and what its referrer earns. None where an
/// address cannot be derived.
#[must_use]
pub fn refresh_obligation(obligation: &Obligation) -> Option<Instruction> {
    let mut accounts = vec![
        AccountMeta::readonly(key(obligation.market)),
        AccountMeta::writable(key(obligation.address)),
    ];
    let deposits = obligation.deposits.iter().map(|it| it.reserve);
    let borrows = obligation.borrows.iter().map(|it| it.reserve);
    accounts.extend(
        deposits
            .chain(borrows)
            .map(|it| AccountMeta::writable(key(it))),
    );
    if let Some(referrer) = obligation.referrer {
        for borrow in &obligation.borrows {
            let seeds: [&[u8]; 3] = [b"referrer_acc", &key(referrer).0, &key(borrow.reserve).0];
            let program = ChainAddress::Solana(KAMINO_PROGRAM.0);
            accounts.push(AccountMeta::writable(key(program_address(
                program, &seeds,
            )?)));
        }
    }
    Some(called(REFRESH_OBLIGATION, accounts))
}

/// `liquidate_obligation_and_redeem_reserve_collateral`. None where an address cannot be derived, or a token program is
/// not known.
#[must_use]
pub fn liquidate(call: &LiquidationCall<'_>, form: LiquidationForm) -> Option<Instruction> {
    let (debt, collateral, obligation) =
        (call.repay_reserve, call.withdraw_reserve, call.obligation);
    let debt_program = TokenProgram::of(key(debt.liquidity_token_program))?;
    let token_program = TokenProgram::of(key(collateral.liquidity_token_program))?;
    let own = |mint, program| token_account_address(call.liquidator, key(mint), program);
    let mut accounts = vec![
        AccountMeta::readonly(call.liquidator).signer(),
        AccountMeta::writable(key(obligation.address)),
        AccountMeta::readonly(key(obligation.market)),
        AccountMeta::readonly(market_authority(key(obligation.market)).ok()?),
        AccountMeta::writable(key(debt.address)),
        AccountMeta::readonly(key(debt.liquidity_mint)),
        AccountMeta::writable(key(debt.liquidity_vault)),
        AccountMeta::writable(key(collateral.address)),
        AccountMeta::readonly(key(collateral.liquidity_mint)),
        AccountMeta::writable(key(collateral.collateral_mint)),
        AccountMeta::writable(key(collateral.collateral_vault)),
        AccountMeta::writable(key(collateral.liquidity_vault)),
        AccountMeta::writable(key(collateral.fee_vault)),
        AccountMeta::writable(own(debt.liquidity_mint, debt_program)?),
        // Tokens of collateral are the first program's always.
        AccountMeta::writable(own(collateral.collateral_mint, TokenProgram::Token)?),
        AccountMeta::writable(own(collateral.liquidity_mint, token_program)?),
        AccountMeta::readonly(TokenProgram::Token.key()),
        AccountMeta::readonly(debt_program.key()),
        AccountMeta::readonly(token_program.key()),
        AccountMeta::readonly(INSTRUCTIONS_SYSVAR),
    ];
    let tag = match form {
        LiquidationForm::First => LIQUIDATE,
        LiquidationForm::Second => {
            for farm in [collateral.collateral_farm, debt.debt_farm] {
                accounts.extend(farm_accounts(farm, obligation.address)?);
            }
            accounts.push(AccountMeta::readonly(FARMS_PROGRAM));
            LIQUIDATE_V2
        }
    };
    if obligation.elevation_group != 0 {
        let deposits = obligation.deposits.iter();
        accounts.extend(deposits.map(|it| AccountMeta::writable(key(it.reserve))));
    }
    let mut called = called(tag, accounts);
    // The last number overrides the threshold, for the owner of a loan in the program's staging build alone.
    for number in [call.repay_raw, call.least_received_raw, 0] {
        called.data.extend(number.to_le_bytes());
    }
    Some(called)
}

/// What the farm keeps for the obligation, and the farm; the program's own address twice where there is none.
fn farm_accounts(farm: Option<ChainAddress>, obligation: ChainAddress) -> Option<[AccountMeta; 2]> {
    let Some(farm) = farm else {
        return Some([AccountMeta::readonly(KAMINO_PROGRAM); 2]);
    };
    let seeds: [&[u8]; 3] = [b"user", &key(farm).0, &key(obligation).0];
    let kept = program_address(ChainAddress::Solana(FARMS_PROGRAM.0), &seeds)?;
    Some([
        AccountMeta::writable(key(kept)),
        AccountMeta::writable(key(farm)),
    ])
}

fn called(tag: [u8; 8], accounts: Vec<AccountMeta>) -> Instruction {
    Instruction {
        program: KAMINO_PROGRAM,
        accounts,
        data: tag.to_vec(),
    }
}

fn key(address: ChainAddress) -> Key {
    Key(address.solana().unwrap_or_default())
}
