//! The policy as text, and the digest that every record carries.

use super::{ChainPolicy, Policy};
use alloy_primitives::{B256, keccak256};
use std::fmt::Write as _;

impl Policy {
    /// The policy as text, one fact a line, in a fixed order.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (wallet, chains) in &self.wallets {
            for chain in chains {
                let _ = writeln!(text, "wallet {wallet} chain {chain}");
            }
        }
        for (id, chain) in &self.chains {
            chain.describe(*id, &mut text);
        }
        text
    }

    /// keccak256 of [`Policy::describe`]: recorded with every signature.
    #[must_use]
    pub fn digest(&self) -> B256 {
        keccak256(self.describe())
    }
}

impl ChainPolicy {
    fn describe(&self, id: u64, text: &mut String) {
        for router in &self.routers {
            let _ = writeln!(text, "chain {id} router {router}");
        }
        let _ = writeln!(text, "chain {id} max_gas_limit {}", self.max_gas_limit);
        let _ = writeln!(
            text,
            "chain {id} max_fee_per_gas_wei {}",
            self.max_fee_per_gas_wei
        );
        let fee = self.max_transaction_fee_wei;
        let _ = writeln!(text, "chain {id} max_transaction_fee_wei {fee}");
        let _ = writeln!(
            text,
            "chain {id} max_slippage_bps {}",
            self.max_slippage_bps
        );
        let _ = writeln!(text, "chain {id} max_validity_s {}", self.max_validity_s);
        for (address, token) in &self.tokens {
            let (single, day) = (token.max_per_transaction_raw, token.max_per_day_raw);
            let _ = write!(
                text,
                "chain {id} token {address} {:?} max_per_transaction_raw {single} max_per_day_raw {day}",
                token.symbol
            );
            if let Some(domain) = &token.permit {
                let _ = write!(text, " permit {:?} {:?}", domain.name, domain.version);
            }
            text.push('\n');
        }
    }
}
