"""Hears the chain for launches: the logs of a program and, so that silence means something, the slots that pass."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NoReturn

import aiohttp

from tradewind.commander.rules.launches import LaunchWindow
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock

_SILENT_S = 30.0
_CONNECT_S = 10.0
_MOST_BYTES = 4 << 20
_SLOTS = 1


class LaunchFeed:
    """One connection for all programs; it is made again when it is lost, and the windows start anew."""

    def __init__(
        self, url: str, programs: Mapping[str, str], windows: Mapping[str, LaunchWindow], clock: Clock
    ) -> None:
        """`programs` has the program of each window, by the window's name."""
        self._url = url
        self._asked = dict(enumerate(windows, start=_SLOTS + 1))
        self._programs = programs
        self._windows = windows
        self._clock = clock

    async def run(self) -> NoReturn:
        """Until cancelled."""
        backoff = Backoff(self._clock)
        while True:
            try:
                await self._hear()
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError, TypeError, KeyError) as error:
                said = f"{type(error).__name__}: {error}"[:200]
                observe.relay_waits(subject="launches", code="feed_lost", message=said, retry_in_s=2.0)
            finally:
                for window in self._windows.values():
                    window.lost()
            await backoff.pause()

    async def _hear(self) -> None:
        async with aiohttp.ClientSession() as session:
            async with asyncio.timeout(_CONNECT_S):
                socket = await session.ws_connect(self._url, max_msg_size=_MOST_BYTES)
                await self._ask(socket)
            subscribed: dict[int, int] = {}
            while True:
                async with asyncio.timeout(_SILENT_S):
                    self._take(json.loads(await socket.receive_str()), subscribed)

    async def _ask(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_str(json.dumps({"jsonrpc": "2.0", "id": _SLOTS, "method": "slotSubscribe"}))
        for number, name in self._asked.items():
            params = [{"mentions": [self._programs[name]]}, {"commitment": "confirmed"}]
            asked = {"jsonrpc": "2.0", "id": number, "method": "logsSubscribe", "params": params}
            await socket.send_str(json.dumps(asked))

    def _take(self, told: dict[str, Any], subscribed: dict[int, int]) -> None:
        now_ns = self._clock.now_ns()
        if (number := told.get("id")) in self._asked:
            subscribed[int(told["result"])] = int(number)
            self._windows[self._asked[number]].connected(now_ns=now_ns)
        elif told.get("method") == "slotNotification":
            for window in self._windows.values():
                window.heard(now_ns=now_ns)
        elif told.get("method") == "logsNotification":
            params = told["params"]
            value = params["result"]["value"]
            if value.get("err") is None:
                name = self._asked[subscribed[params["subscription"]]]
                self._windows[name].logs(value.get("logs") or (), now_ns=now_ns)
