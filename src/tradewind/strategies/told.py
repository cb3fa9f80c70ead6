"""What a strategy is told: pools that changed, how a trade ended, why a wish was refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from tradewind.strategies.pools import Pool, Pools
from tradewind.strategies.wishes import Circle, Hop


@dataclass(frozen=True, slots=True)
class Update:
    """`changed` stand otherwise than at the last update, or are not known for certain any more; `pools` are all that
    are known, as of now.

    `slot` is the newest of the changes, `at_ms` milliseconds since 1970. `held_raw` is what the wallet has of the
    mints that it pays with.
    """

    slot: int
    at_ms: int
    changed: tuple[Pool, ...]
    pools: Pools
    held_raw: Mapping[str, int]

    @property
    def stale(self) -> tuple[Pool, ...]:
        """Those of `changed` that missed something, and are not traded on. Once they are read they are told again."""
        return tuple(pool for pool in self.changed if not pool.tradeable)

    def circles(self, base: str, *, max_hops: int = 3, tag: str | None = None) -> list[Circle]:
        """The closed ways through what has changed that gain, each with its best input; the best first.

        Amounts are exact and before costs. `min_profit_raw` is all of the gain: wish for less, with
        `dataclasses.replace`, so that there is room for what the trade costs.
        """
        return self.pools.circles(base, self.changed, max_hops=max_hops, tag=tag)


@dataclass(frozen=True, slots=True)
class Fill:
    """How a trade ended, read from the balances that its transaction moved.

    Of a circle `gained_raw` is what the wallet has more of its token; of a swap `paid_raw` and `got_raw` are what left
    and what came. All three are before `cost_lamports` (fee and tip), and None where nothing was traded.
    `locked_lamports` stand in accounts that it made. `hops` is empty and `tag` None of a trade of an earlier run.
    """

    plan_id: str
    succeeded: bool
    signature: str | None
    slot: int | None
    hops: tuple[Hop, ...]
    tag: str | None
    gained_raw: int | None
    paid_raw: int | None
    got_raw: int | None
    cost_lamports: int
    locked_lamports: int
    error_code: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the engine did not trade a wish: a stable `code`, and the same in words."""

    code: str
    message: str
    tag: str | None
    hops: tuple[Hop, ...]
