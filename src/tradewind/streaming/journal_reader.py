"""Reads the journal for those who can wait: on a thread and a connection of its own.

However long a read takes, it holds up neither the event loop nor the stream, and the writer never waits for it.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tradewind.errors import Unavailable
from tradewind.streaming.journal_file import connect_reader

T = TypeVar("T")


class JournalReader:
    """One read at a time, in the order in which they were asked for."""

    def __init__(self, path: Path) -> None:
        """`path` is that of an open journal."""
        self._connection = connect_reader(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-reader")

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` makes of the connection; it runs on the reading thread, and sees whole commits only.

        Raises Unavailable `journal_unreadable`, or `journal_closed` after `close`.
        """
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)
        except RuntimeError:
            raise Unavailable("journal_closed", "The journal is closed: the service is stopping.") from None
        try:
            return await reading
        except sqlite3.Error as error:
            raise Unavailable(
                "journal_unreadable",
                f"The journal cannot be read ({error}).",
                remedy="Run: tradewind journal verify",
            ) from error

    def close(self) -> None:
        """Finish the read that is running, then let the file go. Idempotent."""
        self._thread.shutdown(cancel_futures=True)
        self._connection.close()
