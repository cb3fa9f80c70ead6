//! Lookup tables of the chain that transactions may use, with what they hold.

use serde_json::{Map, Value};
use tradewind_core::ChainAddress;
use tradewind_core::solana::AccountFields;
use tradewind_solana::Key;
use tradewind_solana::transaction::LookupTable;

use crate::feed::AccountUpdate;

/// Bytes in front of the first address: kind, slots, authority (`solana-address-lookup-table-interface`).
const HEAD_BYTES: usize = 56;
/// Kind of an account that is a table.
const TABLE: u32 = 1;

/// A table as it was read. Tables only grow, so that what was read stays right.
#[derive(Debug, Clone)]
pub struct KnownTable {
    /// For the builder.
    pub table: LookupTable,
    /// For the gate: the address at each place.
    pub told: Value,
    /// To read transactions with: the same.
    pub keys: Vec<Key>,
}

impl KnownTable {
    /// From the bytes of its account.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn decode(account: &AccountUpdate) -> Result<Self, String> {
        let read = account.account();
        let fields = AccountFields::new(&read);
        let number = |fault: tradewind_core::pools::PoolError| fault.to_string();
        if fields.u32("kind", 0).map_err(number)? != TABLE {
            return Err("it is no lookup table".to_owned());
        }
        if fields.u64("deactivation_slot", 4).map_err(number)? != u64::MAX {
            return Err("it is deactivated".to_owned());
        }
        let held = account.data.get(HEAD_BYTES..).unwrap_or_default();
        let (keys, rest) = held.as_chunks::<32>();
        if !rest.is_empty() {
            return Err("its last address is cut off".to_owned());
        }
        let keys = keys.iter().copied().map(ChainAddress::Solana);
        Self::of(account.key, &keys.collect::<Vec<_>>())
    }

    /// With these addresses, in order.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn of(table: ChainAddress, held: &[ChainAddress]) -> Result<Self, String> {
        let key = |address: &ChainAddress| Key(address.solana().unwrap_or_default());
        let (address, keys): (_, Vec<_>) = (key(&table), held.iter().map(key).collect());
        let places = keys.iter().enumerate();
        let told = places.map(|(place, key)| (place.to_string(), key.to_string().into()));
        Ok(Self {
            told: Value::Object(told.collect::<Map<_, _>>()),
            table: LookupTable::new(address, &keys).map_err(|error| error.to_string())?,
            keys,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Moment;

    fn account(data: Vec<u8>) -> AccountUpdate {
        AccountUpdate {
            key: ChainAddress::Solana([7; 32]),
            moment: Moment::default(),
            lamports: 1,
            owner: ChainAddress::Solana([0; 32]),
            data: data.into(),
        }
    }

    fn table(deactivation_slot: u64, held: &[u8]) -> Vec<u8> {
        let mut data = vec![0; HEAD_BYTES];
        data[0] = 1;
        data[4..12].copy_from_slice(&deactivation_slot.to_le_bytes());
        data.extend_from_slice(held);
        data
    }

    #[test]
    fn a_table_tells_the_address_at_each_place() {
        let known = KnownTable::decode(&account(table(u64::MAX, &[[1; 32], [2; 32]].concat())));
        let known = known.expect("a table");
        assert_eq!(known.told["1"], Key([2; 32]).to_string());
        assert_eq!(known.table.address(), Key([7; 32]));
    }

    #[test]
    fn what_is_deactivated_cut_off_or_no_table_is_refused() {
        for data in [
            vec![],
            vec![0; 80],
            table(5, &[0; 32]),
            table(u64::MAX, &[0; 31]),
        ] {
            KnownTable::decode(&account(data)).expect_err("refused");
        }
    }
}
