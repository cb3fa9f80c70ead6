//! What a DLMM pair is made from, and what is refused.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::MeteoraDlmmPool;
use super::bin::DlmmBin;
use super::fees::{DlmmFeeParameters, DlmmVolatility};
use super::price::{BIN_IDS, price_x64};
use crate::ChainAddress;
use crate::pools::{ChainClock, PoolError, decimal};
use crate::solana::TransferFees;

/// Bins in a bin array.
pub(super) const BINS_IN_ARRAY: i32 = 70;

/// The whole state of a pair, as its accounts give it at one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeteoraDlmmState {
    /// The pair's account.
    pub pool: ChainAddress,
    /// Token X.
    pub token_x: ChainAddress,
    /// Token Y.
    pub token_y: ChainAddress,
    /// The pair's token account for X.
    pub reserve_x: ChainAddress,
    /// The pair's token account for Y.
    pub reserve_y: ChainAddress,
    /// Balance of `reserve_x`.
    #[serde(with = "decimal")]
    pub reserve_x_raw: u64,
    /// Balance of `reserve_y`.
    #[serde(with = "decimal")]
    pub reserve_y_raw: u64,
    /// Ten-thousandths by which the price grows from bin to bin.
    pub bin_step: u16,
    /// The bin that trades next.
    pub active_id: i32,
    /// How the fee is charged.
    pub fees: DlmmFeeParameters,
    /// How far the price has moved of late.
    pub volatility: DlmmVolatility,
    /// `status` 0: the pair swaps.
    pub enabled: bool,
    /// From when on it swaps, where that is set.
    #[serde(default)]
    pub opens: Option<DlmmOpening>,
    /// Whether bins can have limit orders.
    pub limit_orders: bool,
    /// Transfer fees of X.
    #[serde(default)]
    pub transfer_fees_x: TransferFees,
    /// Transfer fees of Y.
    #[serde(default)]
    pub transfer_fees_y: TransferFees,
    /// The bin arrays that the bitmap says hold liquidity, in ascending order.
    pub initialized_arrays: Vec<i32>,
    /// Whether `initialized_arrays` counts those beyond -512 to 511 too, which another account tells.
    pub bitmap_extension_known: bool,
    /// The bin arrays that `bins` were read from, in ascending order; a swap that needs another is refused.
    pub given_arrays: Vec<i32>,
    /// The bins that hold something, in ascending order.
    pub bins: Vec<DlmmBin>,
    /// The chain's clock, by which volatility decays, the pair opens and transfer fees change.
    pub clock: ChainClock,
}

/// When a pair opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DlmmOpening {
    /// From this slot on.
    Slot(u64),
    /// From this second since 1970 on.
    UnixS(u64),
}

/// The bin array of a bin.
pub(super) fn array_of(bin_id: i32) -> i32 {
    bin_id.div_euclid(BINS_IN_ARRAY)
}

/// The first and the last bin of an array.
pub(super) fn bins_of(array: i32) -> [i32; 2] {
    let first = array.saturating_mul(BINS_IN_ARRAY);
    [first, first.saturating_add(BINS_IN_ARRAY - 1)]
}

impl MeteoraDlmmPool {
    /// Checks a state and makes it a pool.
    ///
    /// # Errors
    /// `state_invalid`.
    pub fn new(state: &MeteoraDlmmState) -> Result<Self, PoolError> {
        check(state)?;
        check_bins(state)?;
        let mut state = state.clone();
        let bins = Arc::new(std::mem::take(&mut state.bins));
        let given = Arc::new(std::mem::take(&mut state.given_arrays));
        let initialized = Arc::new(std::mem::take(&mut state.initialized_arrays));
        Ok(Self {
            tokens: [state.token_x, state.token_y],
            state: Arc::new(state),
            bins,
            given,
            initialized,
            paths: [const { OnceLock::new() }; 2],
        })
    }

    /// The whole state, from which an equal pool can be made.
    #[must_use]
    pub fn state(&self) -> MeteoraDlmmState {
        MeteoraDlmmState {
            bins: self.bins.to_vec(),
            given_arrays: self.given.to_vec(),
            initialized_arrays: self.initialized.to_vec(),
            ..MeteoraDlmmState::clone(&self.state)
        }
    }
}

fn check(state: &MeteoraDlmmState) -> Result<(), PoolError> {
    let ascending = |ids: &[i32]| ids.is_sorted_by(|low, high| low < high);
    let faults = [
        (
            state.token_x == state.token_y,
            "token_y",
            "must be another token than token_x",
        ),
        (state.bin_step == 0, "bin_step", "must be greater than zero"),
        (
            price_x64(state.bin_step, state.active_id).is_none(),
            "active_id",
            "must be a bin from -443636 to 443636 whose price fits 128 bits",
        ),
        (
            state
                .fees
                .rate(state.bin_step, state.fees.max_volatility_accumulator)
                .is_none(),
            "fees",
            "the rate must fit 128 bits",
        ),
        (
            state.fees.protocol_share_bps > 10_000,
            "fees.protocol_share_bps",
            "must be at most 10000",
        ),
        (
            state.transfer_fees_x.out_of_range() || state.transfer_fees_y.out_of_range(),
            "transfer_fees_x, transfer_fees_y",
            "must be at most 10000 basis points",
        ),
        (
            !ascending(&state.initialized_arrays),
            "initialized_arrays",
            "must stand in ascending order",
        ),
        (
            !ascending(&state.given_arrays),
            "given_arrays",
            "must stand in ascending order",
        ),
    ];
    for (wrong, field, fault) in faults {
        if wrong {
            return Err(invalid(field, fault.to_owned()));
        }
    }
    Ok(())
}

fn check_bins(state: &MeteoraDlmmState) -> Result<(), PoolError> {
    if !state.bins.is_sorted_by(|low, high| low.id < high.id) {
        return Err(invalid(
            "bins",
            "must stand in ascending order of id".to_owned(),
        ));
    }
    // What fits at both ends fits between them; a swap may make any of them the active one.
    for bin in state.bins.first().into_iter().chain(state.bins.last()) {
        if price_x64(state.bin_step, bin.id).is_none() {
            let (id, step) = (bin.id, state.bin_step);
            let fault = format!(
                "bin {id} cannot be: its price at a bin_step of {step} does not fit 128 bits"
            );
            return Err(invalid("bins", fault));
        }
    }
    for bin in &state.bins {
        let id = bin.id;
        if !BIN_IDS.contains(&id) || bin.price_x64 == 0 {
            let fault = format!("bin {id} must lie from -443636 to 443636 and have a price");
            return Err(invalid("bins", fault));
        }
        if bin.orders.is_some() && !state.limit_orders {
            let fault = format!("bin {id} has limit orders, which the pair does not take");
            return Err(invalid("bins", fault));
        }
        if state.given_arrays.binary_search(&array_of(id)).is_err() {
            let fault = format!(
                "bin {id} is in array {}, which given_arrays lacks",
                array_of(id)
            );
            return Err(invalid("bins", fault));
        }
    }
    Ok(())
}

fn invalid(field: &'static str, fault: String) -> PoolError {
    PoolError::StateInvalid { field, fault }
}
