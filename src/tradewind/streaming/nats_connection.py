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
from tradewind.streaming.nats_settings import NatsSettings

_FOR_EVER = -1


class NatsConnection:
    """Open one with `open`, and `close` it. While the server is away publishing fails and fetching waits."""

    def __init__(self, client: Client, settings: NatsSettings, made: list[int]) -> None:
        self.settings = settings
        self._made = made
        self._client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=settings.publish_timeout_ms / 1_000)

    @classmethod
    async def open(cls, settings: NatsSettings, *, name: str, within_ms: int | None = None) -> Self:
        """Connect; `within_ms` bounds the wait for a server that is not there, and defaults to the settings' own.

        Raises Unavailable `nats_unreachable`, Misconfigured `nats_refused`, `nats_files_unreadable` or `nkeys_missing`.
        """
        client = Client()
        shown = settings.url.rpartition("@")[2]
        options, made = _options(settings, name=name), [1]
        try:
            async with asyncio.timeout((within_ms or settings.connect_timeout_ms) / 1_000):
                await client.connect(**options, **_told(shown, made))
        except (TimeoutError, nats.errors.NoServersError, OSError) as error:
            await _abandon(client)
            if refused := _refusal(client):
                raise Misconfigured("nats_refused", f"NATS at {shown} refuses: {refused}.", remedy=_CHECK) from None
            raise Unavailable(
                "nats_unreachable",
                f"No NATS server answers at {shown} ({type(error).__name__}).",
                remedy="Start it with JetStream: nats-server -js, or correct NATS_URL.",
            ) from None
        except ImportError:
            raise Misconfigured(
                "nkeys_missing",
                "NKEYs and credentials need a package that is not installed.",
                remedy="pip install 'nats-py[nkeys]'",
            ) from None
        except nats.errors.Error as error:
            await _abandon(client)
            raise Misconfigured("nats_refused", f"NATS at {shown} refuses: {error}.", remedy=_CHECK) from None
        observe.bus_connection(url=shown, state="connected")
        return cls(client, settings, made)

    @property
    def times_connected(self) -> int:
        """How often a server was reached: one that was killed may come back without its last messages."""
        return self._made[0]

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


_CHECK = "Check the user, the credentials and the certificates."


def _options(settings: NatsSettings, *, name: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "servers": [url.strip() for url in settings.url.split(",")],
        "name": name,
        "allow_reconnect": True,
        "max_reconnect_attempts": _FOR_EVER,
        "reconnect_time_wait": settings.reconnect_wait_ms / 1_000,
        "connect_timeout": max(1, settings.connect_timeout_ms // 1_000),
        "ping_interval": 10,
    }
    if settings.credentials_file is not None:
        options["user_credentials"] = str(settings.credentials_file)
    if settings.nkey_seed_file is not None:
        options["nkeys_seed"] = str(settings.nkey_seed_file)
    if settings.tls_ca_file is not None or settings.tls_certificate_file is not None:
        options["tls"] = _tls(settings)
    return options


def _tls(settings: NatsSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
        if settings.tls_certificate_file is not None:
            context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
    except OSError as error:
        raise Misconfigured(
            "nats_files_unreadable",
            f"The certificates for NATS cannot be read: {error.strerror or error}.",
            remedy="Check the paths of tls_ca_file, tls_certificate_file and tls_key_file.",
        ) from None
    return context


def _told(url: str, made: list[int]) -> dict[str, Any]:
    async def disconnected() -> None:
        observe.bus_connection(url=url, state="disconnected")

    async def reconnected() -> None:
        made[0] += 1
        observe.bus_connection(url=url, state="reconnected")

    async def failed(error: Exception) -> None:
        observe.bus_connection(url=url, state="waiting", detail=f"{type(error).__name__}: {error}"[:200])

    return {"disconnected_cb": disconnected, "reconnected_cb": reconnected, "error_cb": failed}


def _refusal(client: Client) -> str | None:
    error = client.last_error
    return str(error) if isinstance(error, nats.errors.AuthorizationError) else None


async def _abandon(client: Client) -> None:
    with contextlib.suppress(Exception):
        await client.close()
