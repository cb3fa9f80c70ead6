//! ERC-20 `approve(address,uint256)`.

use super::EvmError;
use super::abi::{Reader, Writer};
use alloy_primitives::{Address, U256};

const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];

/// Lets `spender` take up to `amount_raw` of the token that the call is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approve {
    /// Who may spend.
    pub spender: Address,
    /// The new allowance, in the token's base units.
    pub amount_raw: U256,
}

impl Approve {
    /// The 68 bytes of calldata.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Writer::call(APPROVE)
            .address(self.spender)
            .uint(self.amount_raw)
            .finish()
    }

    /// Reads what [`Approve::encode`] writes, and nothing else.
    ///
    /// # Errors
    /// `calldata_not_recognised`.
    pub fn decode(data: &[u8]) -> Result<Self, EvmError> {
        let mut reader = Reader::call(data, APPROVE)?;
        let approve = Self {
            spender: reader.address()?,
            amount_raw: reader.uint()?,
        };
        if approve.encode() == data {
            Ok(approve)
        } else {
            Err(EvmError::CalldataNotRecognised("not in canonical form"))
        }
    }
}
