"""The pools of the local market as data: prices, fee tiers, and liquidity in uneven, overlapping ranges.

Every number is in human units. `depth` is Uniswap's liquidity L of a range as sqrt(base · quote): while the price
stays inside, trading `x` of the base moves the square root of the price by a part of about x · sqrt(price) / depth,
and costs as much on average. In the pool of 0.05 %, whose ranges around 3,000 USDC come to a depth of about 204,000,
buying 1.5 WETH has 0.04 % of impact.

What the numbers are chosen for (USDC paid for WETH; tests hold the chain to it):
- up to about 0.6 WETH the thin pool of 0.01 % is the cheapest;
- 1.5 WETH are cheapest in the pool of 0.05 %, and the way over ARB is worse;
- 10 WETH are cheaper over ARB (two deep pools of 0.05 %) than in any single pool;
- 200 WETH cross 41 ticks in the pool of 0.05 %, and are cheapest in the one of 0.3 %, across 10 ticks.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from math import isqrt

from tradewind.localnet.addresses import ARB, USDC, WETH, Token

TICK_SPACING = {100: 1, 500: 10, 3000: 60, 10000: 200}


@dataclass(frozen=True, slots=True)
class Range:
    """Liquidity between two prices (quote per base), rounded outwards to the pool's tick spacing."""

    lower: Decimal
    upper: Decimal
    depth: int


@dataclass(frozen=True, slots=True)
class Pool:
    """A Uniswap V3 pool: `base` is token0, `price` is in quote (token1) per base, when the chain starts.

    `address` is where the factory puts it, here as on Arbitrum One.
    """

    base: Token
    quote: Token
    fee_pips: int
    address: str
    price: Decimal
    ranges: tuple[Range, ...]

    @property
    def sqrt_price_x96(self) -> int:
        """The price to initialise with: floor(sqrt(amount1 · 2^192 / amount0)) in base units."""
        ratio = Fraction(self.price) * Fraction(10) ** (self.quote.decimals - self.base.decimals)
        return isqrt((ratio.numerator << 192) // ratio.denominator)

    def ticks(self, span: Range) -> tuple[int, int]:
        """The range's ticks: log of the price in base units to the base 1.0001, rounded outwards to the spacing."""
        return self._tick(span.lower, ROUND_FLOOR), self._tick(span.upper, ROUND_CEILING)

    def deposit(self, span: Range) -> tuple[int, int]:
        """The amounts of token0 and token1, in base units, that give the range its depth at the pool's price.

        L · (1/sqrt(p) - 1/sqrt(upper)) and L · (sqrt(p) - sqrt(lower)), p held to the range (Uniswap V3 whitepaper,
        6.2.1). The position manager takes what fits and leaves the rest.
        """
        low, high = span.lower.sqrt(), span.upper.sqrt()
        root = min(max(self.price.sqrt(), low), high)
        amount0 = span.depth * (1 / root - 1 / high) * 10**self.base.decimals
        amount1 = span.depth * (root - low) * 10**self.quote.decimals
        return int(amount0), int(amount1)

    def _tick(self, price: Decimal, rounding: str) -> int:
        with localcontext(prec=40):
            ratio = price.scaleb(self.quote.decimals - self.base.decimals)
            spacing = TICK_SPACING[self.fee_pips]
            steps = (ratio.ln() / Decimal("1.0001").ln() / spacing).to_integral_value(rounding)
        return int(steps) * spacing


def _ranges(*rows: tuple[str, str, int]) -> tuple[Range, ...]:
    return tuple(Range(Decimal(lower), Decimal(upper), depth) for lower, upper, depth in rows)


def _ladder(start: int, stop: int, step: int, depths: tuple[int, ...]) -> tuple[Range, ...]:
    """Neighbouring ranges of `step` from `start` to `stop`, whose depths take turns: many ticks to cross."""
    return tuple(
        Range(Decimal(lower), Decimal(lower + step), depths[rung % len(depths)])
        for rung, lower in enumerate(range(start, stop, step))
    )


POOLS = (
    Pool(
        WETH,
        USDC,
        100,
        "0x6f38e884725a116C9C7fBF208e79FE8828a2595F",
        Decimal("3000.0"),
        _ranges(
            ("2985", "3015", 26_000),
            ("2940", "3060", 16_000),
            ("2700", "3300", 8_000),
            ("1500", "6000", 2_000),
            ("3030", "3090", 9_000),
        ),
    ),
    Pool(
        WETH,
        USDC,
        500,
        "0xC6962004f452bE9203591991D15f6b388e09E8D0",
        Decimal("3000.3"),
        _ranges(
            ("2985", "3015", 52_000),
            ("2950", "3050", 40_000),
            ("2800", "3200", 50_000),
            ("2400", "3700", 50_000),
            ("1500", "6000", 20_000),
        )
        + _ladder(3020, 3400, 20, (12_000, 30_000, 7_000, 21_000))
        + _ladder(2600, 2980, 20, (25_000, 9_000, 16_000)),
    ),
    Pool(
        WETH,
        USDC,
        3000,
        "0xc473e2aEE3441BF9240Be85eb122aBB059A3B57c",
        Decimal("3001.5"),
        _ranges(
            ("2900", "3100", 150_000),
            ("2750", "3280", 130_000),
            ("2400", "3750", 80_000),
            ("1500", "6000", 40_000),
        )
        + _ladder(3030, 3330, 30, (40_000, 90_000, 20_000))
        + _ladder(2670, 2970, 30, (70_000, 30_000)),
    ),
    Pool(
        WETH,
        USDC,
        10000,
        "0x42FC852A750BA93D5bf772ecdc857e87a86403a9",
        Decimal(2996),
        _ranges(("2700", "3330", 30_000), ("2000", "4500", 20_000), ("500", "15000", 5_000)),
    ),
    Pool(
        WETH,
        ARB,
        500,
        "0xC6F780497A95e246EB9449f5e4770916DCd6396A",
        Decimal(7500),
        _ranges(
            ("7350", "7650", 600_000),
            ("7000", "8000", 300_000),
            ("6000", "9400", 120_000),
            ("3750", "15000", 40_000),
            ("7700", "8100", 150_000),
        ),
    ),
    Pool(
        WETH,
        ARB,
        3000,
        "0x92c63d0e701CAAe670C9415d91C474F686298f00",
        Decimal(7507),
        _ranges(("7000", "8050", 90_000), ("6000", "9400", 70_000), ("3750", "15000", 30_000)),
    ),
    Pool(
        ARB,
        USDC,
        500,
        "0xb0f6cA40411360c03d41C5fFc5F179b8403CdcF8",
        Decimal("0.4000"),
        _ranges(
            ("0.3920", "0.4080", 36_000_000),
            ("0.3750", "0.4250", 14_000_000),
            ("0.3200", "0.5000", 6_000_000),
            ("0.2000", "0.8000", 2_000_000),
            ("0.4100", "0.4300", 7_000_000),
        ),
    ),
    Pool(
        ARB,
        USDC,
        3000,
        "0xaEBDcA1Bc8d89177EbE2308d62af5e74885DcCc3",
        Decimal("0.4003"),
        _ranges(("0.3700", "0.4300", 5_000_000), ("0.3200", "0.5000", 3_000_000), ("0.2000", "0.8000", 1_000_000)),
    ),
)
