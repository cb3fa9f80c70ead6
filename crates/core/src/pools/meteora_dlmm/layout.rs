//! The bytes of a DLMM pair, its bin arrays and its bitmap.
//!
//! Source: IDL `lb_clmm` 0.12.0, published in `MeteoraAg/dlmm-sdk`: `LbPair` (904 bytes), `BinArray` (10,136) and
//! `BinArrayBitmapExtension` (1,576).

use std::sync::{Arc, OnceLock};

use super::bin::{DlmmBin, DlmmOrders};
use super::fees::{DlmmFeeParameters, DlmmVolatility};
use super::path::BITMAP;
use super::state::{BINS_IN_ARRAY, DlmmOpening, array_of};
use super::{MeteoraDlmmPool, MeteoraDlmmState};
use crate::ChainAddress;
use crate::decode::solana::Key;
use crate::pools::{Account, AccountSet, ChainClock, PoolError};
use crate::solana::{AccountFields, Mint, TokenAccount, TransferFees, program_address};

pub(in crate::pools) const DLMM_PROGRAM: ChainAddress =
    Key::constant("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo").address();
const LB_PAIR: [u8; 8] = [0x21, 0x0b, 0x31, 0x62, 0xb5, 0x65, 0xb1, 0x0d];
const LB_PAIR_BYTES: usize = 904;
const BIN_ARRAY: [u8; 8] = [0x5c, 0x8e, 0x5c, 0xdc, 0x05, 0x94, 0x46, 0xb5];
const BIN_ARRAY_BYTES: usize = 10_136;
const FIRST_BIN: usize = 56;
const BIN_BYTES: usize = 144;
const EXTENSION: [u8; 8] = [0x50, 0x6f, 0x7c, 0x71, 0x37, 0xed, 0x12, 0x05];
const EXTENSION_BYTES: usize = 1_576;
/// Arrays that the extension tells of on each side of the pair's own bitmap.
const EXTENSION_BITS: i32 = 12 * 512;

/// The address of a bin array of a pair.
pub(super) fn bin_array_address(pair: ChainAddress, index: i32) -> ChainAddress {
    derived(&[b"bin_array", &key(pair), &i64::from(index).to_le_bytes()])
}

/// The address of the account that goes on where the pair's bitmap ends.
pub(super) fn bitmap_extension_address(pair: ChainAddress) -> ChainAddress {
    derived(&[b"bitmap", &key(pair)])
}

fn derived(seeds: &[&[u8]]) -> ChainAddress {
    // Not to find a bump is as good as impossible; the program itself could not go on.
    program_address(DLMM_PROGRAM, seeds).unwrap_or(DLMM_PROGRAM)
}

fn key(address: ChainAddress) -> [u8; 32] {
    address.solana().unwrap_or_default()
}

impl MeteoraDlmmPool {
    /// Decodes a pair from its account, its reserves, its bin arrays and its bitmap extension, and from the mints
    /// that Token-2022 keeps. Arrays may be left out: a swap that needs one is refused with its address. That
    /// there is no extension is said by an account at its address without bytes.
    ///
    /// # Errors
    /// `account_missing`, `account_malformed`, `state_invalid`; `unsupported_feature` for unknown kinds of pairs
    /// and of tokens; `swaps_disabled` for frozen accounts.
    pub fn from_accounts(
        pool: ChainAddress,
        accounts: &AccountSet<'_>,
        clock: ChainClock,
    ) -> Result<Self, PoolError> {
        let needed = |address: ChainAddress, role| {
            accounts.get(&address).ok_or(PoolError::AccountMissing {
                pool,
                account: address,
                role,
            })
        };
        let pair = PairFields::decode(needed(pool, "pair")?)?;
        let reserve = |address, mint, role| -> Result<u64, PoolError> {
            reserve(pool, needed(address, role)?, mint)
        };
        let transfer_fees = |address, token_2022: bool, role| {
            if !token_2022 {
                return Ok(TransferFees::NONE);
            }
            let mint = Mint::decode(pool, needed(address, role)?)?;
            Ok(mint.transfer_fees)
        };
        let [x_2022, y_2022] = pair.token_2022;
        let mut state = MeteoraDlmmState {
            reserve_x_raw: reserve(pair.state.reserve_x, pair.state.token_x, "reserve of X")?,
            reserve_y_raw: reserve(pair.state.reserve_y, pair.state.token_y, "reserve of Y")?,
            transfer_fees_x: transfer_fees(pair.state.token_x, x_2022, "mint of X")?,
            transfer_fees_y: transfer_fees(pair.state.token_y, y_2022, "mint of Y")?,
            clock,
            ..pair.state
        };
        read_arrays(pool, accounts, pair.orders, &mut state)?;
        if let Some(account) = accounts.get(&bitmap_extension_address(pool)) {
            read_extension(pool, account, &mut state)?;
        }
        Self::new(&state)
    }

    pub(super) fn watched(&self) -> Vec<ChainAddress> {
        let state = &self.state;
        let mut watched = vec![state.pool, state.reserve_x, state.reserve_y];
        if state.transfer_fees_x != TransferFees::NONE {
            watched.push(state.token_x);
        }
        if state.transfer_fees_y != TransferFees::NONE {
            watched.push(state.token_y);
        }
        watched.push(bitmap_extension_address(state.pool));
        let arrays = self.initialized.iter().chain(self.given.iter());
        let mut arrays: Vec<i32> = arrays.copied().collect();
        arrays.sort_unstable();
        arrays.dedup();
        let addresses = arrays.into_iter();
        watched.extend(addresses.map(|index| bin_array_address(state.pool, index)));
        watched
    }

    /// Takes the new bytes of one account.
    pub(super) fn update(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let pool = self.state.pool;
        let mut state = MeteoraDlmmState::clone(&self.state);
        match account.address {
            address if address == state.reserve_x => {
                state.reserve_x_raw = reserve(pool, account, state.token_x)?;
            }
            address if address == state.reserve_y => {
                state.reserve_y_raw = reserve(pool, account, state.token_y)?;
            }
            address if address == state.token_x => {
                state.transfer_fees_x = Mint::decode(pool, account)?.transfer_fees;
            }
            address if address == state.token_y => {
                state.transfer_fees_y = Mint::decode(pool, account)?.transfer_fees;
            }
            address if address == pool => return self.update_pair(account),
            address if address == bitmap_extension_address(pool) => {
                state.initialized_arrays = self.initialized.to_vec();
                read_extension(pool, account, &mut state)?;
                self.initialized = Arc::new(std::mem::take(&mut state.initialized_arrays));
            }
            _ => return self.update_array(account),
        }
        self.state = Arc::new(state);
        self.paths = [const { OnceLock::new() }; 2];
        Ok(())
    }

    fn update_pair(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let pair = PairFields::decode(account)?;
        let old = &self.state;
        let fixed = |state: &MeteoraDlmmState| {
            (
                [state.token_x, state.token_y],
                [state.reserve_x, state.reserve_y],
                state.bin_step,
            )
        };
        if fixed(&pair.state) != fixed(old) {
            let fault = "the tokens, reserves and bin step of a pair cannot change".to_owned();
            return Err(AccountFields::new(account).malformed("token_x_mint", fault));
        }
        let beyond = self
            .initialized
            .iter()
            .filter(|index| !BITMAP.contains(index));
        let mut initialized_arrays: Vec<i32> = beyond.copied().collect();
        initialized_arrays.extend(&pair.state.initialized_arrays);
        initialized_arrays.sort_unstable();
        *self = Self::new(&MeteoraDlmmState {
            reserve_x_raw: old.reserve_x_raw,
            reserve_y_raw: old.reserve_y_raw,
            transfer_fees_x: old.transfer_fees_x,
            transfer_fees_y: old.transfer_fees_y,
            initialized_arrays,
            bitmap_extension_known: old.bitmap_extension_known,
            given_arrays: self.given.to_vec(),
            bins: self.bins.to_vec(),
            clock: old.clock,
            ..pair.state
        })?;
        Ok(())
    }

    fn update_array(&mut self, account: &Account<'_>) -> Result<(), PoolError> {
        let pool = self.state.pool;
        let known = self.state.limit_orders;
        let (index, bins) = match bin_array(pool, account, known) {
            Ok(Some(array)) => array,
            Err(error) if account.owner == DLMM_PROGRAM => return Err(error),
            Ok(None) | Err(_) => {
                return Err(PoolError::ChangeMismatch {
                    pool,
                    venue: "meteora_dlmm",
                    change: "account of another pool",
                });
            }
        };
        let all = Arc::make_mut(&mut self.bins);
        all.retain(|bin| array_of(bin.id) != index);
        let place = all.partition_point(|bin| array_of(bin.id) < index);
        all.splice(place..place, bins);
        if let Err(place) = self.given.binary_search(&index) {
            Arc::make_mut(&mut self.given).insert(place, index);
        }
        self.paths = [const { OnceLock::new() }; 2];
        Ok(())
    }
}

/// What of `LbPair` a price depends on.
struct PairFields {
    /// Without what other accounts tell.
    state: MeteoraDlmmState,
    /// Whether Token-2022 keeps X and Y.
    token_2022: [bool; 2],
    orders: bool,
}

impl PairFields {
    fn decode(account: &Account<'_>) -> Result<Self, PoolError> {
        let fields = owned(account, LB_PAIR, LB_PAIR_BYTES)?;
        let orders = limit_orders(&fields)?;
        let mut initialized_arrays = Vec::new();
        for (index, bit) in BITMAP.zip(0_u32..) {
            let offset = 584 + usize::try_from(bit / 8).unwrap_or(0);
            if fields.u8("bin_array_bitmap", offset)? >> (bit % 8) & 1 == 1 {
                initialized_arrays.push(index);
            }
        }
        Ok(Self {
            token_2022: [
                fields.flag("token_mint_x_program_flag", 880)?,
                fields.flag("token_mint_y_program_flag", 881)?,
            ],
            orders,
            state: MeteoraDlmmState {
                pool: account.address,
                token_x: fields.key("token_x_mint", 88)?,
                token_y: fields.key("token_y_mint", 120)?,
                reserve_x: fields.key("reserve_x", 152)?,
                reserve_y: fields.key("reserve_y", 184)?,
                reserve_x_raw: 0,
                reserve_y_raw: 0,
                bin_step: fields.u16("bin_step", 80)?,
                active_id: fields.i32("active_id", 76)?,
                fees: parameters(&fields)?,
                volatility: DlmmVolatility {
                    accumulator: fields.u32("volatility_accumulator", 40)?,
                    reference: fields.u32("volatility_reference", 44)?,
                    index_reference: fields.i32("index_reference", 48)?,
                    last_update_unix_s: fields.i64("last_update_timestamp", 56)?,
                },
                // 1 means disabled.
                enabled: !fields.flag("status", 82)?,
                opens: opening(&fields)?,
                limit_orders: orders,
                transfer_fees_x: TransferFees::NONE,
                transfer_fees_y: TransferFees::NONE,
                initialized_arrays,
                bitmap_extension_known: false,
                given_arrays: Vec::new(),
                bins: Vec::new(),
                clock: ChainClock::default(),
            },
        })
    }
}

fn parameters(fields: &AccountFields<'_>) -> Result<DlmmFeeParameters, PoolError> {
    Ok(DlmmFeeParameters {
        base_factor: fields.u16("base_factor", 8)?,
        filter_period_s: fields.u16("filter_period", 10)?,
        decay_period_s: fields.u16("decay_period", 12)?,
        reduction_factor_bps: fields.u16("reduction_factor", 14)?,
        variable_fee_control: fields.u32("variable_fee_control", 16)?,
        max_volatility_accumulator: fields.u32("max_volatility_accumulator", 20)?,
        protocol_share_bps: fields.u16("protocol_share", 32)?,
        base_fee_power_factor: fields.u8("base_fee_power_factor", 34)?,
        only_in_y: fields.flag("collect_fee_mode", 36)?,
    })
}

/// Whether the bins have limit orders: by the pair's function, and while that is open, unless it has rewards.
/// Elsewhere the same bytes hold what older versions left there.
fn limit_orders(fields: &AccountFields<'_>) -> Result<bool, PoolError> {
    match fields.u8("function_type", 35)? {
        0 => {
            let none = [0; 32];
            let first: [u8; 32] = fields.bytes("reward_infos", 264)?;
            let second: [u8; 32] = fields.bytes("reward_infos", 408)?;
            Ok(first == none && second == none)
        }
        1 => Ok(false),
        2 => Ok(true),
        other => Err(unsupported(fields, "function type", other)),
    }
}

/// Only permissioned and customizable pairs have an opening.
fn opening(fields: &AccountFields<'_>) -> Result<Option<DlmmOpening>, PoolError> {
    match fields.u8("pair_type", 75)? {
        0 | 3 => return Ok(None),
        1 | 2 => {}
        other => return Err(unsupported(fields, "pair type", other)),
    }
    let point = fields.u64("activation_point", 816)?;
    Ok(Some(if fields.flag("activation_type", 86)? {
        DlmmOpening::UnixS(point)
    } else {
        DlmmOpening::Slot(point)
    }))
}

fn unsupported(fields: &AccountFields<'_>, feature: &str, value: u8) -> PoolError {
    PoolError::Unsupported {
        pool: fields.address(),
        feature: format!("{feature} {value}"),
    }
}

/// Reads every bin array of the pair that was given.
fn read_arrays(
    pool: ChainAddress,
    accounts: &AccountSet<'_>,
    orders: bool,
    state: &mut MeteoraDlmmState,
) -> Result<(), PoolError> {
    let candidates = accounts.iter().filter(|account| {
        account.owner == DLMM_PROGRAM && account.data.first_chunk() == Some(&BIN_ARRAY)
    });
    let mut arrays = Vec::new();
    for account in candidates {
        arrays.extend(bin_array(pool, account, orders)?);
    }
    arrays.sort_by_key(|(index, _)| *index);
    for (index, bins) in arrays {
        state.given_arrays.push(index);
        state.bins.extend(bins);
    }
    Ok(())
}

/// The place and the bins of a bin array that hold something; `None` for one of another pair.
fn bin_array(
    pool: ChainAddress,
    account: &Account<'_>,
    orders: bool,
) -> Result<Option<(i32, Vec<DlmmBin>)>, PoolError> {
    let fields = owned(account, BIN_ARRAY, BIN_ARRAY_BYTES)?;
    if fields.key("lb_pair", 24)? != pool {
        return Ok(None);
    }
    let index = fields.i64("index", 8)?;
    let most = BITMAP.end() + EXTENSION_BITS;
    let index = i32::try_from(index)
        .ok()
        .filter(|index| (-most - 1..=most).contains(index))
        .ok_or_else(|| fields.malformed("index", format!("no bin array is number {index}")))?;
    if bin_array_address(pool, index) != account.address {
        let fault = format!("the pair's array {index} has another address");
        return Err(fields.malformed("index", fault));
    }
    match fields.u8("version", 16)? {
        0..=2 => {}
        other => return Err(unsupported(&fields, "bin array version", other)),
    }
    let mut bins = Vec::new();
    let mut offset = FIRST_BIN;
    for nth in 0..BINS_IN_ARRAY {
        let bin = read_bin(&fields, offset, index * BINS_IN_ARRAY + nth, orders)?;
        if !bin.is_empty() {
            bins.push(bin);
        }
        offset += BIN_BYTES;
    }
    Ok(Some((index, bins)))
}

fn read_bin(
    fields: &AccountFields<'_>,
    offset: usize,
    id: i32,
    orders: bool,
) -> Result<DlmmBin, PoolError> {
    let mut bin = DlmmBin {
        id,
        amount_x_raw: fields.u64("bins.amount_x", offset)?,
        amount_y_raw: fields.u64("bins.amount_y", offset + 8)?,
        price_x64: fields.u128("bins.price", offset + 16)?,
        orders: None,
    };
    if orders {
        let open_raw = fields.u64("bins.open_order_amount", offset + 112)?;
        let begun_raw = fields.u64("bins.processed_order_remaining_amount", offset + 128)?;
        let ask = fields.u8("bins.limit_order_ask_side", offset + 140)? != 0;
        bin.orders = (open_raw > 0 || begun_raw > 0).then_some(DlmmOrders {
            ask,
            begun_raw,
            open_raw,
        });
    }
    if !bin.is_empty() && bin.price_x64 == 0 {
        let fault = format!("bin {id} holds tokens and has no price");
        return Err(fields.malformed("bins.price", fault));
    }
    Ok(bin)
}

/// Replaces what is known of the arrays beyond the pair's own bitmap.
fn read_extension(
    pool: ChainAddress,
    account: &Account<'_>,
    state: &mut MeteoraDlmmState,
) -> Result<(), PoolError> {
    let mut arrays: Vec<i32> = Vec::new();
    if !account.data.is_empty() {
        let fields = owned(account, EXTENSION, EXTENSION_BYTES)?;
        if fields.key("lb_pair", 8)? != pool {
            let fault = format!("must be {pool}");
            return Err(fields.malformed("lb_pair", fault));
        }
        for bit in 0..EXTENSION_BITS {
            let byte = usize::try_from(bit / 8).unwrap_or(0);
            let is_set = |offset| -> Result<bool, PoolError> {
                Ok(fields.u8("bin_array_bitmap", offset + byte)? >> (bit % 8) & 1 == 1)
            };
            if is_set(40)? {
                arrays.push(BITMAP.end() + 1 + bit);
            }
            if is_set(808)? {
                arrays.push(BITMAP.start() - 1 - bit);
            }
        }
    }
    let within = state.initialized_arrays.iter().copied();
    arrays.extend(within.filter(|index| BITMAP.contains(index)));
    arrays.sort_unstable();
    state.initialized_arrays = arrays;
    state.bitmap_extension_known = true;
    Ok(())
}

fn reserve(
    pool: ChainAddress,
    account: &Account<'_>,
    mint: ChainAddress,
) -> Result<u64, PoolError> {
    let reserve = TokenAccount::decode(pool, account)?;
    for (found, expected, field) in [
        (reserve.mint, mint, "mint"),
        (reserve.authority, pool, "owner"),
    ] {
        if found != expected {
            let fault = format!("must be {expected}, not {found}");
            return Err(AccountFields::new(account).malformed(field, fault));
        }
    }
    Ok(reserve.amount_raw)
}

/// An account of the program, of this type and length.
fn owned<'a>(
    account: &Account<'a>,
    discriminator: [u8; 8],
    bytes: usize,
) -> Result<AccountFields<'a>, PoolError> {
    let fields = AccountFields::new(account);
    if account.owner != DLMM_PROGRAM {
        let fault = format!("must be {DLMM_PROGRAM}, not {}", account.owner);
        return Err(fields.malformed("owner program", fault));
    }
    fields.expect_discriminator(discriminator)?;
    fields.expect_len(bytes)?;
    Ok(fields)
}
