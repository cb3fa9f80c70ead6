"""Brings what the user changes in the file of the rules to the rules that run: checked whole, taken or refused."""

import asyncio
from pathlib import Path
from typing import NoReturn

from tradewind.commander.changed_file import ChangedFile
from tradewind.commander.rules.governing import Governing
from tradewind.commander.rules.reading import read_rules_file
from tradewind.errors import TradewindError
from tradewind.observability.clock import Clock

LOOK_EVERY_S = 0.2


class RulesReload:
    """A file with mistakes leaves the rules as they are."""

    def __init__(self, file: Path, governing: Governing, clock: Clock) -> None:
        self._file = file
        self._governing = governing
        self._clock = clock
        self._changes = ChangedFile(file)
        self._is_new = False

    async def run(self) -> NoReturn:
        """Until cancelled."""
        # What changed between the check and now.
        await self.take()
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Take the file when it has changed and is not being written any more: half a threshold is one, too."""
        if self._changes.is_changed():
            self._is_new = True
        elif self._is_new:
            self._is_new = False
            await self.take()

    async def take(self) -> None:
        """Check the file as it is, and have the rules decided by it."""
        try:
            read = await asyncio.to_thread(read_rules_file, self._file, in_force=self._governing.settings)
        except TradewindError as error:
            await self._governing.refuse(self._file, str(error))
        else:
            await self._governing.take(self._file, read.settings)
