"""The file of a strategy in Python: mistakes of its parameters, and of the file itself, have their lines."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.commander.strategy_files import RIGHT, written
from tradewind.commander import resolved
from tradewind.commander.strategy_file.mistake import MistakesInFile
from tradewind.commander.strategy_file.python_file import place_of
from tradewind.commander.strategy_file.reading import read_strategy_file

STRATEGY = """
from dataclasses import dataclass
from tradewind.strategies import Strategy

@dataclass(frozen=True)
class Parameters:
    edge_bps: int
    sizes: tuple[int, ...] = ()

class Mine(Strategy[Parameters]):
    def on_update(self, update): ...
"""
OWN = {"wallet": "x", "tip_lamports": 0, "mints": []}


def file_with(folder: Path, parameters: dict[str, Any], text: str = STRATEGY, **python: Any) -> Path:
    (folder / "mine.py").write_text(text)
    named = {"strategy": "mine", "python": {"file": "mine.py", **python}, "parameters": parameters}
    return written(folder, RIGHT | named, "mine.json")


def mistakes_of(path: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(MistakesInFile) as raised:
        read_strategy_file(path)
    lines = path.read_text().splitlines()
    return [(mistake.field, mistake.code, lines[mistake.line - 1].strip()) for mistake in raised.value.mistakes]


def test_what_is_right_is_resolved_for_the_engine(tmp_path: Path) -> None:
    path = file_with(tmp_path, {"edge_bps": 15, "sizes": [1], **OWN}, most_restarts=2)
    content = resolved.content_of(read_strategy_file(path).settings, instance="main", folder=tmp_path)
    python = content["python"]
    assert python["file"] == str(tmp_path / "mine.py")
    assert Path(python["interpreter"]).is_file()
    assert (python["most_restarts"], python["answer_within_ms"]) == (2, 1_000)
    assert content["parameters"]["edge_bps"] == "15"


def test_mistakes_of_parameters_have_their_lines(tmp_path: Path) -> None:
    assert mistakes_of(file_with(tmp_path, {"speed": 5, "sizes": [1, "x"]})) == [
        ("parameters.edge_bps", "parameter_missing", '"parameters": {'),
        ("parameters.speed", "parameter_unknown", '"speed": 5,'),
        ("parameters.sizes[1]", "parameter_type", '"x"'),
    ]


def test_a_file_that_could_not_be_read_is_looked_at_again_although_it_is_the_same(tmp_path: Path) -> None:
    path = file_with(tmp_path, {"edge_bps": 15, **OWN}, "from lately_written import EDGE\n" + STRATEGY)
    assert [code for _, code, _ in mistakes_of(path)] == ["strategy_unreadable"]
    (tmp_path / "lately_written.py").write_text("EDGE = 1\n")
    assert read_strategy_file(path).settings.strategy == "mine"


def test_they_are_told_with_all_other_mistakes(tmp_path: Path) -> None:
    path = file_with(tmp_path, {})
    path.write_text(path.read_text().replace('"paper"', '"papre"'))
    assert [field for field, _, _ in mistakes_of(path)] == ["mode", "parameters.edge_bps"]


@pytest.mark.parametrize(
    ("text", "python", "code"),
    [
        ("raise KeyError", {}, "strategy_unreadable"),
        ("x = 1", {}, "strategy_class"),
        ("import os; os._exit(5)", {}, "file_unchecked"),
        (STRATEGY, {"file": "theirs.py"}, "file_missing"),
        (STRATEGY, {"interpreter": "no_python"}, "interpreter_unusable"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_in_its_line(
    tmp_path: Path, text: str, python: dict[str, Any], code: str
) -> None:
    found = mistakes_of(file_with(tmp_path, {"edge_bps": 1}, text, **python))
    assert [told for _, told, _ in found] == [code]


def test_a_file_that_prints_is_no_mistake(tmp_path: Path) -> None:
    path = file_with(tmp_path, {"edge_bps": 1}, "print('hello')" + STRATEGY)
    assert read_strategy_file(path).settings.python is not None


def test_a_file_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.commander.strategy_file.python_file._WITHIN_S", 0.2)
    found = mistakes_of(file_with(tmp_path, {"edge_bps": 1}, "while True: pass"))
    assert [told for _, told, _ in found] == ["file_hangs"]


def test_a_field_is_a_place() -> None:
    assert place_of("parameters.sizes[10].most_raw") == ("parameters", "sizes", 10, "most_raw")
