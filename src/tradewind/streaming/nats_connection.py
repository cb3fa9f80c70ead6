"""One connection to NATS that comes back by itself, and says so in the log."""

import asyncio
import contextlib
import ssl
from typing import Any, Self

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext

from tradewind.errors import Misconfigured, Unavailable
from tradewind.observability import events as observe
from tradewind.streaming.ending_tasks import end_tasks
from tradewind.streaming.nats_secrets import secrets_of
from tradewind.streaming.nats_settings import NatsSettings

_FOR_EVER = -1


class _Story:
    """What became of the connection: how often it was made, and the last word of a server that would not have us."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.times_connected = 1
        self.refusal: Exception | None = None

    def callbacks(self) -> dict[str, Any]:
        """For the client, which awaits them."""
        return {"disconnected_cb": self._lost, "reconnected_cb": self._made_again, "error_cb": self._failed}

    async def _lost(self) -> None:
        observe.bus_connection(url=self.url, state="disconnected")

    async def _made_again(self) -> None:
        self.times_connected += 1
        observe.bus_connection(url=self.url, state="reconnected")

    async def _failed(self, error: Exception) -> None:
        if _is_refusal(error):
            self.refusal = error
        observe.bus_connection(url=self.url, state="waiting", detail=f"{type(error).__name__}: {error}"[:200])


def _is_refusal(error: Exception) -> bool:
    """While it connects, the client tells a refused user as an error like any other."""
    refused = isinstance(error, nats.errors.Error) and "authorization" in str(error).lower()
    return refused or isinstance(error, ssl.SSLError)


class NatsConnection:
    """Open one with `open`, and `close` it. While the server is away publishing fails and fetching waits."""

    def __init__(self, client: Client, settings: NatsSettings, story: _Story) -> None:
        self.settings = settings
        self._story = story
        self._client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=settings.publish_timeout_ms / 1_000)

    @classmethod
    async def open(cls, settings: NatsSettings, *, name: str, within_ms: int | None = None) -> Self:
        """Connect; `within_ms` bounds the wait for a server that is not there, and defaults to the settings' own.

        Raises Unavailable `nats_unreachable`, Misconfigured `nats_refused`, `nats_files_unreadable` or `nkeys_missing`.
        """
        client = Client()
        shown = settings.url.rpartition("@")[2]
        options, story = _options(settings, name=name), _Story(shown)
        try:
            async with asyncio.timeout((within_ms or settings.connect_timeout_ms) / 1_000):
                await client.connect(**options, **story.callbacks())
        except (TimeoutError, nats.errors.NoServersError, OSError) as error:
            await _abandon(client)
            if story.refusal is not None:
                raise _refused(shown, story.refusal) from None
            raise Unavailable(
                "nats_unreachable",
                f"No NATS server answers at {shown} ({type(error).__name__}).",
                remedy="Start it with JetStream: nats-server -js, or correct NATS_URL.",
            ) from None
        except nats.errors.Error as error:
            await _abandon(client)
            raise _refused(shown, error) from None
        observe.bus_connection(url=shown, state="connected")
        return cls(client, settings, story)

    @property
    def times_connected(self) -> int:
        """How often a server was reached: one that was killed may come back without its last messages."""
        return self._story.times_connected

    @property
    def is_connected(self) -> bool:
        """Whether the server is there now."""
        return bool(self._client.is_connected)

    async def close(self) -> None:
        """Let go of the server. Idempotent."""
        if not self._client.is_closed:
            await self._client.close()
        # The client cancels its search for a server once, and a refused connection in that moment swallows it.
        searching: asyncio.Task[None] | None = getattr(self._client, "_reconnection_task", None)
        if searching is not None:
            await end_tasks(searching)


def _refused(url: str, why: Exception) -> Misconfigured:
    return Misconfigured(
        "nats_refused",
        f"NATS at {url} and this client do not accept each other: {why}.",
        remedy="Check the user, the credentials and the certificates.",
    )


def _options(settings: NatsSettings, *, name: str) -> dict[str, Any]:
    return {
        "servers": [url.strip() for url in settings.url.split(",")],
        "name": name,
        "allow_reconnect": True,
        "max_reconnect_attempts": _FOR_EVER,
        "reconnect_time_wait": settings.reconnect_wait_ms / 1_000,
        "connect_timeout": max(1, settings.connect_timeout_ms // 1_000),
        "ping_interval": 10,
        **secrets_of(settings),
    }


async def _abandon(client: Client) -> None:
    with contextlib.suppress(Exception):
        await client.close()
