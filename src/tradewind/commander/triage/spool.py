"""A queue on disk for a receiver that may be away: bounded, the oldest goes first when it is full."""

import json
import os
from collections import deque
from pathlib import Path
from typing import Any

from tradewind.commander.resolved import replace_file
from tradewind.errors import TradewindError
from tradewind.observability import events as observe

_REWRITE_BYTES = 1 << 20


class Spool:
    """One JSON value a line. What was taken but not `done` is given again, also after a restart."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._gone_bytes = 0
        self.dropped = 0
        self._load()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, value: Any) -> None:
        """Add it to the end; a full disk costs what a crash would lose of it, and nothing now."""
        line = json.dumps(value, separators=(",", ":")).encode()
        self._waiting.append(line)
        self._bytes += len(line) + 1
        self._make_room()
        try:
            with open(self._path, "ab", opener=_private) as file:
                file.write(line + b"\n")
        except OSError as error:
            observe.record_lost(what="spool", code="spool_unwritable", message=f"{self._path}: {error.strerror}")

    def take(self, most: int) -> list[Any]:
        """The oldest, which stay until they are `done`."""
        return [json.loads(self._waiting[index]) for index in range(min(most, len(self._waiting)))]

    def done(self, count: int) -> None:
        """The oldest `count` are where they belong."""
        for _ in range(min(count, len(self._waiting))):
            self._forget()
        if not self._waiting or self._gone_bytes > _REWRITE_BYTES:
            self._rewrite()

    def _make_room(self) -> None:
        while self._bytes > self._most_bytes and len(self._waiting) > 1:
            self._forget()
            self.dropped += 1
        if self._gone_bytes > max(_REWRITE_BYTES, self._most_bytes):
            self._rewrite()

    def _forget(self) -> None:
        size = len(self._waiting.popleft()) + 1
        self._bytes -= size
        self._gone_bytes += size

    def _rewrite(self) -> None:
        try:
            replace_file(self._path, b"".join(line + b"\n" for line in self._waiting), durable=False)
            self._gone_bytes = 0
        except TradewindError as error:
            observe.record_lost(what="spool", code=error.code, message=str(error))

    def _load(self) -> None:
        try:
            lines = self._path.read_bytes().split(b"\n")
        except OSError:
            return
        for line in lines:
            try:
                json.loads(line)
            except ValueError:
                continue
            self._waiting.append(line)
            self._bytes += len(line) + 1
        self._make_room()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
