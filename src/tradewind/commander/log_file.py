"""An engine's output on this disk, byte for byte, in files of bounded size: the newest are kept."""

import os
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from tradewind.observability import events as observe

FILE_BYTES = 64 << 20
KEPT_FILES = 16


class LogFile:
    """`path` is written to; when it is full it becomes `path.1`, that one `path.2`, and so on.

    What fails is told once until it works again, and costs lines at most, never the engine; each line tries anew.
    """

    def __init__(self, path: Path, *, file_bytes: int = FILE_BYTES, kept_files: int = KEPT_FILES) -> None:
        self._path = path
        self._file_bytes = file_bytes
        self._kept_files = kept_files
        self._file: FileIO | None = None
        self._size = 0
        self._told = False
        self._try(self._opened)

    def write(self, line: bytes) -> None:
        """Append a line."""
        self._try(lambda: self._append(line + b"\n"))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
            self._told = False
        except OSError as error:
            if not self._told:
                observe.record_lost(what="engine log", code="log_unwritable", message=f"{self._path}: {error.strerror}")
            self._told = True

    def _append(self, line: bytes) -> None:
        file, fault = self._opened(), None
        if self._size + len(line) > self._file_bytes and self._size:
            try:
                file = self._turned(file)
            except OSError as error:
                fault = error
        # A disk that is nearly full takes the beginning of a line.
        self._size += file.write(line)
        if fault is not None:
            raise fault

    def _opened(self) -> FileIO:
        if self._file is None:
            self._file = _open(self._path)
            self._size = self._file.tell()
        return self._file

    def _turned(self, full: FileIO) -> FileIO:
        """The next file, opened before any other is moved: where that fails, the full one is still there."""
        fresh = self._path.with_name(f".{self._path.name}.next")
        opened = _open(fresh, os.O_TRUNC)
        try:
            self._numbered(self._kept_files - 1).unlink(missing_ok=True)
            for number in range(self._kept_files - 2, 0, -1):
                _move(self._numbered(number), self._numbered(number + 1))
            # Somebody may have taken the full one away.
            _move(self._path, self._numbered(1))
            fresh.replace(self._path)
        except OSError:
            opened.close()
            # Old files are not moved again for each line: the next try is when as much was written again.
            self._size = 0
            raise
        full.close()
        self._file, self._size = opened, 0
        return opened

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def _open(path: Path, flags: int = 0) -> FileIO:
    return FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | flags, 0o600), "ab")


def _move(path: Path, to: Path) -> None:
    with suppress(FileNotFoundError):
        path.replace(to)
