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


Wish = Circle


def _documents(hops: Sequence[Hop]) -> list[dict[str, str]]:
    return [{"pool": hop.pool, "mint_in": hop.mint_in, "mint_out": hop.mint_out} for hop in hops]


def _whole(value: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name} is {value!r}, and amounts are whole numbers. Use raw_of for a Decimal."
        raise TypeError(message)
    return value
