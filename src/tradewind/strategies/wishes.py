"""What a strategy may wish for. The engine quotes it again, to the unit, and decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hop:
    """One pool of a way, and the direction through it."""

    pool: str
    mint_in: str
    mint_out: str


@dataclass(frozen=True, slots=True)
class Circle:
    """Pay in `amount_in_raw` of a token and get it back with a profit, through up to four pools, or not at all.

    `min_profit_raw` is left after everything that the trade costs. That is known where the token is wrapped SOL; in any
    other it has to hold the costs as well. The wallet may have less: then less is paid in. `tag` comes back with what
    becomes of it.
    """

    hops: Sequence[Hop]
    amount_in_raw: int
    min_profit_raw: int
    tag: str | None = None

    def document(self) -> dict[str, Any]:
        """As the engine reads it."""
        return {
            "kind": "circle",
            "hops": _documents(self.hops),
            "amount_in_raw": str(_whole(self.amount_in_raw, "amount_in_raw")),
            "min_profit_raw": str(_whole(self.min_profit_raw, "min_profit_raw")),
            "tag": self.tag,
        }


@dataclass(frozen=True, slots=True)
class Swap:
    """Give `amount_in_raw` of one token for at least `least_out_raw` of another, or do not trade.

    The engine looks for the best way of up to `max_hops` pools (1 to 3), unless `hops` says which. The slippage that
    the limits allow bounds what comes out as well: the higher of the two least outputs holds.
    """

    mint_in: str
    mint_out: str
    amount_in_raw: int
    least_out_raw: int
    hops: Sequence[Hop] | None = None
    max_hops: int = 2
    tag: str | None = None

    def document(self) -> dict[str, Any]:
        """As the engine reads it."""
        return {
            "kind": "swap",
            "mint_in": self.mint_in,
            "mint_out": self.mint_out,
            "amount_in_raw": str(_whole(self.amount_in_raw, "amount_in_raw")),
            "least_out_raw": str(_whole(self.least_out_raw, "least_out_raw")),
            "hops": None if self.hops is None else _documents(self.hops),
            "max_hops": _whole(self.max_hops, "max_hops"),
            "tag": self.tag,
        }


Wish = Circle | Swap


def _documents(hops: Sequence[Hop]) -> list[dict[str, str]]:
    return [{"pool": hop.pool, "mint_in": hop.mint_in, "mint_out": hop.mint_out} for hop in hops]


def _whole(value: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name} is {value!r}, and amounts are whole numbers. Use raw_of for a Decimal."
        raise TypeError(message)
    return value
