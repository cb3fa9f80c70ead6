"""Runs a local chain for a person: says when it is ready, and keeps it up until asked to stop."""

import asyncio
from collections.abc import Callable

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.packages import Progress


async def serve(
    port: int,
    on_ready: Callable[[str], None],
    stop_event: asyncio.Event,
    *,
    progress: Progress = lambda _: None,
) -> None:
    """Run an EVM chain on `port` until `stop_event` is set; `on_ready` gets the chain's description.

    Raises MissingTool or LocalnetError when it cannot start, and LocalnetError when the node ends by itself.
    """
    async with EvmLocalnet(port=port, progress=progress) as chain:
        on_ready(await chain.describe())
        stop = asyncio.create_task(stop_event.wait())
        ended = asyncio.create_task(chain.wait_until_it_ends())
        try:
            await asyncio.wait((stop, ended), return_when=asyncio.FIRST_COMPLETED)
            if ended.done() and not stop.done():
                raise LocalnetError(
                    "chain_stopped",
                    f"The local chain stopped by itself (exit code {ended.result()}).",
                    remedy="Start it again; its state was in memory and is gone.",
                )
        finally:
            stop.cancel()
            ended.cancel()
