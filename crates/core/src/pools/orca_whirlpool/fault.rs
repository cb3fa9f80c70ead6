//! Why the program would refuse a swap, by its own names.

/// An error of the Whirlpool program inside a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    AmountCalcOverflow,
    AmountRemainingOverflow,
    DivideByZero,
    InvalidSqrtPriceLimitDirection,
    InvalidTickArraySequence,
    InvalidTimestamp,
    LiquidityOverflow,
    LiquidityUnderflow,
    MultiplicationOverflow,
    MultiplicationShiftRightOverflow,
    NumberDownCastError,
    SqrtPriceOutOfBounds,
    TokenMaxExceeded,
    TokenMinSubceeded,
    TransferFeeCalculationError,
    ZeroTradableAmount,
    /// None of the program's: the tick arrays on the way were not looked up.
    TickArrayUnknown,
}

impl Fault {
    /// The program's name of the error, then what it means here.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::AmountCalcOverflow => "AmountCalcOverflow: the other amount exceeds 64 bits",
            Self::AmountRemainingOverflow => {
                "AmountRemainingOverflow: a step takes more than what is left"
            }
            Self::DivideByZero => "DivideByZero: there is not as much of the token that comes out",
            Self::InvalidSqrtPriceLimitDirection => {
                "InvalidSqrtPriceLimitDirection: the price is already at its limit"
            }
            Self::InvalidTickArraySequence => {
                "InvalidTickArraySequence: no tick array lies in this direction"
            }
            Self::InvalidTimestamp => {
                "InvalidTimestamp: the clock is before the oracle's last update; give the newest"
            }
            Self::LiquidityOverflow => {
                "LiquidityOverflow: a tick adds too much; an account's update is missing"
            }
            Self::LiquidityUnderflow => {
                "LiquidityUnderflow: a tick takes more than there is; an account's update is missing"
            }
            Self::MultiplicationOverflow => {
                "MultiplicationOverflow: liquidity times price range exceeds 192 bits, or an amount 64"
            }
            Self::MultiplicationShiftRightOverflow => {
                "MultiplicationShiftRightOverflow: an amount of token b exceeds 64 bits"
            }
            Self::NumberDownCastError => "NumberDownCastError: an amount or price exceeds 128 bits",
            Self::SqrtPriceOutOfBounds => "SqrtPriceOutOfBounds: the price would leave its bounds",
            Self::TokenMaxExceeded => "TokenMaxExceeded: an amount of token a exceeds 64 bits",
            Self::TokenMinSubceeded => "TokenMinSubceeded: the price would fall below its bound",
            Self::TransferFeeCalculationError => {
                "TransferFeeCalculationError: with the token's transfer fee it exceeds 64 bits"
            }
            Self::ZeroTradableAmount => "ZeroTradableAmount: the transfer fee takes all of it",
            Self::TickArrayUnknown => {
                "it leaves the tick arrays that were looked up; give the next one, or that it is not initialised"
            }
        }
    }
}
