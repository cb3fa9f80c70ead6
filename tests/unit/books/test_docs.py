"""The examples of docs/books.md run as they stand there."""

import asyncio
import re
from pathlib import Path
from typing import Any

from tests.unit.books.exchange_server import ExchangeServer
from tests.unit.books.test_binance import SNAPSHOT, event
from tests.unit.books.test_kraken import ASKS, BIDS, CHECKSUM, message
from tradewind.books.binance import Binance
from tradewind.books.kraken import Kraken

PAGE = Path(__file__).parents[3] / "docs" / "books.md"


def examples() -> dict[str, Any]:
    """What is defined after all the examples have run."""
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102  the page is ours
    return names


def test_the_examples_run() -> None:
    assert examples()["merged"].venues == [("one", 100, 1), ("other", 101, 2)]


async def test_the_feeds_of_the_example_make_one_book() -> None:
    names = examples()
    async with ExchangeServer().running() as one, ExchangeServer().running() as other:
        binance = Binance(names["BINANCE"], stream_url=one.stream_url, rest_url=one.rest_url)
        looking = asyncio.create_task(
            names["first_look"](binance, Kraken(names["KRAKEN"], stream_url=other.stream_url))
        )
        peer = await one.connected()
        await peer.send(event(160, 161))
        (await one.asked()).answer(SNAPSHOT)
        await (await other.connected()).send(message("snapshot", BIDS, ASKS, CHECKSUM))
        async with asyncio.timeout(5):
            merged = await looking
    assert [venue for venue, _, _ in merged.venues] == ["binance", "kraken"]
    assert merged.bids(1)[0].venues == [("binance", 150_000_000)]
    # 60000.01 against 45285.2: one of the two recordings is older.
    assert merged.crossing(after_fees=True).state == "crossed"
