"""A process that appends events and says which were acknowledged; others kill it while it does."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

from tests import builders
from tradewind.streaming.journal import Journal


async def append(path: Path, count: int) -> None:
    """Append one event at a time, `count` of them or for ever, from one task or eight."""
    journal = Journal.open(path)
    os.write(1, b"open\n")

    async def work() -> None:
        done = 0
        while count == 0 or done < count:
            body = builders.expired(uuid4()) if done % 2 else builders.rejected(uuid4())
            [row] = await journal.append([builders.envelope(body)])
            # One write for each line: a kill can never leave half an acknowledgement.
            os.write(1, f"ack {row.seq} {row.envelope.id}\n".encode())
            done += 1

    await asyncio.gather(*(work() for _ in range(1 if count else 8)))
    journal.close()


if __name__ == "__main__":
    asyncio.run(append(Path(sys.argv[1]), int(sys.argv[2])))
