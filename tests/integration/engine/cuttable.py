"""A connection that can be cut: a proxy on loopback in front of one port."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Cuttable:
    """Passes bytes both ways until it is cut; while it is closed nobody gets through."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._target = (target.hostname, target.port)
        self._open: set[asyncio.StreamWriter] = set()
        self._closed = False
        self.url = ""

    async def listen(self, tls: ssl.SSLContext | None) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.url = f"{'https' if tls else 'ws'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    def cut(self) -> None:
        """End every connection, and let none through."""
        self._closed = True
        for writer in self._open:
            writer.close()

    def mend(self) -> None:
        """Let connections through again."""
        self._closed = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._open |= {writer, far_writer}
        await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        self._open -= {writer, far_writer}


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def cuttable(url: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Cuttable]:
    """In front of this address; with `tls` whoever comes speaks that."""
    proxy = Cuttable(url)
    server = await proxy.listen(tls)
    yield proxy
    proxy.cut()
    server.close()
