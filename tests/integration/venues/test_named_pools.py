"""Pools of the local chain by their addresses, and the commands that read them, against the chain's own quoter."""

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.integration.venues.conftest import DEPLOYMENT
from tradewind.errors import InvalidInput
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter
from tradewind.venues.uniswap_v3.named_pools import read_named_pools

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_never_changes_of_each_pool_is_what_its_contract_says(
    chain: EvmChain, venue: UniswapV3Adapter
) -> None:
    pools = venue.graph.pools()
    keys = await read_named_pools(chain, DEPLOYMENT, pools, await chain.head())
    assert [key.address for key in keys] == pools
    for key in keys:
        state = venue.graph.uniswap_v3_state(key.address)
        known = (state.token0, state.token1, state.fee_pips, state.tick_spacing)
        assert (key.token0, key.token1, key.fee_pips, key.tick_spacing) == known


@pytest.mark.parametrize("address", [at.WETH.address, at.UNISWAP_V3_FACTORY, "0x" + "9" * 40])
async def test_what_the_factory_did_not_make_is_refused(chain: EvmChain, address: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await read_named_pools(chain, DEPLOYMENT, [address], await chain.head())
    assert refused.value.code == "pool_not_of_factory"


async def told(*arguments: str) -> Any:
    """The JSON of a command in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.cli", *arguments, "--json", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(said)


async def test_a_route_is_read_from_the_chain(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> None:
    ends = ("--from", at.WETH.address, "--to", at.USDC.address)
    said = await told("route", "--rpc", localnet.rpc_url, *ends, "--via", at.ARB.address, "--amount", str(10**18))
    assert (said["amount_in"]["symbol"], said["amount_out"]["symbol"]) == ("WETH", "USDC")
    assert said["amount_in"]["decimal"] == "1.000000000000000000"
    for leg in said["legs"]:
        for hop in leg["hops"]:
            assert hop["pool"] in venue.graph
    pool = said["legs"][0]["hops"][0]["pool"]
    arguments = ("--rpc", localnet.rpc_url, "--pool", pool, "--from", at.WETH.address, "--amount", str(10**15))
    quoted = await told("quote", *arguments)
    expected = venue.graph.quote_exact_in(pool, at.WETH.address, 10**15).amount_out_raw
    assert quoted["amount_out"]["raw"] == str(expected)
