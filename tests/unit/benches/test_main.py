"""What a run writes, and when it refuses to."""

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from benches.row import Row

GOOD = Row(id="G", what="a thing", input="an input", ours=1.0, unit="us", answers_compared=2, answers_equal=2)
WRONG = Row(id="W", what="a thing", input="an input", ours=1.0, unit="us", answers_compared=2, answers_equal=1)


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    module = importlib.import_module("benches.__main__")
    monkeypatch.setattr(module, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(module, "build_profile", "release")
    monkeypatch.setattr(module, "BENCHES", {"G": giving(GOOD)})
    return module


def giving(*rows: Row) -> Callable[[], Iterator[Row]]:
    return lambda: iter(rows)


def test_a_debug_build_is_not_measured_and_writes_nothing(
    main: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "build_profile", "debug")
    assert main.main([]) == 2
    assert not main.RESULTS.exists()
    assert "debug build" in capsys.readouterr().out


def test_a_run_of_all_writes_machine_and_rows(main: ModuleType) -> None:
    assert main.main([]) == 0
    results = json.loads(main.RESULTS.read_text())
    assert [row["id"] for row in results["rows"]] == ["G"]
    assert results["machine"]["versions"]["rust_core"] == "release"
    assert results["machine"]["cores"] >= 1


def test_a_run_of_some_writes_nothing(main: ModuleType) -> None:
    assert main.main(["G"]) == 0
    assert not main.RESULTS.exists()


def test_a_wrong_answer_fails_the_run_and_is_shown(
    main: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "BENCHES", {"G": giving(GOOD), "W": giving(WRONG)})
    assert main.main([]) == 1
    shown = capsys.readouterr().out
    assert "WRONG" in shown
    assert "1 of 2 answers are wrong" in shown.replace("\n", " ")


def test_an_unknown_bench_is_named(main: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["P0"]) == 2
    assert "P0" in capsys.readouterr().out
