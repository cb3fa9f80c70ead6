//! The accounts of a mainnet pool, and what the real program did with them.

use serde::Deserialize;
use tradewind_core::ChainAddress;
use tradewind_core::pools::orca_whirlpool::OrcaWhirlpoolPool;
use tradewind_core::pools::{Account, AccountSet, ChainClock, PoolError};

pub(crate) const POOL: &str = "DBJ5hywaJQKfjyt8Ekng4t6KB1gvqnYFdcJoTppCNikt";
pub(crate) const SWAPS: &str =
    include_str!("../../../../../tests/fixtures/solana/orca_whirlpool/bono_usdc/swaps.json");

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../../tests/fixtures/solana/orca_whirlpool/bono_usdc/",
            $name,
            ".json"
        ))
    };
}

const FILES: [&str; 8] = [
    file!("whirlpool.DBJ5hywaJQKfjyt8Ekng4t6KB1gvqnYFdcJoTppCNikt"),
    file!("mint.CzYSquESBM4qVQiFas6pSMgeFRG4JLiYyNYHQUcNxudc"),
    file!("mint.EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    file!("tickarray.3Dw2LoPuWds96zoym9XbiuPRfY6ynCz7RJGBiBAbb2NY"),
    file!("tickarray.7oqxtmUZuTGoCNEzfF7pRSYYrEQe294nMnT5Fas1Amy3"),
    file!("tickarray.AnxYYj2gaKbGYqtHTJuLZVff6yZBnG4qVzywHshAaHYp"),
    file!("tickarray.FCFyXrQuptF3GY7CGR8BfZhiaETSsmUrMQ4cSaBAsWH"),
    file!("tickarray.FmtmwHixM8g1hAvo49N2xW6AEBaoGsMcVcyB9NkQvJDj"),
];

/// An account with bytes of its own.
#[derive(Debug, Clone)]
pub(crate) struct OwnedAccount {
    pub(crate) address: ChainAddress,
    pub(crate) owner: ChainAddress,
    pub(crate) data: Vec<u8>,
}

impl OwnedAccount {
    pub(crate) fn borrow(&self) -> Account<'_> {
        Account {
            address: self.address,
            owner: self.owner,
            data: &self.data,
        }
    }
}

#[derive(Deserialize)]
struct File {
    pubkey: ChainAddress,
    account: FileAccount,
}

#[derive(Deserialize)]
struct FileAccount {
    owner: ChainAddress,
    data: [String; 2],
}

/// Pool, mints and tick arrays.
pub(crate) fn accounts() -> Vec<OwnedAccount> {
    FILES
        .iter()
        .map(|text| {
            let file: File = serde_json::from_str(text).unwrap();
            OwnedAccount {
                address: file.pubkey,
                owner: file.account.owner,
                data: base64(&file.account.data[0]),
            }
        })
        .collect()
}

pub(crate) fn set(accounts: &[OwnedAccount]) -> AccountSet<'_> {
    accounts.iter().map(OwnedAccount::borrow).collect()
}

/// Also the tick arrays around the current one that do not exist on chain.
pub(crate) fn accounts_and_absent_ones() -> Vec<OwnedAccount> {
    let mut accounts = accounts();
    let needed = OrcaWhirlpoolPool::needed_accounts(&accounts[0].borrow()).unwrap();
    for address in needed {
        if accounts.iter().all(|account| account.address != address) {
            accounts.push(absent(address));
        }
    }
    accounts
}

/// How an account that does not exist is read.
pub(crate) fn absent(address: ChainAddress) -> OwnedAccount {
    OwnedAccount {
        address,
        owner: ChainAddress::Solana([0; 32]),
        data: Vec::new(),
    }
}

/// The pool, with every tick array that a swap can pass.
pub(crate) fn pool() -> OrcaWhirlpoolPool {
    from_accounts(&accounts_and_absent_ones()).unwrap()
}

pub(crate) fn from_accounts(accounts: &[OwnedAccount]) -> Result<OrcaWhirlpoolPool, PoolError> {
    OrcaWhirlpoolPool::from_accounts(POOL.parse().unwrap(), &set(accounts), ChainClock::default())
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter(|byte| *byte != b'=');
    let mut bits = 0_u32;
    let mut held = 0;
    let mut bytes = Vec::new();
    for digit in digits {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xff).to_le_bytes()[0]);
        }
    }
    bytes
}
