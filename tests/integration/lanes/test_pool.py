"""The pool, the blockhash, the fees, and the end of the process."""

import asyncio
import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from tests.integration.lanes.endpoint import before, unused_url
from tests.integration.lanes.rig import PATIENCE_S, PoolLimits, Rig, pool_of
from tradewind.core import BlockhashCache, CoreError, PriorityFees, RPCConnectionPool, RpcLane


async def test_answers_come_as_the_node_gave_them_and_refusals_with_their_number(rig: Rig) -> None:
    assert await rig.pool.call("getHealth") == '"ok"'
    with pytest.raises(CoreError) as refused:
        await rig.pool.call("getNonsense")
    assert (refused.value.code, refused.value.rpc_code) == ("rpc_error", -32601)  # type: ignore[attr-defined]
    with pytest.raises(CoreError) as malformed:
        await rig.pool.call("getHealth", "[")
    assert malformed.value.code == "params_malformed"


async def test_a_question_goes_on_to_the_next_endpoint_and_the_dead_one_ranks_last(rig: Rig) -> None:
    pool = pool_of(rig.chain, unused_url(), rig.chain.rpc_url, failures_to_open=1)
    assert await pool.call("getHealth") == '"ok"'
    assert [(standing.endpoint, standing.state) for standing in await pool.warm_up()] == [
        (rig.chain.rpc_url, "ready"),
        (unused_url(), "open"),
    ]


async def test_what_a_quorum_says_is_told_and_a_tie_is_not(rig: Rig) -> None:
    async with before(rig.chain.rpc_url) as liar, before(rig.chain.rpc_url) as honest:
        liar.results["getBalance"] = {"context": {"slot": 9}, "value": 1}
        wallet = json.dumps([str(rig.payer.pubkey())])
        pool = pool_of(rig.chain, liar.url, honest.url, rig.chain.rpc_url)
        told = json.loads(await pool.agree("getBalance", wallet))
        assert told["value"] == rig.balance(rig.payer.pubkey())
        text, endpoints = await pool.agreed("getBalance", wallet)
        assert (json.loads(text)["value"], set(endpoints)) == (told["value"], {honest.url, rig.chain.rpc_url})
        with pytest.raises(CoreError) as tie:
            await pool_of(rig.chain, liar.url, honest.url).agree("getBalance", wallet)
        assert tie.value.code == "no_quorum"
        assert liar.url in str(tie.value)


async def test_an_endpoint_that_lags_is_asked_last(rig: Rig) -> None:
    async with before(rig.chain.rpc_url) as late:
        late.results["getSlot"] = rig.chain.node.slot - 100
        pool = pool_of(rig.chain, late.url, rig.chain.rpc_url)
        standings = await pool.warm_up()
        assert [standing.slots_behind for standing in standings] == [0, 100]
        await pool.call("getHealth")
        assert "getHealth" not in late.asked


async def test_a_closed_pool_tells_who_waits(rig: Rig) -> None:
    rig.pool.close()
    with pytest.raises(CoreError) as refused:
        await rig.pool.call("getHealth")
    assert refused.value.code == "pool_closed"
    outcome = await RpcLane(rig.pool).send(rig.payment().wire)
    assert (outcome.kind, outcome.code) == ("unreachable", "pool_closed")


@pytest.mark.parametrize(
    ("endpoints", "options", "code"),
    [
        ([], {}, "no_endpoints"),
        (["ftp://host"], {}, "endpoint_malformed"),
        (["http://host", "http://host/"], {}, "endpoint_twice"),
        (["http://host"], {"quorum": 2}, "quorum_impossible"),
        (["http://host"], {"burst": 0}, "limit_malformed"),
    ],
)
def test_a_pool_that_cannot_work_is_refused(endpoints: list[str], options: PoolLimits, code: str) -> None:
    with pytest.raises(CoreError) as refused:
        RPCConnectionPool(endpoints, genesis_hash="1" * 32, **options)
    assert refused.value.code == code


async def test_the_blockhash_at_hand_is_the_newest_and_a_transaction_with_it_lands(rig: Rig) -> None:
    cache = BlockhashCache(rig.pool, commitment="processed", every_ms=5)
    with pytest.raises(CoreError) as unknown:
        cache.current()
    assert unknown.value.code == "blockhash_unknown"
    first = await cache.start()
    assert first.blockhash == str(rig.chain.node.latest_blockhash().blockhash)
    rig.chain.node.advance()
    async with asyncio.timeout(PATIENCE_S):
        while cache.current().blockhash == first.blockhash:
            await asyncio.sleep(0.001)
    newest = cache.current()
    assert newest.blockhash == str(rig.chain.node.latest_blockhash().blockhash)
    assert newest.last_valid_block_height == first.last_valid_block_height + 1
    cache.close()


def latest(rig: Rig, *, above: int = 0) -> dict[str, Any]:
    told = rig.chain.node.latest_blockhash()
    value = {"blockhash": str(told.blockhash), "lastValidBlockHeight": told.last_valid_block_height + above}
    return {"context": {"slot": rig.chain.node.slot}, "value": value}


@pytest.mark.parametrize("above", [64, 10**6, 2**53])
async def test_a_blockhash_that_would_live_too_long_is_asked_for_elsewhere(rig: Rig, above: int) -> None:
    async with before(rig.chain.rpc_url) as liar:
        liar.results["getLatestBlockhash"] = latest(rig, above=above)
        # The liar is the only one that is known to answer, and so is asked first.
        pool = pool_of(rig.chain, liar.url, rig.chain.rpc_url, quorum=1)
        cache = BlockhashCache(pool, commitment="processed", every_ms=5)
        assert (await cache.start()).last_valid_block_height == latest(rig)["value"]["lastValidBlockHeight"]
        async with asyncio.timeout(PATIENCE_S):
            while liar.asked.get("getLatestBlockhash", 0) < 1:
                await asyncio.sleep(0.001)
        rig.chain.node.advance()
        async with asyncio.timeout(PATIENCE_S):
            while cache.current().last_valid_block_height != latest(rig)["value"]["lastValidBlockHeight"]:
                await asyncio.sleep(0.001)
        cache.close()


async def test_a_blockhash_of_which_nobody_tells_a_believable_end_is_refused(rig: Rig) -> None:
    async with before(rig.chain.rpc_url) as liar:
        liar.results["getLatestBlockhash"] = latest(rig, above=64)
        cache = BlockhashCache(pool_of(rig.chain, liar.url), commitment="processed", every_ms=5)
        with pytest.raises(CoreError) as refused:
            await cache.start()
        assert refused.value.code == "no_endpoint_answered"
        assert "lastValidBlockHeight" in str(refused.value)
        liar.results["getLatestBlockhash"] = latest(rig, above=16)
        await cache.start()
        cache.close()


async def test_a_height_is_what_a_quorum_has_reached_and_names_who_has(rig: Rig) -> None:
    real, height = rig.chain.rpc_url, json.loads(await rig.pool.call("getBlockHeight"))
    async with before(real) as one, before(real) as two:
        for low, high in ((0, 2**53), (2**53, 0)):
            one.results["getBlockHeight"], two.results["getBlockHeight"] = low, high
            told, endpoints = await pool_of(rig.chain, one.url, two.url, real).height("processed")
            assert told == json.loads(await rig.pool.call("getBlockHeight", '[{"commitment":"processed"}]'))
            assert set(endpoints) == {real, one.url if low else two.url}
        one.results["getBlockHeight"], two.results["getBlockHeight"] = height, "many"
        with pytest.raises(CoreError) as refused:
            await pool_of(rig.chain, one.url, two.url, quorum=2).height("finalized")
        assert refused.value.code == "no_quorum"
        with pytest.raises(CoreError) as level:
            await rig.pool.height("soon")  # type: ignore[arg-type]
        assert level.value.code == "commitment_malformed"


async def test_quiet_accounts_cost_the_floor(rig: Rig) -> None:
    fees = PriorityFees(rig.pool, floor_micro_lamports=2_000)
    fee = await fees.quote([str(rig.payer.pubkey())], compute_units=200_001)
    assert (fee.micro_lamports_per_compute_unit, fee.fee_lamports, fee.congestion) == (2_000, 401, "low")
    with pytest.raises(CoreError) as refused:
        await fees.quote(["nonsense"], compute_units=1)
    assert refused.value.code == "account_malformed"


async def test_a_cancelled_question_is_dropped_and_the_next_one_is_answered(rig: Rig) -> None:
    asking = asyncio.ensure_future(rig.pool.call("getHealth"))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await rig.pool.call("getHealth") == '"ok"'


def test_a_process_that_exits_with_questions_open_does_not_hang() -> None:
    program = textwrap.dedent(
        """
        import asyncio, socket
        from tradewind.core import RPCConnectionPool, RpcLane
        silent = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        pool = RPCConnectionPool([url], genesis_hash="1" * 32, request_timeout_ms=600_000)
        sending = None
        async def main():
            global sending
            asyncio.ensure_future(pool.call("getHealth"))
            sending = RpcLane(pool).rebroadcast(b"\\x01" + b"\\x02" * 64 + b"\\x01", last_valid_block_height=1)
            await asyncio.sleep(0)
        asyncio.run(main())
        print("done")
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


async def test_a_runtime_of_two_threads_carries_many_questions_at_once(rig: Rig) -> None:
    pool = pool_of(rig.chain, requests_per_second=5_000, burst=500)
    answers = await asyncio.gather(*(pool.call("getHealth") for _ in range(200)))
    assert set(answers) == {'"ok"'}
    assert RpcLane(pool).name == "rpc"
