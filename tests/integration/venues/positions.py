"""The market maker's liquidity, moved through the real position manager, with eth-abi as the encoder."""

import asyncio
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at

NO_DEADLINE = 2**64 - 1
_MINT_TUPLE = "(address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256)"


def calldata(signature: str, *values: Any) -> str:
    """Calldata of a call with flat arguments or one tuple."""
    types = signature[signature.index("(") + 1 : -1]
    kinds = [types] if types.startswith("(") else types.split(",") if types else []
    arguments = encode(kinds, values)
    return f"0x{(keccak(text=signature)[:4] + arguments).hex()}"


async def as_market_maker(localnet: EvmLocalnet, to: str, data: str) -> dict[str, Any]:
    """Send, wait until it is mined, and require that it succeeded."""
    fees = {"maxFeePerGas": hex(10**9), "maxPriorityFeePerGas": "0x0"}
    fields = {"from": at.MARKET_MAKER, "to": to, "data": data, "gas": hex(9_000_000), **fees}
    sent = await localnet.rpc.call("eth_sendTransaction", fields)
    async with asyncio.timeout(10):
        while (receipt := await localnet.rpc.call("eth_getTransactionReceipt", sent)) is None:
            await asyncio.sleep(0.001)
    assert receipt["status"] == "0x1"
    return dict(receipt)


async def add_position(
    localnet: EvmLocalnet, tokens: tuple[str, str], fee_pips: int, ticks: tuple[int, int], amounts: tuple[int, int]
) -> int:
    """A new position; the number of its token."""
    values = (*tokens, fee_pips, *ticks, *amounts, 0, 0, at.MARKET_MAKER, NO_DEADLINE)
    receipt = await as_market_maker(localnet, at.POSITION_MANAGER, calldata(f"mint({_MINT_TUPLE})", values))
    minted = [log for log in receipt["logs"] if log["address"].lower() == at.POSITION_MANAGER.lower()]
    return int(minted[0]["topics"][3], 16)


async def position(localnet: EvmLocalnet, number: int) -> tuple[int, int, int]:
    """Lower tick, upper tick and liquidity of a position."""
    answer = await localnet.rpc.eth_call(at.POSITION_MANAGER, calldata("positions(uint256)", number))
    # Words 5 to 7 of positions(): tickLower, tickUpper, liquidity.
    lower, upper, liquidity = decode(["int24", "int24", "uint128"], answer[5 * 32 : 8 * 32])
    return lower, upper, liquidity


async def take_from_position(localnet: EvmLocalnet, number: int, liquidity: int) -> None:
    """Burn a part of a position's liquidity, or nothing of it (which logs a Burn of zero)."""
    signature = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    await as_market_maker(localnet, at.POSITION_MANAGER, calldata(signature, (number, liquidity, 0, 0, NO_DEADLINE)))


async def add_to_position(localnet: EvmLocalnet, number: int, amounts: tuple[int, int]) -> None:
    """Mint more liquidity into a position."""
    signature = "increaseLiquidity((uint256,uint256,uint256,uint256,uint256,uint256))"
    values = (number, *amounts, 0, 0, NO_DEADLINE)
    await as_market_maker(localnet, at.POSITION_MANAGER, calldata(signature, values))


async def create_pool(
    localnet: EvmLocalnet, tokens: tuple[str, str], fee_pips: int, sqrt_price_x96: int | None
) -> None:
    """A new pool, with its first price unless that is None."""
    if sqrt_price_x96 is None:
        data = calldata("createPool(address,address,uint24)", *tokens, fee_pips)
        await as_market_maker(localnet, at.UNISWAP_V3_FACTORY, data)
        return
    signature = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    data = calldata(signature, *tokens, fee_pips, sqrt_price_x96)
    await as_market_maker(localnet, at.POSITION_MANAGER, data)
