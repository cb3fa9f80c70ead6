"""Prices of pools over time, as they were seen: the newest of each, and how far each moved within a window."""

from collections import deque
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction

from tradewind.commander.rules.measured import Measured, unknown

# Enough for the logarithm of one part in 10^12 to have a dozen digits.
_EXACT = Context(prec=40)
_MOST_SAMPLES = 1_000
_PPM = 1_000_000
_NS_PER_MS = 1_000_000


@dataclass(slots=True)
class _Sample:
    at_ns: int
    price: Fraction
    # The square of the logarithm of the price over the one before it.
    squared: Decimal


@dataclass(slots=True)
class PriceWindow:
    """The prices of one pool within a window; a gap in which none was seen starts it anew."""

    window_ms: int
    fresh_within_ms: int
    _samples: deque[_Sample] = field(default_factory=deque)
    _newest: Fraction | None = None
    seen_at_ns: int = 0

    def saw(self, price: Fraction, *, at_ns: int) -> None:
        """The price as of now; above zero."""
        if self._newest is None or at_ns - self.seen_at_ns > self.fresh_within_ms * _NS_PER_MS:
            self._samples.clear()
        self._newest, self.seen_at_ns = price, at_ns
        least_ns = self.window_ms * _NS_PER_MS // _MOST_SAMPLES
        if self._samples and at_ns - self._samples[-1].at_ns < least_ns:
            return
        before = self._samples[-1].price if self._samples else price
        self._samples.append(_Sample(at_ns, price, _squared_return(price / before)))

    def newest(self, *, now_ns: int) -> Fraction | None:
        """None when none was seen lately."""
        return self._newest if now_ns - self.seen_at_ns <= self.fresh_within_ms * _NS_PER_MS else None

    def volatility(self, *, now_ns: int) -> Measured:
        """`√Σ ln(pᵢ/pᵢ₋₁)²` over the prices of the window, in parts per million, rounded down: not annualised."""
        if self.newest(now_ns=now_ns) is None:
            return unknown(age(now_ns - self.seen_at_ns if self._newest else None))
        first_ns = now_ns - self.window_ms * _NS_PER_MS
        # The last one before the window is what its first one moved from.
        while len(self._samples) > 1 and self._samples[1].at_ns <= first_ns:
            self._samples.popleft()
        covered_ns = now_ns - self._samples[0].at_ns
        if covered_ns < self.window_ms * _NS_PER_MS:
            return unknown(f"has seen {covered_ns // 10**9} s of its {self.window_ms // 1_000} s")
        total = Decimal(0)
        for sample in list(self._samples)[1:]:
            total = _EXACT.add(total, sample.squared)
        return Measured(int(_EXACT.multiply(_EXACT.sqrt(total), Decimal(_PPM))))


def spread_ppm(one: Fraction, other: Fraction) -> int:
    """How far the dearer one lies above the cheaper one, in parts per million of the cheaper, rounded down."""
    low, high = sorted((one, other))
    return int((high - low) * _PPM / low)


def age(ns: int | None) -> str:
    """Why there is no fresh price."""
    return "no price was seen yet" if ns is None else f"no fresh price for {ns // 10**9} s"


def _squared_return(ratio: Fraction) -> Decimal:
    logarithm = _EXACT.ln(_EXACT.divide(Decimal(ratio.numerator), Decimal(ratio.denominator)))
    return _EXACT.multiply(logarithm, logarithm)
