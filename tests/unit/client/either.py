"""Both clients behind one face, so that each test holds for both: the waiting one runs on a thread."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any

from tradewind.client import AsyncClient, Client, Heard
from tradewind.client.patience import PATIENCE, STREAM_PATIENCE, Patience

KINDS = ("waiting", "awaited")


class Either:
    """One client of the kind; `slept` has the pauses that it made, which take no time unless `real_sleep`."""

    def __init__(
        self,
        kind: str,
        url: str,
        token: str,
        *,
        patience: Patience = PATIENCE,
        stream_patience: Patience = STREAM_PATIENCE,
        real_sleep: bool = False,
    ) -> None:
        self.slept: list[float] = []
        self._real_sleep = real_sleep
        self._client: Client | AsyncClient
        if kind == "waiting":
            self._client = Client(url, token, patience=patience, stream_patience=stream_patience, sleep=self._wait)
        else:
            self._client = AsyncClient(
                url, token, patience=patience, stream_patience=stream_patience, sleep=self._sleep
            )

    async def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """The answer of one method."""
        if isinstance(self._client, AsyncClient):
            return await getattr(self._client, method)(*arguments, **options)
        return await asyncio.to_thread(getattr(self._client, method), *arguments, **options)

    async def heard(self, count: int, method: str = "events", *arguments: Any, **options: Any) -> list[Heard]:
        """The first `count` events; fewer when the stream ends by itself."""
        if isinstance(self._client, AsyncClient):
            found = []
            events = getattr(self._client, method)(*arguments, **options)
            async for heard in events:
                found.append(heard)
                if len(found) == count:
                    break
            await events.aclose()
            return found

        def read(events: Iterator[Heard]) -> list[Heard]:
            return list(itertools.islice(events, count))

        return await asyncio.to_thread(read, getattr(self._client, method)(*arguments, **options))

    async def close(self) -> None:
        """Close its connections."""
        if isinstance(self._client, AsyncClient):
            await self._client.aclose()
        else:
            self._client.close()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds if self._real_sleep else 0)

    def _wait(self, seconds: float) -> None:
        self.slept.append(seconds)
        time.sleep(seconds if self._real_sleep else 0)
