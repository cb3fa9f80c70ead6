"""What every server of the local Solana gives back once it listens: where it is, and how to end it."""

from collections.abc import Awaitable, Callable
from typing import Self


class Served:
    """One running server. `url` is where it listens; `close()` may be called more than once."""

    def __init__(self, url: str, close: Callable[[], Awaitable[None]]) -> None:
        self.url = url
        self._close: Callable[[], Awaitable[None]] | None = close

    async def close(self) -> None:
        """Stop listening, tell subscribers, and free the port."""
        close, self._close = self._close, None
        if close is not None:
            await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
