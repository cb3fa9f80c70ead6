"""Holds the base fee at one value: anvil would let it sink by an eighth with every block that is nearly empty."""

import asyncio
import socket

import aiohttp

from tradewind.localnet.rpc import JsonRpc

ARBITRUM_BASE_FEE_WEI = 20_000_000


class BaseFeeKeeper:
    """Sets the next block's base fee again after each block.

    It hears of a block a few milliseconds late, so in a burst a block may be an eighth cheaper than the one before.
    """

    def __init__(self, rpc: JsonRpc, base_fee_wei: int = ARBITRUM_BASE_FEE_WEI) -> None:
        self._rpc = rpc
        self._base_fee_wei = base_fee_wei
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Subscribe to new blocks and begin."""
        session = aiohttp.ClientSession()
        try:
            websocket = await session.ws_connect(self._rpc.url)
            await websocket.send_json({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
            await websocket.receive()
        except BaseException:
            await session.close()
            raise
        self._task = asyncio.create_task(self._follow(session, websocket))
        await self.hold(self._base_fee_wei)

    async def hold(self, base_fee_wei: int) -> None:
        """Hold another value, from the next block on."""
        self._base_fee_wei = base_fee_wei
        await self._rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei))

    async def hold_again(self) -> None:
        """Set the value anew, after the chain's state was put back."""
        await self.hold(self._base_fee_wei)

    async def stop(self) -> None:
        """Let go."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, session: aiohttp.ClientSession, websocket: aiohttp.ClientWebSocketResponse) -> None:
        async with session, websocket:
            _acknowledge_at_once(websocket)
            async for _ in websocket:
                _acknowledge_at_once(websocket)
                await self._rpc.call("anvil_setNextBlockBaseFeePerGas", hex(self._base_fee_wei))


def _acknowledge_at_once(websocket: aiohttp.ClientWebSocketResponse) -> None:
    # The node writes small pieces and waits for each acknowledgement, which Linux would delay by up to 40 ms. The
    # option lasts for one packet.
    websocket.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
