//! `PumpSwap`: `buy`, `buy_exact_quote_in` and `sell`, and their second forms of 17 accounts.
//!
//! Source: IDL `pump_amm` in crate `pump-rust-client` 0.5.0, and what its build of the program asks for behind the
//! accounts of the IDL: `pool-v2` while the trade pays a creator, then who gets the buyback's part.

use tradewind_core::ChainAddress;
use tradewind_core::pools::pumpswap::PumpswapPool;
use tradewind_core::pools::{AccountSet, Direction, Exact, FeeKind};
use tradewind_core::solana::AccountFields;

use super::addresses::{
    ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, associated_token_account, derived, rent_lamports,
    token_account_rent_lamports,
};
use super::pump_recipients::Recipients;
use super::swap_call::{SwapCall, given, mint_program, owned, two_amounts};
use super::{AccountToCreate, PumpswapForm, SwapError, SwapInstructions, key};
use crate::Key;
use crate::instruction::AccountMeta;

const PROGRAM: Key = Key::constant("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");
const FEE_PROGRAM: Key = Key::constant("pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ");
const GLOBAL_CONFIG: Key = Key::constant("ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw");
const EVENT_AUTHORITY: Key = Key::constant("GS4CU59F31iL7aR2Q8zVS8DRrcRnXX1yjQ66TqNVQnaR");
const FEE_CONFIG: Key = Key::constant("5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx");
const GLOBAL_VOLUME_ACCUMULATOR: Key =
    Key::constant("C2aFPdENg4A2HQsmrd5rTw5TaYBX5Ku887cWjbFKtZpw");

const POOL: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];
const GLOBAL: [u8; 8] = [0x95, 0x08, 0x9c, 0xca, 0xa0, 0xfc, 0xb0, 0xd9];
const COIN_CREATOR_OFFSET: usize = 211;
const CASHBACK_OFFSET: usize = 244;
/// Offset and length of the lists of `GlobalConfig`; the reserved ones serve mayhem coins.
const PROTOCOL_RECIPIENTS: [(usize, usize); 1] = [(57, 8)];
const RESERVED_RECIPIENTS: [(usize, usize); 2] = [(385, 1), (418, 7)];
const BUYBACK_RECIPIENTS: [(usize, usize); 1] = [(643, 8)];

const BUY: [u8; 8] = [0x66, 0x06, 0x3d, 0x12, 0x01, 0xda, 0xeb, 0xea];
const BUY_EXACT_QUOTE_IN: [u8; 8] = [0xc6, 0x2e, 0x15, 0x52, 0xb4, 0xd9, 0xe8, 0x70];
const SELL: [u8; 8] = [0x33, 0xe6, 0x85, 0xa4, 0x01, 0x7f, 0x83, 0xad];
const BUY_V2: [u8; 8] = [0xb8, 0x17, 0xee, 0x61, 0x67, 0xc5, 0xd3, 0x3d];
const BUY_EXACT_QUOTE_IN_V2: [u8; 8] = [0xc2, 0xab, 0x1c, 0x46, 0x68, 0x4d, 0x5b, 0x2f];
const SELL_V2: [u8; 8] = [0x5d, 0xf6, 0x82, 0x3c, 0xe7, 0xe9, 0x40, 0xb2];

const USER_VOLUME_ACCUMULATOR_BYTES: u64 = 137;
const COMPUTE_UNITS_V1: u32 = 140_000;
const COMPUTE_UNITS_V2: u32 = 80_000;

/// What a trade names beside what the pool's state has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PumpswapAccounts {
    /// `coin_creator`; the zero key where nobody is.
    pub coin_creator: Key,
    /// `is_cashback_coin`.
    pub cashback: bool,
    /// The programs that keep the coin and the quote token.
    pub token_programs: [Key; 2],
    /// Who may get the protocol's fee.
    pub protocol_fee_recipients: Recipients,
    /// Who may get the buyback's part of it.
    pub buyback_fee_recipients: Recipients,
}

impl PumpswapAccounts {
    pub(super) fn decode(
        pool: &PumpswapPool,
        accounts: &AccountSet<'_>,
    ) -> Result<Self, SwapError> {
        let state = pool.state();
        let address = state.pool;
        let fields = owned(address, accounts, address, "the pool", PROGRAM)?;
        fields.expect_discriminator(POOL)?;
        let global = ChainAddress::Solana(GLOBAL_CONFIG.0);
        let global = owned(address, accounts, global, "the global config", PROGRAM)?;
        global.expect_discriminator(GLOBAL)?;
        let protocol: &[(usize, usize)] = if state.mayhem {
            &RESERVED_RECIPIENTS
        } else {
            &PROTOCOL_RECIPIENTS
        };
        let read = |field, lists| Recipients::read(&global, field, lists);
        let vault = given(address, accounts, state.quote_vault, "the quote vault")?;
        Ok(Self {
            coin_creator: key(fields.key("coin_creator", COIN_CREATOR_OFFSET)?),
            cashback: cashback(&fields)?,
            token_programs: [
                mint_program(address, accounts, state.base_mint)?,
                key(vault.owner),
            ],
            protocol_fee_recipients: read("protocol_fee_recipients", protocol)?,
            buyback_fee_recipients: read("buyback_fee_recipients", &BUYBACK_RECIPIENTS)?,
        })
    }
}

/// Accounts of older layouts end before the flag, which then reads as zero.
fn cashback(fields: &AccountFields<'_>) -> Result<bool, SwapError> {
    if fields.data().len() <= CASHBACK_OFFSET {
        return Ok(false);
    }
    Ok(fields.flag("is_cashback_coin", CASHBACK_OFFSET)?)
}

/// The instruction's name and discriminator.
fn function(
    form: PumpswapForm,
    direction: Direction,
    exact: Exact,
) -> Result<(&'static str, [u8; 8]), SwapError> {
    Ok(match (form, direction, exact) {
        (PumpswapForm::V1, Direction::OneForZero, Exact::Out) => ("buy", BUY),
        (PumpswapForm::V1, Direction::OneForZero, Exact::In) => {
            ("buy_exact_quote_in", BUY_EXACT_QUOTE_IN)
        }
        (PumpswapForm::V1, Direction::ZeroForOne, Exact::In) => ("sell", SELL),
        (PumpswapForm::V2, Direction::OneForZero, Exact::Out) => ("buy_v2", BUY_V2),
        (PumpswapForm::V2, Direction::OneForZero, Exact::In) => {
            ("buy_exact_quote_in_v2", BUY_EXACT_QUOTE_IN_V2)
        }
        (PumpswapForm::V2, Direction::ZeroForOne, Exact::In) => ("sell_v2", SELL_V2),
        (_, Direction::ZeroForOne, Exact::Out) => {
            return Err(SwapError::ExactOutUnsupported { venue: "pumpswap" });
        }
    })
}

pub(super) fn build(
    pool: &PumpswapPool,
    accounts: &PumpswapAccounts,
    call: &SwapCall<'_>,
) -> Result<SwapInstructions, SwapError> {
    call.check_token_programs(accounts.token_programs)?;
    let request = call.request;
    let form = call.options.pumpswap;
    let (name, discriminator) = function(form, call.direction, request.exact)?;
    let buys_exact_in = call.direction == Direction::OneForZero && request.exact == Exact::In;
    if buys_exact_in && request.limit_raw == 0 {
        return Err(SwapError::LimitZero { function: name });
    }
    let trade = Trade::new(pool, accounts, call)?;
    let mut data = two_amounts(&discriminator, [request.amount_raw, request.limit_raw]);
    match form {
        PumpswapForm::V1 => {
            if trade.buys {
                data.push(u8::from(call.options.track_volume));
            }
            trade.first_form(call, data)
        }
        PumpswapForm::V2 if accounts.cashback => Err(SwapError::FormUnsupported {
            function: name,
            pool: call.address,
            reason: "it pays cashback (the program's 6079); trade it by the first form",
        }),
        PumpswapForm::V2 => Ok(trade.second_form(call, data)),
    }
}

/// Whom and what a trade names, in every form.
struct Trade<'a> {
    accounts: &'a PumpswapAccounts,
    buys: bool,
    vaults: [Key; 2],
    base_mint: Key,
    quote_mint: Key,
    user_volume_accumulator: Key,
    buyback_recipient: Key,
    buyback_token_account: Key,
}

impl<'a> Trade<'a> {
    fn new(
        pool: &PumpswapPool,
        accounts: &'a PumpswapAccounts,
        call: &SwapCall<'_>,
    ) -> Result<Self, SwapError> {
        let state = pool.state();
        let quote_mint = key(state.quote_mint);
        let buyback_recipient = accounts
            .buyback_fee_recipients
            .at(call.options.fee_recipient);
        Ok(Self {
            accounts,
            buys: call.direction == Direction::OneForZero,
            vaults: [key(state.base_vault), key(state.quote_vault)],
            base_mint: key(state.base_mint),
            quote_mint,
            user_volume_accumulator: derived(
                "user_volume_accumulator",
                PROGRAM,
                &[b"user_volume_accumulator", &call.request.trader.0],
            )?,
            buyback_recipient,
            buyback_token_account: associated_token_account(
                buyback_recipient,
                quote_mint,
                accounts.token_programs[1],
            )?,
        })
    }

    /// What both forms begin with.
    fn head(&self, call: &SwapCall<'_>) -> Vec<AccountMeta> {
        let [base, quote] = call.sides();
        vec![
            AccountMeta::writable(call.address),
            AccountMeta::writable(call.request.trader).signer(),
            AccountMeta::readonly(GLOBAL_CONFIG),
            AccountMeta::readonly(self.base_mint),
            AccountMeta::readonly(self.quote_mint),
            AccountMeta::writable(base.token_account),
            AccountMeta::writable(quote.token_account),
            AccountMeta::writable(self.vaults[0]),
            AccountMeta::writable(self.vaults[1]),
        ]
    }

    fn first_form(
        &self,
        call: &SwapCall<'_>,
        data: Vec<u8>,
    ) -> Result<SwapInstructions, SwapError> {
        let [base_program, quote_program] = self.accounts.token_programs;
        let token_account =
            |wallet| associated_token_account(wallet, self.quote_mint, quote_program);
        let recipients = &self.accounts.protocol_fee_recipients;
        let protocol_recipient = recipients.at(call.options.fee_recipient);
        let creator = self.accounts.coin_creator;
        let creator_vault = derived(
            "coin_creator_vault_authority",
            PROGRAM,
            &[b"creator_vault", &creator.0],
        )?;
        let creator_vault_token_account = token_account(creator_vault)?;
        let protocol_token_account = token_account(protocol_recipient)?;
        let mut metas = self.head(call);
        metas.extend([
            AccountMeta::readonly(protocol_recipient),
            AccountMeta::writable(protocol_token_account),
            AccountMeta::readonly(base_program),
            AccountMeta::readonly(quote_program),
            AccountMeta::readonly(SYSTEM_PROGRAM),
            AccountMeta::readonly(ASSOCIATED_TOKEN_PROGRAM),
            AccountMeta::readonly(EVENT_AUTHORITY),
            AccountMeta::readonly(PROGRAM),
            AccountMeta::writable(creator_vault_token_account),
            AccountMeta::readonly(creator_vault),
        ]);
        if self.buys {
            metas.extend([
                AccountMeta::readonly(GLOBAL_VOLUME_ACCUMULATOR),
                AccountMeta::writable(self.user_volume_accumulator),
            ]);
        }
        metas.extend([
            AccountMeta::readonly(FEE_CONFIG),
            AccountMeta::readonly(FEE_PROGRAM),
        ]);
        metas.extend(self.tail(call, quote_program)?);
        let mut built = call.instructions(PROGRAM, metas, data, COMPUTE_UNITS_V1);
        let rent_lamports = token_account_rent_lamports(quote_program);
        let paid = [
            protocol_token_account,
            self.buyback_token_account,
            creator_vault_token_account,
        ];
        built
            .may_create
            .extend(paid.map(|key| AccountToCreate { key, rent_lamports }));
        if self.buys {
            built.may_create.push(self.first_trade());
        }
        Ok(built)
    }

    /// Behind the accounts of the IDL: cashback, the creator's mark, and the buyback's recipient.
    fn tail(&self, call: &SwapCall<'_>, quote_program: Key) -> Result<Vec<AccountMeta>, SwapError> {
        let mut metas = Vec::new();
        let accumulator = self.user_volume_accumulator;
        if self.accounts.cashback {
            let account = associated_token_account(accumulator, self.quote_mint, quote_program)?;
            metas.push(AccountMeta::writable(account));
            if !self.buys {
                metas.push(AccountMeta::writable(accumulator));
            }
        }
        let mut fees = call.quote.fees.iter();
        if fees.any(|fee| fee.kind == FeeKind::Creator) {
            let mark = derived("pool-v2", PROGRAM, &[b"pool-v2", &self.base_mint.0])?;
            metas.push(AccountMeta::readonly(mark));
        }
        metas.push(AccountMeta::readonly(self.buyback_recipient));
        metas.push(AccountMeta::writable(self.buyback_token_account));
        Ok(metas)
    }

    fn second_form(&self, call: &SwapCall<'_>, data: Vec<u8>) -> SwapInstructions {
        let [base_program, quote_program] = self.accounts.token_programs;
        let mut metas = self.head(call);
        metas.extend([
            AccountMeta::readonly(base_program),
            AccountMeta::readonly(quote_program),
            AccountMeta::readonly(SYSTEM_PROGRAM),
            AccountMeta::writable(self.user_volume_accumulator),
            AccountMeta::readonly(FEE_CONFIG),
            AccountMeta::writable(self.buyback_token_account),
            AccountMeta::readonly(EVENT_AUTHORITY),
            AccountMeta::readonly(PROGRAM),
        ]);
        let mut built = call.instructions(PROGRAM, metas, data, COMPUTE_UNITS_V2);
        built.must_exist.push(self.buyback_token_account);
        built.may_create.push(self.first_trade());
        built
    }

    /// What the first trade of a wallet makes.
    fn first_trade(&self) -> AccountToCreate {
        AccountToCreate {
            key: self.user_volume_accumulator,
            rent_lamports: rent_lamports(USER_VOLUME_ACCUMULATOR_BYTES),
        }
    }
}
