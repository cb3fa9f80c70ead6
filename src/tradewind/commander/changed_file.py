"""Tells when the content of a file is another one than it was."""

import hashlib
from pathlib import Path

Stamp = tuple[int, int, int]


class ChangedFile:
    """Of one file, from the moment it is made. A file that is gone has not changed: editors write in several ways."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self._digest = self._digest_now()

    def is_changed(self) -> bool:
        """Whether its content differs from that of the last time it was said to, or of the beginning."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        digest = self._digest_now()
        # An editor touches a file also without changing it.
        if digest is None or digest == self._digest:
            return False
        self._digest = digest
        return True

    def _stamp(self) -> Stamp | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _digest_now(self) -> str | None:
        try:
            return hashlib.sha256(self._path.read_bytes()).hexdigest()
        except OSError:
            return None
