"""Reads a log file that goes on and is turned over meanwhile: each whole line once."""

import os
from collections.abc import Iterator
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_MOST_REST_BYTES = 1 << 20


class Following:
    """`read` gives what came since the last time; at first all that the newest file holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file_id = 0
        self._done = 0

    def read(self) -> Iterator[bytes]:
        """The whole lines that are there and were not read yet, also the last ones of a file that was turned over."""
        try:
            found = self._path.stat()
        except OSError:
            return
        if self._file_id and found.st_ino != self._file_id:
            older = self._path.with_name(f"{self._path.name}.1")
            if older.exists() and older.stat().st_ino == self._file_id:
                yield from self._rest_of(older)
            self._done = 0
        self._file_id = found.st_ino
        yield from self._rest_of(self._path)

    def _rest_of(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self._done:
                self._done = 0
            file.seek(self._done)
            rest = b""
            while chunk := file.read(_CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._done += len(line) + 1
                    yield line
                if len(rest) > _MOST_REST_BYTES:
                    self._done += len(rest)
                    yield rest
                    rest = b""
