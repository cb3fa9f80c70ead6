"""An engine's output on this disk, byte for byte, in files of bounded size: the newest are kept."""

import os
from io import FileIO
from pathlib import Path

from tradewind.observability import events as observe

FILE_BYTES = 64 << 20
KEPT_FILES = 16


class LogFile:
    """`path` is written to; when it is full it becomes `path.1`, that one `path.2`, and so on."""

    def __init__(self, path: Path, *, file_bytes: int = FILE_BYTES, kept_files: int = KEPT_FILES) -> None:
        self._path = path
        self._file_bytes = file_bytes
        self._kept_files = kept_files
        self._file = self._open()
        self._size = self._file.tell()
        self._told = False

    def write(self, line: bytes) -> None:
        """Append a line. A disk that is full costs lines, which is told once, and never the engine."""
        try:
            if self._size + len(line) + 1 > self._file_bytes and self._size:
                self._turn()
            self._file.write(line + b"\n")
            self._size += len(line) + 1
        except OSError as error:
            if not self._told:
                observe.record_lost(what="engine log", code="log_unwritable", message=f"{self._path}: {error.strerror}")
            self._told = True

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _open(self) -> FileIO:
        return FileIO(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")

    def _turn(self) -> None:
        self._file.close()
        for number in range(self._kept_files - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            if older.exists():
                older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._path.with_name(f"{self._path.name}.{self._kept_files}").unlink(missing_ok=True)
        self._file = self._open()
        self._size = 0
