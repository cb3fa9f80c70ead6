"""A user's file as it is run: loaded, told, kept; by the harness, and by the process that the engine starts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tradewind.own_library import own_library
from tradewind.strategies import WRAPPED_SOL, Circle, Swap
from tradewind.strategies.check import mistakes_in
from tradewind.strategies.loading import Unloadable, load_strategy
from tradewind.strategies.testing import Harness, StrategyRaised, recorded_updates

HEAD = "import os, sys\nfrom dataclasses import dataclass\nfrom tradewind.strategies import *\n"
COUNTS = f"""{HEAD}
@dataclass(frozen=True)
class Parameters:
    step: int = 1

class Counts(Strategy[Parameters]):
    def on_update(self, update):
        self.state["seen"] = self.state.get("seen", 0) + self.parameters.step
        self.context.log(str(update.held_raw[WRAPPED_SOL]))
        return [Swap(WRAPPED_SOL, update.changed[0].other(WRAPPED_SOL), 5, 1, tag="t")]
    def on_fill(self, fill):
        self.state["fill"] = [fill.succeeded, fill.paid_raw, fill.got_raw, fill.tag, len(fill.hops)]
        return [Circle(fill.hops, 1, 1)]
    def on_refusal(self, refusal):
        self.state["refusal"] = [refusal.code, refusal.tag]
    def on_stop(self):
        self.context.log("stopped")
"""


def file_of(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(text)
    return file


def test_a_strategy_is_told_everything_and_its_wishes_come_back_as_they_were(tmp_path: Path) -> None:
    harness = Harness(file_of(tmp_path, COUNTS), held_raw={WRAPPED_SOL: 77}, state={"seen": 10})
    wishes = harness.play(recorded_updates())
    assert [type(wish) for wish in wishes] == [Swap, Swap]
    assert (wishes[0].amount_in_raw, wishes[0].tag, wishes[0].hops) == (5, "t", None)
    assert harness.log == ["77", "77"]
    harness.change({"step": 5})
    harness.play(recorded_updates()[:1])
    assert harness.strategy.state["seen"] == 17
    circle = Circle([], 1, 1, "c")
    assert [type(wish) for wish in harness.fill(circle, paid_raw=5, got_raw=9)] == [Circle]
    harness.refuse(wishes[0], "blacklisted")
    assert harness.strategy.state["fill"] == [True, 5, 9, "c", 0]
    assert harness.strategy.state["refusal"] == ["blacklisted", "t"]
    harness.stop()
    assert harness.log[-1] == "stopped"


def test_what_raises_fails_the_test_that_drives_it(tmp_path: Path) -> None:
    text = f"{HEAD}\nclass Mine(Strategy[None]):\n    def on_update(self, update):\n        yield 1 // 0\n"
    harness = Harness(file_of(tmp_path, text))
    with pytest.raises(StrategyRaised, match="ZeroDivisionError"):
        harness.play(recorded_updates())


def test_a_wish_that_is_no_json_fails_as_what_raises_does(tmp_path: Path) -> None:
    body = "yield Swap(WRAPPED_SOL, update.changed[0].other(WRAPPED_SOL), 5, 1, tag=b'x')"
    text = f"{HEAD}\nclass Mine(Strategy[None]):\n    def on_update(self, update):\n        {body}\n"
    harness = Harness(file_of(tmp_path, text))
    with pytest.raises(StrategyRaised, match="TypeError"):
        harness.play(recorded_updates())


def test_a_class_that_cannot_be_made_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    text = f"{HEAD}\nclass Mine(Strategy[None]):\n    def __init__(self):\n        raise ValueError('no')\n"
    text += "    def on_update(self, update):\n        return []\n"
    [mistake] = mistakes_in(file_of(tmp_path, text), {})
    assert (mistake.field, mistake.code) == ("python.file", "init_raised")
    assert "ValueError" in mistake.fault


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("x = (", "strategy_unreadable", "line 1"),
        ("\nraise KeyError('no')", "strategy_unreadable", "in line 2"),
        ("x = 1", "strategy_class", "defines none"),
        (f"{HEAD}\nclass Mine(Strategy[None]): ...", "strategy_class", "defines none"),
        (COUNTS + COUNTS.replace("Counts", "Twice"), "strategy_class", "Counts, Twice"),
    ],
)
def test_a_file_without_one_strategy_is_refused_with_the_place(tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(Unloadable) as raised:
        load_strategy(file_of(tmp_path, text))
    assert raised.value.mistake.code == code
    assert said in raised.value.mistake.fault


def test_a_file_beside_it_can_be_imported_and_takes_no_librarys_place(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("STEP = 3")
    (tmp_path / "colorsys.py").write_text("raise RuntimeError('the wrong one')")
    text = "import colorsys\nfrom beside_it import STEP\n" + COUNTS.replace("step: int = 1", "step: int = STEP")
    harness = Harness(file_of(tmp_path, text))
    harness.play(recorded_updates()[:1])
    assert harness.strategy.state == {"seen": 3}
    sys.path.remove(str(tmp_path))


def test_mistakes_of_parameters_and_of_the_file_are_found_without_running_it(tmp_path: Path) -> None:
    file = file_of(tmp_path, COUNTS)
    assert mistakes_in(file, {"step": "4"}) == []
    assert [mistake.field for mistake in mistakes_in(file, {"step": "x", "y": 1})] == [
        "parameters.step",
        "parameters.y",
    ]


class Hosted:
    """The process as the engine starts it."""

    def __init__(self, folder: Path, text: str) -> None:
        library = own_library()
        environment = dict(os.environ) | ({} if library is None else {"PYTHONPATH": str(library)})
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tradewind.strategies.host", file_of(folder, text), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment,
        )
        self.number = -1
        start = {"protocol": 1, "instance": "i", "wallet": None, "mints": [], "replays": False, "parameters": {}}
        self.started = self.ask({"kind": "start", **start})

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.number += 1
        self.process.stdin.write(json.dumps({**message, "number": self.number}).encode() + b"\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert answer["number"] == self.number
        return answer

    def end(self) -> str:
        return self.process.communicate(timeout=60)[1].decode()


def test_what_it_prints_and_reads_never_gets_between_the_questions(tmp_path: Path) -> None:
    text = COUNTS.replace(
        "    def on_stop(self):\n",
        "    def on_stop(self):\n"
        "        print('printed')\n"
        "        os.write(1, b'written\\n')\n"
        "        print(repr(sys.stdin.readline()))\n",
    )
    hosted = Hosted(tmp_path, text)
    assert "refused" not in hosted.started
    assert hosted.ask({"kind": "stop"})["log"] == [{"level": "info", "message": "stopped"}]
    assert hosted.end().splitlines() == ["printed", "written", "''"]
    assert hosted.process.returncode == 0


def test_its_state_is_there_after_a_restart_and_it_ends_with_its_questions(tmp_path: Path) -> None:
    update = {**recorded_updates()[0], "held": {WRAPPED_SOL: "5"}}
    for seen in (1, 2):
        hosted = Hosted(tmp_path, COUNTS)
        assert hosted.ask(update)["wishes"][0]["kind"] == "swap"
        # On disk before the answer.
        assert json.loads((tmp_path / "strategy_state.json").read_text()) == {"seen": seen}
        hosted.end()
        assert hosted.process.returncode == 0


def test_a_state_that_cannot_be_read_is_told_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "strategy_state.json").write_text("{")
    hosted = Hosted(tmp_path, COUNTS)
    assert hosted.started["refused"]["field"] == "python.file"
    assert "strategy_state.json" in hosted.started["refused"]["fault"]
    hosted.end()
    assert (tmp_path / "strategy_state.json").read_text() == "{"
