"""The real Uniswap V2 factory, pairs and router on the local chain, with eth-abi as the encoder."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode

from tests.integration.venues.positions import as_market_maker, calldata
from tradewind.localnet import EvmLocalnet, RpcError
from tradewind.localnet import addresses as at
from tradewind.localnet.artifacts import Artifacts

GAS = 9_000_000


@dataclass(frozen=True, slots=True)
class V2:
    """Where the contracts stand."""

    localnet: EvmLocalnet
    factory: str
    router: str

    @classmethod
    async def deploy(cls, localnet: EvmLocalnet) -> "V2":
        """Factory and router, made by their own constructors."""
        artifacts = await asyncio.to_thread(Artifacts.load)
        factory = await _create(localnet, artifacts.uniswap_v2("UniswapV2Factory"), ["address"], [at.MARKET_MAKER])
        router_code = artifacts.uniswap_v2("UniswapV2Router02")
        router = await _create(localnet, router_code, ["address", "address"], [factory, at.WETH.address])
        return cls(localnet, factory, router)

    async def quotes(self, function: str, questions: Sequence[tuple[int, int, int]]) -> list[int | None]:
        """The router's `getAmountOut` or `getAmountIn` for (amount, reserve in, reserve out); None where it reverts."""

        async def ask(question: tuple[int, int, int]) -> int | None:
            data = calldata(f"{function}(uint256,uint256,uint256)", *question)
            return await self._word(self.router, data)

        return list(await asyncio.gather(*(ask(question) for question in questions)))

    async def pair(self, token_a: str, token_b: str, reserves: tuple[int, int]) -> "Pair":
        """A new pair that holds these reserves of its two tokens, the lower address first."""
        await as_market_maker(self.localnet, self.factory, calldata("createPair(address,address)", token_a, token_b))
        word = await self._word(self.factory, calldata("getPair(address,address)", token_a, token_b))
        assert word is not None
        token0, token1 = sorted((token_a, token_b), key=lambda token: int(token, 16))
        pair = Pair(self.localnet, f"0x{word:040x}", token0, token1)
        for token, reserve in zip((token0, token1), reserves, strict=True):
            await self.localnet.fund(pair.address, token, reserve)
        await as_market_maker(self.localnet, pair.address, calldata("sync()"))
        return pair

    async def swap_exact_in(self, token_in: str, token_out: str, amount_in_raw: int) -> bool:
        """Trade through the router; False when it reverts."""
        signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        data = calldata(signature, amount_in_raw, 0, [token_in, token_out], at.MARKET_MAKER, 2**64)
        return await self._trade(token_in, amount_in_raw, data)

    async def swap_exact_out(self, token_in: str, token_out: str, amount_out_raw: int) -> bool:
        """Trade through the router; False when it reverts."""
        signature = "swapTokensForExactTokens(uint256,uint256,address[],address,uint256)"
        data = calldata(signature, amount_out_raw, 2**255, [token_in, token_out], at.MARKET_MAKER, 2**64)
        return await self._trade(token_in, 2**113, data)

    async def _trade(self, token_in: str, most_in_raw: int, data: str) -> bool:
        balance = await self.localnet.balance_of(token_in, at.MARKET_MAKER)
        await self.localnet.fund(at.MARKET_MAKER, token_in, max(most_in_raw - balance, 0))
        await as_market_maker(self.localnet, token_in, calldata("approve(address,uint256)", self.router, 2**256 - 1))
        return await _passes(self.localnet, self.router, data)

    async def _word(self, to: str, data: str) -> int | None:
        try:
            return int.from_bytes((await self.localnet.rpc.eth_call(to, data))[:32])
        except RpcError:
            return None


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair contract."""

    localnet: EvmLocalnet
    address: str
    token0: str
    token1: str

    async def reserves(self) -> tuple[int, int]:
        """What the contract keeps."""
        answer = await self.localnet.rpc.eth_call(self.address, calldata("getReserves()"))
        reserve0, reserve1, _ = decode(["uint112", "uint112", "uint32"], answer)
        return reserve0, reserve1

    async def swap_directly(self, token_in: str, amount_in_raw: int, amount_out_raw: int) -> bool:
        """Pay the pair and ask it for an amount, without the router; False when it reverts."""
        await self.localnet.fund(self.address, token_in, amount_in_raw)
        outs = (0, amount_out_raw) if token_in == self.token0 else (amount_out_raw, 0)
        data = calldata("swap(uint256,uint256,address,bytes)", *outs, at.MARKET_MAKER, b"")
        return await _passes(self.localnet, self.address, data)


async def _passes(localnet: EvmLocalnet, to: str, data: str) -> bool:
    """Send what a call says will pass."""
    try:
        await localnet.rpc.eth_call(to, data, sender=at.MARKET_MAKER)
    except RpcError:
        return False
    await as_market_maker(localnet, to, data)
    return True


async def _create(localnet: EvmLocalnet, code: bytes, kinds: list[str], values: list[Any]) -> str:
    fees = {"maxFeePerGas": hex(10**9), "maxPriorityFeePerGas": "0x0"}
    data = f"0x{(code + encode(kinds, values)).hex()}"
    fields = {"from": at.MARKET_MAKER, "data": data, "gas": hex(GAS), **fees}
    sent = await localnet.rpc.call("eth_sendTransaction", fields)
    async with asyncio.timeout(10):
        while (receipt := await localnet.rpc.call("eth_getTransactionReceipt", sent)) is None:
            await asyncio.sleep(0.001)
    assert receipt["status"] == "0x1"
    return str(receipt["contractAddress"])
