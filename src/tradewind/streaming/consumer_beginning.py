"""Where a consumer that hears from now on began: one number on disk.

The server's own note of it is gone while the consumer is made anew, and may be lost with the server's power. Without
this number such a consumer would begin with the next message, and miss those that were published in between.
"""

import sqlite3
from pathlib import Path

from tradewind.errors import Misconfigured


class ConsumerBeginning:
    """The first message of one durable consumer, kept for ever once it is known."""

    def __init__(self, path: Path, durable: str) -> None:
        """Raises Misconfigured `consumer_beginning_unusable`."""
        self._durable = durable
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS begun (durable TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT"
            )
            path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            raise Misconfigured(
                "consumer_beginning_unusable",
                f"{path} cannot be used ({error}).",
                remedy="Remove the file while the consumer is there: nothing is missed then.",
            ) from None

    @property
    def seq(self) -> int | None:
        """None before it has begun."""
        row = self._connection.execute("SELECT seq FROM begun WHERE durable = ?", (self._durable,)).fetchone()
        return row[0] if row else None

    def begun(self, seq: int) -> None:
        """It begins with `seq`; the first word on that stands."""
        self._connection.execute("INSERT INTO begun VALUES (?, ?) ON CONFLICT DO NOTHING", (self._durable, seq))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
