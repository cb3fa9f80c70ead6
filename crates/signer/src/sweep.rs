//! The one way out: empties a wallet to an address that the operator names, by passphrase at the terminal.
//!
//! It signs plain transfers and prints them; it has no network, so whoever has the bytes sends them. The wallet's
//! signing must be halted, and every transfer is recorded in the gate before it is signed.

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::fault::{Fault, Internal, Invalid};
use crate::fields;
use crate::gate::{Gate, Sweep};
use crate::hardening;
use crate::key_file::KeyFile;
use crate::passphrase::prompt;
use crate::signing::sign_transaction;
use age::secrecy::SecretString;
use alloy_primitives::{Address, U256, hex, keccak256};
use clap::Args;
use serde_json::json;
use std::iter;
use tradewind_core::evm::Eip1559Transaction;

/// `transfer(address,uint256)`, EIP-20.
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

/// What to send where. Amounts are base units: what is not named stays.
#[derive(Args)]
pub(crate) struct SweepArgs {
    /// The wallet to empty.
    #[arg(long, value_parser = parse_address)]
    wallet: Address,
    /// The chain's id.
    #[arg(long, value_name = "CHAIN_ID")]
    chain: u64,
    /// Who gets everything.
    #[arg(long, value_parser = parse_address)]
    to: Address,
    /// The wallet's next nonce: its transaction count on the chain.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=fields::MAX_INTEGER))]
    nonce: u64,
    /// Most gas that one transfer may use.
    #[arg(long, value_parser = clap::value_parser!(u64).range(21_000..=10_000_000))]
    gas_limit: u64,
    /// Most that is paid for a unit of gas.
    #[arg(long, value_name = "WEI")]
    max_fee_per_gas_wei: u128,
    /// A token and how much of it, as `ADDRESS=BASE_UNITS`. May be given several times.
    #[arg(long, value_name = "TOKEN=RAW", value_parser = parse_token)]
    token: Vec<(Address, U256)>,
    /// How much of the native coin, after everything else.
    #[arg(long, value_name = "WEI")]
    native: Option<U256>,
}

/// Signs the transfers and prints each as one line of JSON.
///
/// # Errors
/// `nothing_to_sweep`, `recipient_unusable`, `passphrase_wrong`, `key_missing`, the gate's rules.
pub(crate) fn run(config: &Config, args: &SweepArgs) -> Result<(), Fault> {
    hardening::forbid_dumps().map_err(|error| Internal {
        code: "hardening_failed",
        message: format!("the kernel does not let the process protect itself: {error}"),
    })?;
    require_recipient(config, args)?;
    let transfers: Vec<_> = args.transfers().collect();
    if transfers.is_empty() {
        let message = "name what is to be sent: --token, --native, or both";
        return Err(invalid("nothing_to_sweep", message));
    }
    describe(args);
    let passphrase = prompt("Passphrase of the key file, to send all this away: ")?;
    let passphrase = SecretString::from(passphrase.as_str().to_owned());
    let keys =
        KeyFile::load(&config.key_file, &passphrase)?.into_ring(iter::once(&args.wallet.into()))?;
    let unsigned_txs: Vec<_> = transfers
        .iter()
        .map(Eip1559Transaction::encode_unsigned)
        .collect();
    let sweep = Sweep {
        wallet: args.wallet,
        chain_id: args.chain,
        first_nonce: args.nonce,
        unsigned_txs: &unsigned_txs,
    };
    Gate::open(&config.gate)?.record_sweep(
        &sweep,
        "sweep at the terminal",
        SystemClock.now_ms(),
    )?;
    for (transfer, unsigned_tx) in transfers.iter().zip(&unsigned_txs) {
        let raw_tx = sign_transaction(&keys, args.wallet, unsigned_tx)?;
        let signed = json!({
            "nonce": transfer.nonce,
            "tx_hash": keccak256(&raw_tx).to_string(),
            "raw_tx": hex::encode_prefixed(&raw_tx),
        });
        println!("{signed}");
    }
    Ok(())
}

impl SweepArgs {
    /// Tokens first: the native coin pays for their gas.
    fn transfers(&self) -> impl Iterator<Item = Eip1559Transaction> + '_ {
        let tokens = self.token.iter().map(|(token, raw)| {
            let recipient = self.to.into_word();
            let data = [
                &TRANSFER[..],
                recipient.as_slice(),
                &raw.to_be_bytes::<32>(),
            ]
            .concat();
            (*token, U256::ZERO, data)
        });
        let native = self.native.iter().map(|wei| (self.to, *wei, Vec::new()));
        (self.nonce..)
            .zip(tokens.chain(native))
            .map(|(nonce, (to, value_wei, data))| Eip1559Transaction {
                chain_id: self.chain,
                nonce,
                max_priority_fee_per_gas_wei: 0,
                max_fee_per_gas_wei: self.max_fee_per_gas_wei,
                gas_limit: self.gas_limit,
                to,
                value_wei,
                data,
            })
    }
}

/// A recipient that certainly is a mistake: nobody, the wallet itself, or a contract that could not give it back.
fn require_recipient(config: &Config, args: &SweepArgs) -> Result<(), Fault> {
    let chains = config.policy.chains.values();
    let contract = chains
        .flat_map(|chain| chain.routers.iter().chain(chain.tokens.keys()))
        .any(|contract| *contract == args.to);
    if args.to.is_zero() || args.to == args.wallet || contract {
        let message = format!("{} is no address to send everything to", args.to);
        return Err(invalid("recipient_unusable", &message));
    }
    Ok(())
}

/// What is about to be signed, for the eyes of whoever types the passphrase.
fn describe(args: &SweepArgs) {
    eprintln!(
        "From {} on chain {}, to {}:",
        args.wallet, args.chain, args.to
    );
    for (token, raw) in &args.token {
        eprintln!("  {raw} base units of {token}");
    }
    if let Some(wei) = args.native {
        eprintln!("  {wei} wei");
    }
    let most = u128::from(args.gas_limit).saturating_mul(args.max_fee_per_gas_wei);
    eprintln!("  and at most {most} wei for the gas of each transfer");
}

fn parse_address(text: &str) -> Result<Address, String> {
    fields::address("", text.into()).map_err(|wrong| wrong.message)
}

fn parse_token(text: &str) -> Result<(Address, U256), String> {
    let (token, raw) = text.split_once('=').ok_or("must be ADDRESS=BASE_UNITS")?;
    let raw = raw
        .parse()
        .map_err(|_| "the amount is no whole number of base units")?;
    Ok((parse_address(token)?, raw))
}

fn invalid(code: &'static str, message: &str) -> Fault {
    Fault::Invalid(Invalid {
        code,
        field: String::new(),
        message: message.to_owned(),
    })
}
