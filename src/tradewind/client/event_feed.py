"""Server-sent events, read line by line: what was heard last, and where to go on after a break. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from pydantic import ValidationError

from tradewind.client.answer import error_of, may_pass, retry_after_s
from tradewind.client.call import Lost, Reply
from tradewind.client.patience import Patience, unreachable
from tradewind.domain.events import Envelope
from tradewind.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Heard:
    """One event, and its place in the journal."""

    seq: int
    envelope: Envelope


class Subscription:
    """What one listener hears over all its connections: remembers the place, drops what was heard, bounds the tries."""

    def __init__(
        self,
        path: str,
        *,
        url: str,
        patience: Patience,
        after: int | None,
        strategy_id: UUID | str | None,
        wallet: str | None,
    ) -> None:
        wanted = {"after": after, "strategy": strategy_id, "wallet": wallet}
        self.path = path
        self.query = {name: str(value) for name, value in wanted.items() if value is not None}
        self._url = url
        self._patience = patience
        self._place = after
        self._heard_any = False
        self._tried = 0
        self._waited_s = 0.0
        self._id = self._data = ""
        self._rest = b""

    def headers(self) -> dict[str, str]:
        """What to send with the next connection."""
        self._id = self._data = ""
        self._rest = b""
        resume = {"Last-Event-ID": str(self._place)} if self._heard_any else {}
        return {"Accept": "text/event-stream", **resume}

    def received(self, data: bytes) -> Iterator[Heard]:
        """The events that were not heard before and that `data` completes."""
        # Only these bytes end a line: text has others that look like line ends, and events may hold them.
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._line(_text(line.removesuffix(b"\r")))

    def _line(self, text: str) -> Iterator[Heard]:
        # Any line, a comment too, shows that somebody is there.
        self._tried, self._waited_s = 0, 0.0
        if text:
            name, _, value = text.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                self._id = value
            elif name == "data":
                self._data += value
            return
        seq_text, data, self._id, self._data = self._id, self._data, "", ""
        if not seq_text.isdecimal() or (self._place is not None and int(seq_text) <= self._place):
            return
        self._place, self._heard_any = int(seq_text), True
        if data:
            yield Heard(self._place, _envelope(data))

    def pause_s(self, outcome: Reply | Lost) -> float:
        """How long to wait after a connection ended or was refused; raises when that will not mend, or not soon."""
        if isinstance(outcome, Reply) and outcome.status != 200 and not may_pass(outcome):
            raise error_of(outcome)
        self._tried += 1
        asked_s = retry_after_s(outcome) if isinstance(outcome, Reply) else None
        pause_s = self._patience.pause_s(self._tried, asked_s, self._waited_s)
        if pause_s is None:
            raise error_of(outcome) if isinstance(outcome, Reply) else unreachable(self._url, outcome)
        self._waited_s += pause_s
        return pause_s


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise Unavailable("answer_malformed", "What answers with a stream of events does not write UTF-8.") from None


def _envelope(data: str) -> Envelope:
    try:
        return Envelope.from_json(data)
    except (KeyError, ValidationError) as error:
        raise Unavailable(
            "event_unknown",
            f"The service sent an event that this client does not know ({error}).",
            remedy="Use the client of the service's own version.",
        ) from None
