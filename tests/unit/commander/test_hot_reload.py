"""A changed file that could not be taken at once: in force as soon as that is possible, without another change."""

import json
from pathlib import Path

import pytest

from tests.fake_clock import FakeClock
from tests.unit.commander.strategy_files import changed, written
from tradewind.commander import resolved
from tradewind.commander.hot_reload import HotReload
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.instance_state import InstanceState
from tradewind.commander.strategy_file.reading import read_strategy_file
from tradewind.commander.telling import Telling


class Reloading:
    """One instance whose first configuration is written; `states` has what was told."""

    def __init__(self, folder: Path) -> None:
        self.states: list[InstanceState] = []
        self.clock = FakeClock()
        self.file = written(folder, changed())
        self.folder = InstanceFolder(folder / "data", InstanceName("arb"))
        self.folder.make()
        read = read_strategy_file(self.file)
        content = resolved.content_of(read.settings, instance="main", folder=self.folder.path)
        resolved.write(self.folder.path, resolved.next_version(self.folder.path, content, running=False))
        self.telling = Telling(self.folder, read, self.clock, self.states.append)
        self.telling.starting(1, "the test")
        self.reload = HotReload(self.folder, self.file, self.clock, self.telling)

    def in_file(self) -> object:
        """The limit that the engine is told."""
        return json.loads((self.folder.path / resolved.NAME).read_text())["limits"]["max_trade_lamports"]

    async def look_after(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.reload.look()


async def test_a_change_that_a_full_disk_did_not_take_is_taken_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloading = Reloading(tmp_path)

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tradewind.commander.resolved.os.fsync", full)
        written(tmp_path, changed(limits__max_trade_lamports=5))
        await reloading.look_after(1)
        told = len(reloading.states)
        assert "No space left on device" in str(reloading.telling.state.reload_fault)
        for _ in range(100):
            await reloading.look_after(0.02)
        assert len(reloading.states) == told
    assert reloading.in_file() == "1000000000"
    await reloading.look_after(1)
    state = reloading.telling.state
    assert (reloading.in_file(), state.version_written, state.reload_fault) == ("5", 2, None)


async def test_a_file_with_a_mistake_is_looked_at_once_and_not_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloading = Reloading(tmp_path)
    written(tmp_path, changed(mode="livee"))
    await reloading.look_after(1)
    assert "mode" in str(reloading.telling.state.reload_fault)
    monkeypatch.setattr("tradewind.commander.hot_reload.read_strategy_file", None)
    told = len(reloading.states)
    await reloading.look_after(60)
    assert len(reloading.states) == told
