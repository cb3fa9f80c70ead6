"""One HTTP connection: uvicorn's, plus the time limits that it lacks and our own words for a malformed request."""

import asyncio
from uuid import uuid4

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from tradewind.api.limits import DEFAULT_LIMITS, Limits
from tradewind.api.problem import MEDIA_TYPE, problem_of
from tradewind.errors import Refused


class Connection(H11Protocol):
    """Closes itself when a request's headers, or a body nobody wants any more, take too long to arrive."""

    limits: Limits = DEFAULT_LIMITS
    _deadline: asyncio.TimerHandle | None = None

    @classmethod
    def limited_by(cls, limits: Limits) -> type["Connection"]:
        """The same class under other limits; uvicorn makes the instances itself."""
        return type(cls.__name__, (cls,), {"limits": limits})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE or self._is_draining():
            self._start_deadline()
        else:
            self._stop_deadline()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_draining():
            self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Tell a client that what it sent is not HTTP, as a problem."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        error = Refused("http_malformed", "This is not a well-formed HTTP/1.1 request.")
        body = problem_of(error, instance="", request_id=uuid4().hex).model_dump_json().encode()
        headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))), ("Connection", "close")]
        events = (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage())
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    def _is_draining(self) -> bool:
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _start_deadline(self) -> None:
        # Never restarted by more bytes: a client must not be able to hold a connection by trickling.
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.header_s, self.transport.abort)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
