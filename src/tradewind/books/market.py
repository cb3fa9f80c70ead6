"""What is traded and where: an instrument's units, and one exchange's market in it with its tick, lot and fee."""

from dataclasses import dataclass

from tradewind import core
from tradewind.books.step import Step
from tradewind.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Instrument:
    """What books of several exchanges have in common: a name, and the decimals in which prices and sizes are units."""

    name: str
    price_decimals: int
    size_decimals: int


@dataclass(frozen=True, slots=True)
class Market:
    """One exchange's market. `tick` and `lot` are the exchange's own steps, written with its own precision ("0.10")."""

    exchange: str
    symbol: str
    instrument: Instrument
    tick: str
    lot: str
    taker_fee_ppm: int

    @property
    def price_step(self) -> Step:
        """The tick, to count prices with."""
        return Step.of("tick", self.tick)

    @property
    def size_step(self) -> Step:
        """The lot, to count sizes with."""
        return Step.of("lot", self.lot)

    def open_book(self, *, numbered: bool, depth: int | None) -> core.OrderBook:
        """An empty book of this market. Misconfigured when a step is not a whole number of the instrument's units."""
        instrument = self.instrument
        return core.OrderBook(
            venue=self.exchange,
            instrument=instrument.name,
            price_decimals=instrument.price_decimals,
            size_decimals=instrument.size_decimals,
            tick=_in_units(self.price_step, instrument.price_decimals, "tick"),
            lot=_in_units(self.size_step, instrument.size_decimals, "lot"),
            taker_fee_ppm=self.taker_fee_ppm,
            numbered=numbered,
            depth=depth,
        )


def _in_units(step: Step, decimals: int, field: str) -> int:
    scale: int = 10**step.decimals
    units, rest = divmod(step.units * int(10**decimals), scale)
    if rest or not units:
        raise Misconfigured(
            "step_too_fine",
            f"{field}: {step.text} is not a whole number of units of 10^-{decimals}.",
            remedy="Give the instrument as many decimals as its finest market has.",
        )
    return units
