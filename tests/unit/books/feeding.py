"""A feed that runs during a test, and a clock whose short pauses are over at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.fake_clock import FakeClock
from tradewind.books.exchange import Exchange
from tradewind.books.exchange_feed import ExchangeFeed, FeedLimits
from tradewind.books.market import Instrument, Market

BTC_USD = Instrument("BTC/USD", price_decimals=2, size_decimals=8)
BINANCE_MARKET = Market("binance", "BTCUSDT", BTC_USD, tick="0.01", lot="0.00001000", taker_fee_ppm=1000)
KRAKEN_MARKET = Market("kraken", "BTC/USD", BTC_USD, tick="0.1", lot="0.00000001", taker_fee_ppm=4000)


class QuickClock(FakeClock):
    """Pauses of a back-off take no time; whatever waits for longer than `quick_s` waits for the test."""

    def __init__(self, quick_s: float = 5.0) -> None:
        super().__init__()
        self._quick_s = quick_s

    async def sleep(self, seconds: float) -> None:
        """Return at once, or when the test has advanced the clock."""
        if seconds > self._quick_s:
            await super().sleep(seconds)
            return
        self.slept.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def feeding(
    exchange: Exchange, clock: FakeClock, limits: FeedLimits | None = None
) -> AsyncIterator[ExchangeFeed]:
    """Run a feed until the block ends; its own failure fails the test."""
    feed = ExchangeFeed(exchange, clock=clock, limits=limits)
    running = asyncio.create_task(feed.run())
    try:
        yield feed
        assert not running.done() or running.result() is None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(feed: ExchangeFeed, true: Callable[[], bool]) -> None:
    """Wait for a change of the feed after which `true` holds."""
    async with asyncio.timeout(5):
        while not true():
            await feed.changed()
