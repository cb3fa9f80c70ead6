"""Whether a block is part of the chain, which decides whether a wallet's accounts begin anew."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests import faulty_rpc
from tests.fake_clock import FakeClock
from tests.faulty_rpc import CHAIN_ID, FaultyRpc
from tradewind.domain.plan import BlockRef
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.rpc import RpcClient
from tradewind.venues.wallet_balances import ChainBalances

OURS, OTHER = f"0x{1:064x}", f"0x{2:064x}"
OPENING = BlockRef(number=5, hash=OURS, timestamp_s=5)


def says(block_hash: str | None) -> FaultyRpc:
    """An endpoint whose block 5 has this hash; None: it has no such block."""
    block: dict[str, Any] | None = None
    if block_hash is not None:
        block = {"number": "0x5", "hash": block_hash, "parentHash": OTHER, "timestamp": "0x5", "baseFeePerGas": "0x7"}
    return FaultyRpc(faulty_rpc.answers(eth_getBlockByNumber=block))


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ((OTHER, OURS, OURS), True),
        ((None, OURS, OURS), True),
        ((OURS, OTHER, OTHER), False),
        ((OURS, None, None), None),
        ((OTHER,), False),
        ((None,), None),
    ],
)
async def test_what_most_endpoints_say_decides(said: tuple[str | None, ...], holds: bool | None) -> None:
    """One that lies must not have the accounts begin anew, and so forget what is missing."""
    async with AsyncExitStack() as stack:
        endpoints = [await stack.enter_async_context(says(one)) for one in said]
        urls = [endpoint.url for endpoint in endpoints]
        rpc = await stack.enter_async_context(RpcClient(urls, chain_id=CHAIN_ID, timeout_s=10, clock=FakeClock()))
        chain = EvmChain(rpc, chain_id=CHAIN_ID, multicall="0x" + "11" * 20)
        assert await ChainBalances(chain, []).holds(OPENING) is holds
