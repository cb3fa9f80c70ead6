"""Kraken's book channel over a loopback websocket: snapshot, checksum, depth, faults."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator

import pytest

from tests.unit.books.exchange_server import ExchangeServer, Peer
from tests.unit.books.feeding import KRAKEN_MARKET, QuickClock, feeding, until
from tradewind.books.exchange_feed import ExchangeFeed, FeedLimits
from tradewind.books.kraken import Kraken
from tradewind.errors import Misconfigured

# The example of Kraken's guide "Book checksum (WebSocket v2)", with the checksum that the guide states.
BIDS = (
    "45283.5 0.10000000,45283.4 1.54582015,45282.1 0.10000000,45281.0 0.10000000,45280.3 1.54592586,"
    "45279.0 0.07990000,45277.6 0.03310103,45277.5 0.30000000,45277.3 1.54602737,45276.6 0.15445238"
)
ASKS = (
    "45285.2 0.00100000,45286.4 1.54571953,45286.6 1.54571109,45289.6 1.54560911,45290.2 0.15890660,"
    "45291.8 1.54553491,45294.7 0.04454749,45296.1 0.35380000,45297.5 0.09945542,45299.5 0.18772827"
)
CHECKSUM = 3310070434


@pytest.fixture
async def server() -> AsyncIterator[ExchangeServer]:
    async with ExchangeServer().running() as server:
        yield server


def kraken(server: ExchangeServer) -> Kraken:
    return Kraken(KRAKEN_MARKET, depth=10, stream_url=f"{server.stream_url}/v2")


def message(kind: str, bids: str, asks: str, checksum: int) -> str:
    """Written by hand, because prices and quantities are JSON numbers whose zeros count."""

    def side(levels: str) -> str:
        pairs = [level.split() for level in levels.split(",") if level]
        return ",".join(f'{{"price":{price},"qty":{qty}}}' for price, qty in pairs)

    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"BTC/USD","bids":[{side(bids)}],"asks":[{side(asks)}],'
        f'"checksum":{checksum},"timestamp":"2023-10-06T17:35:55.440295Z"}}]}}'
    )


def crc(bids: str, asks: str) -> int:
    """The guide's steps one after the other, over texts."""

    def digits(levels: str) -> str:
        return "".join(part.replace(".", "").lstrip("0") for level in levels.split(",")[:10] for part in level.split())

    return zlib.crc32((digits(asks) + digits(bids)).encode())


async def in_sync(server: ExchangeServer, feed: ExchangeFeed) -> Peer:
    peer = await server.connected()
    asked = await peer.heard()
    assert asked["method"] == "subscribe"
    assert asked["params"] == {"channel": "book", "symbol": ["BTC/USD"], "depth": 10, "snapshot": True}
    await peer.send(
        {"channel": "status", "type": "update", "data": [{"system": "online", "api_version": "v2"}]},
        {"method": "subscribe", "result": {"channel": "book", "depth": 10}, "success": True, "req_id": 1},
        message("snapshot", BIDS, ASKS, CHECKSUM),
    )
    await until(feed, lambda: feed.book.in_sync)
    return peer


def test_the_tests_own_checksum_is_the_one_of_the_guide() -> None:
    assert crc(BIDS, ASKS) == CHECKSUM


async def test_the_snapshot_of_krakens_guide_has_krakens_checksum(server: ExchangeServer) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        await in_sync(server, feed)
        # Ticks of 0.1, lots of 0.00000001.
        assert feed.book.bids(2) == [(452_835, 10_000_000), (452_834, 154_582_015)]
        assert feed.book.asks(1) == [(452_852, 100_000)]
        assert (feed.status.snapshots, feed.status.checksum_failures) == (1, 0)


async def test_an_update_is_applied_cut_to_the_depth_and_checked(server: ExchangeServer) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        bids = f"45284.0 0.00500000,{BIDS}"
        asks = ASKS.partition(",")[2]
        # One price twice: the later entry counts. A quantity of 0 removes.
        changes = "45284.0 9.00000000,45284.0 0.00500000"
        await peer.send(message("update", changes, "45285.2 0", crc(bids, asks)))
        await until(feed, lambda: feed.book.sequence == 1)
        assert feed.book.in_sync
        assert feed.book.bids(1) == [(452_840, 500_000)]
        assert len(feed.book.bids()) == 10, "the eleventh has fallen out"
        assert len(feed.book.asks()) == 9
        assert feed.status.checksum_failures == 0


async def test_a_checksum_that_differs_asks_for_a_fresh_snapshot_on_the_same_connection(
    server: ExchangeServer,
) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send(message("update", "45284.0 1.00000000", "", CHECKSUM))
        await until(feed, lambda: not feed.book.in_sync)
        assert feed.status.checksum_failures == 1
        assert feed.status.fault is not None
        assert feed.status.fault[0] == "checksum_mismatch"
        assert (await peer.heard())["method"] == "unsubscribe"
        assert (await peer.heard())["method"] == "subscribe"
        # What is still under way of the old subscription has no place in a book that waits.
        await peer.send(message("update", "45284.0 2.00000000", "", 1), message("snapshot", BIDS, ASKS, CHECKSUM))
        await until(feed, lambda: feed.book.in_sync)
        assert (feed.status.connections, feed.status.checksum_failures) == (1, 1)


async def test_a_snapshot_with_a_wrong_checksum_is_not_used(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(kraken(server), clock) as feed:
        peer = await server.connected()
        await peer.send(message("snapshot", BIDS, ASKS, CHECKSUM + 1))
        await until(feed, lambda: feed.status.checksum_failures == 1)
        assert not feed.book.in_sync
        await clock.until_asleep(2)
        await clock.advance(10)
        await in_sync(server, feed)
        assert feed.status.connections == 2


async def test_a_subscription_without_snapshot_is_given_up_in_time(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(kraken(server), clock, FeedLimits(snapshot_s=7.0)) as feed:
        peer = await server.connected()
        await peer.send({"channel": "heartbeat"})
        await until(feed, lambda: feed.status.heard == 1)
        await clock.until_asleep(2)
        await clock.advance(7)
        await server.connected()
        assert feed.status.fault == ("snapshot_missing", "The exchange sent no usable snapshot in time.")


async def test_a_refused_subscription_is_said_and_tried_again(server: ExchangeServer) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        peer = await server.connected()
        refusal = "Currency pair not supported BTC/USD"
        await peer.send({"method": "subscribe", "success": False, "error": refusal, "req_id": 1})
        await in_sync(server, feed)
        assert feed.status.fault == ("subscription_refused", f"The exchange refused: {refusal!r}.")


async def test_heartbeats_keep_a_quiet_connection_alive(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(kraken(server), clock) as feed:
        peer = await in_sync(server, feed)
        for _ in range(5):
            heard = feed.status.heard
            await peer.send({"channel": "heartbeat"})
            await until(feed, lambda heard=heard: feed.status.heard > heard)  # type: ignore[misc]
            await clock.advance(10)
        assert (feed.book.in_sync, feed.status.connections) == (True, 1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"channel":"book","type":"update","data":[]}', ("wrong_type", "data: must hold one book.")),
        (
            message("update", "", "", CHECKSUM).replace("BTC/USD", "ETH/USD"),
            ("not_expected", "symbol: must be 'BTC/USD'."),
        ),
        (message("other", "", "", CHECKSUM), ("not_expected", "type: must be 'update'.")),
        (
            message("update", "45284.05 1", "", CHECKSUM),
            ("step_mismatch", "data[0].bids[0].price: 45284.05 is not a whole number of steps of 0.1."),
        ),
        (
            message("update", "", "45284.0 NaN", CHECKSUM),
            ("json_malformed", "(whole): is not JSON."),
        ),
        (
            message("update", "", "45284.0 1e999999999", CHECKSUM),
            ("decimal_malformed", "data[0].asks[0].qty: must be a plain decimal, not '1e999999999'."),
        ),
        (
            message("update", "45284.0 null", "", CHECKSUM),
            ("decimal_malformed", "data[0].bids[0].qty: must be a decimal of at most 40 characters."),
        ),
    ],
)
async def test_a_malformed_message_is_named_counted_and_mended(
    server: ExchangeServer, text: str, fault: tuple[str, str]
) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send(text)
        await until(feed, lambda: not feed.book.in_sync)
        assert feed.status.fault == fault
        assert feed.status.malformed == 1
        assert (await peer.heard())["method"] == "unsubscribe"
        await peer.send(message("snapshot", BIDS, ASKS, CHECKSUM))
        await until(feed, lambda: feed.book.in_sync)


async def test_a_small_quantity_with_an_exponent_is_exact(server: ExchangeServer) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        bids = f"45284.0 0.00000050,{BIDS}"
        await peer.send(message("update", "45284.0 5.0E-7", "", crc(bids, ASKS)))
        await until(feed, lambda: feed.book.sequence == 1)
        assert feed.book.bids(1) == [(452_840, 50)]


async def test_frames_that_are_not_text_end_the_connection(server: ExchangeServer) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send_bytes(b"\x00")
        await in_sync(server, feed)
        assert feed.status.fault == ("feed_closed", "The connection ended (BINARY).")


async def test_many_messages_at_once_are_one_book(server: ExchangeServer) -> None:
    async with feeding(kraken(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        texts = []
        for number in range(1, 301):
            bids = f"45284.0 {number}.00000000,{BIDS}"
            texts.append(message("update", f"45284.0 {number}.00000000", "", crc(bids, ASKS)))
        await asyncio.gather(*(peer.send(text) for text in texts))
        await until(feed, lambda: feed.book.sequence == 300)
        assert feed.book.bids(1) == [(452_840, 300 * 10**8)]
        assert feed.status.checksum_failures == 0


def test_a_depth_that_kraken_does_not_have_is_refused() -> None:
    with pytest.raises(Misconfigured, match="depth: must be one of"):
        Kraken(KRAKEN_MARKET, depth=20)


def test_requests_are_numbered() -> None:
    exchange = Kraken(KRAKEN_MARKET)
    texts = [*exchange.subscribe(), *exchange.resubscribe()]
    assert [json.loads(text)["req_id"] for text in texts] == [1, 2, 3]
