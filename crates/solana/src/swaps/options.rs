//! `VenueOptions`: which form of a venue's instructions is sent, where a program takes several.

/// Which swaps of Raydium AMM v4 are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmmV4Form {
    /// `swap_base_in` and `swap_base_out`: 17 accounts, nine of them of an order book that is not read.
    V1,
    /// `swap_base_in_v2` and `swap_base_out_v2`: 8 accounts.
    #[default]
    V2,
}

/// Which trades of `PumpSwap` are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PumpswapForm {
    /// `buy`, `buy_exact_quote_in`, `sell`.
    #[default]
    V1,
    /// `buy_v2`, `buy_exact_quote_in_v2`, `sell_v2`: 17 accounts.
    V2,
}

/// Which trades of the pump curve are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PumpCurveForm {
    /// `buy`, `buy_exact_sol_in`, `sell`; only against SOL.
    #[default]
    V1,
    /// `buy_v2`, `buy_exact_quote_in_v2`, `sell_v2`.
    V2,
    /// `buy_v3`, `buy_exact_quote_in_v3`, `sell_v3`: 17 accounts.
    V3,
}

/// How the venues' instructions are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueOptions {
    /// Of Raydium AMM v4.
    pub raydium_amm_v4: AmmV4Form,
    /// Of `PumpSwap`.
    pub pumpswap: PumpswapForm,
    /// Of the pump curve.
    pub pump_curve: PumpCurveForm,
    /// Tick or bin arrays named beyond those that the quote passes, for a price that moves before the swap lands:
    /// ahead on Meteora DLMM, on either side on Raydium CLMM, three at most on Whirlpool (behind, ahead, behind).
    pub spare_arrays: u8,
    /// The most of them in one instruction (Raydium CLMM and Meteora DLMM), which the transaction's size bounds.
    pub most_arrays: u8,
    /// Which of the listed fee recipients of pump is named, counted around; spreading them spreads write locks.
    pub fee_recipient: u8,
    /// `track_volume` of pump's first forms: whether the trade counts for volume rewards.
    pub track_volume: bool,
}

impl Default for VenueOptions {
    fn default() -> Self {
        Self {
            raydium_amm_v4: AmmV4Form::default(),
            pumpswap: PumpswapForm::default(),
            pump_curve: PumpCurveForm::default(),
            spare_arrays: 1,
            most_arrays: 8,
            fee_recipient: 0,
            track_volume: false,
        }
    }
}
