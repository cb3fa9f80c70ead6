"""What tests do to the chain: blocks, time, snapshots, reorganisations, fees, and the trader's own transactions."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account.account import Account
from eth_utils.crypto import keccak

from tradewind.localnet import EvmLocalnet, LocalnetError, RpcError
from tradewind.localnet import addresses as at

pytestmark = pytest.mark.asyncio(loop_scope="session")


def signed_approval(amount_raw: int, nonce: int = 0) -> tuple[str, str]:
    """Raw bytes and hash of the trader's approval of USDC for the router."""
    selector = keccak(text="approve(address,uint256)")[:4]
    fields = {
        "type": 2,
        "chainId": 42161,
        "nonce": nonce,
        "maxPriorityFeePerGas": 0,
        "maxFeePerGas": 10**9,
        "gas": 100_000,
        "to": at.USDC.address,
        "value": 0,
        "data": selector + encode(["address", "uint256"], [at.SWAP_ROUTER_02, amount_raw]),
    }
    signed = Account.sign_transaction(fields, at.TRADER_PRIVATE_KEY)
    return "0x" + signed.raw_transaction.hex(), "0x" + signed.hash.hex()


async def trader_allowance(chain: EvmLocalnet) -> int:
    return await chain.allowance(at.USDC.address, at.TRADER, at.SWAP_ROUTER_02)


async def receipt_of(chain: EvmLocalnet, transaction_hash: str) -> Any:
    return await chain.rpc.call("eth_getTransactionReceipt", transaction_hash)


async def test_the_published_key_is_the_traders() -> None:
    assert Account.from_key(at.TRADER_PRIVATE_KEY).address == at.TRADER


async def test_each_transaction_brings_its_own_block(chain: EvmLocalnet) -> None:
    before = await chain.block_number()
    raw, _ = signed_approval(5)
    receipt = await chain.rpc.call("eth_sendRawTransactionSync", raw)
    assert receipt["status"] == "0x1"
    assert await chain.block_number() == before + 1
    assert await trader_allowance(chain) == 5


async def test_nothing_is_mined_while_automine_is_off(chain: EvmLocalnet) -> None:
    await chain.set_automine(on=False)
    raw, transaction_hash = signed_approval(5)
    await chain.rpc.call("eth_sendRawTransaction", raw)
    assert (await chain.rpc.call("txpool_status"))["pending"] == "0x1"
    assert await receipt_of(chain, transaction_hash) is None
    await chain.mine()
    assert (await receipt_of(chain, transaction_hash))["status"] == "0x1"


async def test_market_swap_mines_for_itself_while_automine_is_off(chain: EvmLocalnet) -> None:
    await chain.set_automine(on=False)
    before = await chain.block_number()
    swap = await chain.swap_as_market(at.WETH.address, at.USDC.address, 500, 10**18)
    assert swap.block_number == before + 1
    assert await chain.rpc.call("anvil_getAutomine") is False


async def test_reorg_takes_a_transaction_back_and_it_can_be_sent_again(chain: EvmLocalnet) -> None:
    raw, transaction_hash = signed_approval(5)
    first = await chain.rpc.call("eth_sendRawTransactionSync", raw)
    await chain.reorg(1)
    assert await receipt_of(chain, transaction_hash) is None
    assert await trader_allowance(chain) == 0
    again = await chain.rpc.call("eth_sendRawTransactionSync", raw)
    assert again["transactionHash"] == first["transactionHash"]
    assert again["blockHash"] != first["blockHash"]


async def test_reorg_can_put_another_transaction_in_its_place(chain: EvmLocalnet) -> None:
    await chain.rpc.call("eth_sendRawTransactionSync", signed_approval(5)[0])
    await chain.reorg(1, [(signed_approval(6)[0], 0)])
    assert await trader_allowance(chain) == 6


async def test_revert_brings_everything_back_and_uses_the_snapshot_up(chain: EvmLocalnet) -> None:
    snapshot = await chain.snapshot()
    number = await chain.block_number()
    await chain.rpc.call("eth_sendRawTransactionSync", signed_approval(5)[0])
    await chain.revert(snapshot)
    assert await chain.block_number() == number
    assert await trader_allowance(chain) == 0
    with pytest.raises(LocalnetError) as used:
        await chain.revert(snapshot)
    assert used.value.code == "snapshot_unknown"


async def test_mine_makes_as_many_blocks_as_asked(chain: EvmLocalnet) -> None:
    before = await chain.block_number()
    await chain.mine(7)
    assert await chain.block_number() == before + 7


async def test_next_block_takes_the_timestamp_that_was_set(chain: EvmLocalnet) -> None:
    later = await chain.timestamp_s() + 3_600
    await chain.set_next_timestamp(later)
    await chain.mine()
    assert await chain.timestamp_s() == later
    with pytest.raises(RpcError, match="evm_setNextBlockTimestamp"):
        await chain.set_next_timestamp(later - 1)


async def test_base_fee_stays_where_arbitrum_has_its_floor(chain: EvmLocalnet) -> None:
    """Left alone it would sink to a fourteenth in 20 blocks; a busy machine may let the keeper lag by some."""
    fees = []
    for _ in range(20):
        swap = await chain.swap_as_market(at.WETH.address, at.USDC.address, 500, 10**15)
        block = await chain.rpc.call("eth_getBlockByNumber", hex(swap.block_number), False)
        fees.append(int(block["baseFeePerGas"], 16))
    assert max(fees) == 20_000_000
    assert min(fees) > 20_000_000 // 2


async def test_base_fee_can_be_raised_and_is_then_held(chain: EvmLocalnet) -> None:
    await chain.set_base_fee(50_000_000)
    await chain.mine()
    block = await chain.rpc.call("eth_getBlockByNumber", "latest", False)
    assert int(block["baseFeePerGas"], 16) == 50_000_000


async def test_fund_eth_adds_to_the_balance(chain: EvmLocalnet) -> None:
    await chain.fund_eth(at.TRADER, 3)
    assert await chain.eth_balance(at.TRADER) == 10 * 10**18 + 3
