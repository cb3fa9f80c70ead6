"""The peer of P8: an arbitrage bot in Node with @solana/kit on the same feed, with the same pools and the same node."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from json import loads
from pathlib import Path
from typing import Any

from benches.engine_run import Script, go, line_of, node_process
from benches.engine_world import EngineWorld
from benches.peers.node_peer import node_peer
from tradewind.domain.chain import WRAPPED_SOL


@dataclass(frozen=True, slots=True)
class PeerPassage:
    """What the node saw, what the bot counted, its version, and how long it took to read every pool."""

    node: dict[str, Any]
    bot: dict[str, Any]
    version: str
    load_s: float


async def peer_passage(world: EngineWorld, written: Path, script: Script) -> PeerPassage:
    """The bot beside a node of its own, from its start to the end of the script."""
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(node_process(written, script))
        urls = loads(await line_of(node))
        bot = stack.enter_context(node_peer("arb_bot"))
        told = await asyncio.to_thread(
            bot.ask,
            op="load",
            rpc=urls["rpc"],
            websocket=urls["websocket"],
            wallet=world.wallet.secret().hex(),
            quote_mint=WRAPPED_SOL,
            pairs=list(world.pairs),
        )
        seen = await go(node)
        counted = await asyncio.to_thread(bot.ask, op="stop")
        return PeerPassage(seen, counted, told["version"], told["load_ms"] / 1e3)
