//! Swaps whose instruction is two amounts: everything else follows from the name and the accounts.
//!
//! Sources: `raydium-amm` @27f461d, `raydium-cp-swap` @609780f, `dlmm-sdk` @fb02e51 (`lb_clmm` 0.12.0), and the
//! IDLs of pump and `pump_amm` in the crate `pump-rust-client` 0.5.0.

use super::{Direction, Swap, Venue};
use crate::decode::DecodeError;
use crate::decode::solana::instruction::{Arguments, Instruction, refused};
use crate::evm::Exact;

/// Places among the accounts; mints and token accounts as (base or first, quote or second).
#[derive(Clone, Copy)]
struct Places {
    /// Fewer accounts than this, and the program refuses.
    least: usize,
    pool: usize,
    user: usize,
    mints: (Option<usize>, Option<usize>),
    tokens: (Option<usize>, Option<usize>),
    /// How the pairs above are ordered.
    order: Order,
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// Input, then output.
    InOut,
    /// As the pool has them; the user's token accounts are input, then output all the same.
    PoolMints,
    /// Base, then quote.
    BaseQuote,
}

struct Shape {
    venue: Venue,
    tag: &'static [u8],
    function: &'static str,
    exact: Exact,
    /// The exact amount is the second argument.
    exact_last: bool,
    direction: Option<Direction>,
    places: Places,
}

const AMM_V4_V1: Places = in_out(17, 1, 16, (None, None), (14, 15));
const AMM_V4_V2: Places = in_out(8, 1, 7, (None, None), (5, 6));
const CPMM: Places = in_out(13, 3, 0, (Some(10), Some(11)), (4, 5));
const DLMM: Places = Places {
    order: Order::PoolMints,
    ..in_out(15, 0, 10, (Some(6), Some(7)), (4, 5))
};
const PUMP_SWAP: Places = base_quote(17, 0, 1, (Some(3), Some(4)), (Some(5), Some(6)));
const CURVE_V1: Places = base_quote(12, 3, 6, (Some(2), None), (Some(5), None));
const CURVE_V2: Places = base_quote(26, 10, 13, (Some(1), Some(2)), (Some(14), Some(15)));
const CURVE_V3: Places = base_quote(17, 5, 8, (Some(1), Some(2)), (Some(9), Some(10)));

const fn in_out(
    least: usize,
    pool: usize,
    user: usize,
    mints: (Option<usize>, Option<usize>),
    tokens: (usize, usize),
) -> Places {
    let tokens = (Some(tokens.0), Some(tokens.1));
    Places {
        least,
        pool,
        user,
        mints,
        tokens,
        order: Order::InOut,
    }
}

const fn base_quote(
    least: usize,
    pool: usize,
    user: usize,
    mints: (Option<usize>, Option<usize>),
    tokens: (Option<usize>, Option<usize>),
) -> Places {
    Places {
        least,
        pool,
        user,
        mints,
        tokens,
        order: Order::BaseQuote,
    }
}

const fn shape(
    venue: Venue,
    tag: &'static [u8],
    function: &'static str,
    exact: Exact,
    places: Places,
) -> Shape {
    Shape {
        venue,
        tag,
        function,
        exact,
        exact_last: matches!(exact, Exact::Out),
        direction: None,
        places,
    }
}

/// A trade of a coin: the exact amount always stands first.
const fn trade(
    venue: Venue,
    tag: &'static [u8],
    function: &'static str,
    exact: Exact,
    direction: Direction,
    places: Places,
) -> Shape {
    Shape {
        venue,
        tag,
        function,
        exact,
        exact_last: false,
        direction: Some(direction),
        places,
    }
}

const BUY: &[u8] = &[0x66, 0x06, 0x3d, 0x12, 0x01, 0xda, 0xeb, 0xea];
const SELL: &[u8] = &[0x33, 0xe6, 0x85, 0xa4, 0x01, 0x7f, 0x83, 0xad];
const BUY_EXACT_QUOTE_IN: &[u8] = &[0xc6, 0x2e, 0x15, 0x52, 0xb4, 0xd9, 0xe8, 0x70];
const BUY_EXACT_SOL_IN: &[u8] = &[0x38, 0xfc, 0x74, 0x08, 0x9e, 0xdf, 0xcd, 0x5f];
const BUY_V2: &[u8] = &[0xb8, 0x17, 0xee, 0x61, 0x67, 0xc5, 0xd3, 0x3d];
const BUY_EXACT_QUOTE_IN_V2: &[u8] = &[0xc2, 0xab, 0x1c, 0x46, 0x68, 0x4d, 0x5b, 0x2f];
const SELL_V2: &[u8] = &[0x5d, 0xf6, 0x82, 0x3c, 0xe7, 0xe9, 0x40, 0xb2];
const BUY_V3: &[u8] = &[0x07, 0x05, 0x1d, 0xc4, 0xf5, 0x17, 0x65, 0x50];
const BUY_EXACT_QUOTE_IN_V3: &[u8] = &[0xe1, 0xf7, 0x50, 0x1e, 0xd5, 0xb3, 0x84, 0x88];
const SELL_V3: &[u8] = &[0x1c, 0x92, 0xde, 0x77, 0x26, 0xc4, 0x69, 0xd5];
const SWAP_BASE_INPUT: &[u8] = &[0x8f, 0xbe, 0x5a, 0xda, 0xc4, 0x1e, 0x33, 0xde];
const SWAP_BASE_OUTPUT: &[u8] = &[0x37, 0xd9, 0x62, 0x56, 0xa3, 0x4a, 0xb4, 0xad];
const DLMM_SWAP: &[u8] = &[0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const DLMM_SWAP2: &[u8] = &[0x41, 0x4b, 0x3f, 0x4c, 0xeb, 0x5b, 0x5b, 0x88];
const DLMM_SWAP_EXACT_OUT: &[u8] = &[0xfa, 0x49, 0x65, 0x21, 0x26, 0xcf, 0x4b, 0xb8];
const DLMM_SWAP_EXACT_OUT2: &[u8] = &[0x2b, 0xd7, 0xf7, 0x84, 0x89, 0x3c, 0xf3, 0x51];

#[rustfmt::skip]
static SHAPES: [Shape; 25] = [
    shape(Venue::RaydiumAmmV4, &[9], "swap_base_in", Exact::In, AMM_V4_V1),
    shape(Venue::RaydiumAmmV4, &[11], "swap_base_out", Exact::Out, AMM_V4_V1),
    shape(Venue::RaydiumAmmV4, &[16], "swap_base_in_v2", Exact::In, AMM_V4_V2),
    shape(Venue::RaydiumAmmV4, &[17], "swap_base_out_v2", Exact::Out, AMM_V4_V2),
    shape(Venue::RaydiumCpmm, SWAP_BASE_INPUT, "swap_base_input", Exact::In, CPMM),
    shape(Venue::RaydiumCpmm, SWAP_BASE_OUTPUT, "swap_base_output", Exact::Out, CPMM),
    shape(Venue::MeteoraDlmm, DLMM_SWAP, "swap", Exact::In, DLMM),
    shape(Venue::MeteoraDlmm, DLMM_SWAP2, "swap2", Exact::In, DLMM),
    shape(Venue::MeteoraDlmm, DLMM_SWAP_EXACT_OUT, "swap_exact_out", Exact::Out, DLMM),
    shape(Venue::MeteoraDlmm, DLMM_SWAP_EXACT_OUT2, "swap_exact_out2", Exact::Out, DLMM),
    trade(Venue::PumpSwap, BUY, "buy", Exact::Out, Direction::Buy, PUMP_SWAP),
    trade(Venue::PumpSwap, BUY_EXACT_QUOTE_IN, "buy_exact_quote_in", Exact::In, Direction::Buy, PUMP_SWAP),
    trade(Venue::PumpSwap, SELL, "sell", Exact::In, Direction::Sell, PUMP_SWAP),
    trade(Venue::PumpSwap, BUY_V2, "buy_v2", Exact::Out, Direction::Buy, PUMP_SWAP),
    trade(Venue::PumpSwap, BUY_EXACT_QUOTE_IN_V2, "buy_exact_quote_in_v2", Exact::In, Direction::Buy, PUMP_SWAP),
    trade(Venue::PumpSwap, SELL_V2, "sell_v2", Exact::In, Direction::Sell, PUMP_SWAP),
    trade(Venue::PumpCurve, BUY, "buy", Exact::Out, Direction::Buy, CURVE_V1),
    trade(Venue::PumpCurve, BUY_EXACT_SOL_IN, "buy_exact_sol_in", Exact::In, Direction::Buy, CURVE_V1),
    trade(Venue::PumpCurve, SELL, "sell", Exact::In, Direction::Sell, CURVE_V1),
    trade(Venue::PumpCurve, BUY_V2, "buy_v2", Exact::Out, Direction::Buy, CURVE_V2),
    trade(Venue::PumpCurve, BUY_EXACT_QUOTE_IN_V2, "buy_exact_quote_in_v2", Exact::In, Direction::Buy, CURVE_V2),
    trade(Venue::PumpCurve, SELL_V2, "sell_v2", Exact::In, Direction::Sell, CURVE_V2),
    trade(Venue::PumpCurve, BUY_V3, "buy_v3", Exact::Out, Direction::Buy, CURVE_V3),
    trade(Venue::PumpCurve, BUY_EXACT_QUOTE_IN_V3, "buy_exact_quote_in_v3", Exact::In, Direction::Buy, CURVE_V3),
    trade(Venue::PumpCurve, SELL_V3, "sell_v3", Exact::In, Direction::Sell, CURVE_V3),
];

/// None when the instruction is none of those above.
pub(super) fn read(
    venue: Venue,
    instruction: &Instruction<'_>,
) -> Result<Option<Swap>, DecodeError> {
    let known = SHAPES
        .iter()
        .find(|shape| shape.venue == venue && instruction.data.starts_with(shape.tag));
    known.map(|shape| shape.read(instruction)).transpose()
}

impl Shape {
    fn read(&self, instruction: &Instruction<'_>) -> Result<Swap, DecodeError> {
        let places = self.places(instruction)?;
        let mut arguments = Arguments(instruction.data.get(self.tag.len()..).unwrap_or_default());
        let (first, second) = (arguments.u64("amount")?, arguments.u64("limit")?);
        let (amount_raw, limit_raw) = if self.exact_last {
            (second, first)
        } else {
            (first, second)
        };
        let pick =
            |place: Option<usize>| place.and_then(|place| instruction.account(place, "").ok());
        let mints = (pick(places.mints.0), pick(places.mints.1));
        let tokens = (pick(places.tokens.0), pick(places.tokens.1));
        let (mint_in, mint_out) = match places.order {
            Order::PoolMints => (None, None),
            _ => self.oriented(mints),
        };
        let (account_in, account_out) = self.oriented(tokens);
        Ok(Swap {
            venue: self.venue,
            function: self.function,
            exact: self.exact,
            amount_raw,
            limit_raw,
            sqrt_price_limits_x64: Vec::new(),
            pools: vec![instruction.account(places.pool, "pool")?],
            directions: self.direction.into_iter().collect(),
            user: instruction.account(places.user, "user")?,
            mint_in,
            mint_out,
            mints: match places.order {
                Order::InOut => Vec::new(),
                _ => [mints.0, mints.1].into_iter().flatten().collect(),
            },
            account_in,
            account_out,
        })
    }

    /// A pair of (base, quote) as (in, out); any other pair stands in that order already.
    fn oriented<T>(&self, pair: (Option<T>, Option<T>)) -> (Option<T>, Option<T>) {
        match self.direction {
            Some(Direction::Buy) => (pair.1, pair.0),
            _ => pair,
        }
    }

    fn places(&self, instruction: &Instruction<'_>) -> Result<Places, DecodeError> {
        let count = instruction.accounts.len();
        let mut places = self.places;
        if count < places.least {
            return Err(refused("accounts", "fewer than the program needs"));
        }
        // The first form of AMM v4 may have `amm_target_orders` behind the open orders, and takes no
        // other number of accounts.
        if self.venue == Venue::RaydiumAmmV4 && places.least == AMM_V4_V1.least {
            match count {
                17 => {}
                18 => {
                    places.user += 1;
                    places.tokens = (Some(15), Some(16));
                }
                _ => return Err(refused("accounts", "neither 17 nor 18")),
            }
        }
        Ok(places)
    }
}
