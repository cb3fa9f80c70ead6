//! Swap instructions of the known venues, built from the state of a pool and never sent from here.
//!
//! - here: the seam, which dispatches to one file a venue;
//! - `request`, `options`, `instructions`, `error`: the words of that seam;
//! - `swap_call`: what a venue's file builds from: keys, direction, and the quote that says how far a swap goes;
//! - `addresses`: the accounts that every venue names, and those that are derived.
//!
//! To add a venue: copy one of the small files (`raydium_cpmm`), and add its line to `venues!` below.

mod addresses;
mod error;
mod instructions;
mod meteora_dlmm;
mod options;
mod orca_whirlpool;
mod pump_curve;
mod pump_recipients;
mod pumpswap;
mod raydium_amm_v4;
mod raydium_clmm;
mod raydium_cpmm;
mod request;
mod swap_call;

pub use error::SwapError;
pub use instructions::{AccountToCreate, SwapInstructions};
pub use meteora_dlmm::DlmmAccounts;
pub use options::{AmmV4Form, PumpCurveForm, PumpswapForm, VenueOptions};
pub use orca_whirlpool::WhirlpoolAccounts;
pub use pump_curve::CurveAccounts;
pub use pump_recipients::Recipients;
pub use pumpswap::PumpswapAccounts;
pub use raydium_amm_v4::AmmV4Accounts;
pub use raydium_clmm::ClmmAccounts;
pub use raydium_cpmm::CpmmAccounts;
pub use request::{SwapRequest, SwapSide};
pub use tradewind_core::pools::Exact;

use tradewind_core::ChainAddress;
use tradewind_core::pools::{AccountSet, Pool};

use swap_call::SwapCall;

macro_rules! venues {
    ($($(#[doc = $doc:literal])* $family:ident($keys:ty) = $module:ident,)*) => {
        /// The addresses that a pool's instructions name and that its price does not depend on.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum SwapAccounts {
            $($(#[doc = $doc])* $family($keys),)*
        }

        impl SwapAccounts {
            /// Reads them strictly from the accounts that the pool itself was read from.
            ///
            /// # Errors
            /// `account_missing`, `account_malformed`; `venue_unsupported` for a pool that is not on Solana.
            pub fn decode(pool: &Pool, accounts: &AccountSet<'_>) -> Result<Self, SwapError> {
                match pool {
                    $(Pool::$family(pool) => <$keys>::decode(pool, accounts).map(Self::$family),)*
                    _ => Err(unsupported(pool)),
                }
            }
        }

        /// The instructions of one swap.
        ///
        /// The amount is quoted first: what the pool would refuse is refused here, with the pool's own code. The
        /// limit is not compared with the quote, for the chain may have moved on.
        ///
        /// # Errors
        /// Those of [`PoolMath::quote`](tradewind_core::pools::PoolMath::quote); `venue_unsupported`,
        /// `swap_accounts_mismatch`, `exact_out_unsupported`, `limit_zero`, `token_program_mismatch`,
        /// `amount_too_large`, `too_many_arrays`, `form_unsupported`, `address_underivable`.
        pub fn swap_instruction(
            pool: &Pool,
            accounts: &SwapAccounts,
            request: &SwapRequest,
            options: &VenueOptions,
        ) -> Result<SwapInstructions, SwapError> {
            let call = SwapCall::new(pool, request, options)?;
            match (pool, accounts) {
                $((Pool::$family(pool), SwapAccounts::$family(keys)) => $module::build(pool, keys, &call),)*
                (Pool::UniswapV2(_) | Pool::UniswapV3(_) | Pool::BalancerWeighted(_) | Pool::BalancerStable(_), _) => {
                    Err(unsupported(pool))
                }
                _ => Err(SwapError::AccountsMismatch { pool: call.address }),
            }
        }
    };
}

venues! {
    /// Of a Raydium AMM v4 pool.
    RaydiumAmmV4(raydium_amm_v4::AmmV4Accounts) = raydium_amm_v4,
    /// Of a Raydium CPMM pool.
    RaydiumCpmm(raydium_cpmm::CpmmAccounts) = raydium_cpmm,
    /// Of a Raydium CLMM pool.
    RaydiumClmm(raydium_clmm::ClmmAccounts) = raydium_clmm,
    /// Of an Orca Whirlpool.
    OrcaWhirlpool(orca_whirlpool::WhirlpoolAccounts) = orca_whirlpool,
    /// Of a Meteora DLMM pair.
    MeteoraDlmm(meteora_dlmm::DlmmAccounts) = meteora_dlmm,
    /// Of a `PumpSwap` pool.
    Pumpswap(pumpswap::PumpswapAccounts) = pumpswap,
    /// Of a bonding curve of pump.
    PumpCurve(pump_curve::CurveAccounts) = pump_curve,
}

fn unsupported(pool: &Pool) -> SwapError {
    SwapError::VenueUnsupported {
        venue: pool.venue(),
    }
}

/// The 32 bytes of an address that stands in the state of a Solana pool.
pub(crate) fn key(address: ChainAddress) -> crate::Key {
    // An EVM address in such a state is no account of any program: the zero key makes the chain refuse it.
    crate::Key(address.solana().unwrap_or_default())
}
