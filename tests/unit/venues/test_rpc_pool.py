"""Who of several endpoints is asked: the hot path, ranking, rests, pauses, allowances, lag."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests import faulty_rpc
from tests.fake_clock import FakeClock
from tests.faulty_rpc import CHAIN_ID, Fault, FaultyRpc
from tradewind.errors import Unavailable
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.rpc import Ask, RpcClient
from tradewind.venues.rpc_error import RpcError

MS = 1_000_000
PATIENCE_S = 10
ADDRESS = "0x" + "11" * 20


def block_at(number: int) -> dict[str, Any]:
    word = f"0x{number:064x}"
    return {"number": hex(number), "hash": word, "parentHash": word, "timestamp": "0x5", "baseFeePerGas": "0x7"}


def at_height(number: int) -> Fault:
    """An endpoint whose newest block has this number."""
    return faulty_rpc.answers(
        eth_blockNumber=hex(number), eth_getBlockByNumber=block_at(number), eth_gasPrice=hex(number)
    )


def a_client(*endpoints: FaultyRpc, clock: FakeClock | None = None, **options: Any) -> RpcClient:
    urls = [endpoint.url for endpoint in endpoints]
    return RpcClient(urls, chain_id=CHAIN_ID, timeout_s=10, clock=clock or FakeClock(), **options)


def a_chain(*endpoints: FaultyRpc, clock: FakeClock | None = None, **options: Any) -> EvmChain:
    return EvmChain(a_client(*endpoints, clock=clock, **options), chain_id=CHAIN_ID, multicall=ADDRESS)


def ticking(*steps_ms: int) -> Iterator[int]:
    """A timer on which the requests take so long, one after the other, the last for ever."""
    now = 0
    for step_ms in itertools.chain(steps_ms, itertools.repeat(steps_ms[-1])):
        yield now
        now += step_ms * MS
        yield now


async def test_a_healthy_endpoint_costs_one_request_for_each_call() -> None:
    async with FaultyRpc(at_height(5)) as one, a_client(one) as client:
        await client.call("eth_gasPrice")
        after_first = one.posts
        for _ in range(20):
            await client.call("eth_gasPrice")
        await client.batch([("eth_gasPrice", [])] * 3)
    assert after_first <= 3
    assert one.posts - after_first == 21


async def test_the_others_are_not_asked_while_the_first_is_healthy() -> None:
    async with FaultyRpc(at_height(5)) as one, FaultyRpc(at_height(5)) as two, a_client(one, two) as client:
        await client.connect()
        asked_two = two.posts
        for _ in range(20):
            await client.call("eth_gasPrice")
    assert (len(one.asked), len(two.asked), two.posts) == (20, 0, asked_two)


async def test_requests_in_parallel_check_the_chain_once_or_a_few_times_and_not_each() -> None:
    async with FaultyRpc(at_height(5)) as one, a_client(one) as client:
        await asyncio.gather(*(client.call("eth_gasPrice") for _ in range(50)))
        first_round = one.posts
        await asyncio.gather(*(client.call("eth_gasPrice") for _ in range(50)))
    assert len(one.asked) == 100
    assert one.posts - first_round <= 55


@pytest.mark.parametrize(
    "message",
    [
        "nonce too low: address 0x11, tx: 5 state: 7",
        "execution reverted: STF",
        "replacement transaction underpriced",
        "max fee per gas less than block base fee",
        "insufficient funds for gas * price + value",
        "already known",
        "missing trie node",
    ],
)
async def test_an_error_about_the_request_is_not_held_against_the_endpoint(message: str) -> None:
    refusing = faulty_rpc.error(-32000, message)
    async with FaultyRpc(refusing) as one, FaultyRpc(at_height(5)) as two, a_client(one, two) as client:
        await client.connect()
        for _ in range(3):
            with pytest.raises(RpcError):
                await client.call("eth_call", [])
    assert (len(one.asked), len(two.asked)) == (3, 0)


async def test_an_internal_error_is_taken_to_the_next_endpoint_without_a_rest_for_the_first() -> None:
    internal = faulty_rpc.error(-32603, "Internal error")
    async with (
        FaultyRpc(internal, at_height(1)) as one,
        FaultyRpc(at_height(2)) as two,
        a_client(one, two) as client,
    ):
        assert await client.call("eth_gasPrice") == "0x2"
        assert await client.call("eth_gasPrice") == "0x1"


async def test_an_internal_error_while_sending_is_not_taken_to_the_next_endpoint() -> None:
    internal = faulty_rpc.error(-32603, "Internal error")
    async with FaultyRpc(internal) as one, FaultyRpc(at_height(2)) as two, a_client(one, two) as client:
        with pytest.raises(RpcError):
            await client.call("eth_sendRawTransaction", ["0x"])
    assert two.asked == []


async def test_a_sending_that_is_not_answered_in_time_gives_the_endpoint_no_rest() -> None:
    async with FaultyRpc(faulty_rpc.silence(), at_height(1)) as one, FaultyRpc(faulty_rpc.result("0x2")) as two:
        client = RpcClient([one.url, two.url], chain_id=CHAIN_ID, timeout_s=0.2, clock=FakeClock())
        async with client:
            assert await client.call("eth_sendRawTransaction", ["0x"]) == "0x2"
            assert await client.call("eth_gasPrice") == "0x1"


async def test_a_single_endpoint_is_asked_however_often_it_failed() -> None:
    broken = faulty_rpc.text("oops", 500)
    async with FaultyRpc(broken, broken, broken, at_height(7)) as one, a_client(one) as client:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await client.call("eth_gasPrice")
        assert await client.call("eth_gasPrice") == "0x7"


async def test_waits_as_long_as_the_only_endpoint_asked_for() -> None:
    clock = FakeClock()
    async with FaultyRpc(faulty_rpc.asked_to_wait("3"), at_height(7)) as one, a_client(one, clock=clock) as client:
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_gasPrice")
        assert caught.value.code == "rpc_http_429"
        answer = asyncio.create_task(client.call("eth_gasPrice"))
        async with asyncio.timeout(PATIENCE_S):
            await clock.until_asleep()
        await clock.advance(2.9)
        assert len(one.asked) == 1
        await clock.advance(0.2)
        assert await answer == "0x7"


async def test_says_that_it_may_not_ask_when_the_pause_is_longer_than_the_time_limit() -> None:
    clock = FakeClock()
    async with (
        FaultyRpc(faulty_rpc.asked_to_wait("30", 503), at_height(7)) as one,
        a_client(one, clock=clock) as client,
    ):
        with pytest.raises(Unavailable):
            await client.call("eth_gasPrice")
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_gasPrice")
        assert caught.value.code == "rpc_rate_limited"
        assert "30.0 s" in caught.value.message
        assert len(one.asked) == 1
        await clock.advance(30)
        assert await client.call("eth_gasPrice") == "0x7"


async def test_asks_another_endpoint_while_one_wants_to_be_left_alone() -> None:
    clock = FakeClock()
    async with (
        FaultyRpc(faulty_rpc.asked_to_wait("20"), at_height(1)) as one,
        FaultyRpc(at_height(2)) as two,
        a_client(one, two, clock=clock) as client,
    ):
        assert [await client.call("eth_gasPrice") for _ in range(3)] == ["0x2"] * 3
        await clock.advance(19)
        assert await client.call("eth_gasPrice") == "0x2"
    assert len(one.asked) == 1
    assert clock.slept == []


async def test_an_endpoint_whose_allowance_is_used_up_is_passed_over() -> None:
    async with (
        FaultyRpc(at_height(1)) as one,
        FaultyRpc(at_height(2)) as two,
        a_client(one, two, requests_per_s=6) as client,
    ):
        answers = [await client.call("eth_gasPrice") for _ in range(4)]
    # Two of the six were spent on learning the chain.
    assert answers[:2] == ["0x1", "0x1"]
    assert "0x2" in answers


async def test_never_asks_an_endpoint_more_often_than_allowed() -> None:
    clock = FakeClock()
    async with FaultyRpc(at_height(1)) as one, a_client(one, clock=clock, requests_per_s=4) as client:
        asking = asyncio.gather(*(client.call("eth_gasPrice") for _ in range(8)))
        while not asking.done():
            await asyncio.wait([asking], timeout=0.02)
            if not asking.done():
                assert len(one.asked) <= 4 + 4 * (clock.now_ns() - FakeClock().now_ns()) / 1e9
                await clock.advance(0.25)
        assert await asking == ["0x1"] * 8


async def test_a_survey_finds_the_faster_endpoint() -> None:
    timer = ticking(200, 5)
    async with (
        FaultyRpc(at_height(5)) as one,
        FaultyRpc(at_height(6)) as two,
        a_client(one, two, timer=lambda: next(timer)) as client,
    ):
        # One after the other, so that the timer's steps belong to them in this order.
        for seat in client._pool.seats:
            await client._survey_one(seat)
        assert await client.call("eth_gasPrice") == "0x6"


async def test_stays_with_an_endpoint_that_is_only_a_little_slower() -> None:
    timer = ticking(30, 25)
    async with (
        FaultyRpc(at_height(5)) as one,
        FaultyRpc(at_height(6)) as two,
        a_client(one, two, timer=lambda: next(timer)) as client,
    ):
        for seat in client._pool.seats:
            await client._survey_one(seat)
        assert await client.call("eth_gasPrice") == "0x5"


async def test_a_survey_finds_out_who_is_behind() -> None:
    async with (
        FaultyRpc(at_height(50)) as one,
        FaultyRpc(at_height(100)) as two,
        a_client(one, two, timer=lambda: 0) as client,
    ):
        assert await client.call("eth_gasPrice") == hex(50)
        await client.survey()
        await client.survey()
        assert await client.call("eth_gasPrice") == hex(100)


async def test_a_few_blocks_of_difference_change_nothing() -> None:
    async with (
        FaultyRpc(at_height(96)) as one,
        FaultyRpc(at_height(100)) as two,
        a_client(one, two, timer=lambda: 0) as client,
    ):
        await client.survey()
        await client.survey()
        assert await client.call("eth_gasPrice") == hex(96)


async def test_an_answer_ends_the_rest_and_the_next_failure_is_a_first_one() -> None:
    clock, broken = FakeClock(), faulty_rpc.text("oops", 500)
    async with (
        FaultyRpc(broken, broken, at_height(1), broken, at_height(1)) as one,
        a_client(one, clock=clock) as client,
    ):
        for _ in range(2):
            with pytest.raises(Unavailable):
                await client.call("eth_gasPrice")
        assert _rest_s(client, clock) == 10
        await client.call("eth_gasPrice")
        assert _rest_s(client, clock) == 0
        with pytest.raises(Unavailable):
            await client.call("eth_gasPrice")
        assert _rest_s(client, clock) == 5


async def test_a_survey_leaves_endpoints_alone_that_rest() -> None:
    clock = FakeClock()
    async with (
        FaultyRpc(faulty_rpc.text("oops", 500), at_height(1)) as one,
        FaultyRpc(at_height(1)) as two,
        a_client(one, two, clock=clock, rest_s=5) as client,
    ):
        await client.call("eth_gasPrice")
        await client.survey()
        assert one.asked == ["eth_gasPrice"]
        await clock.advance(5)
        await client.survey()
        assert one.asked == ["eth_gasPrice", "eth_blockNumber"]


def _rest_s(client: RpcClient, clock: FakeClock) -> float:
    return max(0, client._pool.seats[0].standing.rests_until_ns - clock.now_ns()) / 1e9


async def test_the_watch_surveys_again_and_again_and_only_when_there_is_a_choice() -> None:
    clock = FakeClock()
    async with FaultyRpc(at_height(1)) as one, FaultyRpc(at_height(1)) as two, AsyncExitStack() as stack:
        several = await stack.enter_async_context(a_client(one, two, clock=clock, survey_s=5))
        watching = asyncio.create_task(several.watch())
        for surveys in range(1, 4):
            async with asyncio.timeout(PATIENCE_S):
                await clock.until_asleep()
            assert two.asked == ["eth_blockNumber"] * surveys
            await clock.advance(5)
        watching.cancel()
        alone = await stack.enter_async_context(a_client(one, clock=clock))
        posts = one.posts
        watching = asyncio.create_task(alone.watch())
        async with asyncio.timeout(PATIENCE_S):
            await clock.until_asleep()
        assert one.posts == posts
        watching.cancel()


async def test_a_head_far_behind_what_was_seen_is_not_taken_and_the_next_endpoint_is_asked() -> None:
    # The second endpoint is ahead but slow, so that the first is preferred.
    timer = ticking(2000, 5)
    async with FaultyRpc(at_height(59)) as one, FaultyRpc(at_height(100)) as two:
        chain = a_chain(one, two, max_lag_blocks=40, timer=lambda: next(timer))
        async with chain.rpc:
            await chain.rpc._survey_one(chain.rpc._pool.seats[1])
            assert (await chain.head()).number == 100
            assert one.asked == ["eth_getBlockByNumber"]


async def test_a_head_within_the_allowed_lag_is_taken() -> None:
    # The second endpoint is ahead but slow, so that the first is preferred.
    timer = ticking(2000, 5)
    async with FaultyRpc(at_height(60)) as one, FaultyRpc(at_height(100)) as two:
        chain = a_chain(one, two, max_lag_blocks=40, timer=lambda: next(timer))
        async with chain.rpc:
            await chain.rpc._survey_one(chain.rpc._pool.seats[1])
            assert (await chain.head()).number == 60


async def test_an_endpoint_that_is_behind_is_believed_half_a_minute_after_the_last_one_ahead() -> None:
    clock = FakeClock()
    ahead_then_gone = FaultyRpc(at_height(100), faulty_rpc.text("gone", 500))
    async with ahead_then_gone as one, FaultyRpc(at_height(10)) as two:
        chain = a_chain(one, two, clock=clock)
        async with chain.rpc:
            assert (await chain.head()).number == 100
            with pytest.raises(Unavailable) as caught:
                await chain.head()
            assert caught.value.code == "rpc_http_500"
            assert two.asked == ["eth_getBlockByNumber"]
            await clock.advance(31)
            assert (await chain.head()).number == 10


async def test_one_liar_about_the_height_does_not_make_two_others_look_behind() -> None:
    async with FaultyRpc(at_height(100)) as one, FaultyRpc(at_height(101)) as two, FaultyRpc(at_height(10**9)) as liar:
        chain = a_chain(one, two, liar, timer=lambda: 0)
        async with chain.rpc:
            await chain.rpc.survey()
            await chain.rpc.survey()
            assert (await chain.head()).number == 100


async def test_endpoints_that_differ_in_a_secret_only_are_told_apart() -> None:
    urls = ["https://host/v2/one", "https://host/v2/two", "https://other/"]
    client = RpcClient(urls, chain_id=CHAIN_ID, timeout_s=1, clock=FakeClock())
    assert client.endpoints == ("https://host/…", "https://host/… (2)", "https://other")


async def test_what_nobody_has_is_not_looked_for_at_an_endpoint_that_rests() -> None:
    """A dead endpoint would otherwise cost its time limit at each look, and looks come several times a second."""

    async def nothing(ask: Ask) -> object:
        return await ask("eth_getTransactionReceipt", [])

    clock, none = FakeClock(), faulty_rpc.answers(eth_getTransactionReceipt=None)
    dead = faulty_rpc.text("away", status=502)
    async with FaultyRpc(none) as one, FaultyRpc(dead) as two, a_client(one, two, clock=clock) as client:
        for _ in range(10):
            assert await client.found(nothing) is None
        assert len(two.asked) == 1
        await clock.advance(6)
        await client.found(nothing)
        assert len(two.asked) == 2
