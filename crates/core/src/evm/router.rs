//! Swaps through Uniswap's `SwapRouter02`: `multicall(deadline, [permit?, leg, …])`.
//!
//! The router's swap structs carry no deadline and its single calls check none, so every swap goes
//! through the multicall that does; it also makes all legs happen, or none. Signatures:
//! `IV3SwapRouter`, `ISelfPermit` and `IMulticallExtended` of `@uniswap/swap-router-contracts`.

use super::abi::{Reader, Writer};
use super::router_leg::{LegCall, read_leg};
use super::{EvmError, Permit, SwapLeg};
use alloy_primitives::{Address, U256};

/// The most legs that one swap may have.
pub const MAX_LEGS: usize = 8;

const MULTICALL: [u8; 4] = [0x5a, 0xe4, 0x01, 0xdc];
const SELF_PERMIT_IF_NECESSARY: [u8; 4] = [0xc2, 0xe3, 0x14, 0x0a];

// Addresses 1 and 2 mean "the caller" and "the router" to `SwapRouter02`, and 0 is nobody's.
const RESERVED_RECIPIENTS: u8 = 2;

/// Which amount of a swap is exact; the other one is its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exact {
    /// `amount_in_raw` is spent, `amount_out_raw` is the least that must come back.
    In,
    /// `amount_out_raw` comes back, `amount_in_raw` is the most that may be spent.
    Out,
}

/// One swap of one wallet over one or several legs, without a price limit, so that it fills in full
/// or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterSwap {
    exact: Exact,
    legs: Vec<SwapLeg>,
    recipient: Address,
    amount_in_raw: U256,
    amount_out_raw: U256,
    deadline_s: u64,
    permit: Option<Permit>,
}

impl RouterSwap {
    /// Legs in the order of execution; `deadline_s` in Unix time (the last second in which it may
    /// execute).
    ///
    /// # Errors
    /// `legs_malformed` for no leg, more than [`MAX_LEGS`], legs between different tokens, two of one
    /// path, and sums that are no amounts; `amount_zero` for the exact amount of a leg or for what it
    /// may spend (the router reads an input of zero as "all it holds"); `recipient_reserved` for the
    /// addresses 0, 1 and 2.
    pub fn new(
        exact: Exact,
        legs: Vec<SwapLeg>,
        recipient: Address,
        deadline_s: u64,
        permit: Option<Permit>,
    ) -> Result<Self, EvmError> {
        check_paths(&legs)?;
        for leg in &legs {
            check_amounts(exact, leg)?;
        }
        if U256::from_be_bytes(recipient.into_word().0) <= U256::from(RESERVED_RECIPIENTS) {
            return Err(EvmError::RecipientReserved(recipient));
        }
        Ok(Self {
            exact,
            recipient,
            amount_in_raw: sum("amount_in_raw", legs.iter().map(|leg| leg.amount_in_raw))?,
            amount_out_raw: sum("amount_out_raw", legs.iter().map(|leg| leg.amount_out_raw))?,
            legs,
            deadline_s,
            permit,
        })
    }

    /// Which amount is exact.
    #[must_use]
    pub fn exact(&self) -> Exact {
        self.exact
    }

    /// One or more, in the order of execution.
    #[must_use]
    pub fn legs(&self) -> &[SwapLeg] {
        &self.legs
    }

    /// What all legs spend.
    #[must_use]
    pub fn token_in(&self) -> Address {
        self.legs[0].path.token_in()
    }

    /// What all legs buy.
    #[must_use]
    pub fn token_out(&self) -> Address {
        self.legs[0].path.token_out()
    }

    /// Who receives the bought tokens.
    #[must_use]
    pub fn recipient(&self) -> Address {
        self.recipient
    }

    /// Spent by all legs (exact in), or the most that they may spend (exact out).
    #[must_use]
    pub fn amount_in_raw(&self) -> U256 {
        self.amount_in_raw
    }

    /// The least that all legs must bring (exact in), or what they bring (exact out).
    #[must_use]
    pub fn amount_out_raw(&self) -> U256 {
        self.amount_out_raw
    }

    /// Last second (Unix time) in which it may execute.
    #[must_use]
    pub fn deadline_s(&self) -> u64 {
        self.deadline_s
    }

    /// The permit for the token that is spent, if the calldata brings one.
    #[must_use]
    pub fn permit(&self) -> Option<&Permit> {
        self.permit.as_ref()
    }

    /// The calldata for `SwapRouter02`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let permit = self
            .permit
            .as_ref()
            .map(|permit| self.encode_permit(permit));
        let legs = self.legs.iter().map(|leg| {
            let (exact, recipient) = (self.exact, self.recipient);
            let call = LegCall { exact, recipient };
            call.encode(leg)
        });
        let calls: Vec<_> = permit.into_iter().chain(legs).collect();
        Writer::call(MULTICALL)
            .uint(U256::from(self.deadline_s))
            .offset(64)
            .bytes_array(&calls)
            .finish()
    }

    /// Reads what [`RouterSwap::encode`] writes, and nothing else.
    ///
    /// # Errors
    /// `calldata_not_recognised`.
    pub fn decode(data: &[u8]) -> Result<Self, EvmError> {
        let swap = Self::read(data).map_err(|error| match error {
            EvmError::CalldataNotRecognised(_) => error,
            _ => EvmError::CalldataNotRecognised("a swap that must not be made"),
        })?;
        if swap.encode() == data {
            Ok(swap)
        } else {
            Err(EvmError::CalldataNotRecognised("not in canonical form"))
        }
    }

    fn read(data: &[u8]) -> Result<Self, EvmError> {
        let mut reader = Reader::call(data, MULTICALL)?;
        let deadline_s = reader.int()?;
        reader.skip(1)?;
        let count: usize = reader.int()?;
        if !(1..=1 + MAX_LEGS).contains(&count) {
            let why = "neither a permit and up to eight legs nor less";
            return Err(EvmError::CalldataNotRecognised(why));
        }
        reader.skip(count)?;
        let calls = (0..count)
            .map(|_| reader.bytes())
            .collect::<Result<Vec<_>, _>>()?;
        let (permit, calls) = match calls.split_first() {
            Some((first, rest)) if first.starts_with(&SELF_PERMIT_IF_NECESSARY) => {
                (Some(read_permit(first)?), rest)
            }
            _ => (None, calls.as_slice()),
        };
        let (call, legs) = read_legs(calls)?;
        Self::new(call.exact, legs, call.recipient, deadline_s, permit)
    }

    fn encode_permit(&self, permit: &Permit) -> Vec<u8> {
        Writer::call(SELF_PERMIT_IF_NECESSARY)
            .address(self.token_in())
            .uint(permit.value_raw)
            .uint(U256::from(permit.deadline_s))
            .uint(U256::from(permit.v()))
            .word(permit.r)
            .word(permit.s)
            .finish()
    }
}

fn check_paths(legs: &[SwapLeg]) -> Result<(), EvmError> {
    if !(1..=MAX_LEGS).contains(&legs.len()) {
        return Err(EvmError::LegsMalformed(format!(
            "{} given; a swap has 1 to {MAX_LEGS}",
            legs.len()
        )));
    }
    let ends = |leg: &SwapLeg| (leg.path.token_in(), leg.path.token_out());
    for (index, leg) in legs.iter().enumerate() {
        if ends(leg) != ends(&legs[0]) {
            let why = "does not trade the tokens of the first leg; all must";
            return Err(EvmError::LegsMalformed(format!("leg {index} {why}")));
        }
        if legs[..index].iter().any(|before| before.path == leg.path) {
            let why = "has the path of another leg; add its amount to that one";
            return Err(EvmError::LegsMalformed(format!("leg {index} {why}")));
        }
    }
    Ok(())
}

fn check_amounts(exact: Exact, leg: &SwapLeg) -> Result<(), EvmError> {
    if leg.amount_in_raw.is_zero() {
        return Err(EvmError::AmountZero {
            field: "amount_in_raw",
            why: "; the router reads zero as everything it holds",
        });
    }
    if exact == Exact::Out && leg.amount_out_raw.is_zero() {
        return Err(EvmError::AmountZero {
            field: "amount_out_raw",
            why: "",
        });
    }
    Ok(())
}

fn sum(field: &str, mut amounts: impl Iterator<Item = U256>) -> Result<U256, EvmError> {
    amounts
        .try_fold(U256::ZERO, U256::checked_add)
        .ok_or_else(|| EvmError::LegsMalformed(format!("their {field} together exceed 256 bits")))
}

/// All legs make the same kind of call, for the same recipient.
fn read_legs(calls: &[&[u8]]) -> Result<(LegCall, Vec<SwapLeg>), EvmError> {
    let read = calls.iter().map(|call| read_leg(call));
    let (kinds, legs): (Vec<_>, Vec<_>) = read.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    match kinds.first() {
        Some(&first) if kinds.iter().all(|kind| *kind == first) => Ok((first, legs)),
        Some(_) => Err(EvmError::CalldataNotRecognised(
            "legs of different kinds or for different recipients",
        )),
        None => Err(EvmError::CalldataNotRecognised("a permit without a swap")),
    }
}

// The token of the permit is proven by the comparison with the encoder, which writes `token_in`.
fn read_permit(call: &[u8]) -> Result<Permit, EvmError> {
    let mut reader = Reader::call(call, SELF_PERMIT_IF_NECESSARY)?;
    reader.skip(1)?;
    Permit::new(
        reader.uint()?,
        reader.int()?,
        reader.int()?,
        reader.word()?,
        reader.word()?,
    )
}
