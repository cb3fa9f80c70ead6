"""Finds the engine: installed, then built in this tree, else built by cargo at the start."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tradewind.errors import Misconfigured

NAME = "tradewind-engine"
VARIABLE = "TRADEWIND_ENGINE"


@dataclass(frozen=True, slots=True)
class EngineCommand:
    """What to run; `because` says why it is this one, for the user."""

    argv: tuple[str, ...]
    because: str
    builds: bool = False


def find_engine(environment: Mapping[str, str], *, here: Path, beside: Path = Path(sys.executable)) -> EngineCommand:
    """The engine that TRADEWIND_ENGINE names; else beside this Python; on PATH; in target/release above `here`; cargo.

    Raises Misconfigured `engine_missing`.
    """
    if named := environment.get(VARIABLE):
        return _named(named)
    path = environment.get("PATH", os.defpath)
    installed = str(beside.with_name(NAME))
    if found := installed if _runs(installed) else shutil.which(NAME, path=path):
        return EngineCommand((str(Path(found).absolute()),), f"installed: {found}")
    tree = _tree_of(here)
    if tree is not None:
        built = tree / "target" / "release" / NAME
        if _runs(built):
            return EngineCommand((str(built),), f"built in this tree: {built}")
        if cargo := shutil.which("cargo", path=path):
            return _by_cargo(cargo, tree)
    raise Misconfigured(
        "engine_missing",
        f"The program {NAME} is neither beside {beside}, nor on PATH, nor in a tree that cargo could build it in.",
        remedy=f"Install tradewind again, or name the program: export {VARIABLE}=/path/to/{NAME}",
    )


def _named(named: str) -> EngineCommand:
    if not _runs(named):
        raise Misconfigured(
            "engine_missing", f"{VARIABLE} names {named}, which cannot be run.", remedy="Correct or unset it."
        )
    return EngineCommand((str(Path(named).absolute()),), f"named by {VARIABLE}: {named}")


def _by_cargo(cargo: str, tree: Path) -> EngineCommand:
    argv = (cargo, "run", "--release", "--locked", "--manifest-path", str(tree / "Cargo.toml"), "--bin", NAME, "--")
    because = f"no release binary: cargo builds it in {tree} first, which takes minutes the first time"
    return EngineCommand(argv, because, builds=True)


def _tree_of(here: Path) -> Path | None:
    """The nearest folder above that has the engine's sources."""
    for folder in (here, *here.parents):
        if (folder / "crates" / "engine" / "Cargo.toml").is_file() and (folder / "Cargo.toml").is_file():
            return folder
    return None


def _runs(path: str | Path) -> bool:
    return Path(path).is_file() and os.access(path, os.X_OK)
