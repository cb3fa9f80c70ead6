"""Connections to the signer's socket: one request at a time on each, and a few that are kept for the next request."""

import asyncio
from pathlib import Path
from typing import cast

MAX_LINE_BYTES = 1 << 20
# The signer closes what is idle for 30 s.
_KEPT_FOR_S = 20.0


class GoneBeforeAnswer(EOFError):
    """The connection ended, and not one byte of an answer had come."""


class SignerConnection(asyncio.Protocol):
    """Writes a line and waits for one. After anything else than exactly one whole answer it is closed for good."""

    def __init__(self) -> None:
        self.used_at_s = 0.0
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, line: bytes) -> bytes:
        """The answer to one request; raises EOFError, and GoneBeforeAnswer when the other side hung up."""
        if self._transport is None or not self.is_open:
            raise GoneBeforeAnswer
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        try:
            self._transport.write(line)
            return await self._answer
        except BaseException:
            # Its answer may still come, and is for nobody.
            self.close()
            raise
        finally:
            self._answer = None
            self.used_at_s = loop.time()

    def close(self) -> None:
        """Hang up. Idempotent."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Of asyncio.Protocol."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        end = data.find(b"\n")
        self._received += data
        if end == len(data) - 1:
            line, self._received = bytes(self._received), bytearray()
            self._answer.set_result(line)
        elif end >= 0:
            self._answer.set_exception(EOFError("more than one answer"))
        elif len(self._received) > MAX_LINE_BYTES:
            self._answer.set_exception(EOFError("answer too long"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Of asyncio.Protocol."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            ended = EOFError("half an answer") if self._received else GoneBeforeAnswer()
            self._answer.set_exception(ended)


class SignerConnections:
    """Makes a connection for each request that finds none idle: none waits behind another. Keeps at most `kept`."""

    def __init__(self, socket: Path, *, kept: int) -> None:
        self._socket = socket
        self._kept = kept
        self._idle: list[SignerConnection] = []

    async def ask(self, line: bytes, *, again: bool) -> bytes:
        """The answer to one request; raises OSError and EOFError.

        A request that may be sent `again` takes an idle connection. When that turns out to be gone without a word, as
        after a restart of the signer, a new one is asked.
        """
        if again and (idle := self._take()) is not None:
            try:
                return await self._ask(idle, line)
            except GoneBeforeAnswer:
                pass
        _, fresh = await asyncio.get_running_loop().create_unix_connection(SignerConnection, str(self._socket))
        return await self._ask(fresh, line)

    def close(self) -> None:
        """Let go of those that are kept."""
        while self._idle:
            self._idle.pop().close()

    async def _ask(self, connection: SignerConnection, line: bytes) -> bytes:
        answer = await connection.ask(line)
        if connection.is_open and len(self._idle) < self._kept:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _take(self) -> SignerConnection | None:
        now_s = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and now_s - connection.used_at_s < _KEPT_FOR_S:
                return connection
            connection.close()
        return None
