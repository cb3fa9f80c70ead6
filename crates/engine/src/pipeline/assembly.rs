//! Makes the transaction of a trade: compute budget, receipt, token accounts, swaps, tip.

use serde_json::{Map, Value};
use thiserror::Error;
use tradewind_core::ChainAddress;
use tradewind_solana::Key;
use tradewind_solana::flash_loan::FlashLoanError;
use tradewind_solana::flash_loan::kamino::placed;
use tradewind_solana::instruction::Instruction;
use tradewind_solana::receipt::{
    RECEIPT_LAMPORTS, ReceiptSeed, ReceiptSeedError, receipt_address, receipt_instruction,
};
use tradewind_solana::signature::{SIGNATURE_BYTES, Signature};
use tradewind_solana::system::SeedError;
use tradewind_solana::tip::{TIP_ACCOUNTS, TipError, tip};
use tradewind_solana::token_accounts::{create_token_account, token_account_address};
use tradewind_solana::transaction::{BuildError, TransactionBuilder};

use super::trade::{Purpose, Trade};
use crate::inventory::Inventory;

/// The compute budget's instructions: limit and price.
const BUDGET: usize = 2;

/// Why a trade cannot be a transaction.
#[derive(Debug, Error)]
pub enum AssemblyFault {
    /// It does not fit, or is refused otherwise.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The tip is refused.
    #[error(transparent)]
    Tip(#[from] TipError),
    /// The receipt is refused.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The receipt's seed is none.
    #[error(transparent)]
    SeedMalformed(#[from] ReceiptSeedError),
    /// A token account has no address.
    #[error("mint {0}: its token account has no address; leave its pools out")]
    NoTokenAccount(ChainAddress),
    /// What it borrows and gives back does not belong together.
    #[error(transparent)]
    Loan(#[from] FlashLoanError),
    /// The blockhash is none.
    #[error("blockhash: is not 32 bytes in base 58")]
    Blockhash,
}

/// A transaction that waits for the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// As it travels, with zeros in the place of the wallet's signature.
    pub wire: Vec<u8>,
    /// What the lookup tables that it uses hold, by table and place.
    pub lookup_tables: Value,
    /// Accounts that it may make at the wallet's cost: its receipt, token accounts, and what programs make.
    pub own_accounts: Vec<Key>,
}

/// Makes the transaction. What the gate's policy reads of the wallet stands in it, and not in a table.
///
/// # Errors
/// See [`AssemblyFault`].
pub fn assemble(
    trade: &Trade,
    inventory: &Inventory,
    seed: &str,
    blockhash: &str,
) -> Result<Assembled, AssemblyFault> {
    let wallet = Key(trade.wallet.solana().unwrap_or_default());
    let seed = ReceiptSeed::parse(seed)?;
    let mut builder = TransactionBuilder::new();
    builder
        .set_fee_payer(wallet)
        .set_recent_blockhash(Key::parse(blockhash).ok_or(AssemblyFault::Blockhash)?)
        .set_compute_budget(trade.unit_limit, trade.unit_price_micro_lamports);
    let receipt = receipt_instruction(wallet, &seed, RECEIPT_LAMPORTS)?;
    let mut own_accounts = vec![receipt_address(wallet, &seed)?];
    own_accounts.extend(&trade.may_make);
    let made = missing_accounts(trade, inventory, wallet)?;
    own_accounts.extend(made.iter().filter_map(|it| Some(it.accounts.get(1)?.key)));
    let mut instructions = trade.instructions.clone();
    if trade.loan.is_some() {
        // A circle's loan comes first of all, as the executors build it.
        instructions.splice(1..1, made);
        builder
            .add_instructions(placed(instructions, BUDGET)?)
            .add_instruction(receipt);
    } else {
        let in_front = BUDGET + 1 + made.len();
        builder
            .add_instruction(receipt)
            .add_instructions(made)
            .add_instructions(placed(instructions, in_front)?);
    }
    if trade.tip_lamports > 0 {
        // Which of the eight is spread by the blockhash, so that senders do not all lock one.
        let place = blockhash
            .bytes()
            .fold(0, |sum, byte| sum + usize::from(byte));
        builder.add_instruction(tip(
            wallet,
            TIP_ACCOUNTS[place % TIP_ACCOUNTS.len()],
            trade.tip_lamports,
        )?);
    }
    offer_tables(&mut builder, trade, inventory, wallet);
    let unsigned = builder.build()?;
    let blank = vec![Signature([0; SIGNATURE_BYTES]); unsigned.signers().len()];
    let used = unsigned.lookup_tables().iter();
    let known = used.filter_map(|used| {
        inventory
            .tables()
            .iter()
            .find(|it| it.table.address() == *used)
    });
    let lookup_tables = known.map(|it| (it.table.address().to_string(), it.told.clone()));
    Ok(Assembled {
        wire: unsigned.to_wire(&blank)?,
        lookup_tables: Value::Object(lookup_tables.collect::<Map<_, _>>()),
        own_accounts,
    })
}

/// Makes the token accounts that have to be there and are not.
fn missing_accounts(
    trade: &Trade,
    inventory: &Inventory,
    wallet: Key,
) -> Result<Vec<Instruction>, AssemblyFault> {
    let missing = trade
        .token_accounts
        .iter()
        .filter(|mint| !inventory.has_token_account(trade.wallet, **mint));
    let made = missing.map(|mint| {
        let made = inventory
            .token_program(*mint)
            .and_then(|program| create_token_account(wallet, wallet, Key(mint.solana()?), program));
        made.ok_or(AssemblyFault::NoTokenAccount(*mint))
    });
    made.collect()
}

fn offer_tables(
    builder: &mut TransactionBuilder,
    trade: &Trade,
    inventory: &Inventory,
    wallet: Key,
) {
    for known in inventory.tables() {
        builder.add_lookup_table(known.table.clone());
    }
    // What the policy reads of the wallet: its accounts of everything that is traded.
    for mint in trade
        .hops
        .iter()
        .flat_map(|hop| [hop.hop.mint_in, hop.hop.mint_out])
    {
        let key = Key(mint.solana().unwrap_or_default());
        builder.keep_static(key);
        if let Some(program) = inventory.token_program(mint) {
            builder.keep_static(program.key());
            if let Some(account) = token_account_address(wallet, key, program) {
                builder.keep_static(account);
            }
        }
    }
    let mints = trade.token_accounts.iter().copied();
    let accounts = mints
        .clone()
        .filter_map(|mint| inventory.token_account(trade.wallet, mint));
    let made = mints.filter(|mint| !inventory.has_token_account(trade.wallet, *mint));
    let reserves = match trade.purpose {
        Purpose::Liquidate(part) => vec![part.repay_reserve, part.withdraw_reserve],
        _ => Vec::new(),
    };
    for address in accounts.chain(made).chain(reserves) {
        builder.keep_static(Key(address.solana().unwrap_or_default()));
    }
}
