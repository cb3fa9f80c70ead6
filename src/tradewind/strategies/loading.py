"""Finds the one strategy in a user's file."""

import importlib.util
import inspect
import re
import sys
import traceback
from pathlib import Path
from typing import Any, TypeGuard

from tradewind.strategies.parameters import Mistake
from tradewind.strategies.strategy import Strategy

_MODULE = "_tradewind_strategy_file"


class Unloadable(Exception):
    """The file holds no strategy that can be run."""

    def __init__(self, code: str, fault: str, remedy: str) -> None:
        super().__init__(f"{fault} {remedy}")
        self.mistake = Mistake("python.file", code, fault, remedy)


def load_strategy(file: Path) -> type[Strategy[Any]]:
    """The class that the file defines. Raises Unloadable. Files beside it can be imported by it."""
    name = f"{_MODULE}_{re.sub('[^0-9A-Za-z]', '_', file.stem)}"
    spec = importlib.util.spec_from_file_location(name, file)
    if file.suffix != ".py" or spec is None or spec.loader is None:
        raise Unloadable("strategy_unreadable", f"{file.name} is no .py file.", "Name a file that ends with .py.")
    module = importlib.util.module_from_spec(spec)
    # Last, so that a file of the user's can never take the place of a library's.
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    # Dataclasses look their module up.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise Unloadable("strategy_unreadable", _raised(error, file), "Correct it there.") from error
    kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if _is_its_own(kind, name)]
    if len(kinds) != 1:
        found = ", ".join(kind.__name__ for kind in kinds) or "none"
        fault = f"{file.name} has to define one class that extends Strategy, and defines {found}."
        raise Unloadable("strategy_class", fault, "Write class Mine(Strategy[Parameters]) with on_update.")
    return kinds[0]


def _is_its_own(kind: type, module: str) -> TypeGuard[type[Strategy[Any]]]:
    return issubclass(kind, Strategy) and kind.__module__ == module and not inspect.isabstract(kind)


def _raised(error: Exception, file: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"{file.name} has a mistake in line {error.lineno}: {error.msg}."
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    where = f" in line {lines[-1]}" if lines else ""
    return f"{file.name} raises {type(error).__name__}{where}: {error}."


def made(kind: type[Strategy[Any]]) -> Strategy[Any]:
    """One of them. Raises Unloadable when it cannot be made."""
    try:
        return kind()
    except Exception as error:
        fault = f"raises {type(error).__name__} when {kind.__name__} is made: {error}."
        raise Unloadable("init_raised", fault, "Correct its __init__, or do that in on_start.") from error
