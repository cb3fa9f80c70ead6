"""Pools that are known by their address alone: what never changes of them, and that the factory made them.

Layout source: Uniswap/v3-core `UniswapV3Pool.sol` and `UniswapV3Factory.sol` (`getPool`).
"""

from collections.abc import Sequence

from tradewind import core
from tradewind.domain.plan import BlockRef
from tradewind.errors import InvalidInput
from tradewind.venues import abi
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.multicall import Call
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment
from tradewind.venues.uniswap_v3.pool_key import MAX_TICK, PoolKey

_FIELDS = {
    "token0": bytes.fromhex("0dfe1681"),
    "token1": bytes.fromhex("d21220a7"),
    "fee": bytes.fromhex("ddca3f43"),
    "tickSpacing": bytes.fromhex("d0c93a7c"),
}
_GET_POOL = bytes.fromhex("1698ee82")


async def read_named_pools(
    chain: EvmChain, deployment: UniswapV3Deployment, pools: Sequence[str], block: BlockRef
) -> list[PoolKey]:
    """The pools at these addresses, in two round trips; InvalidInput for one that the factory did not make."""
    answers = await chain.multicall([Call(pool, data) for pool in pools for data in _FIELDS.values()], block)
    width = len(_FIELDS)
    keys = [_key(pool, answers[width * place : width * (place + 1)]) for place, pool in enumerate(pools)]
    made = await chain.multicall([Call(deployment.factory, _get_pool(key)) for key in keys], block)
    for key, answer in zip(keys, made, strict=True):
        if answer is None or len(answer) != 32 or int.from_bytes(answer) != int(key.address, 16):
            raise _no_pool(key.address, f"is no pool of the factory {deployment.factory}")
    return keys


def _key(pool: str, answers: Sequence[bytes | None]) -> PoolKey:
    words = []
    for field, answer in zip(_FIELDS, answers, strict=True):
        if answer is None or len(answer) != 32:
            raise _no_pool(pool, f"does not answer {field}()")
        words.append(abi.Words(answer, f"{field} of {pool}", count=1))
    token0, token1, fee, spacing = words
    tick_spacing = spacing.signed(0, bits=24)
    if not 0 < tick_spacing <= MAX_TICK:
        raise _no_pool(pool, f"has a tickSpacing of {tick_spacing}")
    return PoolKey(
        pool,
        core.to_checksum_address(token0.address(0)),
        core.to_checksum_address(token1.address(0)),
        fee.unsigned(0, bits=24),
        tick_spacing,
    )


def _get_pool(key: PoolKey) -> bytes:
    return _GET_POOL + abi.address_word(key.token0) + abi.address_word(key.token1) + abi.word(key.fee_pips)


def _no_pool(pool: str, fault: str) -> InvalidInput:
    return InvalidInput.one("pool", "pool_not_of_factory", f"{pool} {fault}. Name a Uniswap V3 pool of this chain.")
