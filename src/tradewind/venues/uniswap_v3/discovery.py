"""Which pools exist: the factory is asked for every pair of listed tokens and every fee."""

from collections.abc import Sequence
from itertools import combinations

from tradewind import core
from tradewind.domain.plan import BlockRef
from tradewind.venues import abi, rpc_answer
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.multicall import Call
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment
from tradewind.venues.uniswap_v3.pool_key import MAX_TICK, PoolKey

_GET_POOL = bytes.fromhex("1698ee82")
_TICK_SPACING = bytes.fromhex("d0c93a7c")
_NO_POOL = f"0x{0:040x}"


async def discover_pools(
    chain: EvmChain, deployment: UniswapV3Deployment, tokens: Sequence[str], block: BlockRef
) -> list[PoolKey]:
    """The pools of `tokens` that exist as of `block`, initialised or not, in two round trips."""
    candidates = [
        (token0, token1, fee)
        for token0, token1 in combinations(sorted(tokens, key=lambda token: int(token, 16)), 2)
        for fee in deployment.fees_pips
    ]
    answers = await chain.multicall(
        [Call(deployment.factory, _get_pool(token0, token1, fee)) for token0, token1, fee in candidates], block
    )
    found = [
        (address, *candidate)
        for candidate, answer in zip(candidates, answers, strict=True)
        if (address := _address(answer, "getPool")) != _NO_POOL
    ]
    spacings = await chain.multicall([Call(address, _TICK_SPACING) for address, *_ in found], block)
    return [
        PoolKey(core.to_checksum_address(address), token0, token1, fee, _spacing(answer, address))
        for (address, token0, token1, fee), answer in zip(found, spacings, strict=True)
    ]


def _get_pool(token0: str, token1: str, fee_pips: int) -> bytes:
    return _GET_POOL + abi.address_word(token0) + abi.address_word(token1) + abi.word(fee_pips)


def _address(answer: bytes | None, field: str) -> str:
    if answer is None:
        rpc_answer.refuse(field, "reverts")
    return abi.Words(answer, field, count=1).address(0)


def _spacing(answer: bytes | None, pool: str) -> int:
    field = f"tickSpacing of {pool}"
    if answer is None:
        rpc_answer.refuse(field, "reverts")
    spacing = abi.Words(answer, field, count=1).signed(0, bits=24)
    if not 0 < spacing <= MAX_TICK:
        rpc_answer.refuse(field, f"is {spacing}")
    return spacing
