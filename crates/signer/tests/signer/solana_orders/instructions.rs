//! Instructions, byte by byte.

use super::{
    ATA, COMPUTE_BUDGET, CPMM, KAMINO, SYSTEM, TOKEN, USDC_ACCOUNT, WALLET, WHIRLPOOL, WSOL,
    WSOL_ACCOUNT, key, stranger,
};
use tradewind_core::decode::solana::Key;

/// An instruction: its accounts with whether they may be written.
#[derive(Clone)]
pub struct Ix {
    pub program: Key,
    pub accounts: Vec<(Key, bool)>,
    pub data: Vec<u8>,
}

pub fn ix(program: &str, accounts: Vec<(Key, bool)>, data: &[&[u8]]) -> Ix {
    Ix {
        program: key(program),
        accounts,
        data: data.concat(),
    }
}

pub fn units(units: u32) -> Ix {
    ix(COMPUTE_BUDGET, vec![], &[&[2], &units.to_le_bytes()])
}

pub fn price(micro_lamports: u64) -> Ix {
    ix(
        COMPUTE_BUDGET,
        vec![],
        &[&[3], &micro_lamports.to_le_bytes()],
    )
}

pub fn transfer(to: &str, lamports: u64) -> Ix {
    let accounts = vec![(key(WALLET), true), (key(to), true)];
    ix(SYSTEM, accounts, &[&[2, 0, 0, 0], &lamports.to_le_bytes()])
}

pub fn receipt(seed: &str, address: &str) -> Ix {
    let accounts = vec![(key(WALLET), true), (key(address), true)];
    let data: [&[u8]; 7] = [
        &[3, 0, 0, 0],
        &key(WALLET).0,
        &(seed.len() as u64).to_le_bytes(),
        seed.as_bytes(),
        &890_880_u64.to_le_bytes(),
        &0_u64.to_le_bytes(),
        &[0; 32],
    ];
    ix(SYSTEM, accounts, &data)
}

pub fn create_account(account: &str, owner: &str, mint: &str, token_program: &str) -> Ix {
    let accounts = vec![
        (key(WALLET), true),
        (key(account), true),
        (key(owner), false),
        (key(mint), false),
        (key(SYSTEM), false),
        (key(token_program), false),
    ];
    ix(ATA, accounts, &[&[1]])
}

pub fn sync(account: &str) -> Ix {
    ix(TOKEN, vec![(key(account), true)], &[&[17]])
}

pub fn close(account: &str, to: &str) -> Ix {
    let accounts = vec![(key(account), true), (key(to), true), (key(WALLET), false)];
    ix(TOKEN, accounts, &[&[9]])
}

pub fn send_tokens(from: &str, mint: &str, to: &str, amount: u64) -> Ix {
    let accounts = vec![
        (key(from), true),
        (key(mint), false),
        (key(to), true),
        (key(WALLET), false),
    ];
    ix(TOKEN, accounts, &[&[12], &amount.to_le_bytes(), &[6]])
}

/// Raydium CPMM, with an exact input.
pub fn cpmm(from: (&str, &str), to: (&str, &str), amount: u64, least: u64) -> Ix {
    let tag = [0x8f, 0xbe, 0x5a, 0xda, 0xc4, 0x1e, 0x33, 0xde];
    cpmm_tagged(tag, from, to, (amount, least))
}

/// Raydium CPMM, with an exact output.
pub fn cpmm_out(from: (&str, &str), to: (&str, &str), most: u64, amount: u64) -> Ix {
    let tag = [0x37, 0xd9, 0x62, 0x56, 0xa3, 0x4a, 0xb4, 0xad];
    cpmm_tagged(tag, from, to, (most, amount))
}

fn cpmm_tagged(tag: [u8; 8], from: (&str, &str), to: (&str, &str), amounts: (u64, u64)) -> Ix {
    let accounts = vec![
        (key(WALLET), true),
        (stranger(101), false),
        (stranger(102), false),
        (stranger(103), true),
        (key(from.0), true),
        (key(to.0), true),
        (stranger(104), true),
        (stranger(105), true),
        (key(TOKEN), false),
        (key(TOKEN), false),
        (key(from.1), false),
        (key(to.1), false),
        (stranger(106), true),
    ];
    ix(
        CPMM,
        accounts,
        &[&tag, &amounts.0.to_le_bytes(), &amounts.1.to_le_bytes()],
    )
}

/// Orca Whirlpool, from its first token (WSOL) to its second (USDC).
pub fn whirlpool(amount: u64, limit: u64, price_limit: u128, exact_in: bool) -> Ix {
    let accounts = vec![
        (key(TOKEN), false),
        (key(WALLET), false),
        (stranger(111), true),
        (key(WSOL_ACCOUNT), true),
        (stranger(112), true),
        (key(USDC_ACCOUNT), true),
        (stranger(113), true),
        (stranger(114), true),
        (stranger(115), true),
        (stranger(116), true),
        (stranger(117), false),
    ];
    let tag = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
    let flags = [u8::from(exact_in), 1];
    ix(
        WHIRLPOOL,
        accounts,
        &[
            &tag,
            &amount.to_le_bytes(),
            &limit.to_le_bytes(),
            &price_limit.to_le_bytes(),
            &flags,
        ],
    )
}

pub fn flash(tag: [u8; 8], reserve: &str, amount: u64, behind: &[u8]) -> Ix {
    let accounts = vec![
        (key(WALLET), false),
        (stranger(121), false),
        (stranger(122), false),
        (key(reserve), true),
        (key(WSOL), false),
        (stranger(123), true),
        (key(WSOL_ACCOUNT), true),
        (stranger(124), true),
        (key(KAMINO), false),
        (key(KAMINO), false),
        (stranger(125), false),
        (key(TOKEN), false),
    ];
    ix(KAMINO, accounts, &[&tag, &amount.to_le_bytes(), behind])
}

pub fn borrow(reserve: &str, amount: u64) -> Ix {
    flash(
        [0x87, 0xe7, 0x34, 0xa7, 0x07, 0x34, 0xd4, 0xc1],
        reserve,
        amount,
        &[],
    )
}

pub fn repay(reserve: &str, amount: u64, borrow_index: u8) -> Ix {
    flash(
        [0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba],
        reserve,
        amount,
        &[borrow_index],
    )
}
