"""The local log of an engine: bounded, and written again as soon as that is possible, whatever befell its files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tradewind.commander.log_file import LogFile
from tradewind.observability import events as observe


def kept(folder: Path) -> dict[str, list[str]]:
    return {path.name: path.read_text().split("\n")[:-1] for path in folder.iterdir()}


def test_a_full_log_file_makes_room_for_a_new_one_and_keeps_the_newest(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "engine.log", file_bytes=20, kept_files=2)
    for number in range(10):
        log.write(f"line {number}".encode())
    log.close()
    kept = {path.name: path.read_text().split("\n")[:-1] for path in tmp_path.iterdir()}
    assert kept == {"engine.log": ["line 8", "line 9"], "engine.log.1": ["line 6", "line 7"]}
    assert (tmp_path / "engine.log").stat().st_mode & 0o777 == 0o600


def test_a_log_goes_on_where_the_last_life_ended(tmp_path: Path) -> None:
    for text in (b"one", b"two"):
        log = LogFile(tmp_path / "engine.log")
        log.write(text)
        log.close()
    assert (tmp_path / "engine.log").read_text() == "one\ntwo\n"


def test_a_log_that_somebody_took_away_is_written_again_with_the_next_file(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "engine.log", file_bytes=20, kept_files=4)
    for number in range(3):
        log.write(f"line {number}".encode())
    (tmp_path / "engine.log").rename(tmp_path / "taken")
    for number in range(3, 7):
        log.write(f"line {number}".encode())
    log.close()
    assert kept(tmp_path) == {
        "engine.log": ["line 6"],
        "engine.log.1": ["line 4", "line 5"],
        "engine.log.3": ["line 0", "line 1"],
        "taken": ["line 2", "line 3"],
    }


@contextmanager
def nothing_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        yield


def test_a_next_file_that_cannot_be_opened_moves_no_other_and_costs_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    monkeypatch.setattr(observe, "record_lost", lambda **fields: lost.append(fields["code"]))
    log = LogFile(tmp_path / "engine.log", file_bytes=20, kept_files=2)
    for number in range(4):
        log.write(f"line {number}".encode())
    with nothing_can_be_opened(monkeypatch):
        for number in range(4, 7):
            log.write(f"line {number}".encode())
    assert kept(tmp_path) == {
        "engine.log": ["line 2", "line 3", "line 4", "line 5", "line 6"],
        "engine.log.1": ["line 0", "line 1"],
    }
    log.write(b"line 7")
    log.close()
    assert kept(tmp_path)["engine.log"] == ["line 7"]
    assert lost == ["log_unwritable"]


def test_a_log_that_cannot_be_opened_at_first_is_as_soon_as_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nothing_can_be_opened(monkeypatch):
        log = LogFile(tmp_path / "engine.log")
        log.write(b"lost")
    log.write(b"kept")
    log.close()
    assert kept(tmp_path) == {"engine.log": ["kept"]}


def test_where_the_older_ones_cannot_be_moved_the_full_one_goes_on(tmp_path: Path) -> None:
    (tmp_path / "engine.log.2" / "odd").mkdir(parents=True)
    (tmp_path / "engine.log.1").write_text("old\n")
    log = LogFile(tmp_path / "engine.log", file_bytes=20, kept_files=3)
    for number in range(7):
        log.write(f"line {number}".encode())
    log.close()
    texts = [(tmp_path / name).read_text() for name in ("engine.log.1", "engine.log")]
    assert texts == ["old\n", "".join(f"line {number}\n" for number in range(7))]
