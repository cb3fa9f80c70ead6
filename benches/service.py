"""Runs the service as `tradewind up` does, with its journal kept in one of the ways that are compared.

Prints the URL of the API once it answers.
"""

import asyncio
import signal
import sys
from pathlib import Path

from benches.journals import Journals, kept_as
from tradewind.bootstrap import service as bootstrap
from tradewind.observability import log
from tradewind.settings import Settings


async def main(config: str, journal: str) -> None:
    log.configure()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with kept_as(Journals(journal)):
        await bootstrap.serve(Settings.load(Path(config)), on_ready=_say, stop=stop)


def _say(url: str) -> None:
    print(url, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
