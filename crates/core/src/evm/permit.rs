//! EIP-2612 permits: the signature itself, and the EIP-712 digest that it signs.

use super::EvmError;
use alloy_primitives::{Address, B256, U256, b256, keccak256};

// keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
const DOMAIN_TYPE: B256 = b256!("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
// keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
const PERMIT_TYPE: B256 = b256!("6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");

/// A signed permit, as the router's `selfPermitIfNecessary` takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// The allowance it sets, in the token's base units.
    pub value_raw: U256,
    /// Last second (Unix time) in which the token accepts it.
    pub deadline_s: u64,
    v: u8,
    /// First half of the signature.
    pub r: B256,
    /// Second half of the signature.
    pub s: B256,
}

impl Permit {
    /// # Errors
    /// `recovery_value` when `v` is neither 27 nor 28.
    pub fn new(
        value_raw: U256,
        deadline_s: u64,
        v: u8,
        r: B256,
        s: B256,
    ) -> Result<Self, EvmError> {
        if !matches!(v, 27 | 28) {
            return Err(EvmError::RecoveryValue(v));
        }
        Ok(Self {
            value_raw,
            deadline_s,
            v,
            r,
            s,
        })
    }

    /// Recovery value, 27 or 28.
    #[must_use]
    pub fn v(&self) -> u8 {
        self.v
    }
}

/// The EIP-712 domain of a token: what ties a permit to one contract on one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eip712Domain<'a> {
    /// The token's name as its contract hashes it.
    pub name: &'a str,
    /// The domain's version.
    pub version: &'a str,
    /// The chain.
    pub chain_id: u64,
    /// The token.
    pub verifying_contract: Address,
}

impl Eip712Domain<'_> {
    /// `hashStruct` of the domain (EIP-712).
    #[must_use]
    pub fn separator(&self) -> B256 {
        hash_words(&[
            DOMAIN_TYPE,
            keccak256(self.name),
            keccak256(self.version),
            U256::from(self.chain_id).into(),
            self.verifying_contract.into_word(),
        ])
    }
}

/// What a permit says, before it is signed (EIP-2612).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitMessage {
    /// Whose tokens.
    pub owner: Address,
    /// Who may take them.
    pub spender: Address,
    /// How many, in base units.
    pub value_raw: U256,
    /// The owner's permit nonce at the token.
    pub nonce: U256,
    /// Last second (Unix time) in which the token accepts it.
    pub deadline_s: u64,
}

impl PermitMessage {
    /// The digest that the owner signs: keccak256(0x1901, domain separator, message hash).
    #[must_use]
    pub fn digest(&self, domain: &Eip712Domain<'_>) -> B256 {
        let message = hash_words(&[
            PERMIT_TYPE,
            self.owner.into_word(),
            self.spender.into_word(),
            self.value_raw.into(),
            self.nonce.into(),
            U256::from(self.deadline_s).into(),
        ]);
        let mut signed = vec![0x19, 0x01];
        signed.extend_from_slice(domain.separator().as_slice());
        signed.extend_from_slice(message.as_slice());
        keccak256(signed)
    }
}

fn hash_words(words: &[B256]) -> B256 {
    keccak256(words.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_hashes_are_those_of_the_type_strings() {
        let domain =
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
        let permit =
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
        assert_eq!(keccak256(domain), DOMAIN_TYPE);
        assert_eq!(keccak256(permit), PERMIT_TYPE);
    }
}
