"""Lies about the chain and its blocks: each differs from the chain itself in what it says."""

from typing import Any

import pytest

from tests.integration.localnet.strict_desk import Desk, Expectations
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import Behaviour
from tradewind.localnet.strict.behaviours import blocks

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECT = Expectations(blocks)


@pytest.mark.parametrize("kind", EXPECT.catalogue, ids=lambda kind: kind.__name__)
async def test_it_does_what_it_says_and_ends_with_behave(desk: Desk, kind: type[Behaviour]) -> None:
    await EXPECT.hold(desk, kind)


async def block_pair(desk: Desk, which: str = "latest") -> tuple[Any, Any]:
    """A block as it is told, and as it is."""
    told = await desk.told("eth_getBlockByNumber", which, False)
    true = await desk.true("eth_getBlockByNumber", which, False)
    return told, true | {"l1BlockNumber": true["number"]}


async def differs_only_in(desk: Desk, which: str = "latest", **changed: Any) -> None:
    told, true = await block_pair(desk, which)
    assert told == true | changed


@EXPECT.of(blocks.WrongChainId())
async def wrong_chain_id(desk: Desk) -> None:
    assert (await desk.told("eth_chainId"), await desk.told("net_version")) == (hex(42170), "42170")


@EXPECT.of(blocks.WrongGenesis())
async def wrong_genesis(desk: Desk) -> None:
    await differs_only_in(desk, "0x0", hash="0x" + "9e" * 32)
    await differs_only_in(desk, "0x1")


@EXPECT.of(blocks.StaleHead(blocks=2))
async def stale_head(desk: Desk) -> None:
    tx_hash = await desk.sent()
    head = await desk.chain.block_number()
    assert await desk.told("eth_blockNumber") == hex(head - 2)
    assert (await desk.told("eth_getBlockByNumber", "latest", False))["number"] == hex(head - 2)
    assert await desk.told("eth_getBlockByNumber", hex(head), False) is None
    assert await desk.told("eth_getTransactionReceipt", tx_hash) is None
    assert await desk.told("eth_getTransactionByHash", tx_hash) is None
    assert await desk.told("eth_getTransactionCount", at.TRADER, "latest") == "0x0"
    block = await desk.true("eth_getBlockByNumber", "latest", False)
    assert await desk.told("eth_getBlockByHash", block["hash"], False) is None
    await desk.chain.mine(2)
    assert await desk.told("eth_getTransactionCount", at.TRADER, "latest") == "0x1"
    assert (await desk.told("eth_getTransactionReceipt", tx_hash))["status"] == "0x1"


@EXPECT.of(blocks.FrozenHead())
async def frozen_head(desk: Desk) -> None:
    first = await desk.told("eth_blockNumber")
    await desk.sent()
    assert await desk.told("eth_blockNumber") == first
    assert await desk.told("eth_getTransactionCount", at.TRADER, "latest") == "0x0"


@EXPECT.of(blocks.HeadGoesBackwards())
async def head_goes_backwards(desk: Desk) -> None:
    head = await desk.chain.block_number()
    assert [int(await desk.told("eth_blockNumber"), 16) for _ in range(2)] == [head - 1, head - 2]
    assert (await desk.told("eth_getBlockByNumber", "latest", False))["number"] == hex(head - 3)


@EXPECT.of(blocks.FutureHead())
async def future_head(desk: Desk) -> None:
    head = await desk.chain.block_number()
    assert await desk.told("eth_blockNumber") == hex(head + 1_000)
    _, true = await block_pair(desk)
    timestamp = hex(int(true["timestamp"], 16) + 1_000)
    await differs_only_in(desk, number=hex(head + 1_000), timestamp=timestamp, hash="0x" + "f0" * 32)
    await differs_only_in(desk, hex(head))
    assert await desk.told("eth_getBlockByHash", "0x" + "f0" * 32, False) is None


@EXPECT.of(blocks.ChangingBlockHash())
async def changing_hash(desk: Desk) -> None:
    hashes = {(await block_pair(desk))[0]["hash"] for _ in range(3)}
    assert len(hashes) == 3


@EXPECT.of(blocks.BrokenParent())
async def broken_parent(desk: Desk) -> None:
    await differs_only_in(desk, parentHash="0x" + "bb" * 32)


@EXPECT.of(blocks.MissingBlock())
async def missing_block(desk: Desk) -> None:
    told, true = await block_pair(desk)
    assert told is None
    assert await desk.told("eth_getBlockByHash", true["hash"], False) is None


@EXPECT.of(blocks.AnotherBlock())
async def another_block(desk: Desk) -> None:
    told, true = await block_pair(desk)
    assert (told["number"], told["hash"]) == (hex(int(true["number"], 16) - 1), true["parentHash"])


@EXPECT.of(blocks.BaseFee())
async def base_fee(desk: Desk) -> None:
    await differs_only_in(desk, baseFeePerGas="0x0")


@EXPECT.of(blocks.HugeBaseFee())
async def huge_base_fee(desk: Desk) -> None:
    await differs_only_in(desk, baseFeePerGas=hex(10**30))


@EXPECT.of(blocks.NoBaseFee())
async def no_base_fee(desk: Desk) -> None:
    told, true = await block_pair(desk)
    assert set(true) - set(told) == {"baseFeePerGas"}


@EXPECT.of(blocks.WrongTime())
async def wrong_time(desk: Desk) -> None:
    _, true = await block_pair(desk)
    await differs_only_in(desk, timestamp=hex(int(true["timestamp"], 16) + 86_400))


@EXPECT.of(blocks.FinalizedAheadOfLatest())
async def finalized_ahead(desk: Desk) -> None:
    told, true = await block_pair(desk)
    assert told == true
    final = await desk.told("eth_getBlockByNumber", "finalized", False)
    assert int(final["number"], 16) == int(true["number"], 16) + 10


@EXPECT.of(blocks.EverythingIsFinal())
async def everything_is_final(desk: Desk) -> None:
    await desk.sent()
    assert await desk.told("eth_getTransactionCount", at.TRADER, "finalized") == "0x1"
    finals = [await desk.told("eth_getBlockByNumber", tag, False) for tag in ("finalized", "safe", "latest")]
    assert finals[0] == finals[1] == finals[2]


@EXPECT.of(blocks.NothingIsFinal())
async def nothing_is_final(desk: Desk) -> None:
    await desk.chain.mine(100)
    assert (await desk.told("eth_getBlockByNumber", "finalized", False))["number"] == "0x0"
    assert (await desk.told("eth_getBlockByNumber", "safe", False))["number"] == "0x0"


@EXPECT.of(blocks.FinalizedReorg())
async def finalized_reorg(desk: Desk) -> None:
    await desk.chain.mine(70)
    final = hex(await desk.chain.block_number() - 64)
    by_tag = [(await desk.told("eth_getBlockByNumber", "finalized", False))["hash"] for _ in range(2)]
    by_number = (await desk.told("eth_getBlockByNumber", final, False))["hash"]
    assert len({*by_tag, by_number, (await desk.true("eth_getBlockByNumber", final, False))["hash"]}) == 4
    await differs_only_in(desk)


async def logs_pair(desk: Desk) -> tuple[Any, Any]:
    await desk.swapped()
    number = hex(await desk.chain.block_number())
    wanted = {"fromBlock": number, "toBlock": number}
    true = await desk.true("eth_getLogs", wanted)
    assert len(true) >= 3
    return await desk.told("eth_getLogs", wanted), true


@EXPECT.of(blocks.LogsDropped())
async def logs_dropped(desk: Desk) -> None:
    assert (await logs_pair(desk))[0] == []


@EXPECT.of(blocks.LogsDuplicated())
async def logs_duplicated(desk: Desk) -> None:
    told, true = await logs_pair(desk)
    assert told[::2] == told[1::2] == true


@EXPECT.of(blocks.LogsOfAnotherContract())
async def logs_of_another(desk: Desk) -> None:
    told, true = await logs_pair(desk)
    assert told == [log | {"address": "0x" + "ad" * 20} for log in true]


@EXPECT.of(blocks.LogsRemoved())
async def logs_removed(desk: Desk) -> None:
    told, true = await logs_pair(desk)
    assert {log["removed"] for log in true} == {False}
    assert told == [log | {"removed": True} for log in true]
