//! `TransferFee`: what Token-2022 withholds from a transfer, to the unit.
//!
//! Source: `TransferFee` and `TransferFeeConfig` of the Token-2022 program's `transfer_fee` extension.

use serde::{Deserialize, Serialize};

use crate::pools::decimal;

const ONE_IN_BASIS_POINTS: u16 = 10_000;

/// The fee in force on a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransferFee {
    /// Of the amount sent, in ten-thousandths; the program keeps it at 10,000 or below.
    pub basis_points: u16,
    /// The most that one transfer pays, in raw units.
    pub maximum_fee_raw: u64,
}

impl TransferFee {
    /// No fee.
    pub const NONE: Self = Self {
        basis_points: 0,
        maximum_fee_raw: 0,
    };

    /// Whether no transfer pays anything.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.basis_points == 0 || self.maximum_fee_raw == 0
    }

    /// What is withheld of a transfer of `amount_raw`: rounded up, at most the maximum.
    #[must_use]
    #[inline]
    pub fn fee_raw(self, amount_raw: u64) -> u64 {
        if self.basis_points == 0 {
            return 0;
        }
        let over = u128::from(amount_raw) * u128::from(self.basis_points);
        let fee = over.div_ceil(u128::from(ONE_IN_BASIS_POINTS));
        u64::try_from(fee).map_or(self.maximum_fee_raw, |fee| fee.min(self.maximum_fee_raw))
    }

    /// What arrives of a transfer of `amount_raw`.
    #[must_use]
    #[inline]
    pub fn net_raw(self, amount_raw: u64) -> u64 {
        amount_raw.saturating_sub(self.fee_raw(amount_raw))
    }

    /// What to send so that `net_raw` arrives, as `calculate_pre_fee_amount` says; `None` when that is more
    /// than a transfer can be.
    #[must_use]
    pub fn gross_raw(self, net_raw: u64) -> Option<u64> {
        if self.is_none() || net_raw == 0 {
            return Some(net_raw);
        }
        let capped = || net_raw.checked_add(self.maximum_fee_raw);
        let Some(kept) = ONE_IN_BASIS_POINTS
            .checked_sub(self.basis_points)
            .filter(|kept| *kept > 0)
        else {
            return capped();
        };
        let gross =
            (u128::from(net_raw) * u128::from(ONE_IN_BASIS_POINTS)).div_ceil(u128::from(kept));
        if gross - u128::from(net_raw) >= u128::from(self.maximum_fee_raw) {
            return capped();
        }
        u64::try_from(gross).ok()
    }

    /// What the program says is withheld so that `net_raw` arrives, as `calculate_inverse_fee` says: the fee of
    /// [`TransferFee::gross_raw`]; `None` when that is more than a transfer can be.
    #[must_use]
    pub fn inverse_fee_raw(self, net_raw: u64) -> Option<u64> {
        self.gross_raw(net_raw).map(|gross| self.fee_raw(gross))
    }
}

/// A fee and the epoch from which it is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochTransferFee {
    /// The first epoch in which it is charged.
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// The most that one transfer pays, in raw units.
    #[serde(with = "decimal")]
    pub maximum_fee_raw: u64,
    /// Of the amount sent, in ten-thousandths, at most 10,000.
    pub basis_points: u16,
}

/// The fees of a mint: the one in force before `newer.epoch`, and the one from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferFees {
    /// Before `newer.epoch`.
    pub older: EpochTransferFee,
    /// From `newer.epoch` on.
    pub newer: EpochTransferFee,
}

impl TransferFees {
    /// Of a mint without the extension.
    pub const NONE: Self = Self {
        older: EpochTransferFee::NONE,
        newer: EpochTransferFee::NONE,
    };

    /// The fee in force in an epoch.
    #[must_use]
    pub fn at(&self, epoch: u64) -> TransferFee {
        let fee = if epoch >= self.newer.epoch {
            self.newer
        } else {
            self.older
        };
        TransferFee {
            basis_points: fee.basis_points,
            maximum_fee_raw: fee.maximum_fee_raw,
        }
    }

    /// Whether a fee is above 100 %, which the program never stores.
    #[must_use]
    pub fn out_of_range(&self) -> bool {
        self.older.basis_points.max(self.newer.basis_points) > ONE_IN_BASIS_POINTS
    }
}

impl EpochTransferFee {
    /// No fee, from the first epoch on.
    pub const NONE: Self = Self {
        epoch: 0,
        maximum_fee_raw: 0,
        basis_points: 0,
    };
}
