//! Solana pools from the raw bytes of their accounts.

use pyo3::prelude::*;
use tradewind_core::ChainAddress;
use tradewind_core::pools::{Account, AccountSet, ChainClock, Pool, PoolError, write_pools};

use crate::address::chain_address;
use crate::error::raise;
use crate::integer::native;

/// Address, owner and data, as Python gives them.
type Read = (String, String, Vec<u8>);

#[pyfunction]
#[pyo3(signature = (pool, accounts, *, slot, epoch, unix_timestamp))]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 gives a list by value")]
fn pool_from_accounts(
    py: Python<'_>,
    pool: &str,
    accounts: Vec<Read>,
    slot: &Bound<'_, PyAny>,
    epoch: &Bound<'_, PyAny>,
    unix_timestamp: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let pool = chain_address("pool", pool)?;
    let clock = ChainClock {
        slot: native("slot", slot)?,
        epoch: native("epoch", epoch)?,
        unix_timestamp: native("unix_timestamp", unix_timestamp)?,
    };
    let named: Vec<(ChainAddress, ChainAddress)> = accounts
        .iter()
        .map(|(address, owner, _)| {
            Ok((
                chain_address("accounts", address)?,
                chain_address("accounts", owner)?,
            ))
        })
        .collect::<PyResult<_>>()?;
    py.detach(|| {
        let given = named.iter().zip(&accounts);
        let set: AccountSet<'_> = given
            .map(|((address, owner), (_, _, data))| Account {
                address: *address,
                owner: *owner,
                data,
            })
            .collect();
        let pool = Pool::from_accounts(pool, &set, clock).map_err(missing)?;
        write_pools(&[pool.state()]).map_err(raise)
    })
}

/// As [`raise`]; the address of a missing account is told apart as well, so that it can be read and the pool tried again.
fn missing(refusal: PoolError) -> PyErr {
    let PoolError::AccountMissing { account, .. } = refusal else {
        return raise(refusal);
    };
    Python::attach(|py| {
        let error = raise(refusal);
        match error.value(py).setattr("account", account.to_string()) {
            Ok(()) => error,
            Err(fault) => fault,
        }
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(pool_from_accounts, module)?)
}
