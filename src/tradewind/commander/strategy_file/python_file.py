"""Has a strategy's Python file looked at with its parameters, in a process of its own: a file runs when it is read."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from tradewind.commander.engine_environment import engine_environment
from tradewind.commander.strategy_file.located import Place
from tradewind.own_library import own_library
from tradewind.strategies.parameters import OF_THE_ENGINE

Said = tuple[Place, tuple[str, str, str]]
CHECK = "tradewind.strategies.check"
_WITHIN_S = 10.0
_PART = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")


def python_mistakes(data: dict[str, Any], folder: Path) -> Iterator[Said]:
    """The place of each, with its code, fault and remedy. `folder` is that of the user's configuration."""
    section = data.get("python")
    written = section.get("file") if isinstance(section, dict) else None
    if not isinstance(section, dict) or not isinstance(written, str):
        return
    interpreter, library = section.get("interpreter"), section.get("library")
    try:
        file = folder / Path(written).expanduser()
        python = folder / Path(interpreter).expanduser() if isinstance(interpreter, str) else Path(sys.executable)
        searched = folder / Path(library).expanduser() if isinstance(library, str) else own_library()
    except RuntimeError:
        # A home directory that is not known is told with the settings.
        return
    if (stamp := _stamp(file)) is None:
        said = (
            "file_missing",
            f"is {written}, and there is no such file.",
            "Correct the path, which starts at this file.",
        )
        yield ("python", "file"), said
        return
    parameters = data.get("parameters") or {}
    if not isinstance(parameters, dict):
        return
    of_the_user = {name: value for name, value in parameters.items() if name not in OF_THE_ENGINE}
    commander = data.get("commander") or {}
    passed = commander.get("environment") or () if isinstance(commander, dict) else ()
    also = tuple(name for name in passed if isinstance(name, str))
    try:
        _look(file, stamp, (python, searched), json.dumps(of_the_user), also)
    except _NotRightError as found:
        for place, code, fault, remedy in found.mistakes:
            yield place_of(place), (code, fault, remedy)


def place_of(field: str) -> Place:
    """`parameters.sizes[0]` as the place of a part of the data."""
    return tuple(int(at) if at else name for name, at in _PART.findall(field))


def _stamp(file: Path) -> tuple[int, int] | None:
    """None when it is not there, or no file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None


class _NotRightError(Exception):
    def __init__(self, *mistakes: tuple[str, str, str, str]) -> None:
        super().__init__("mistakes in a strategy's file")
        self.mistakes = mistakes


@lru_cache(maxsize=64)
def _look(
    file: Path, _stamp: tuple[int, int], run: tuple[Path, Path | None], parameters: str, also: tuple[str, ...]
) -> None:
    """What was right is not looked at again: a configuration that is saved with another limit is taken at once.

    What was not right is: what it imports may be there by now, and a machine that was slow may not be.
    """
    if mistakes := _mistakes(file, run, parameters, also):
        raise _NotRightError(*mistakes)


def _mistakes(
    file: Path, run: tuple[Path, Path | None], parameters: str, also: tuple[str, ...]
) -> tuple[tuple[str, str, str, str], ...]:
    python, library = run
    environment = engine_environment(os.environ, also=also)
    if library is not None:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(library), environment.get("PYTHONPATH"))))
    try:
        done = subprocess.run(
            [str(python), "-P", "-m", CHECK, str(file)],
            input=parameters.encode(),
            capture_output=True,
            timeout=_WITHIN_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        fault = f"is not read within {_WITHIN_S:.0f} s."
        return (("python.file", "file_hangs", fault, "Do in on_start what takes long, not where the file is read."),)
    except OSError as error:
        remedy = "Name a Python that has tradewind."
        return (("python.interpreter", "interpreter_unusable", f"cannot be run: {error.strerror}.", remedy),)
    try:
        told = json.loads(done.stdout)["mistakes"]
        return tuple((one["field"], one["code"], one["fault"], one["remedy"]) for one in told)
    except (ValueError, KeyError, TypeError):
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        fault = f"cannot be looked at: {last[0][:300]}"
        return (("python.file", "file_unchecked", fault, "Correct that, or name a Python that has tradewind."),)
