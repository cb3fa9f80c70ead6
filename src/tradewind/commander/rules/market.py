"""What the rules see of the market: prices read from the chain and launches heard from it, as measures."""

import asyncio
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from tradewind import core
from tradewind.commander.rules.launches import LaunchWindow
from tradewind.commander.rules.measured import Measured, unknown
from tradewind.commander.rules.prices import PriceWindow, age, spread_ppm
from tradewind.commander.rules.settings import LaunchesOf, RulesSettings, VolatilityOf
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.errors import Misconfigured, TradewindError
from tradewind.observability.clock import Clock
from tradewind.venues.solana.cluster import SolanaCluster
from tradewind.venues.solana.pool_book import PoolBook

_LOOK_TIMEOUT_S = 10.0
Window = TypeVar("Window")
# The price before a swap is the same for every size; of these one fits the pool.
_SIZES_RAW = (10**6, 10**9, 10**12, 10**4)


class Market:
    """`look` reads the prices once; `measures` says what everything came to. Launches are told by who hears them."""

    def __init__(self, settings: RulesSettings, clock: Clock) -> None:
        """Raises Misconfigured where the endpoints of the chain cannot be used."""
        self._clock = clock
        self._volatility: dict[str, tuple[VolatilityOf, PriceWindow]] = {}
        self._newest: dict[str, PriceWindow] = {}
        self._launches: dict[str, tuple[LaunchesOf, LaunchWindow]] = {}
        self._fault = ""
        self._slot = 0
        self._pool = _connections(settings)
        self.take(settings)

    def take(self, settings: RulesSettings) -> None:
        """Measure by these from now on, over the same chain; what is measured as before keeps what was seen of it."""
        self._settings = settings
        measures, fresh_ms = settings.measures, settings.fresh_within_ms
        self._volatility = {
            name: (each, _kept(self._volatility.get(name), each) or PriceWindow(each.window_s * 1_000, fresh_ms))
            for name, each in measures.volatility.items()
        }
        self._newest = {pool: self._newest.get(pool) or PriceWindow(1_000, fresh_ms) for pool in measures.pools()}
        self._launches = {
            name: (each, _kept(self._launches.get(name), each) or _launch_window(each, fresh_ms))
            for name, each in measures.launches.items()
        }
        for prices in (*(window for _, window in self._volatility.values()), *self._newest.values()):
            prices.fresh_within_ms = fresh_ms
        for launches in self.launches.values():
            launches.fresh_within_ms = fresh_ms
        self._book = PoolBook(SolanaCluster(self._pool, chain_id=SOLANA_MAINNET), measures.pools(), ())

    @property
    def launches(self) -> dict[str, LaunchWindow]:
        """By the name of the measure; filled by who hears them."""
        return {name: window for name, (_, window) in self._launches.items()}

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()

    async def look(self) -> None:
        """Read every price. What fails leaves prices as old as they are; a chain that stands still tells nothing."""
        if not self._newest:
            return
        try:
            async with asyncio.timeout(_LOOK_TIMEOUT_S):
                # Other pools may be asked for meanwhile.
                book = self._book
                block = await book.sync()
        except (TradewindError, TimeoutError) as error:
            self._fault = getattr(error, "message", "the endpoints do not answer in time")
            return
        self._fault = ""
        if block.number > self._slot:
            self._slot = block.number
            self.saw(prices_of(book.graph, book.pools))

    def saw(self, prices: Mapping[str, Fraction]) -> None:
        """The prices of pools, as of now."""
        now_ns = self._clock.now_ns()
        for pool, price in prices.items():
            if pool in self._newest:
                self._newest[pool].saw(price, at_ns=now_ns)
        for each, window in self._volatility.values():
            if each.pool in prices:
                window.saw(prices[each.pool], at_ns=now_ns)

    def measures(self) -> dict[str, Measured]:
        """Every one of the file, by the name that conditions use."""
        now_ns = self._clock.now_ns()
        found = {
            f"volatility.{name}": window.volatility(now_ns=now_ns) for name, (_, window) in self._volatility.items()
        }
        found |= {f"spread.{name}": self._spread(each.pools) for name, each in self._settings.measures.spread.items()}
        found |= {f"launches.{name}": window.rate(now_ns=now_ns) for name, window in self.launches.items()}
        return {name: self._with_fault(name, each) for name, each in found.items()}

    def _spread(self, pools: tuple[str, str]) -> Measured:
        now_ns = self._clock.now_ns()
        one, other = (self._newest[pool].newest(now_ns=now_ns) for pool in pools)
        if one is None or other is None:
            return unknown(age(None if self._slot == 0 else now_ns - min(self._newest[p].seen_at_ns for p in pools)))
        if not _are_one_pair(self._book.graph, pools):
            return unknown("its pools are of different pairs")
        return Measured(spread_ppm(one, other))

    def _with_fault(self, name: str, measured: Measured) -> Measured:
        if measured.value is not None or not self._fault or name.startswith("launches."):
            return measured
        return unknown(f"{measured.because}: {self._fault}")


def _connections(settings: RulesSettings) -> core.RPCConnectionPool:
    try:
        return core.RPCConnectionPool(
            list(settings.chain.rpc),
            genesis_hash=settings.chain.genesis_hash,
            request_timeout_ms=int(_LOOK_TIMEOUT_S * 1_000),
        )
    except core.CoreError as error:
        raise Misconfigured(error.code, f"chain.rpc: {error}.", remedy="Correct the file of the rules.") from None


def _kept(before: tuple[object, Window] | None, asked: object) -> Window | None:
    return before[1] if before is not None and before[0] == asked else None


def _launch_window(asked: LaunchesOf, fresh_within_ms: int) -> LaunchWindow:
    return LaunchWindow(asked.program, asked.instructions, window_s=asked.window_s, fresh_within_ms=fresh_within_ms)


def prices_of(graph: core.PoolGraph, pools: Sequence[str]) -> dict[str, Fraction]:
    """Of each pool of two tokens, the price of the token whose address comes first, in the other, without fees."""
    found = {}
    for pool in pools:
        token, *others = sorted(graph.tokens(pool))
        if len(others) == 1 and (price := _price(graph, pool, token, others[0])) is not None:
            found[pool] = price
    return found


def _price(graph: core.PoolGraph, pool: str, token: str, other: str) -> Fraction | None:
    """A pool that is empty on one side still has a price on the other."""
    for token_in in (token, other):
        for size_raw in _SIZES_RAW:
            try:
                price = Fraction(*graph.quote_exact_in(pool, token_in, size_raw).spot_before)
            except (core.CoreError, ZeroDivisionError):
                continue
            if price > 0:
                return price if token_in == token else 1 / price
    return None


def _are_one_pair(graph: core.PoolGraph, pools: Sequence[str]) -> bool:
    pairs = [sorted(graph.tokens(pool)) for pool in pools if pool in graph]
    return len(pairs) < 2 or pairs[0] == pairs[1]
