//! A transaction as a whole: who signs and pays, and which account each place really is.

use super::super::Policy;
use super::instructions::Reading;
use super::unlisted_mints::Unlisted;
use super::{PassedSolana, SolanaAsk, SolanaPolicy};
use crate::fault::{Refusal, Rule};
use tradewind_core::decode::solana::{
    Account, AccountKey, Key, SIZE_LIMIT_BYTES, Transaction, decode_transaction,
};

impl SolanaPolicy {
    pub(super) fn read<'a>(
        &'a self,
        policy: &'a Policy,
        ask: &SolanaAsk<'a>,
    ) -> Result<PassedSolana<'a>, Refusal> {
        let transaction = decode_transaction(ask.unsigned_tx)
            .map_err(|error| Rule::TransactionType.refuse(error.to_string()))?;
        require_unsigned(&transaction)?;
        require_payer(&transaction, ask.wallet)?;
        let unlisted = self.unlisted_of(ask)?;
        let accounts = self.resolve(&transaction, ask, unlisted.as_ref())?;
        let mut reading = Reading::new(self, ask, transaction.static_keys().collect(), unlisted);
        let mut count = 0;
        for (number, instruction) in transaction.instructions(&accounts).enumerate() {
            reading.take(number, &instruction)?;
            count += 1;
        }
        // The iterator leaves out what has no program; the decoder refuses that before.
        Rule::TransactionType
            .require(count == transaction.compiled_instructions().len(), || {
                "an instruction has no program".to_owned()
            })?;
        reading.finish(
            policy,
            transaction.message(),
            transaction.recent_blockhash(),
        )
    }

    /// Accounts behind a pinned table are known. What the caller says of another table stays its word: such an account
    /// must not be one of the wallet, and counts as unknown wherever it matters who it is.
    fn resolve(
        &self,
        transaction: &Transaction<'_>,
        ask: &SolanaAsk<'_>,
        unlisted: Option<&Unlisted<'_>>,
    ) -> Result<Vec<Account>, Refusal> {
        let mut accounts = transaction
            .accounts_as_named()
            .map_err(|error| Rule::TransactionType.refuse(error.to_string()))?;
        for account in &mut accounts {
            let AccountKey::Unresolved { table, index } = account.key else {
                continue;
            };
            if let Some(keys) = self.lookup_tables.get(&table) {
                let key = keys.get(usize::from(index)).ok_or_else(|| {
                    Rule::LookupTable.refuse(format!(
                        "the pinned lookup table {table} has no place {index}; pin its newer contents in signer.toml"
                    ))
                })?;
                account.key = AccountKey::Known(*key);
                continue;
            }
            let said = ask.tables.get(&table).and_then(|keys| keys.get(&index));
            let said = said.ok_or_else(|| {
                Rule::LookupTable.refuse(format!(
                    "place {index} of the lookup table {table} is used, and lookup_tables does not say what it holds; \
                     add it, or pin the table in signer.toml"
                ))
            })?;
            let is_own = self.is_own(*said, ask.wallet, unlisted);
            Rule::LookupTable.require(!is_own, || {
                format!(
                    "{said} is an account of the wallet and comes from the lookup table {table}, which is not pinned; \
                     put it among the transaction's own keys"
                )
            })?;
        }
        Ok(accounts)
    }

    /// Whether it is the wallet, or one of its token accounts.
    pub(super) fn is_own(&self, key: Key, wallet: Key, unlisted: Option<&Unlisted<'_>>) -> bool {
        key == wallet
            || unlisted.is_some_and(|unlisted| unlisted.owns(key))
            || self
                .accounts
                .get(key)
                .is_some_and(|held| held.owner == wallet)
    }
}

fn require_unsigned(transaction: &Transaction<'_>) -> Result<(), Refusal> {
    let length = transaction.raw().len();
    Rule::TransactionType.require(length <= SIZE_LIMIT_BYTES, || {
        format!(
            "the transaction has {length} bytes, and the network carries {SIZE_LIMIT_BYTES}; use a lookup table, or \
             fewer instructions"
        )
    })?;
    let zeros = transaction
        .signatures()
        .all(|signature| signature.iter().all(|byte| *byte == 0));
    Rule::TransactionType.require(zeros, || {
        "the transaction is signed already; put 64 zero bytes in the signature's place".to_owned()
    })
}

fn require_payer(transaction: &Transaction<'_>, wallet: Key) -> Result<(), Refusal> {
    let signers = transaction.required_signatures();
    Rule::FeePayer.require(signers == 1, || {
        format!("{signers} signatures are needed; only transactions that the wallet alone signs are signed")
    })?;
    let payer = transaction.static_keys().next();
    Rule::FeePayer.require(payer == Some(wallet), || {
        let payer = payer.map(|key| key.to_string()).unwrap_or_default();
        format!("the fee payer is {payer}, not the wallet {wallet}")
    })
}
