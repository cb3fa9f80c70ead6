"""One HTTP connection: uvicorn's, plus the limits that it lacks and our own words for a malformed request."""

import asyncio
from uuid import uuid4

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from tradewind.api.limits import DEFAULT_LIMITS, Limits
from tradewind.api.one_write import OneWrite
from tradewind.api.problem import MEDIA_TYPE, problem_of, status_of
from tradewind.api.scopes import rule_of
from tradewind.errors import Refused


def malformed() -> Refused:
    """What is not HTTP/1.1, or could be read in two ways."""
    return Refused("http_malformed", "This is not a well-formed HTTP/1.1 request.")


def headers_too_large(limits: Limits) -> Refused:
    """Headers, or a target, of more bytes than are kept."""
    return Refused("headers_too_large", f"Target and headers have more than {limits.header_bytes} bytes.")


class Connection(H11Protocol):
    """Closes itself when a request's headers, or a body nobody wants any more, take too long to come,
    or an answer to be read.

    For one connection more than allowed, the one that has been idle for longest is closed, so that a halt always gets
    through: those with a request in hand are fewer than all, by the limits of the guard.
    """

    limits: Limits = DEFAULT_LIMITS
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _idle_since = 0.0

    @classmethod
    def limited_by(cls, limits: Limits) -> type["Connection"]:
        """The same class under other limits; uvicorn makes the instances itself."""
        return type(cls.__name__, (cls,), {"limits": limits})

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered on it."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._idle_since = self.loop.time()
        self._make_room()
        self.conn = OneWrite(h11.SERVER, self.limits.header_bytes)
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE or self._is_draining():
            self._start_deadline()
        else:
            self._stop_deadline()

    def on_response_complete(self) -> None:
        self._idle_since = self.loop.time()
        super().on_response_complete()
        if self._is_draining():
            self._start_deadline()

    def pause_writing(self) -> None:
        """The client reads slower than we write: what does not fit into its window waits, but not for ever."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.limits.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        self._stop_unread()
        super().resume_writing()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio asks for it; uvicorn keeps silent
        """A client that has sent its whole request and says no more gets its answer; others are gone."""
        heard_all = self.conn.their_state in {h11.DONE, h11.MUST_CLOSE}
        if self.is_idle or not heard_all or rule_of(self.scope["method"], self.scope["path"]).long_lived:
            return False
        self.cycle.keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        self._stop_unread()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Tell a client that what it sent is not HTTP, as a problem."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        waiting, _ = self.conn.trailing_data
        error = headers_too_large(self.limits) if len(waiting) > self.limits.header_bytes else malformed()
        body = problem_of(error, instance="", request_id=uuid4().hex).model_dump_json().encode()
        headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))), ("Connection", "close")]
        events = (h11.Response(status_code=status_of(error), headers=headers), h11.Data(data=body), h11.EndOfMessage())
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    def _make_room(self) -> None:
        if len(self.connections) < self.limits.connections:
            return
        ours = (other for other in self.connections if isinstance(other, Connection) and other.is_idle)
        longest = min(ours, key=lambda other: other._idle_since, default=None)
        if longest is not None:
            # Before the kernel tells: a flood arrives in one go, and each of it needs another place.
            self.connections.discard(longest)
            longest.transport.abort()

    def _is_draining(self) -> bool:
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _start_deadline(self) -> None:
        # Never restarted by more bytes: a client must not be able to hold a connection by trickling.
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.header_s, self.transport.abort)

    def _stop_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
