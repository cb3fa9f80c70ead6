"""The chain client against a real node: reads, receipts, sending, and endpoints that fail."""

import pytest

from tests import faulty_rpc
from tests.faulty_rpc import FaultyRpc
from tests.integration.venues.conftest import client_of, venue_on
from tests.integration.venues.trader import Order, Trader
from tradewind.domain.plan import BlockRef
from tradewind.errors import Unavailable
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_gas import gas_of, gas_reading
from tradewind.venues.multicall import Call
from tradewind.venues.rpc_error import Revert, RpcError
from tradewind.venues.send_outcome import SendAnswer
from tradewind.venues.uniswap_v3.adapter import UniswapV3Adapter

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNLIMITED = 2**256 - 1
BALANCE_OF = bytes.fromhex("70a08231")


@pytest.fixture
def trader(localnet: EvmLocalnet, venue: UniswapV3Adapter) -> Trader:
    return Trader(localnet, venue)


async def a_swap(trader: Trader) -> bytes:
    """Signed bytes of a swap that succeeds."""
    await trader.approve(at.USDC, UNLIMITED)
    return trader.sign(await trader.transaction(await trader.plan(Order(at.USDC, at.WETH, 10**9))))


async def test_reads_an_account_as_the_chain_has_it(localnet: EvmLocalnet, trader: Trader, chain: EvmChain) -> None:
    await trader.approve(at.USDC, 777)
    account = await chain.account(at.TRADER, at.USDC.address, at.SWAP_ROUTER_02, await chain.head())
    assert account.native_balance_raw == await localnet.eth_balance(at.TRADER)
    assert account.token_balance_raw == await localnet.balance_of(at.USDC.address, at.TRADER)
    assert (account.nonce, account.allowance_raw, account.permit_nonce) == (1, 777, 0)
    assert await chain.balance(at.TRADER) == account.native_balance_raw
    assert await chain.erc20_balance(at.USDC.address, at.TRADER) == account.token_balance_raw
    assert await chain.nonce(at.TRADER) == 1


async def test_a_token_without_permits_has_no_permit_nonce(chain: EvmChain) -> None:
    # The position manager answers balanceOf like a token, but has no nonces(address).
    with pytest.raises(Unavailable):
        await chain.permit_nonce(at.POSITION_MANAGER, at.TRADER)


async def test_reads_of_a_block_stay_those_of_that_block(trader: Trader, chain: EvmChain) -> None:
    before = await chain.head()
    held_raw = await chain.erc20_balance(at.USDC.address, at.TRADER)
    await trader.send_raw(await a_swap(trader))
    assert await chain.erc20_balance(at.USDC.address, at.TRADER) == held_raw - 10**9
    assert await chain.erc20_balance(at.USDC.address, at.TRADER, before) == held_raw


async def test_refuses_to_read_a_block_that_the_node_does_not_know(chain: EvmChain) -> None:
    unknown = (await chain.head()).model_copy(update={"hash": "0x" + "ab" * 32})
    with pytest.raises(RpcError):
        await chain.erc20_balance(at.USDC.address, at.TRADER, unknown)
    with pytest.raises(RpcError):
        await chain.multicall([Call(at.USDC.address, BALANCE_OF + bytes(32))], unknown)


async def test_a_block_that_was_reorganised_away_is_no_longer_found(localnet: EvmLocalnet, chain: EvmChain) -> None:
    # Not an empty block: its replacement in the same second would be the very same block.
    await localnet.swap_as_market(at.USDC.address, at.WETH.address, 500, 10**9)
    gone = await chain.head()
    await localnet.reorg(1)
    assert await chain.block(gone.hash) is None
    replaced = await chain.block(gone.number)
    assert replaced is not None
    assert replaced.hash != gone.hash


async def test_reads_more_than_one_multicall_holds_in_order(localnet: EvmLocalnet, chain: EvmChain) -> None:
    owners = [at.TRADER, at.MARKET_MAKER, f"0x{5:040x}"] * 1200
    calls = [Call(at.USDC.address, BALANCE_OF + bytes(12) + bytes.fromhex(owner[2:])) for owner in owners]
    calls.insert(7, Call(at.USDC.address, bytes.fromhex("deadbeef")))
    answers = await chain.multicall(calls, await chain.head())
    assert answers.pop(7) is None
    held = {owner: await localnet.balance_of(at.USDC.address, owner) for owner in set(owners)}
    assert [int.from_bytes(answer or b"") for answer in answers] == [held[owner] for owner in owners]
    assert await chain.multicall([], "latest") == []


async def test_reads_the_l1_part_of_gas_and_the_base_fee(localnet: EvmLocalnet, chain: EvmChain) -> None:
    head = await chain.head_header()
    assert head.base_fee_wei == await chain.base_fee() > 0
    reading = gas_reading(
        chain.chain_id, head, to=at.SWAP_ROUTER_02, data=b"\x01" * 400, sender=at.TRADER, estimate=True
    )
    gas = await chain.read(reading)
    assert (gas.base_fee_wei, gas.l1_gas) == (head.base_fee_wei, 0)
    assert isinstance(gas.estimated, Revert)
    # NodeInterface taken away: what the L1 part costs is then unknown, not nothing.
    await localnet.rpc.call("anvil_setCode", at.NODE_INTERFACE, "0x")
    without = gas_reading(
        chain.chain_id, await chain.head_header(), to=at.TRADER, data=b"", sender=at.TRADER, estimate=False
    )
    with pytest.raises(Unavailable) as caught:
        await chain.read(without)
    assert caught.value.code == "l1_gas_unknown"


async def test_an_account_comes_with_the_newest_header_if_it_was_asked_for_at_that_block(
    localnet: EvmLocalnet, chain: EvmChain
) -> None:
    head = await chain.head()
    reading = chain.account_reading(at.TRADER, at.USDC.address, at.SWAP_ROUTER_02, head)
    header, account = await chain.head_with(reading, head)
    assert header == await chain.head_header()
    assert account == await chain.account(at.TRADER, at.USDC.address, at.SWAP_ROUTER_02, head)
    await localnet.mine()
    header, account = await chain.head_with(reading, head)
    assert (header.ref.number, account) == (head.number + 1, None)


async def test_the_l1_part_is_added_to_modelled_gas(
    localnet: EvmLocalnet, trader: Trader, venue: UniswapV3Adapter
) -> None:
    order = Order(at.USDC, at.WETH, 10**9)
    without = await trader.plan(order, with_permit=True)
    # Runtime code that answers any call with the words (123456, 7, 9): push, store, return 96 bytes.
    code = "0x" + "6201e240" + "600052" + "6007602052" + "6009604052" + "60606000f3"
    await localnet.rpc.call("anvil_setCode", at.NODE_INTERFACE, code)
    await localnet.mine()
    plan = await trader.plan(order, with_permit=True)
    assert gas_of(plan).l1_gas == 123_456
    assert gas_of(plan).expected_gas == gas_of(without).expected_gas + 123_456
    assert gas_of(plan).gas_limit >= gas_of(without).gas_limit + 123_456


async def test_knows_no_receipt_of_a_transaction_that_was_never_sent(chain: EvmChain) -> None:
    assert await chain.receipt("0x" + "ab" * 32) is None


async def test_a_receipt_goes_away_with_its_block(localnet: EvmLocalnet, trader: Trader) -> None:
    raw = await a_swap(trader)
    receipt = await trader.send_raw(raw)
    await localnet.reorg(1)
    assert await trader.chain.receipt(receipt.tx_hash) is None
    # Now and then anvil still has the transaction in its pool; then the same bytes are known, and wait for a block.
    if (await trader.chain.send_raw(raw)).answer is SendAnswer.ALREADY_KNOWN:
        await localnet.mine()
    again = await trader.receipt(receipt.tx_hash)
    assert again.block.hash != receipt.block.hash


async def test_sends_the_same_bytes_twice_without_harm(localnet: EvmLocalnet, trader: Trader) -> None:
    raw = await a_swap(trader)
    await localnet.set_automine(on=False)
    assert (await trader.chain.send_raw(raw)).answer is SendAnswer.ACCEPTED
    assert (await trader.chain.send_raw(raw)).answer is SendAnswer.ALREADY_KNOWN
    await localnet.mine()
    sent = await trader.chain.send_raw(raw)
    assert sent.answer is SendAnswer.NONCE_TOO_LOW
    assert (await trader.receipt(sent.tx_hash)).succeeded


async def test_a_fee_below_the_base_fee_is_rejected(trader: Trader) -> None:
    plan = await trader.plan(Order(at.USDC, at.WETH, 10**9))
    cheap = plan.model_copy(update={"gas": plan.gas.model_copy(update={"max_fee_per_gas_wei": 1})})
    sent = await trader.chain.send_raw(trader.sign(await trader.transaction(cheap)))
    assert sent.answer is SendAnswer.REJECTED
    assert "base fee" in sent.message


async def test_bytes_that_are_no_transaction_are_rejected(chain: EvmChain) -> None:
    assert (await chain.send_raw(b"\x02nonsense")).answer is SendAnswer.REJECTED


async def test_a_second_endpoint_takes_over_when_the_first_fails(localnet: EvmLocalnet) -> None:
    genesis = await localnet.rpc.call("eth_getBlockByNumber", "0x0", False)
    broken_one = FaultyRpc(faulty_rpc.text("<html>", 502), genesis_hash=genesis["hash"])
    async with broken_one as broken, client_of(broken.url, localnet.rpc_url) as rpc:
        chain = EvmChain(rpc, chain_id=at.CHAIN_ID, multicall=at.MULTICALL3)
        await chain.connect()
        venue = venue_on(chain)
        await venue.sync()
    assert len(venue.graph) == len(localnet.pools)


async def test_pools_are_read_anew_after_the_endpoint_came_back(localnet: EvmLocalnet) -> None:
    async with FaultyRpc(faulty_rpc.text("", 500)) as broken, client_of(broken.url) as rpc:
        venue = venue_on(EvmChain(rpc, chain_id=at.CHAIN_ID, multicall=at.MULTICALL3))
        with pytest.raises(Unavailable) as caught:
            await venue.sync()
        assert caught.value.code == "rpc_http_500"
        with pytest.raises(Unavailable) as caught:
            _ = venue.block
        assert caught.value.code == "pools_not_loaded"


async def test_a_block_is_told_by_number_tag_or_hash(chain: EvmChain) -> None:
    head = await chain.head()
    assert await chain.block(head.number) == await chain.block(head.hash) == await chain.block("latest") == head
    assert await chain.block(head.number + 1000) is None
    assert isinstance(head, BlockRef)
