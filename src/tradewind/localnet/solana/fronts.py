"""The servers in front of a node as the local chain starts them: each a context manager that gives its addresses."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tradewind.localnet.solana.block_engine.options import BlockEngineOptions
from tradewind.localnet.solana.block_engine.server import serve_block_engine
from tradewind.localnet.solana.geyser.options import GeyserOptions
from tradewind.localnet.solana.geyser.server import serve_geyser
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.shredstream.options import ShredstreamOptions
from tradewind.localnet.solana.shredstream.server import serve_shredstream
from tradewind.localnet.solana.tpu.options import TpuOptions
from tradewind.localnet.solana.tpu.server import serve_tpu


@asynccontextmanager
async def block_engine(node: SolanaNode, options: BlockEngineOptions | None = None) -> AsyncIterator[Mapping[str, str]]:
    """Jito: `jito` over HTTP, `jito_grpc`; further regions as `jito_REGION` and `jito_grpc_REGION`."""
    async with await serve_block_engine(node, options) as served:
        addresses = {"jito": served.url, "jito_grpc": f"http://{served.grpc_url}"}
        for region in list(served.urls)[1:]:
            addresses[f"jito_{region}"] = served.urls[region]
            addresses[f"jito_grpc_{region}"] = f"http://{served.grpc_urls[region]}"
        yield addresses


@asynccontextmanager
async def transaction_port(node: SolanaNode, options: TpuOptions | None = None) -> AsyncIterator[Mapping[str, str]]:
    """QUIC: `tpu_quic`, as `getClusterNodes` tells it."""
    async with await serve_tpu(node, options) as served:
        yield {"tpu_quic": served.url}


@asynccontextmanager
async def yellowstone(node: SolanaNode, options: GeyserOptions | None = None) -> AsyncIterator[Mapping[str, str]]:
    """Yellowstone gRPC: `yellowstone`."""
    async with await serve_geyser(node, options) as served:
        yield {"yellowstone": served.url}


@asynccontextmanager
async def shredstream(node: SolanaNode, options: ShredstreamOptions | None = None) -> AsyncIterator[Mapping[str, str]]:
    """Entries: `shredstream`."""
    async with await serve_shredstream(node, options) as served:
        yield {"shredstream": served.url}
