"""The pools as the engine told of them last, with the quotes of their own programs: as the chain's, to the unit."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tradewind import core
from tradewind.strategies.wishes import Circle, Hop


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool. `tradeable` is False while the engine does not know it for certain, and would not trade on it: that is
    told at once, and its end as well.
    """

    address: str
    venue: str
    mints: tuple[str, ...]
    slot: int
    tradeable: bool
    _graph: core.PoolGraph

    def trades(self, *mints: str) -> bool:
        """Whether it trades all of these."""
        return all(mint in self.mints for mint in mints)

    def other(self, mint: str) -> str:
        """The other token of a pool of two."""
        first, second = self.mints
        return second if mint == first else first

    def hop(self, mint_in: str, mint_out: str | None = None) -> Hop:
        """A way through it; a pool of two tokens needs no `mint_out`."""
        return Hop(self.address, mint_in, mint_out or self.other(mint_in))

    def quote_exact_in(self, mint_in: str, amount_in_raw: int, *, mint_out: str | None = None) -> core.PoolQuote:
        """What it gives for this input. Raises CoreError, such as `insufficient_liquidity`."""
        return self._graph.quote_exact_in(self.address, mint_in, amount_in_raw, token_out=mint_out)

    def quote_exact_out(self, mint_out: str, amount_out_raw: int, *, mint_in: str | None = None) -> core.PoolQuote:
        """What it takes for this output. Raises CoreError, such as `insufficient_liquidity`."""
        return self._graph.quote_exact_out(self.address, mint_out, amount_out_raw, token_in=mint_in)


class Pools(Mapping[str, Pool]):
    """By address. What is taken out of it stands as it is: the next update has new ones."""

    def __init__(self) -> None:
        self._graph = core.PoolGraph()
        self._pools: dict[str, Pool] = {}
        # Each with the pools that changed since it was asked last.
        self._indices: dict[tuple[str, int], tuple[core.CycleIndex, set[str]]] = {}

    def __getitem__(self, address: str) -> Pool:
        return self._pools[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pools)

    def __len__(self) -> int:
        return len(self._pools)

    def trading(self, *mints: str) -> list[Pool]:
        """The pools that trade all of these, by address."""
        return [pool for _, pool in sorted(self._pools.items()) if pool.trades(*mints)]

    def amount_out_raw(self, hops: Sequence[Hop], amount_in_raw: int) -> int | None:
        """What comes out at the end of a way; None where a pool of it does not take its input."""
        amount_raw = amount_in_raw
        try:
            for hop in hops:
                quote = self._graph.quote_exact_in(hop.pool, hop.mint_in, amount_raw, token_out=hop.mint_out)
                amount_raw = quote.amount_out_raw
        except core.CoreError:
            return None
        return amount_raw

    def circles(self, base: str, through: Iterable[Pool], *, max_hops: int = 3, tag: str | None = None) -> list[Circle]:
        """The closed ways through these pools that gain, each with the input that gains most; the best first.

        `min_profit_raw` is what they gain: ask for less, or there is no room for what the trade costs.
        """
        if not any(pool.trades(base) for pool in self._pools.values()):
            return []
        if (base, max_hops) not in self._indices:
            self._indices[base, max_hops] = core.CycleIndex(self._graph, [(base, 0, 0)], max_hops), set()
        index, changed = self._indices[base, max_hops]
        for address in changed:
            index.update(self._graph, address)
        changed.clear()
        found = [cycle for pool in through for cycle in index.update(self._graph, pool.address)]
        ways = {tuple(hop.pool for hop in cycle.hops): cycle for cycle in found}
        best = sorted(ways.values(), key=lambda cycle: -cycle.profit_raw)
        circles = [
            Circle(
                [Hop(hop.pool, hop.token_in, hop.token_out) for hop in cycle.hops],
                cycle.amount_in_raw,
                cycle.profit_raw,
                tag,
            )
            for cycle in best
        ]
        return [circle for circle in circles if all(self._pools[hop.pool].tradeable for hop in circle.hops)]

    def take(self, told: Sequence[Mapping[str, Any]]) -> list[Pool]:
        """Bring what is told in; gives those pools. For whoever runs a strategy."""
        self._graph.add(json.dumps([pool["state"] for pool in told if "state" in pool]))
        if any(pool["address"] not in self._pools for pool in told):
            # An index knows the pools that there were when it was made.
            self._indices.clear()
        for _, changed in self._indices.values():
            changed.update(str(pool["address"]) for pool in told)
        for pool in told:
            address = str(pool["address"])
            self._pools[address] = Pool(
                address=address,
                venue=self._graph.venue(address),
                mints=tuple(self._graph.tokens(address)),
                slot=int(pool["slot"]),
                tradeable=bool(pool["tradeable"]),
                _graph=self._graph,
            )
        return [self._pools[str(pool["address"])] for pool in told]
