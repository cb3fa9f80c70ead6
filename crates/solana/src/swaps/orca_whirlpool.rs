//! Orca Whirlpool: `swap_v2` of both deployments, with three tick arrays and spare ones behind its 15 accounts.
//!
//! Source: `instructions/v2/swap.rs` and `util/{sparse_swap,remaining_accounts_utils}.rs` of orca-so/whirlpools at
//! 630c0e0. An array that does not exist is named by the address that it would have; one that is named twice
//! counts once.

use tradewind_core::pools::orca_whirlpool::OrcaWhirlpoolPool;
use tradewind_core::pools::orca_whirlpool::tick_math::{MAX_TICK, MIN_TICK};
use tradewind_core::pools::{AccountSet, Direction, Exact, Movement};

use super::addresses::{MEMO_PROGRAM, derived};
use super::swap_call::{SwapCall, mint_program, owned, two_amounts};
use super::{SwapError, SwapInstructions, key};
use crate::Key;
use crate::instruction::AccountMeta;

const SWAP_V2: [u8; 8] = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
const WHIRLPOOL: [u8; 8] = [0x3f, 0x95, 0xd1, 0x0c, 0xe1, 0x80, 0x63, 0x09];
const VAULTS_OFFSETS: [usize; 2] = [133, 213];
/// Ticks of one array, in units of the tick spacing.
const ARRAY_TICKS: i32 = 88;
/// Arrays that one swap passes.
const PASSED: i32 = 3;
/// `SupplementalTickArrays` of `AccountsType`, and the most that the program takes of them.
const SUPPLEMENTAL_TICK_ARRAYS: u8 = 6;
const MOST_SUPPLEMENTAL: u8 = 3;
const NO_PRICE_LIMIT: u128 = 0;
const COMPUTE_UNITS: u32 = 110_000;
const COMPUTE_UNITS_PER_TICK: u32 = 12_000;

/// What the pool's own account names beside what its state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhirlpoolAccounts {
    /// `token_vault_a` and `token_vault_b`.
    pub vaults: [Key; 2],
    /// The programs that keep both mints.
    pub token_programs: [Key; 2],
}

impl WhirlpoolAccounts {
    pub(super) fn decode(
        pool: &OrcaWhirlpoolPool,
        accounts: &AccountSet<'_>,
    ) -> Result<Self, SwapError> {
        let state = pool.state();
        let address = state.pool;
        let fields = owned(address, accounts, address, "the pool", key(state.program))?;
        fields.expect_discriminator(WHIRLPOOL)?;
        Ok(Self {
            vaults: [
                key(fields.key("token_vault_a", VAULTS_OFFSETS[0])?),
                key(fields.key("token_vault_b", VAULTS_OFFSETS[1])?),
            ],
            token_programs: [
                mint_program(address, accounts, state.token_a)?,
                mint_program(address, accounts, state.token_b)?,
            ],
        })
    }
}

pub(super) fn build(
    pool: &OrcaWhirlpoolPool,
    accounts: &WhirlpoolAccounts,
    call: &SwapCall<'_>,
) -> Result<SwapInstructions, SwapError> {
    call.check_token_programs(accounts.token_programs)?;
    let state = pool.state();
    let (program, request) = (key(state.program), call.request);
    let [side_a, side_b] = call.sides();
    let mut metas = vec![
        AccountMeta::readonly(side_a.token_program),
        AccountMeta::readonly(side_b.token_program),
        AccountMeta::readonly(MEMO_PROGRAM),
        AccountMeta::readonly(request.trader).signer(),
        AccountMeta::writable(call.address),
        AccountMeta::readonly(side_a.mint),
        AccountMeta::readonly(side_b.mint),
        AccountMeta::writable(side_a.token_account),
        AccountMeta::writable(accounts.vaults[0]),
        AccountMeta::writable(side_b.token_account),
        AccountMeta::writable(accounts.vaults[1]),
    ];
    let way = Way::new(state.tick, state.tick_spacing, call.direction);
    let array = |start: i32| -> Result<AccountMeta, SwapError> {
        let start = start.to_string();
        let seeds: [&[u8]; 3] = [b"tick_array", &call.address.0, start.as_bytes()];
        derived("tick_array", program, &seeds).map(AccountMeta::writable)
    };
    for start in way.passed() {
        metas.push(array(start)?);
    }
    let oracle = derived("oracle", program, &[b"oracle", &call.address.0])?;
    metas.push(AccountMeta::writable(oracle));
    let spare = way.spare(call.options.spare_arrays);
    for start in &spare {
        metas.push(array(*start)?);
    }
    let mut data = two_amounts(&SWAP_V2, [request.amount_raw, request.limit_raw]);
    data.extend(NO_PRICE_LIMIT.to_le_bytes());
    data.push(u8::from(request.exact == Exact::In));
    data.push(u8::from(call.direction == Direction::ZeroForOne));
    data.extend(remaining_accounts(spare.len()));
    let crossed = match call.quote.movement {
        Some(Movement::ConcentratedX64 { ticks_crossed, .. }) => ticks_crossed,
        _ => 0,
    };
    let units = COMPUTE_UNITS.saturating_add(crossed.saturating_mul(COMPUTE_UNITS_PER_TICK));
    Ok(call.instructions(program, metas, data, units))
}

/// `Option<RemainingAccountsInfo>`: one slice of one kind, or none.
fn remaining_accounts(spare: usize) -> Vec<u8> {
    match u8::try_from(spare) {
        Ok(count @ 1..) => vec![1, 1, 0, 0, 0, SUPPLEMENTAL_TICK_ARRAYS, count],
        _ => vec![0],
    }
}

/// The tick arrays that a swap can pass from where the pool stands.
struct Way {
    /// Where the first array begins: rising from an array's last slot, the next one.
    first: i32,
    /// From one array to the next, downwards negative.
    step: i32,
}

impl Way {
    fn new(tick: i32, spacing: u16, direction: Direction) -> Self {
        let spacing = i32::from(spacing);
        let span = ARRAY_TICKS * spacing;
        let own = tick.div_euclid(span) * span;
        match direction {
            Direction::ZeroForOne => Self {
                first: own,
                step: -span,
            },
            Direction::OneForZero => Self {
                first: (tick + spacing).div_euclid(span) * span,
                step: span,
            },
        }
    }

    fn exists(&self, start: i32) -> bool {
        let span = self.step.abs();
        (MIN_TICK.div_euclid(span) * span..=MAX_TICK).contains(&start)
    }

    /// The three arrays; where the ticks end, the last one again.
    fn passed(&self) -> Vec<i32> {
        let mut starts = Vec::new();
        let mut last = self.first;
        for place in 0..PASSED {
            let start = self.first.saturating_add(place.saturating_mul(self.step));
            if self.exists(start) {
                last = start;
            }
            starts.push(last);
        }
        starts
    }

    /// Arrays that serve when the price has moved meanwhile: one behind, one ahead, and another behind.
    fn spare(&self, wanted: u8) -> Vec<i32> {
        let places = [-1, PASSED, -2].into_iter();
        let starts = places.map(|place| self.first.saturating_add(self.step.saturating_mul(place)));
        starts
            .filter(|start| self.exists(*start))
            .take(usize::from(wanted.min(MOST_SUPPLEMENTAL)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One array is 88 spacings wide: 5,632 ticks at a spacing of 64.
    #[test]
    fn the_arrays_follow_the_swap_from_where_the_pool_stands() {
        let falling = Way::new(100, 64, Direction::ZeroForOne);
        assert_eq!(falling.passed(), [0, -5_632, -11_264]);
        assert_eq!(falling.spare(3), [5_632, -16_896, 11_264]);
        let rising = Way::new(-1, 64, Direction::OneForZero);
        assert_eq!(rising.passed(), [0, 5_632, 11_264]);
        assert_eq!(rising.spare(1), [-5_632]);
        assert_eq!(rising.spare(200).len(), 3);
    }

    #[test]
    fn rising_from_the_last_slot_of_an_array_begins_in_the_next() {
        let first = |tick| Way::new(tick, 64, Direction::OneForZero).first;
        // The last slot of the array at 0 begins at 5,632 - 64.
        assert_eq!(first(5_632 - 65), 0);
        assert_eq!(first(5_632 - 64), 5_632);
        assert_eq!(Way::new(5_632 - 64, 64, Direction::ZeroForOne).first, 0);
    }

    #[test]
    fn where_the_ticks_end_the_last_array_stands_again() {
        // The array of the lowest tick, -443,636, begins at -79 * 5,632.
        let falling = Way::new(-440_000, 64, Direction::ZeroForOne);
        assert_eq!(falling.passed(), [-444_928, -444_928, -444_928]);
        assert_eq!(falling.spare(3), [-439_296, -433_664]);
        let rising = Way::new(440_000, 64, Direction::OneForZero);
        assert_eq!(rising.passed(), [439_296, 439_296, 439_296]);
    }

    #[test]
    fn spare_arrays_are_told_by_their_kind_and_count() {
        assert_eq!(remaining_accounts(0), [0]);
        assert_eq!(remaining_accounts(2), [1, 1, 0, 0, 0, 6, 2]);
    }
}
