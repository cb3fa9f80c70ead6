"""Feeds tell slots, writes and tips; what is lost begins anew, and nobody waits for what is not told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.integration.lanes.endpoint import before
from tests.integration.lanes.rig import PATIENCE_S, Rig, pool_of
from tradewind.core import (
    AccountFeed,
    BlockhashCache,
    CoreError,
    FeedStanding,
    JitoLane,
    SlotFeed,
    TipStream,
    TpuLane,
)

NEVER_MS = 600_000


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            await asyncio.sleep(0.001)


async def standing(feed: SlotFeed | AccountFeed | TipStream, state: str) -> FeedStanding:
    """The standing, once it is that."""
    async with asyncio.timeout(PATIENCE_S):
        while (now := feed.standing()).state != state:
            await feed.next_standing()
    return now


def websocket(rig: Rig) -> str:
    return rig.chain.description.urls["websocket"]


async def live_slots(rig: Rig, feed: SlotFeed) -> None:
    """Slots pass until one is told."""
    async with asyncio.timeout(PATIENCE_S):
        while feed.standing().state != "live":
            rig.chain.node.advance(1)
            await asyncio.sleep(0.01)


async def test_each_slot_is_told(rig: Rig) -> None:
    feed = SlotFeed([websocket(rig)])
    assert feed.slot is None
    await live_slots(rig, feed)
    rig.chain.node.advance(3)
    await until(lambda: feed.slot == rig.chain.node.slot)
    feed.close()
    assert (await feed.next_standing()).state == "live"
    with pytest.raises(CoreError) as closed:
        await feed.next_standing()
    assert closed.value.code == "feed_closed"


async def test_a_new_slot_refreshes_the_blockhash_before_its_time_comes(rig: Rig) -> None:
    feed = SlotFeed([websocket(rig)])
    await live_slots(rig, feed)
    cache = BlockhashCache(rig.pool, commitment="processed", every_ms=NEVER_MS)
    first = await cache.start(feed)
    for _ in range(3):
        rig.chain.node.advance(1)
        async with asyncio.timeout(PATIENCE_S):
            while cache.current().blockhash != str(rig.chain.node.latest_blockhash("processed").blockhash):
                await asyncio.sleep(0.001)
    assert cache.current().last_valid_block_height == first.last_valid_block_height + 3


async def test_without_the_feed_the_clock_refreshes_the_blockhash(rig: Rig) -> None:
    # Port 9 is `discard`: nobody listens.
    feed = SlotFeed(["ws://127.0.0.1:9"])
    assert "no connection" in (await standing(feed, "down")).detail
    cache = BlockhashCache(rig.pool, commitment="processed", every_ms=20)
    await cache.start(feed)
    rig.chain.node.advance(1)
    newest = str(rig.chain.node.latest_blockhash("processed").blockhash)
    await until(lambda: cache.current().blockhash == newest)


async def test_leaders_follow_the_slots_that_are_told_and_the_pool_is_not_asked_for_them(rig: Rig) -> None:
    feed = SlotFeed([websocket(rig)])
    await live_slots(rig, feed)
    async with before(rig.chain.rpc_url) as endpoint:
        pool = pool_of(rig.chain, endpoint.url)
        lane = TpuLane(pool, slot_every_ms=NEVER_MS)
        await lane.start(feed)
        # By the clock at the start, and no more.
        await until(lambda: endpoint.asked.get("getSlot") == 2)
        rig.chain.node.advance(5)
        await until(lambda: lane.leaders()[0].next_slot == rig.chain.node.slot)
        assert endpoint.asked["getSlot"] == 2
        lane.close()
        pool.close()


async def test_writes_of_accounts_are_told_with_their_slot(rig: Rig) -> None:
    payment = rig.payment()
    accounts = [str(rig.payer.pubkey()), str(payment.receiver)]
    feed = AccountFeed([websocket(rig)], accounts)
    await standing(feed, "live")
    rig.chain.node.submit(payment.wire, lane="rpc")
    slot = rig.chain.node.slot
    rig.chain.node.advance(5)
    told: dict[str, int] = {}
    async with asyncio.timeout(PATIENCE_S):
        while len(told) < 2:
            told |= dict(await feed.changes())
    assert told == dict.fromkeys(accounts, slot)


@dataclass
class Node:
    """A websocket endpoint of the test's own, which remembers what was subscribed on each connection."""

    url: str = ""
    subscribed: list[list[Any]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    refusal: str | None = None
    pongs: bool = True
    slots: bool = False


@asynccontextmanager
async def node() -> AsyncIterator[Node]:
    the = Node()

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=the.pongs)
        await socket.prepare(request)
        own: list[Any] = []
        the.subscribed.append(own)
        the.sockets.append(socket)
        async for message in socket:
            if message.type is not web.WSMsgType.TEXT:
                continue
            asked = json.loads(message.data)
            own.append((asked["method"], asked["params"]))
            result: dict[str, Any] = {"result": 1_000 + len(own)}
            if the.refusal is not None:
                result = {"error": {"code": -32601, "message": the.refusal}}
            await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], **result})
            if the.slots:
                news = {"subscription": result["result"], "result": {"slot": 7, "parent": 6, "root": 1}}
                await socket.send_json({"jsonrpc": "2.0", "method": "slotNotification", "params": news})
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.5, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        the.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
        yield the
    finally:
        for socket in the.sockets:
            await socket.close()
        await runner.cleanup()


async def test_a_lost_connection_subscribes_to_everything_again(rig: Rig) -> None:
    accounts = [str(rig.payer.pubkey()), rig.chain.description.tip_accounts[0]]
    async with node() as the:
        feed = AccountFeed([the.url], accounts, backoff_ms=1)
        await standing(feed, "live")
        await the.sockets[0].close()
        await until(lambda: len(the.subscribed) == 2 and len(the.subscribed[1]) == 2)
        assert the.subscribed[0] == the.subscribed[1]
        assert [params[0] for _, params in the.subscribed[1]] == accounts
        await standing(feed, "live")
        feed.close()


async def test_a_node_that_answers_no_ping_is_left(rig: Rig) -> None:
    async with node() as the:
        the.pongs = False
        feed = AccountFeed([the.url], [str(rig.payer.pubkey())], ping_every_ms=100, backoff_ms=1)
        # The subscription on the second connection is heard as well: nothing is under way when the node ends.
        await until(lambda: len(the.subscribed) >= 2 and len(the.subscribed[-1]) == 1)
        feed.close()


async def test_a_node_that_answers_pings_is_kept_however_little_happens(rig: Rig) -> None:
    async with node() as the:
        feed = AccountFeed([the.url], [str(rig.payer.pubkey())], ping_every_ms=1_000, backoff_ms=1)
        await standing(feed, "live")
        limits = {"ping_every_ms": 1_000, "max_silence_ms": 3_000, "backoff_ms": NEVER_MS, "max_backoff_ms": NEVER_MS}
        slots = SlotFeed([the.url], **limits)
        # A few pings later the one who must be told slots has left, and the other has not.
        assert "told nothing for 3000 ms" in (await standing(slots, "down")).detail
        assert feed.standing().state == "live"
        feed.close()
        slots.close()


async def test_a_refused_subscription_is_said_and_the_next_node_is_asked(rig: Rig) -> None:
    async with node() as refusing, node() as good:
        refusing.refusal = "Method not found"
        feed = AccountFeed([refusing.url, good.url], [str(rig.payer.pubkey())], backoff_ms=1)
        assert (await standing(feed, "live")).endpoint == good.url
        feed.close()
    with pytest.raises(CoreError) as wrong:
        SlotFeed(["http://127.0.0.1:1"])
    assert wrong.value.code == "websocket_url_malformed"
    with pytest.raises(CoreError) as none:
        AccountFeed([good.url], [])
    assert none.value.code == "no_accounts"


async def test_landed_tips_are_told_to_the_lamport(rig: Rig) -> None:
    url = rig.chain.description.urls["jito"]
    stream = TipStream(f"{url.replace('http', 'ws')}/api/v1/bundles/tip_stream")
    await standing(stream, "live")
    before_it = stream.floor()
    assert before_it is not None
    # The least tip of the block engine, before any bundle has landed.
    assert before_it.p50_lamports == 1_000
    payment = rig.payment()
    assert (await JitoLane([url]).send(payment.wire)).kind == "accepted"
    await rig.received(payment)

    def told() -> bool:
        floor = stream.floor()
        return floor is not None and floor.p99_lamports == floor.p25_lamports == 10_000

    await until(told)
    stream.close()


async def test_a_silent_stream_gives_no_tips_and_says_so(rig: Rig) -> None:
    url = rig.chain.description.urls["jito"]
    stream = TipStream(
        f"{url.replace('http', 'ws')}/api/v1/bundles/tip_stream",
        max_silence_ms=1_000,
        backoff_ms=NEVER_MS,
        max_backoff_ms=NEVER_MS,
    )
    await standing(stream, "live")
    assert stream.floor() is not None
    assert "told nothing for 1000 ms" in (await standing(stream, "down")).detail
    await until(lambda: stream.floor() is None)


async def test_nonsense_in_place_of_tips_is_not_believed() -> None:
    async with node() as the:
        stream = TipStream(the.url, backoff_ms=NEVER_MS, max_backoff_ms=NEVER_MS)
        await until(lambda: len(the.sockets) == 1)
        await the.sockets[0].send_str('[{"landed_tips_50th_percentile": "much"}]')
        assert "tip floor" in (await standing(stream, "down")).detail
        assert stream.floor() is None
