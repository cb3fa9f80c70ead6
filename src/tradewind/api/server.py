"""Serves the application on a loopback port, within limits, until it is told to stop."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from tradewind.api.connection import Connection
from tradewind.api.limits import DEFAULT_LIMITS, Limits
from tradewind.errors import Misconfigured


class ApiServer:
    """Use as an asynchronous context: inside it, `url` answers. Leaving lets requests under way finish first."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, limits: Limits = DEFAULT_LIMITS) -> None:
        self._host = host
        self._port = port
        self._server = _Server(_config(app, limits))
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens; with the real port when any was asked for."""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    @property
    def connections(self) -> set[Connection]:
        """The connections that are open now."""
        return {open_now for open_now in self._server.server_state.connections if isinstance(open_now, Connection)}

    async def __aenter__(self) -> Self:
        """Listen. Raises Misconfigured when the port cannot be had."""
        listener = _bind(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="api server")
        started = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._serving, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await self._serving
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def wait(self) -> None:
        """Return when it no longer serves; raises what stopped it."""
        if self._serving is not None:
            await asyncio.shield(self._serving)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process that we are a part of."""
        yield


def _config(app: ASGIApp, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection.limited_by(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # what matters is told by observability.events
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        timeout_keep_alive=limits.keep_alive_s,
        timeout_graceful_shutdown=limits.stop_s,
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off the delaying of small packets only for sockets that name their protocol; 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Lets a restart take the port over from connections that are still closing, never from a listener.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _misconfigured(error, host, port) from None
    return listener


def _misconfigured(error: OSError, host: str, port: int) -> Misconfigured:
    if error.errno == errno.EADDRINUSE:
        return Misconfigured(
            "port_in_use",
            f"Port {port} on {host} is taken by another process.",
            remedy="Stop that process, or set another api.port in the configuration.",
        )
    if error.errno == errno.EACCES:
        return Misconfigured(
            "port_not_permitted",
            f"This user may not listen on port {port}.",
            remedy="Set api.port to 1024 or more in the configuration.",
        )
    return Misconfigured(
        "address_unusable",
        f"Nothing can listen on {host} port {port}: {error.strerror}.",
        remedy='Set api.host to "127.0.0.1" in the configuration.',
    )
