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
        for (id, wallets) in self.strategies.iter().flatten() {
            for wallet in wallets {
                let _ = writeln!(text, "strategy {id} wallet {wallet}");
            }
        }
        let any = if self.strategies.is_some() {
            "listed"
        } else {
            "any"
        };
        let _ = writeln!(text, "strategies {any}");
        for (id, chain) in &self.chains {
            chain.describe(*id, &mut text);
        }
        for (id, chain) in &self.solana {
            chain.describe(*id, &mut text);
        }
        for (limit, cap) in &self.amounts {
            let _ = writeln!(text, "{limit} {cap}");
        }
        let _ = writeln!(text, "raise_delay_s {}", self.raise_delay_s);
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
        for recipient in &self.recipients {
            let _ = writeln!(text, "chain {id} recipient {recipient}");
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
        let quorum = self.settlement_quorum;
        let _ = writeln!(text, "chain {id} settlement_quorum {quorum}");
        for (address, token) in &self.tokens {
            let _ = write!(text, "chain {id} token {address} {:?}", token.symbol);
            if let Some(domain) = &token.permit {
                let _ = write!(text, " permit {:?} {:?}", domain.name, domain.version);
            }
            text.push('\n');
        }
    }
}
