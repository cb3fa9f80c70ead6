"""Several endpoints that lead to a real node, and one that lies: what is decided for good."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests import faulty_rpc
from tests.fake_clock import FakeClock
from tests.faulty_rpc import FaultyRpc
from tests.integration.venues.conftest import client_of
from tests.integration.venues.trader import Order, Trader
from tradewind.errors import Misconfigured, TradewindError
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.observability.clock import SystemClock
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_identity import ChainIdentity
from tradewind.venues.send_outcome import SendAnswer
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIE = faulty_rpc.result(None)


async def genesis_of(localnet: EvmLocalnet) -> str:
    block = await localnet.rpc.call("eth_getBlockByNumber", "0x0", False)
    return str(block["hash"])


@pytest_asyncio.fixture(loop_scope="session")
async def liar(localnet: EvmLocalnet) -> AsyncIterator[FaultyRpc]:
    """Says of everything that there is no such thing."""
    async with FaultyRpc(LIE, genesis_hash=await genesis_of(localnet)) as endpoint:
        yield endpoint


@pytest_asyncio.fixture(loop_scope="session")
async def several(localnet: EvmLocalnet, liar: FaultyRpc) -> AsyncIterator[EvmChain]:
    """A liar before two ways to the same node."""
    async with client_of(liar.url, localnet.rpc_url, f"{localnet.rpc_url}/?again") as rpc:
        yield EvmChain(rpc, chain_id=at.CHAIN_ID, multicall=at.MULTICALL3)


@pytest.fixture
def trader(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> Trader:
    return Trader(localnet, venue)


async def a_swap(trader: Trader) -> bytes:
    await trader.approve(at.USDC, 10**12)
    return trader.sign(await trader.transaction(await trader.plan(Order(at.USDC, at.WETH, 10**9))))


async def test_a_liar_in_first_place_changes_nothing_of_what_two_agree_on(
    localnet: EvmLocalnet, trader: Trader, several: EvmChain
) -> None:
    raw = await a_swap(trader)
    receipt = await trader.send_raw(raw)
    await localnet.mine(70)
    header, told_by = await several.finalized_header()
    final = await localnet.rpc.call("eth_getBlockByNumber", "finalized", False)
    assert (header.ref.number, header.ref.hash) == (int(final["number"], 16), final["hash"])
    assert await several.agreed_receipt(receipt.tx_hash) == (receipt, told_by)
    assert await several.finalized_nonce(at.TRADER) == 2
    assert await several.agreed_nonce(at.TRADER) == 2
    found = await several.agreed_transaction_with_nonce(at.TRADER, 1, since_block=0)
    assert found == (receipt.tx_hash, told_by)
    assert len(told_by) == 2


async def test_what_was_taken_back_by_a_reorganisation_is_agreed_to_be_gone(
    localnet: EvmLocalnet, trader: Trader, several: EvmChain
) -> None:
    receipt = await trader.send_raw(await a_swap(trader))
    assert (await several.agreed_receipt(receipt.tx_hash))[0] == receipt
    await localnet.reorg(1)
    gone, told_by = await several.agreed_receipt(receipt.tx_hash)
    assert (gone, len(told_by)) == (None, 2)


async def test_what_is_sent_everywhere_lands_once(localnet: EvmLocalnet, trader: Trader, several: EvmChain) -> None:
    raw = await a_swap(trader)
    held_raw = await localnet.balance_of(at.USDC.address, at.TRADER)
    for _ in range(3):
        sent = await several.send_raw(raw, everywhere=True)
        assert sent.answer in (SendAnswer.ACCEPTED, SendAnswer.ALREADY_KNOWN, SendAnswer.NONCE_TOO_LOW)
    assert (await trader.receipt(sent.tx_hash)).succeeded
    assert held_raw - await localnet.balance_of(at.USDC.address, at.TRADER) == 10**9


async def test_another_chain_behind_the_same_address_is_noticed_and_refused(tmp_path: Path) -> None:
    file = tmp_path / "chain-42161.json"
    async with EvmLocalnet() as first:
        port = first.port
        rpc = _remembering(first.rpc_url, file)
        assert await rpc.call("eth_chainId") == hex(at.CHAIN_ID)
        genesis, made_at_s = await genesis_of(first), SystemClock().now_ns() // 10**9
    # The first block of a local chain differs by its second.
    while SystemClock().now_ns() // 10**9 <= made_at_s + 1:
        await asyncio.sleep(0.05)
    async with EvmLocalnet(port=port) as second, rpc:
        assert await genesis_of(second) != genesis
        codes = []
        for _ in range(3):
            with pytest.raises(TradewindError) as caught:
                await rpc.call("eth_gasPrice")
            codes.append(caught.value.code)
        assert codes[-1] == "wrong_genesis"
        async with _remembering(second.rpc_url, file) as restarted:
            with pytest.raises(Misconfigured) as refused:
                await restarted.call("eth_gasPrice")
        assert genesis in refused.value.message


def _remembering(url: str, file: Path) -> RpcClient:
    identity = ChainIdentity(at.CHAIN_ID, file=file)
    return RpcClient([url], chain_id=at.CHAIN_ID, timeout_s=30, clock=FakeClock(), identity=identity, rest_s=0)
