"""Remembers which events were handled, by id: a delivery that comes again is recognised for as long as is kept."""

import sqlite3
from pathlib import Path
from uuid import UUID

from tradewind.errors import Misconfigured


class SeenEvents:
    """One SQLite file for each consumer; what is written is on disk before the call returns.

    The newest `keep` are remembered, so that the file stays bounded.
    """

    def __init__(self, path: Path, *, keep: int = 1_000_000) -> None:
        """Raises Misconfigured `seen_events_unusable`."""
        self._keep = keep
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT"
            )
            path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            raise Misconfigured(
                "seen_events_unusable",
                f"{path} cannot be used ({error}).",
                remedy="Restore it from a backup; without it events that come again are handled again.",
            ) from None

    def __contains__(self, event_id: UUID) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM seen WHERE id = ?", (str(event_id),)).fetchone())

    def add(self, event_id: UUID) -> None:
        """The event was handled. Idempotent."""
        added = self._connection.execute("INSERT OR IGNORE INTO seen (id) VALUES (?)", (str(event_id),))
        if added.lastrowid and added.rowcount:
            self._connection.execute("DELETE FROM seen WHERE number <= ?", (added.lastrowid - self._keep,))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
