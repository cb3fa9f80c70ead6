"""Uniswap V3 pools as a chain has them now, with the symbols and decimals of their tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind import core
from tradewind.cli.pools.tokens import NamedToken, TokenNames, checked, told_symbol, wrong
from tradewind.domain.plan import BlockRef
from tradewind.errors import NotFound
from tradewind.observability.clock import SystemClock
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.multicall import Call
from tradewind.venues.rpc import RpcClient
from tradewind.venues.uniswap_v3.deployment import UniswapV3Deployment
from tradewind.venues.uniswap_v3.discovery import discover_pools
from tradewind.venues.uniswap_v3.named_pools import read_named_pools
from tradewind.venues.uniswap_v3.pool_key import PoolKey
from tradewind.venues.uniswap_v3.pool_snapshot import read_snapshots

_SYMBOL = bytes.fromhex("95d89b41")
_DECIMALS = bytes.fromhex("313ce567")
_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChain:
    """The chain to read, and whose pools on it."""

    rpc_url: str
    chain_id: int
    factory: str
    multicall: str


@dataclass(frozen=True, slots=True)
class LivePools:
    """What was read, all as of one block."""

    graph: core.PoolGraph
    names: TokenNames
    block: int


async def read_live(at: LiveChain, pools: Sequence[str], tokens: Sequence[str]) -> LivePools:
    """These pools, or when none is named every pool between these tokens.

    Unavailable when the chain does not answer; Misconfigured when it is another; NotFound when there is no pool.
    """
    if not at.rpc_url.startswith(("http://", "https://")):
        raise wrong("--rpc", "url_malformed", f"{at.rpc_url!r} is no URL. Write it as in http://127.0.0.1:8545.")
    deployment = UniswapV3Deployment(factory=checked("--factory", at.factory), router=at.factory)
    multicall = checked("--multicall", at.multicall)
    named = [checked("--pool", pool) for pool in pools]
    async with RpcClient([at.rpc_url], chain_id=at.chain_id, timeout_s=_TIMEOUT_S, clock=SystemClock()) as rpc:
        chain = EvmChain(rpc, chain_id=at.chain_id, multicall=multicall)
        await chain.connect()
        block = await chain.head()
        keys = await _keys(chain, deployment, named, tokens, block)
        graph = await _graph(chain, keys, block)
        return LivePools(graph, await _names(chain, keys, block), block.number)


async def _keys(
    chain: EvmChain, deployment: UniswapV3Deployment, pools: Sequence[str], tokens: Sequence[str], block: BlockRef
) -> list[PoolKey]:
    if pools:
        return await read_named_pools(chain, deployment, pools, block)
    if found := await discover_pools(chain, deployment, list(dict.fromkeys(tokens)), block):
        return found
    remedy = "Name more tokens with --via, or the pools with --pool."
    raise NotFound("no_pools", f"{deployment.factory} has no pool between these tokens.", remedy=remedy)


async def _graph(chain: EvmChain, keys: Sequence[PoolKey], block: BlockRef) -> core.PoolGraph:
    graph = core.PoolGraph()
    for snapshot in await read_snapshots(chain, keys, block):
        graph.upsert_uniswap_v3(
            pool=snapshot.key.address,
            token0=snapshot.key.token0,
            token1=snapshot.key.token1,
            fee_pips=snapshot.key.fee_pips,
            tick_spacing=snapshot.key.tick_spacing,
            sqrt_price_x96=snapshot.price.sqrt_price_x96,
            tick=snapshot.price.tick,
            liquidity=snapshot.price.liquidity,
            ticks=snapshot.ticks,
        )
    return graph


async def _names(chain: EvmChain, keys: Sequence[PoolKey], block: BlockRef) -> TokenNames:
    tokens = sorted({token for key in keys for token in (key.token0, key.token1)})
    answers = await chain.multicall([Call(token, data) for token in tokens for data in (_SYMBOL, _DECIMALS)], block)
    return TokenNames(
        NamedToken(token, _symbol(answers[2 * index]), _decimals(answers[2 * index + 1]))
        for index, token in enumerate(tokens)
    )


def _symbol(answer: bytes | None) -> str | None:
    """A string's bytes behind its offset and its length; None for the few tokens that answer otherwise."""
    if answer is None or len(answer) < 96:
        return None
    return told_symbol(answer[64 : 64 + int.from_bytes(answer[32:64])].decode(errors="replace"))


def _decimals(answer: bytes | None) -> int | None:
    decimals = None if answer is None or len(answer) != 32 else int.from_bytes(answer)
    return decimals if decimals is not None and decimals <= 77 else None
