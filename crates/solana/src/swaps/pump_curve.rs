//! The pump curve: `buy`, `buy_exact_sol_in` and `sell`, and their second and third forms.
//!
//! Source: IDL `pump` in crate `pump-rust-client` 0.5.0, and what its build of the program asks for behind the
//! accounts of the IDL. A curve against SOL moves lamports of the trader in every form; the token accounts of
//! wrapped SOL that the later forms name need not exist.

use tradewind_core::ChainAddress;
use tradewind_core::pools::pump_curve::PumpCurvePool;
use tradewind_core::pools::{AccountSet, Direction, Exact};

use super::addresses::{
    ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM, WRAPPED_SOL, associated_token_account,
    derived, rent_lamports, token_account_rent_lamports,
};
use super::pump_recipients::Recipients;
use super::swap_call::{SwapCall, mint_program, owned, two_amounts};
use super::{AccountToCreate, PumpCurveForm, SwapError, SwapInstructions, key};
use crate::Key;
use crate::instruction::AccountMeta;

const PROGRAM: Key = Key::constant("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
const FEE_PROGRAM: Key = Key::constant("pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ");
const GLOBAL: Key = Key::constant("4wTV1YmiEkRvAtNtsSGPtUrqRYQMe5SKy2uB4Jjaxnjf");
const EVENT_AUTHORITY: Key = Key::constant("Ce6TQqeHC9p8KetsN6JsjHK7UTZk7nasjjnr7XxXp9F1");
const FEE_CONFIG: Key = Key::constant("8Wf5TiAheLUqBrKXeYg2JtAFFMWtKdG2BSFgqUcPVwTt");
const GLOBAL_VOLUME_ACCUMULATOR: Key =
    Key::constant("Hq2wp8uJ9jCPsYgNHex8RtqdvMPfVGoYwjvF1ATiwn2Y");

const CURVE_TYPE: [u8; 8] = [0x17, 0xb7, 0xf8, 0x37, 0x60, 0xd8, 0xac, 0x60];
const GLOBAL_TYPE: [u8; 8] = [0xa7, 0xe8, 0xe8, 0xb1, 0xc8, 0x6c, 0x72, 0x7f];
const CREATOR_OFFSET: usize = 49;
const CASHBACK_OFFSET: usize = 82;
/// Offset and length of the lists of `Global`; the reserved ones serve mayhem coins.
const FEE_RECIPIENTS: [(usize, usize); 2] = [(41, 1), (162, 7)];
const RESERVED_RECIPIENTS: [(usize, usize); 2] = [(483, 1), (516, 7)];
const BUYBACK_RECIPIENTS: [(usize, usize); 1] = [(741, 8)];

const BUY: [u8; 8] = [0x66, 0x06, 0x3d, 0x12, 0x01, 0xda, 0xeb, 0xea];
const BUY_EXACT_SOL_IN: [u8; 8] = [0x38, 0xfc, 0x74, 0x08, 0x9e, 0xdf, 0xcd, 0x5f];
const SELL: [u8; 8] = [0x33, 0xe6, 0x85, 0xa4, 0x01, 0x7f, 0x83, 0xad];
const BUY_V2: [u8; 8] = [0xb8, 0x17, 0xee, 0x61, 0x67, 0xc5, 0xd3, 0x3d];
const BUY_EXACT_QUOTE_IN_V2: [u8; 8] = [0xc2, 0xab, 0x1c, 0x46, 0x68, 0x4d, 0x5b, 0x2f];
const SELL_V2: [u8; 8] = [0x5d, 0xf6, 0x82, 0x3c, 0xe7, 0xe9, 0x40, 0xb2];
const BUY_V3: [u8; 8] = [0x07, 0x05, 0x1d, 0xc4, 0xf5, 0x17, 0x65, 0x50];
const BUY_EXACT_QUOTE_IN_V3: [u8; 8] = [0xe1, 0xf7, 0x50, 0x1e, 0xd5, 0xb3, 0x84, 0x88];
const SELL_V3: [u8; 8] = [0x1c, 0x92, 0xde, 0x77, 0x26, 0xc4, 0x69, 0xd5];

/// `partial_fill`: all or nothing, as it is quoted.
const WHOLE: u8 = 0;
const USER_VOLUME_ACCUMULATOR_BYTES: u64 = 137;
const COMPUTE_UNITS: [u32; 3] = [110_000, 140_000, 100_000];
/// Of the second form against a token, which may make four token accounts.
const COMPUTE_UNITS_TOKENS: u32 = 260_000;

/// What a trade names beside what the curve's state has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurveAccounts {
    /// `creator`; the zero key where nobody is.
    pub creator: Key,
    /// `is_cashback_coin`.
    pub cashback: bool,
    /// The programs that keep the coin and the quote token.
    pub token_programs: [Key; 2],
    /// Who may get the protocol's fee.
    pub fee_recipients: Recipients,
    /// Who may get the buyback's part of it.
    pub buyback_fee_recipients: Recipients,
}

impl CurveAccounts {
    pub(super) fn decode(
        pool: &PumpCurvePool,
        accounts: &AccountSet<'_>,
    ) -> Result<Self, SwapError> {
        let state = pool.state();
        let address = state.pool;
        let fields = owned(address, accounts, address, "the curve", PROGRAM)?;
        fields.expect_discriminator(CURVE_TYPE)?;
        let global = ChainAddress::Solana(GLOBAL.0);
        let global = owned(address, accounts, global, "the global account", PROGRAM)?;
        global.expect_discriminator(GLOBAL_TYPE)?;
        let recipients: &[(usize, usize)] = if state.mayhem {
            &RESERVED_RECIPIENTS
        } else {
            &FEE_RECIPIENTS
        };
        let read = |field, lists| Recipients::read(&global, field, lists);
        let quote_program = if key(state.quote_mint) == WRAPPED_SOL {
            TOKEN_PROGRAM
        } else {
            mint_program(address, accounts, state.quote_mint)?
        };
        // Accounts of older layouts end before the flag, which then reads as zero.
        let cashback = fields.data().len() > CASHBACK_OFFSET
            && fields.flag("is_cashback_coin", CASHBACK_OFFSET)?;
        Ok(Self {
            creator: key(fields.key("creator", CREATOR_OFFSET)?),
            cashback,
            token_programs: [
                mint_program(address, accounts, state.base_mint)?,
                quote_program,
            ],
            fee_recipients: read("fee_recipients", recipients)?,
            buyback_fee_recipients: read("buyback_fee_recipients", &BUYBACK_RECIPIENTS)?,
        })
    }
}

/// The instruction's name and discriminator.
fn function(
    form: PumpCurveForm,
    direction: Direction,
    exact: Exact,
) -> Result<(&'static str, [u8; 8]), SwapError> {
    use PumpCurveForm::{V1, V2, V3};
    Ok(match (form, direction, exact) {
        (V1, Direction::OneForZero, Exact::Out) => ("buy", BUY),
        (V1, Direction::OneForZero, Exact::In) => ("buy_exact_sol_in", BUY_EXACT_SOL_IN),
        (V1, Direction::ZeroForOne, Exact::In) => ("sell", SELL),
        (V2, Direction::OneForZero, Exact::Out) => ("buy_v2", BUY_V2),
        (V2, Direction::OneForZero, Exact::In) => ("buy_exact_quote_in_v2", BUY_EXACT_QUOTE_IN_V2),
        (V2, Direction::ZeroForOne, Exact::In) => ("sell_v2", SELL_V2),
        (V3, Direction::OneForZero, Exact::Out) => ("buy_v3", BUY_V3),
        (V3, Direction::OneForZero, Exact::In) => ("buy_exact_quote_in_v3", BUY_EXACT_QUOTE_IN_V3),
        (V3, Direction::ZeroForOne, Exact::In) => ("sell_v3", SELL_V3),
        (_, Direction::ZeroForOne, Exact::Out) => {
            return Err(SwapError::ExactOutUnsupported {
                venue: "pump_curve",
            });
        }
    })
}

pub(super) fn build(
    pool: &PumpCurvePool,
    accounts: &CurveAccounts,
    call: &SwapCall<'_>,
) -> Result<SwapInstructions, SwapError> {
    call.check_token_programs(accounts.token_programs)?;
    let request = call.request;
    let form = call.options.pump_curve;
    let (name, discriminator) = function(form, call.direction, request.exact)?;
    let trade = Trade::new(pool, accounts, call)?;
    if trade.buys && request.exact == Exact::In && request.limit_raw == 0 {
        return Err(SwapError::LimitZero { function: name });
    }
    if form == PumpCurveForm::V1 && !trade.native {
        return Err(SwapError::FormUnsupported {
            function: name,
            pool: call.address,
            reason: "its quote token is not SOL; trade it by the second or third form",
        });
    }
    let mut data = two_amounts(&discriminator, [request.amount_raw, request.limit_raw]);
    if trade.buys && form == PumpCurveForm::V1 {
        data.push(u8::from(call.options.track_volume));
    }
    if trade.buys {
        data.push(WHOLE);
    }
    let (metas, compute_units) = match form {
        PumpCurveForm::V1 => (trade.first_form(call)?, COMPUTE_UNITS[0]),
        PumpCurveForm::V2 => (trade.second_form(call)?, COMPUTE_UNITS[1]),
        PumpCurveForm::V3 => (trade.third_form(call)?, COMPUTE_UNITS[2]),
    };
    let mut built = call.instructions(PROGRAM, metas, data, compute_units);
    if trade.native {
        let [base, _] = call.sides();
        built.moves_native_sol = true;
        built.must_exist = vec![base.token_account];
    } else {
        trade.pay_in_tokens(form, &mut built)?;
    }
    if trade.buys || form != PumpCurveForm::V1 {
        built.may_create.push(AccountToCreate {
            key: trade.user_volume_accumulator,
            rent_lamports: rent_lamports(USER_VOLUME_ACCUMULATOR_BYTES),
        });
    }
    Ok(built)
}

/// Whom and what a trade names, in every form.
struct Trade<'a> {
    accounts: &'a CurveAccounts,
    buys: bool,
    /// Whether the quote is native SOL.
    native: bool,
    base_mint: Key,
    quote_mint: Key,
    curve_base_account: Key,
    creator_vault: Key,
    user_volume_accumulator: Key,
    fee_recipient: Key,
    buyback_recipient: Key,
}

impl<'a> Trade<'a> {
    fn new(
        pool: &PumpCurvePool,
        accounts: &'a CurveAccounts,
        call: &SwapCall<'_>,
    ) -> Result<Self, SwapError> {
        let state = pool.state();
        let (base_mint, quote_mint) = (key(state.base_mint), key(state.quote_mint));
        let (creator, trader) = (accounts.creator, call.request.trader);
        let place = call.options.fee_recipient;
        Ok(Self {
            accounts,
            buys: call.direction == Direction::OneForZero,
            native: quote_mint == WRAPPED_SOL,
            base_mint,
            quote_mint,
            curve_base_account: associated_token_account(
                call.address,
                base_mint,
                accounts.token_programs[0],
            )?,
            creator_vault: derived("creator_vault", PROGRAM, &[b"creator-vault", &creator.0])?,
            user_volume_accumulator: derived(
                "user_volume_accumulator",
                PROGRAM,
                &[b"user_volume_accumulator", &trader.0],
            )?,
            fee_recipient: accounts.fee_recipients.at(place),
            buyback_recipient: accounts.buyback_fee_recipients.at(place),
        })
    }

    fn quote_account(&self, wallet: Key) -> Result<Key, SwapError> {
        associated_token_account(wallet, self.quote_mint, self.accounts.token_programs[1])
    }

    /// Against a token, fees go to token accounts: the second form makes them, the third demands the one it pays.
    fn pay_in_tokens(
        &self,
        form: PumpCurveForm,
        built: &mut SwapInstructions,
    ) -> Result<(), SwapError> {
        if form == PumpCurveForm::V3 {
            let buyback = self.quote_account(self.buyback_recipient)?;
            built.must_exist.push(buyback);
            return Ok(());
        }
        built.compute_units = COMPUTE_UNITS_TOKENS;
        let rent_lamports = token_account_rent_lamports(self.accounts.token_programs[1]);
        for wallet in [
            self.fee_recipient,
            self.buyback_recipient,
            self.creator_vault,
            self.user_volume_accumulator,
        ] {
            built.may_create.push(AccountToCreate {
                key: self.quote_account(wallet)?,
                rent_lamports,
            });
        }
        Ok(())
    }

    fn first_form(&self, call: &SwapCall<'_>) -> Result<Vec<AccountMeta>, SwapError> {
        let [base, _] = call.sides();
        let accumulator = AccountMeta::writable(self.user_volume_accumulator);
        let token_program = AccountMeta::readonly(base.token_program);
        let creator_vault = AccountMeta::writable(self.creator_vault);
        let mut metas = vec![
            AccountMeta::readonly(GLOBAL),
            AccountMeta::writable(self.fee_recipient),
            AccountMeta::readonly(self.base_mint),
            AccountMeta::writable(call.address),
            AccountMeta::writable(self.curve_base_account),
            AccountMeta::writable(base.token_account),
            AccountMeta::writable(call.request.trader).signer(),
            AccountMeta::readonly(SYSTEM_PROGRAM),
        ];
        metas.extend(if self.buys {
            [token_program, creator_vault]
        } else {
            [creator_vault, token_program]
        });
        metas.extend([EVENT_AUTHORITY, PROGRAM].map(AccountMeta::readonly));
        if self.buys {
            metas.extend([
                AccountMeta::readonly(GLOBAL_VOLUME_ACCUMULATOR),
                accumulator,
            ]);
        }
        metas.extend([FEE_CONFIG, FEE_PROGRAM].map(AccountMeta::readonly));
        if self.accounts.cashback && !self.buys {
            metas.push(accumulator);
        }
        let seeds: [&[u8]; 2] = [b"bonding-curve-v2", &self.base_mint.0];
        let second = derived("bonding-curve-v2", PROGRAM, &seeds)?;
        metas.push(AccountMeta::readonly(second));
        metas.push(AccountMeta::writable(self.buyback_recipient));
        Ok(metas)
    }

    fn second_form(&self, call: &SwapCall<'_>) -> Result<Vec<AccountMeta>, SwapError> {
        let [base, quote] = call.sides();
        let seeds: [&[u8]; 2] = [b"sharing-config", &self.base_mint.0];
        let sharing_config = derived("sharing_config", FEE_PROGRAM, &seeds)?;
        let mut metas = vec![
            AccountMeta::readonly(GLOBAL),
            AccountMeta::readonly(self.base_mint),
            AccountMeta::readonly(self.quote_mint),
            AccountMeta::readonly(base.token_program),
            AccountMeta::readonly(quote.token_program),
            AccountMeta::readonly(ASSOCIATED_TOKEN_PROGRAM),
            AccountMeta::writable(self.fee_recipient),
            AccountMeta::writable(self.quote_account(self.fee_recipient)?),
            AccountMeta::writable(self.buyback_recipient),
            AccountMeta::writable(self.quote_account(self.buyback_recipient)?),
            AccountMeta::writable(call.address),
            AccountMeta::writable(self.curve_base_account),
            AccountMeta::writable(self.quote_account(call.address)?),
            AccountMeta::writable(call.request.trader).signer(),
            AccountMeta::writable(base.token_account),
            AccountMeta::writable(quote.token_account),
            AccountMeta::writable(self.creator_vault),
            AccountMeta::writable(self.quote_account(self.creator_vault)?),
            AccountMeta::readonly(sharing_config),
        ];
        if self.buys {
            metas.push(AccountMeta::readonly(GLOBAL_VOLUME_ACCUMULATOR));
        }
        let accumulator = self.user_volume_accumulator;
        metas.push(AccountMeta::writable(accumulator));
        metas.push(AccountMeta::writable(self.quote_account(accumulator)?));
        let rest = [
            FEE_CONFIG,
            FEE_PROGRAM,
            SYSTEM_PROGRAM,
            EVENT_AUTHORITY,
            PROGRAM,
        ];
        metas.extend(rest.map(AccountMeta::readonly));
        Ok(metas)
    }

    fn third_form(&self, call: &SwapCall<'_>) -> Result<Vec<AccountMeta>, SwapError> {
        let [base, quote] = call.sides();
        let buyback = if self.native {
            self.buyback_recipient
        } else {
            self.quote_account(self.buyback_recipient)?
        };
        Ok(vec![
            AccountMeta::readonly(GLOBAL),
            AccountMeta::readonly(self.base_mint),
            AccountMeta::readonly(self.quote_mint),
            AccountMeta::readonly(base.token_program),
            AccountMeta::readonly(quote.token_program),
            AccountMeta::writable(call.address),
            AccountMeta::writable(self.curve_base_account),
            AccountMeta::writable(self.quote_account(call.address)?),
            AccountMeta::writable(call.request.trader).signer(),
            AccountMeta::writable(base.token_account),
            AccountMeta::writable(quote.token_account),
            AccountMeta::writable(self.user_volume_accumulator),
            AccountMeta::readonly(FEE_CONFIG),
            AccountMeta::writable(buyback),
            AccountMeta::readonly(SYSTEM_PROGRAM),
            AccountMeta::readonly(EVENT_AUTHORITY),
            AccountMeta::readonly(PROGRAM),
        ])
    }
}
