//! One leg of a swap: its path and amounts, and the router's call that carries it out.

use super::abi::{Reader, Writer};
use super::{EvmError, Exact, SwapPath};
use alloy_primitives::{Address, U256};

const EXACT_INPUT_SINGLE: [u8; 4] = [0x04, 0xe4, 0x5a, 0xaf];
const EXACT_OUTPUT_SINGLE: [u8; 4] = [0x50, 0x23, 0xb4, 0xdf];
const EXACT_INPUT: [u8; 4] = [0xb8, 0x58, 0x18, 0x3f];
const EXACT_OUTPUT: [u8; 4] = [0x09, 0xb8, 0x13, 0x46];

/// One path of a swap, with the part of the amount that goes over it and the limit of that part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapLeg {
    /// Tokens and fees in trade order.
    pub path: SwapPath,
    /// Spent (exact in), or the most that may be spent (exact out).
    pub amount_in_raw: U256,
    /// The least that must be received (exact in), or received (exact out).
    pub amount_out_raw: U256,
}

/// What the calls of all legs have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LegCall {
    pub(super) exact: Exact,
    pub(super) recipient: Address,
}

impl LegCall {
    /// A single hop has a call of its own, which costs less gas.
    pub(super) fn encode(self, leg: &SwapLeg) -> Vec<u8> {
        match (self.exact, leg.path.fees_pips()) {
            (Exact::In, [fee]) => self.encode_single(EXACT_INPUT_SINGLE, *fee, leg),
            (Exact::Out, [fee]) => self.encode_single(EXACT_OUTPUT_SINGLE, *fee, leg),
            (Exact::In, _) => self.encode_path(EXACT_INPUT, &leg.path, leg),
            (Exact::Out, _) => self.encode_path(EXACT_OUTPUT, &leg.path.reversed(), leg),
        }
    }

    fn encode_single(self, selector: [u8; 4], fee: u32, leg: &SwapLeg) -> Vec<u8> {
        let (fixed, limit) = self.fixed_and_limit(leg);
        Writer::call(selector)
            .address(leg.path.token_in())
            .address(leg.path.token_out())
            .uint(U256::from(fee))
            .address(self.recipient)
            .uint(fixed)
            .uint(limit)
            .uint(U256::ZERO)
            .finish()
    }

    fn encode_path(self, selector: [u8; 4], path: &SwapPath, leg: &SwapLeg) -> Vec<u8> {
        let (fixed, limit) = self.fixed_and_limit(leg);
        Writer::call(selector)
            .offset(32)
            .offset(128)
            .address(self.recipient)
            .uint(fixed)
            .uint(limit)
            .bytes(&path.pack())
            .finish()
    }

    /// The exact amount comes before the limit in all four structs.
    fn fixed_and_limit(self, leg: &SwapLeg) -> (U256, U256) {
        match self.exact {
            Exact::In => (leg.amount_in_raw, leg.amount_out_raw),
            Exact::Out => (leg.amount_out_raw, leg.amount_in_raw),
        }
    }
}

/// Reads one call of the multicall. Whether every byte of it is as written here shows the comparison with the encoder.
pub(super) fn read_leg(call: &[u8]) -> Result<(LegCall, SwapLeg), EvmError> {
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

type Read = Result<(LegCall, SwapLeg), EvmError>;

fn read_single(exact: Exact, selector: [u8; 4], call: &[u8]) -> Read {
    let mut reader = Reader::call(call, selector)?;
    let tokens = vec![reader.address()?, reader.address()?];
    let path = SwapPath::new(tokens, vec![reader.int()?])?;
    let recipient = reader.address()?;
    let (fixed, limit) = (reader.uint()?, reader.uint()?);
    Ok((LegCall { exact, recipient }, leg(exact, path, fixed, limit)))
}

fn read_path(exact: Exact, selector: [u8; 4], call: &[u8]) -> Read {
    let mut reader = Reader::call(call, selector)?;
    reader.skip(2)?;
    let (recipient, fixed, limit) = (reader.address()?, reader.uint()?, reader.uint()?);
    let packed = SwapPath::unpack(reader.bytes()?)?;
    let path = match exact {
        Exact::In => packed,
        Exact::Out => packed.reversed(),
    };
    Ok((LegCall { exact, recipient }, leg(exact, path, fixed, limit)))
}

fn leg(exact: Exact, path: SwapPath, fixed: U256, limit: U256) -> SwapLeg {
    let (amount_in_raw, amount_out_raw) = match exact {
        Exact::In => (fixed, limit),
        Exact::Out => (limit, fixed),
    };
    SwapLeg {
        path,
        amount_in_raw,
        amount_out_raw,
    }
}
