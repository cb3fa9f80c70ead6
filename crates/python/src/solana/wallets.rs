//! `WalletManager` and what it answers with.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use tradewind_core::decode::solana::Key;
use tradewind_solana::wallets::{self, Requirement, WalletOptions};

use super::rpc::{Whole, count};
use super::runtime::whole;
use crate::error::{core_error, raise};
use crate::integer::native;

type Amounts = BTreeMap<String, u64>;

pub(super) fn key(code: &'static str, field: &str, text: &str) -> PyResult<Key> {
    Key::parse(text).ok_or_else(|| {
        core_error(
            code,
            &format!(
                "{field}: must be 32 bytes in base 58, not {:?}",
                text.chars().take(80).collect::<String>()
            ),
        )
    })
}

fn wallet(text: &str) -> PyResult<Key> {
    key("wallet_malformed", "wallet", text)
}

fn named(amounts: BTreeMap<Key, u64>) -> Amounts {
    amounts
        .into_iter()
        .map(|(mint, amount)| (mint.to_string(), amount))
        .collect()
}

/// What a trade takes from a wallet.
#[pyclass(frozen, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct WalletRequirement(Requirement);

#[pymethods]
impl WalletRequirement {
    #[new]
    #[pyo3(signature = (*, lamports=None, tokens=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(lamports: Whole<'_>, tokens: Option<Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut amounts = BTreeMap::new();
        for (mint, amount) in tokens.into_iter().flatten() {
            let mint: String = mint.extract()?;
            amounts.insert(
                key("mint_malformed", "tokens", &mint)?,
                native("tokens", &amount)?,
            );
        }
        Ok(Self(Requirement {
            lamports: whole!(lamports, 0),
            tokens: amounts,
        }))
    }

    #[getter]
    const fn lamports(&self) -> u64 {
        self.0.lamports
    }

    #[getter]
    fn tokens(&self) -> Amounts {
        named(self.0.tokens.clone())
    }

    fn __repr__(&self) -> String {
        format!(
            "WalletRequirement(lamports={}, tokens={:?})",
            self.0.lamports,
            self.tokens()
        )
    }
}

/// Part of a wallet that nobody else can spend.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct WalletReservation {
    id: u64,
    wallet: String,
    requirement: WalletRequirement,
}

#[pymethods]
impl WalletReservation {
    fn __repr__(&self) -> String {
        format!(
            "WalletReservation({}, {}, {})",
            self.id,
            self.wallet,
            self.requirement.__repr__()
        )
    }
}

/// Counts of wallets.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct WalletStats {
    total: usize,
    healthy: usize,
    low_balance: usize,
    high_in_flight: usize,
    errored: usize,
}

#[pymethods]
impl WalletStats {
    fn __repr__(&self) -> String {
        format!(
            "WalletStats(total={}, healthy={}, low_balance={}, high_in_flight={}, errored={})",
            self.total, self.healthy, self.low_balance, self.high_in_flight, self.errored
        )
    }
}

/// How a wallet stands.
#[pyclass(frozen, get_all, eq, module = "tradewind._core")]
#[derive(Clone, PartialEq)]
pub(super) struct WalletState {
    wallet: String,
    lamports: Option<u64>,
    reserved_lamports: u64,
    tokens: Amounts,
    reserved_tokens: Amounts,
    in_flight: u32,
    errors: u32,
    slot: u64,
    faults: Vec<&'static str>,
}

impl From<wallets::WalletState> for WalletState {
    fn from(state: wallets::WalletState) -> Self {
        Self {
            wallet: state.wallet.to_string(),
            lamports: state.lamports,
            reserved_lamports: state.reserved_lamports,
            tokens: named(state.tokens),
            reserved_tokens: named(state.reserved_tokens),
            in_flight: state.in_flight,
            errors: state.errors,
            slot: state.slot,
            faults: state
                .faults
                .into_iter()
                .map(wallets::WalletFault::name)
                .collect(),
        }
    }
}

#[pymethods]
impl WalletState {
    fn __repr__(&self) -> String {
        format!(
            "WalletState({}, lamports={:?}, in_flight={}, faults={:?})",
            self.wallet, self.lamports, self.in_flight, self.faults
        )
    }
}

/// Which wallet trades next.
#[pyclass(frozen, module = "tradewind._core")]
pub(super) struct WalletManager(wallets::WalletManager);

#[pymethods]
impl WalletManager {
    #[new]
    #[pyo3(signature = (wallets, *, max_errors=None, max_in_flight=None, low_balance_lamports=None, max_reservations=None))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn new(
        wallets: Vec<String>,
        max_errors: Whole<'_>,
        max_in_flight: Whole<'_>,
        low_balance_lamports: Whole<'_>,
        max_reservations: Whole<'_>,
    ) -> PyResult<Self> {
        let keys = wallets
            .iter()
            .map(|text| wallet(text))
            .collect::<PyResult<Vec<_>>>()?;
        let usual = WalletOptions::default();
        let most = max_reservations
            .as_ref()
            .map(|most| count("max_reservations", most))
            .transpose()?;
        let options = WalletOptions {
            max_errors: whole!(max_errors, usual.max_errors),
            max_in_flight: whole!(max_in_flight, usual.max_in_flight),
            low_balance_lamports: whole!(low_balance_lamports, usual.low_balance_lamports),
            max_reservations: most.unwrap_or(usual.max_reservations),
        };
        wallets::WalletManager::new(&keys, options)
            .map(Self)
            .map_err(raise)
    }

    fn observe_lamports(
        &self,
        wallet: &str,
        lamports: &Bound<'_, PyAny>,
        slot: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let (lamports, slot) = (native("lamports", lamports)?, native("slot", slot)?);
        self.0
            .observe_lamports(&self::wallet(wallet)?, lamports, slot)
            .map_err(raise)
    }

    fn observe_tokens(
        &self,
        wallet: &str,
        mint: &str,
        amount_raw: &Bound<'_, PyAny>,
        slot: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let (amount_raw, slot) = (native("amount_raw", amount_raw)?, native("slot", slot)?);
        let mint = key("mint_malformed", "mint", mint)?;
        self.0
            .observe_tokens(&self::wallet(wallet)?, &mint, amount_raw, slot)
            .map_err(raise)
    }

    #[pyo3(signature = (requirement, *, wallet=None))]
    fn reserve(
        &self,
        requirement: &WalletRequirement,
        wallet: Option<&str>,
    ) -> PyResult<WalletReservation> {
        let wallet = wallet.map(self::wallet).transpose()?;
        let reservation = self
            .0
            .reserve(&requirement.0, wallet.as_ref())
            .map_err(raise)?;
        Ok(WalletReservation {
            id: reservation.id,
            wallet: reservation.wallet.to_string(),
            requirement: WalletRequirement(reservation.requirement),
        })
    }

    #[pyo3(signature = (reservation, *, slot, succeeded))]
    #[allow(clippy::needless_pass_by_value, reason = "keyword arguments")]
    fn settle(
        &self,
        reservation: &WalletReservation,
        slot: Bound<'_, PyAny>,
        succeeded: bool,
    ) -> PyResult<()> {
        self.0
            .settle(reservation.id, native("slot", &slot)?, succeeded)
            .map_err(raise)
    }

    #[pyo3(signature = (reservation, *, failed=false))]
    fn release(&self, reservation: &WalletReservation, failed: bool) -> PyResult<()> {
        self.0.release(reservation.id, failed).map_err(raise)
    }

    fn clear_errors(&self, wallet: &str) -> PyResult<()> {
        self.0.clear_errors(&self::wallet(wallet)?).map_err(raise)
    }

    fn stats(&self) -> WalletStats {
        let stats = self.0.stats();
        WalletStats {
            total: stats.total,
            healthy: stats.healthy,
            low_balance: stats.low_balance,
            high_in_flight: stats.high_in_flight,
            errored: stats.errored,
        }
    }

    fn states(&self) -> Vec<WalletState> {
        self.0.states().into_iter().map(Into::into).collect()
    }

    fn low_wallets(&self) -> Vec<WalletState> {
        self.0.low_wallets().into_iter().map(Into::into).collect()
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<WalletManager>()?;
    module.add_class::<WalletRequirement>()?;
    module.add_class::<WalletReservation>()?;
    module.add_class::<WalletState>()?;
    module.add_class::<WalletStats>()
}
