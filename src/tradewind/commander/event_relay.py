"""Relays the events that an engine wrote down into the event stream: in order, each at least once."""

import os
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from tradewind.commander.resolved import replace_file
from tradewind.domain.events import Envelope
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.recorded import Recorded

PAGE_BYTES = 1 << 20
LOOK_EVERY_S = 0.1
_AT_ONCE = 256


class Publisher(Protocol):
    """Where events go."""

    async def publish(self, *events: Envelope) -> list[Recorded]:
        """Make the events durable, all or none; one that is known by its id is not recorded again."""
        ...


class EventRelay:
    """Reads `events`, the engine's file, from the place that `position` keeps: bytes that are published."""

    def __init__(self, events: Path, position: Path, publisher: Publisher) -> None:
        self._events = events
        self._position = position
        self._publisher = publisher
        self._done = _read_position(position)

    @property
    def done(self) -> int:
        """How many bytes of the file are published."""
        return self._done

    async def run(self, clock: Clock) -> None:
        """Relay until cancelled; what fails is tried again."""
        while True:
            try:
                while await self.catch_up():
                    pass
            except Exception as error:  # noqa: BLE001 (whatever failed, the events are on disk, and are tried again)
                code = getattr(error, "code", "relay_failed")
                observe.relay_waits(subject=str(self._events), code=code, message=str(error), retry_in_s=LOOK_EVERY_S)
            await clock.sleep(LOOK_EVERY_S)

    async def catch_up(self) -> bool:
        """Publish the next page. False when there was nothing whole to publish."""
        page = self._page()
        whole = page.rfind(b"\n") + 1
        if not whole:
            if len(page) < PAGE_BYTES:
                return False
            whole = len(page)
        envelopes = [envelope for line in page[:whole].split(b"\n") if line and (envelope := _envelope(line))]
        for start in range(0, len(envelopes), _AT_ONCE):
            await self._publisher.publish(*envelopes[start : start + _AT_ONCE])
        self._done += whole
        # After the events are durable: a crash in between publishes them again, and they are known by their ids.
        replace_file(self._position, str(self._done).encode())
        return True

    def _page(self) -> bytes:
        try:
            with self._events.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._done:
                    # Another file than the one that was read: all of it is new, and what is known is known by its id.
                    self._done = 0
                file.seek(self._done)
                return file.read(PAGE_BYTES)
        except FileNotFoundError:
            return b""


def _envelope(line: bytes) -> Envelope | None:
    try:
        return Envelope.from_json(line)
    except (ValidationError, KeyError, ValueError, TypeError) as error:
        observe.message_refused(subject="events.jsonl", code="event_malformed", message=str(error)[:200])
        return None


def _read_position(path: Path) -> int:
    """0 when it is not known: everything is then published again, and known by its id."""
    try:
        return max(0, int(path.read_bytes()))
    except (OSError, ValueError):
        return 0
