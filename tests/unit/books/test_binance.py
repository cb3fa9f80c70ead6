"""Binance's diff depth stream over a loopback websocket: snapshot, order, gaps, faults."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.fake_clock import FakeClock
from tests.unit.books.exchange_server import Asked, ExchangeServer, Peer
from tests.unit.books.feeding import BINANCE_MARKET, QuickClock, feeding, until
from tradewind.books.binance import Binance
from tradewind.books.exchange_feed import ExchangeFeed, FeedLimits
from tradewind.core import CoreError


@pytest.fixture
async def server() -> AsyncIterator[ExchangeServer]:
    async with ExchangeServer().running() as server:
        yield server


def binance(server: ExchangeServer) -> Binance:
    return Binance(BINANCE_MARKET, stream_url=server.stream_url, rest_url=server.rest_url)


def event(first: int, last: int, bids: list[list[str]] | None = None, asks: list[list[str]] | None = None) -> object:
    """As documented: https://developers.binance.com, "Diff. Depth Stream"."""
    return {
        "e": "depthUpdate",
        "E": 1672515782136,
        "s": "BTCUSDT",
        "U": first,
        "u": last,
        "b": bids or [],
        "a": asks or [],
    }


SNAPSHOT = {
    "lastUpdateId": 160,
    "bids": [["60000.01000000", "1.50000000"], ["59999.99000000", "0.00100000"]],
    "asks": [["60000.02000000", "2.00000000"], ["60010.00000000", "0.50000000"]],
}


async def in_sync(server: ExchangeServer, feed: ExchangeFeed) -> Peer:
    """A connection with SNAPSHOT and nothing more."""
    peer = await server.connected()
    await peer.send(event(160, 160))
    (await server.asked()).answer(SNAPSHOT)
    await until(feed, lambda: feed.book.in_sync)
    return peer


async def test_events_that_came_before_the_snapshot_are_applied_by_their_numbers(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await server.connected()
        assert peer.path == "/ws/btcusdt@depth@100ms"
        await peer.send(
            event(150, 158, bids=[["1.00", "9"]]),
            event(159, 162, bids=[["60000.01000000", "3.00000000"]]),
            event(163, 163, asks=[["60000.02000000", "0.00000000"]]),
        )
        asked = await server.asked()
        assert asked.path == "/api/v3/depth?symbol=BTCUSDT&limit=5000"
        await until(feed, lambda: feed.book.pending_events == 3)
        asked.answer(SNAPSHOT)
        await until(feed, lambda: feed.book.in_sync)
        # Ticks of 0.01, lots of 0.00001.
        assert feed.book.bids() == [(6_000_001, 300_000), (5_999_999, 100)]
        assert feed.book.asks() == [(6_001_000, 50_000)]
        assert feed.book.sequence == 163


async def test_a_book_without_snapshot_refuses_to_answer(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await server.connected()
        await peer.send(event(1, 2))
        await until(feed, lambda: feed.book.pending_events == 1)
        with pytest.raises(CoreError, match="no snapshot yet") as refused:
            feed.book.bids()
        assert refused.value.code == "book_out_of_sync"


async def test_duplicates_and_old_events_change_nothing(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send(
            event(161, 161, bids=[["60000.01", "7"]]),
            event(161, 161, bids=[["60000.01", "8"]]),
            event(100, 120, bids=[["60000.01", "9"]]),
            event(162, 162),
        )
        await until(feed, lambda: feed.book.sequence == 162)
        assert feed.book.bids(1) == [(6_000_001, 700_000)]
        assert (feed.status.gaps, feed.status.malformed) == (0, 0)


async def test_a_gap_is_mended_by_a_fresh_snapshot_and_what_came_since(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send(event(165, 166, bids=[["60000.00", "4"]]))
        await until(feed, lambda: not feed.book.in_sync)
        assert feed.status.gaps == 1
        assert feed.status.fault == ("sequence_gap", "a gap: update 161 was next, 165 came")
        (await server.asked()).answer({**SNAPSHOT, "lastUpdateId": 164, "bids": []})
        await until(feed, lambda: feed.book.in_sync)
        assert feed.book.bids() == [(6_000_000, 400_000)]
        assert feed.status.connections == 1


async def test_a_snapshot_that_is_too_old_is_fetched_again(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await server.connected()
        await peer.send(event(200, 201))
        (await server.asked()).answer(SNAPSHOT)
        again = await server.asked()
        assert not feed.book.in_sync
        again.answer({**SNAPSHOT, "lastUpdateId": 199})
        await until(feed, lambda: feed.book.in_sync)
        assert feed.book.sequence == 201


async def test_snapshots_that_do_not_last_are_fetched_with_growing_pauses(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(binance(server), clock) as feed:
        peer = await in_sync(server, feed)
        for number in range(1, 4):
            await peer.send("nonsense")
            await until(feed, lambda: not feed.book.in_sync)
            (await server.asked()).answer({**SNAPSHOT, "lastUpdateId": 160 + number})
            await until(feed, lambda: feed.book.in_sync)
        assert [pause for pause in clock.slept if pause < 60] == [0.5, 0.75, 1.125]
        await clock.advance(59.9)
        await peer.ping(b"")
        async with asyncio.timeout(5):
            await peer.pongs.get()
        await clock.advance(0.1)
        await peer.send("nonsense")
        (await server.asked()).answer({**SNAPSHOT, "lastUpdateId": 170})
        await until(feed, lambda: feed.book.in_sync)
        assert len([pause for pause in clock.slept if pause < 60]) == 3, "after a quiet minute the first is free"


async def test_a_lost_connection_begins_anew_and_forgets_what_was(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.close()
        await until(feed, lambda: not feed.book.in_sync)
        assert feed.status.fault is not None
        assert feed.status.fault[0] == "feed_closed"
        await in_sync(server, feed)
        assert feed.status.connections == 2


async def test_pauses_between_connections_grow_and_do_not_exceed_the_longest(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(binance(server), clock, FeedLimits(first_pause_s=1.0, most_pause_s=3.0)):
        for _ in range(5):
            await (await server.connected()).close()
        await server.connected()
    assert [pause for pause in clock.slept if pause < 60][:5] == [1.0, 1.5, 2.25, 3.0, 3.0]


async def test_an_exchange_that_cannot_be_reached_is_tried_again(server: ExchangeServer) -> None:
    nobody = Binance(BINANCE_MARKET, stream_url="ws://127.0.0.1:1", rest_url=server.rest_url)
    clock = FakeClock()
    async with feeding(nobody, clock) as feed:
        await clock.until_asleep()
        assert feed.status.fault == ("feed_unreachable", "The exchange cannot be reached: ClientConnectorError.")


async def test_a_silent_connection_is_given_up(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(binance(server), clock) as feed:
        await in_sync(server, feed)
        # What was heard before the first minute began need not have been counted yet.
        for _ in range(2):
            await clock.advance(60)
        await server.connected()
        assert feed.status.fault == ("feed_silent", "Nothing was heard for 60 s.")


async def test_pings_are_answered_and_are_a_sign_of_life(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(binance(server), clock) as feed:
        peer = await in_sync(server, feed)
        for minute in range(5):
            await peer.ping(b"%d" % minute)
            async with asyncio.timeout(5):
                assert await peer.pongs.get() == b"%d" % minute
            await clock.advance(60)
        assert feed.book.in_sync
        assert feed.status.connections == 1


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("{", ("json_malformed", "(whole): is not JSON.")),
        ("[" * 100_000, ("json_malformed", "(whole): is not JSON.")),
        ("[]", ("wrong_type", "(whole): must be an object.")),
        ({"e": "depthUpdate", "s": "ETHUSDT"}, ("not_expected", "s: must be 'BTCUSDT'.")),
        (event(-1, 5), ("wrong_type", "U: must be a whole number from 0 on.")),
        (event(162, 161), ("sequence_malformed", "u: 161 is before U, 162.")),
        (event(161, 2**70), ("wrong_type", "u: must be a whole number from 0 on.")),
        (event(161, 161, bids=[["1"]]), ("level_malformed", "b[0]: must be [price, quantity].")),
        (event(161, 161, asks=[["x", "1"]]), ("decimal_malformed", "a[0][0]: must be a plain decimal, not 'x'.")),
        (
            event(161, 161, asks=[["1", "1"], ["1.005", "1"]]),
            ("step_mismatch", "a[1][0]: 1.005 is not a whole number of steps of 0.01."),
        ),
        (event(161, 161, bids=[["-1", "1"]]), ("decimal_malformed", "b[0][0]: must be a plain decimal, not '-1'.")),
        (
            event(161, 161, bids=[["1", "1" * 30]]),
            ("number_too_large", f"b[0][1]: {'1' * 30} is more than a book holds."),
        ),
    ],
)
async def test_a_malformed_message_is_named_counted_and_mended(
    server: ExchangeServer, message: object, fault: tuple[str, str]
) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send(message)
        await until(feed, lambda: not feed.book.in_sync)
        assert feed.status.fault == fault
        assert feed.status.malformed == 1
        (await server.asked()).answer({**SNAPSHOT, "lastUpdateId": 170})
        await until(feed, lambda: feed.book.in_sync)
        assert feed.status.connections == 1


async def test_a_price_of_nothing_is_refused_by_the_core_and_mended(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send(event(161, 161, bids=[["0.00", "1"]]))
        await until(feed, lambda: not feed.book.in_sync)
        assert feed.status.fault is not None
        assert feed.status.fault[0] == "price_out_of_range"
        (await server.asked()).answer({**SNAPSHOT, "lastUpdateId": 170})
        await until(feed, lambda: feed.book.in_sync)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda asked: asked.answer("<html>"), "json_malformed"),
        (lambda asked: asked.answer({"lastUpdateId": 1, "bids": []}), "wrong_type"),
        (lambda asked: asked.answer({}, status=500), "snapshot_refused"),
        (lambda asked: asked.answer({**SNAPSHOT, "more": "x" * 5000}), "snapshot_too_large"),
    ],
)
async def test_an_unusable_snapshot_is_fetched_again(server: ExchangeServer, answer: object, code: str) -> None:
    async with feeding(binance(server), QuickClock(), FeedLimits(message_bytes=4096)) as feed:
        peer = await server.connected()
        await peer.send(event(161, 161))
        assert callable(answer)
        answer(await server.asked())
        again = await server.asked()
        assert feed.status.fault is not None
        assert feed.status.fault[0] == code
        again.answer(SNAPSHOT)
        await until(feed, lambda: feed.book.in_sync)


async def test_a_limit_on_snapshots_is_kept(server: ExchangeServer) -> None:
    clock = QuickClock()
    async with feeding(binance(server), clock) as feed:
        peer = await server.connected()
        await peer.send(event(161, 161))
        (await server.asked()).answer("slow down", status=429, headers={"Retry-After": "30"})
        await until_slept(clock, 30.0)
        asking = asyncio.create_task(server.asked())
        await peer.ping(b"")
        await clock.advance(29)
        assert not asking.done()
        await clock.advance(1)
        asked: Asked = await asking
        asked.answer(SNAPSHOT)
        await until(feed, lambda: feed.book.in_sync)


async def until_slept(clock: FakeClock, seconds: float) -> None:
    """Wait until somebody sleeps so long."""
    async with asyncio.timeout(5):
        while seconds not in clock.slept:
            await asyncio.sleep(0)


async def test_messages_faster_than_the_queue_takes_them_begin_a_new_connection(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock(), FeedLimits(queued_messages=1)) as feed:
        peer = await in_sync(server, feed)
        # Written in one go, so that the client reads them without anybody else running in between.
        await asyncio.gather(*(peer.send(event(161 + n, 161 + n)) for n in range(200)))
        await server.connected()
        assert feed.status.overruns == 1


async def test_a_server_that_says_it_will_stop_is_left_at_once(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send({"e": "serverShutdown", "E": 1770123456789})
        await server.connected()
        assert feed.status.fault == ("server_shutdown", "The exchange's server is about to stop.")


async def test_notices_and_frames_of_no_use_are_passed_over_or_end_the_connection(server: ExchangeServer) -> None:
    async with feeding(binance(server), QuickClock()) as feed:
        peer = await in_sync(server, feed)
        await peer.send({"result": None, "id": 1}, {"e": "trade"}, event(161, 161))
        await until(feed, lambda: feed.book.sequence == 161)
        await peer.send({"code": 2, "msg": "Invalid request: unknown stream", "id": 1})
        await server.connected()
        assert feed.status.fault == (
            "subscription_refused",
            "The exchange refused: 'Invalid request: unknown stream'.",
        )
