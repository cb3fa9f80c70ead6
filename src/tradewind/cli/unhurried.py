"""Output that holds up nobody: a thread writes it, and what a terminal or a reader cannot keep up with is left out."""

import io
import os
import select
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

MOST_BYTES = 1 << 20
LAST_WORDS_S = 2.0


class UnhurriedFile(io.TextIOBase):
    """In the place of `target`. `write` returns at once; each text is written whole or counted in `left_out`."""

    def __init__(self, target: TextIO, *, most_bytes: int = MOST_BYTES) -> None:
        self._target = target
        self._most_bytes = most_bytes
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._ends = False
        self.left_out = 0
        # A daemon: one that a terminal holds up must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, daemon=True, name="output")
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the target's."""
        return self._target.encoding or "utf-8"

    @property
    def is_behind(self) -> bool:
        """Whether something is not written yet."""
        return self._bytes > 0

    def isatty(self) -> bool:
        """Whether it is a terminal in the end."""
        return self._target.isatty()

    def fileno(self) -> int:
        """The target's. Raises OSError where it has none."""
        return self._target.fileno()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Have it written, unless too much waits already."""
        raw = text.encode(self.encoding, errors="replace")
        with self._changed:
            if self._bytes + len(raw) > self._most_bytes:
                self.left_out += 1
            elif raw:
                self._waiting.append(raw)
                self._bytes += len(raw)
                self._changed.notify()
        return len(text)

    def finish(self, *, within_s: float) -> None:
        """Wait for what is not written yet, for so long."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        self._thread.join(within_s)

    def _run(self) -> None:
        while (raw := self._next()) is not None:
            try:
                self._write(raw)
            except (OSError, ValueError):
                # Whoever read it is gone, or the disk is full.
                self.left_out += 1
            with self._changed:
                self._bytes -= len(raw)

    def _next(self) -> bytes | None:
        with self._changed:
            while not (self._waiting or self._ends):
                self._changed.wait()
            return self._waiting.popleft() if self._waiting else None

    def _write(self, raw: bytes) -> None:
        try:
            number = self._target.fileno()
        except OSError:
            self._target.write(raw.decode(self.encoding))
            self._target.flush()
            return
        # Not through the target's own buffer: whoever holds its lock would hold up the end of the program.
        while raw:
            with suppress(BlockingIOError):
                raw = raw[os.write(number, raw) :]
                continue
            select.select([], [number], [])


@contextmanager
def unhurried(target: TextIO) -> Iterator[UnhurriedFile]:
    """What is written meanwhile; at the end it is waited for, as long as that takes with somebody who reads."""
    target.flush()
    file = UnhurriedFile(target)
    try:
        yield file
    finally:
        file.finish(within_s=LAST_WORDS_S)
