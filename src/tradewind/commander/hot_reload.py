"""Brings what the user changes in the file to the running engine: checked, written with a new version, acknowledged."""

import asyncio
from pathlib import Path

from tradewind.commander import resolved
from tradewind.commander.changed_file import ChangedFile
from tradewind.commander.defect import in_words
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.telling import Telling
from tradewind.errors import Misconfigured
from tradewind.observability.clock import Clock

LOOK_EVERY_S = 0.02
ACKNOWLEDGED_WITHIN_S = 5.0
TRIED_AGAIN_AFTER_S = 1.0


class HotReload:
    """Looks at the user's file while one engine runs. A file with mistakes leaves the engine as it is."""

    def __init__(
        self,
        folder: InstanceFolder,
        file: Path,
        clock: Clock,
        telling: Telling,
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._folder = folder
        self._file = file
        self._clock = clock
        self._telling = telling
        self._look_every_s = look_every_s
        self._changes = ChangedFile(file)
        self._written_at_ns: int | None = None
        self._again_at_ns: int | None = None

    async def run(self) -> None:
        """Until cancelled."""
        # What changed between the check and now.
        await self.take()
        while True:
            await self._clock.sleep(self._look_every_s)
            await self.look()

    async def look(self) -> None:
        """Take the file when it has changed, or could not be taken; say so when the engine does not acknowledge."""
        self._miss_acknowledgement()
        # Half of a file that is being written has mistakes; the whole of it is another change.
        if self._changes.is_changed() or self._is_due():
            await self.take()

    async def take(self) -> None:
        """Check the file as it is, and write it for the engine when that changes something.

        What is wrong with the file waits for another one; a disk that cannot be read or written is tried again.
        """
        self._again_at_ns = None
        try:
            # A strategy in Python is looked at by a process of its own, which nobody else is to wait for.
            read = await asyncio.to_thread(read_strategy_file, self._file, strategy=self._folder.name.strategy)
            settings = read.settings
            content = resolved.content_of(settings, instance=self._folder.name.instance, folder=self._folder.path)
            made = resolved.next_version(self._folder.path, content, running=True)
            before = self._telling.state.version_written
            if made.version != before:
                resolved.write(self._folder.path, made)
                self._written_at_ns = self._clock.now_ns()
                self._telling.written(made.version)
            elif self._telling.state.reload_fault:
                self._telling.reload_fault(None)
        except Misconfigured as error:
            self._again_at_ns = self._clock.now_ns() + round(TRIED_AGAIN_AFTER_S * 1e9)
            if self._telling.state.reload_fault != str(error):
                self._telling.reload_fault(str(error))
        except Exception as error:  # noqa: BLE001 (whatever is wrong with a file, the next one is taken)
            self._telling.reload_fault(in_words("the look at the file", error))

    def _is_due(self) -> bool:
        return self._again_at_ns is not None and self._clock.now_ns() >= self._again_at_ns

    def _miss_acknowledgement(self) -> None:
        state = self._telling.state
        if self._written_at_ns is None or state.version_in_force is None:
            return
        if state.version_in_force == state.version_written or state.reload_fault:
            self._written_at_ns = None
        elif self._clock.now_ns() - self._written_at_ns > ACKNOWLEDGED_WITHIN_S * 1e9:
            self._written_at_ns = None
            said = (
                f"the engine has not acknowledged version {state.version_written} within {ACKNOWLEDGED_WITHIN_S:.0f} s"
            )
            self._telling.reload_fault(said)
