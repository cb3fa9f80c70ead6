"""Subscriptions over WebSocket: one connection, its subscriptions, and what each of them is told."""

import asyncio
import json
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc.dispatch import answer_call
from tradewind.localnet.solana.rpc.errors import invalid_params, unknown_method
from tradewind.localnet.solana.rpc.params import Params
from tradewind.localnet.solana.rpc.subscription_kinds import Kind, open_kind
from tradewind.localnet.solana.subscription import Subscription
from tradewind.localnet.strict.json_rpc import Call, Refusal, envelope, ok, read_body

MAX_MESSAGE_BYTES = 64 * 1024
MAX_SUBSCRIPTIONS = 1024
SEND_TIMEOUT_S = 10
_IDS = count(1)


class Subscriptions:
    """One connection. A client that reads too slowly is cut off, and must subscribe anew."""

    def __init__(self, node: SolanaNode, stopping: asyncio.Event) -> None:
        self._node = node
        self._stopping = stopping
        self._kinds: dict[int, Kind] = {}
        self._lock = asyncio.Lock()
        self._socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, heartbeat=30)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the connection until either side ends it."""
        await self._socket.prepare(request)
        events = self._node.subscribe()
        tasks = [
            asyncio.create_task(self._read()),
            asyncio.create_task(self._tell_all(events)),
            asyncio.create_task(self._stopping.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            events.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._socket.close()
        return self._socket

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            content = message.data.encode("utf-8", "surrogatepass") if message.type is WSMsgType.TEXT else message.data
            await self._answer(content)

    async def _answer(self, content: bytes) -> None:
        try:
            body = read_body(content)
        except Refusal as refusal:
            await self._send(envelope(None, refusal.answer))
            return
        for item in body.items:
            # A notification must not overtake the answer that tells its number.
            async with self._lock:
                if not isinstance(item, Call):
                    await self._send(envelope(*item))
                    continue
                answer, opened = self._call(item)
                if not item.is_notification:
                    await self._send(envelope(item.id, answer))
                if opened is not None:
                    await self._tell(opened, list(self._kinds[opened].at_once()))

    def _call(self, call: Call) -> tuple[dict[str, Any], int | None]:
        try:
            params = Params(call.params)
            if call.method.endswith("Unsubscribe"):
                return ok(self._close(call.method, params)), None
            if not call.method.endswith("Subscribe"):
                return answer_call(self._node, call), None
            if len(self._kinds) >= MAX_SUBSCRIPTIONS:
                raise invalid_params(f"Too many subscriptions; max {MAX_SUBSCRIPTIONS}")
            kind = open_kind(self._node, call.method, params)
            if kind is None:
                raise unknown_method()
        except Refusal as refusal:
            return refusal.answer, None
        number = next(_IDS)
        self._kinds[number] = kind
        return ok(number), number

    def _close(self, method: str, params: Params) -> bool:
        params.at_most(1)
        number = params.number(0, "subscription")
        kind = self._kinds.get(number)
        if kind is None or kind.notification != method.replace("Unsubscribe", "Notification"):
            raise invalid_params("Invalid subscription id.")
        del self._kinds[number]
        return True

    async def _tell_all(self, events: Subscription) -> None:
        try:
            async for event in events:
                async with self._lock:
                    for number, kind in list(self._kinds.items()):
                        await self._tell(number, list(kind.on(event)))
        except (LocalnetError, TimeoutError, ConnectionError):
            # Too slow: what was missed cannot be told any more.
            return

    async def _tell(self, number: int, results: list[object]) -> None:
        kind = self._kinds[number]
        for result in results:
            await self._send(
                {
                    "jsonrpc": "2.0",
                    "method": kind.notification,
                    "params": {"result": result, "subscription": number},
                }
            )
        if kind.ended:
            del self._kinds[number]

    async def _send(self, payload: object) -> None:
        await asyncio.wait_for(self._socket.send_str(json.dumps(payload)), SEND_TIMEOUT_S)
