"""How far a journal has been relayed to the bus: one number on disk. Losing it costs repetition, never an event."""

import sqlite3
from pathlib import Path

from tradewind.errors import Misconfigured


class RelayPosition:
    """The last row that the bus has acknowledged, of one relay by name."""

    def __init__(self, path: Path, name: str) -> None:
        """Raises Misconfigured `relay_position_unusable`."""
        self._name = name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS relayed (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT"
            )
            path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            raise Misconfigured(
                "relay_position_unusable",
                f"{path} cannot be used ({error}).",
                remedy="Remove the file: events are then relayed from the first one, and recognised by who has them.",
            ) from None

    @property
    def seq(self) -> int:
        """0 before the first."""
        row = self._connection.execute("SELECT seq FROM relayed WHERE name = ?", (self._name,)).fetchone()
        return row[0] if row else 0

    def acknowledged(self, seq: int) -> None:
        """Every row up to `seq` is on the bus, or not for it."""
        self._connection.execute(
            "INSERT INTO relayed VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq", (self._name, seq)
        )

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
