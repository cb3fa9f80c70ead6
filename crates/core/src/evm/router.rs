//! Swaps through Uniswap's `SwapRouter02`: `multicall(deadline, [permit?, swap])`.
//!
//! The router's swap structs carry no deadline and its single calls check none, so every swap goes
//! through the multicall that does. Signatures: `IV3SwapRouter`, `ISelfPermit` and
//! `IMulticallExtended` of `@uniswap/swap-router-contracts`.

use super::abi::{Reader, Writer};
use super::{EvmError, Permit, SwapPath};
use alloy_primitives::{Address, U256};

const MULTICALL: [u8; 4] = [0x5a, 0xe4, 0x01, 0xdc];
const SELF_PERMIT_IF_NECESSARY: [u8; 4] = [0xc2, 0xe3, 0x14, 0x0a];
const EXACT_INPUT_SINGLE: [u8; 4] = [0x04, 0xe4, 0x5a, 0xaf];
const EXACT_OUTPUT_SINGLE: [u8; 4] = [0x50, 0x23, 0xb4, 0xdf];
const EXACT_INPUT: [u8; 4] = [0xb8, 0x58, 0x18, 0x3f];
const EXACT_OUTPUT: [u8; 4] = [0x09, 0xb8, 0x13, 0x46];

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

/// One swap of one wallet, without a price limit, so that it fills in full or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterSwap {
    exact: Exact,
    path: SwapPath,
    recipient: Address,
    amount_in_raw: U256,
    amount_out_raw: U256,
    deadline_s: u64,
    permit: Option<Permit>,
}

impl RouterSwap {
    /// Amounts in base units, `deadline_s` in Unix time (the last second in which it may execute).
    ///
    /// # Errors
    /// `amount_zero` for the exact amount or for what may be spent (the router reads an input of
    /// zero as "all it holds"), `recipient_reserved` for the addresses 0, 1 and 2.
    pub fn new(
        exact: Exact,
        path: SwapPath,
        recipient: Address,
        amount_in_raw: U256,
        amount_out_raw: U256,
        deadline_s: u64,
        permit: Option<Permit>,
    ) -> Result<Self, EvmError> {
        if amount_in_raw.is_zero() {
            let why = "; the router reads zero as everything it holds";
            return Err(EvmError::AmountZero {
                field: "amount_in_raw",
                why,
            });
        }
        if exact == Exact::Out && amount_out_raw.is_zero() {
            return Err(EvmError::AmountZero {
                field: "amount_out_raw",
                why: "",
            });
        }
        if U256::from_be_bytes(recipient.into_word().0) <= U256::from(RESERVED_RECIPIENTS) {
            return Err(EvmError::RecipientReserved(recipient));
        }
        Ok(Self {
            exact,
            path,
            recipient,
            amount_in_raw,
            amount_out_raw,
            deadline_s,
            permit,
        })
    }

    /// Which amount is exact.
    #[must_use]
    pub fn exact(&self) -> Exact {
        self.exact
    }

    /// Tokens and fees in trade order.
    #[must_use]
    pub fn path(&self) -> &SwapPath {
        &self.path
    }

    /// Who receives the bought tokens.
    #[must_use]
    pub fn recipient(&self) -> Address {
        self.recipient
    }

    /// Spent (exact in), or the most that may be spent (exact out).
    #[must_use]
    pub fn amount_in_raw(&self) -> U256 {
        self.amount_in_raw
    }

    /// The least that must be received (exact in), or received (exact out).
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
        let calls: Vec<_> = permit.into_iter().chain([self.encode_swap()]).collect();
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
        if !matches!(count, 1 | 2) {
            return Err(EvmError::CalldataNotRecognised("neither one call nor two"));
        }
        reader.skip(count)?;
        let permit = if count == 2 {
            Some(read_permit(reader.bytes()?)?)
        } else {
            None
        };
        let (exact, path, recipient, fixed, limit) = read_swap(reader.bytes()?)?;
        let (amount_in_raw, amount_out_raw) = match exact {
            Exact::In => (fixed, limit),
            Exact::Out => (limit, fixed),
        };
        Self::new(
            exact,
            path,
            recipient,
            amount_in_raw,
            amount_out_raw,
            deadline_s,
            permit,
        )
    }

    fn encode_permit(&self, permit: &Permit) -> Vec<u8> {
        Writer::call(SELF_PERMIT_IF_NECESSARY)
            .address(self.path.token_in())
            .uint(permit.value_raw)
            .uint(U256::from(permit.deadline_s))
            .uint(U256::from(permit.v()))
            .word(permit.r)
            .word(permit.s)
            .finish()
    }

    fn encode_swap(&self) -> Vec<u8> {
        let (fixed, limit) = match self.exact {
            Exact::In => (self.amount_in_raw, self.amount_out_raw),
            Exact::Out => (self.amount_out_raw, self.amount_in_raw),
        };
        match (self.exact, self.path.fees_pips()) {
            (Exact::In, [fee]) => self.encode_single(EXACT_INPUT_SINGLE, *fee, fixed, limit),
            (Exact::Out, [fee]) => self.encode_single(EXACT_OUTPUT_SINGLE, *fee, fixed, limit),
            (Exact::In, _) => self.encode_path(EXACT_INPUT, &self.path, fixed, limit),
            (Exact::Out, _) => self.encode_path(EXACT_OUTPUT, &self.path.reversed(), fixed, limit),
        }
    }

    fn encode_single(&self, selector: [u8; 4], fee: u32, fixed: U256, limit: U256) -> Vec<u8> {
        Writer::call(selector)
            .address(self.path.token_in())
            .address(self.path.token_out())
            .uint(U256::from(fee))
            .address(self.recipient)
            .uint(fixed)
            .uint(limit)
            .uint(U256::ZERO)
            .finish()
    }

    fn encode_path(&self, selector: [u8; 4], path: &SwapPath, fixed: U256, limit: U256) -> Vec<u8> {
        Writer::call(selector)
            .offset(32)
            .offset(128)
            .address(self.recipient)
            .uint(fixed)
            .uint(limit)
            .bytes(&path.pack())
            .finish()
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

/// The exact amount comes before the limit in all four structs.
type SwapFacts = (Exact, SwapPath, Address, U256, U256);

fn read_swap(call: &[u8]) -> Result<SwapFacts, EvmError> {
    match call.first_chunk() {
        Some(&EXACT_INPUT_SINGLE) => read_single(Exact::In, EXACT_INPUT_SINGLE, call),
        Some(&EXACT_OUTPUT_SINGLE) => read_single(Exact::Out, EXACT_OUTPUT_SINGLE, call),
        Some(&EXACT_INPUT) => read_path(Exact::In, EXACT_INPUT, call),
        Some(&EXACT_OUTPUT) => read_path(Exact::Out, EXACT_OUTPUT, call),
        _ => Err(EvmError::CalldataNotRecognised(
            "unknown selector inside the multicall",
        )),
    }
}

fn read_single(exact: Exact, selector: [u8; 4], call: &[u8]) -> Result<SwapFacts, EvmError> {
    let mut reader = Reader::call(call, selector)?;
    let tokens = vec![reader.address()?, reader.address()?];
    let path = SwapPath::new(tokens, vec![reader.int()?])?;
    Ok((
        exact,
        path,
        reader.address()?,
        reader.uint()?,
        reader.uint()?,
    ))
}

fn read_path(exact: Exact, selector: [u8; 4], call: &[u8]) -> Result<SwapFacts, EvmError> {
    let mut reader = Reader::call(call, selector)?;
    reader.skip(2)?;
    let (recipient, fixed, limit) = (reader.address()?, reader.uint()?, reader.uint()?);
    let packed = SwapPath::unpack(reader.bytes()?)?;
    let path = match exact {
        Exact::In => packed,
        Exact::Out => packed.reversed(),
    };
    Ok((exact, path, recipient, fixed, limit))
}
