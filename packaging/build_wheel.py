"""Build backend: builds the signer and the engine, lays them beside the scripts, then lets maturin build the wheel.

maturin packs one extension module; the binaries that belong to it travel in the wheel's data folder, so that
one `pip install` brings everything and no version of the two halves can be mixed.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import maturin
from maturin import (
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parent.parent
BINARIES = ("tradewind-signer", "tradewind-engine")


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """PEP 517: maturin wants to see the data folder already for this."""
    _scripts_folder()
    return str(maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings))


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    """PEP 517: one wheel with the module and the binaries."""
    _stage_binaries()
    return str(maturin.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    """PEP 660: the same, with the Python sources left in place."""
    _stage_binaries()
    return str(maturin.build_editable(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """PEP 517: the sources; the binaries are built where they are installed."""
    _scripts_folder()
    return str(maturin.build_sdist(sdist_directory, config_settings))


def _stage_binaries() -> None:
    packages = [argument for name in BINARIES for argument in ("--package", name)]
    subprocess.run(["cargo", "build", "--release", "--locked", *packages], cwd=ROOT, check=True)
    scripts = _scripts_folder()
    for name in BINARIES:
        shutil.copy2(ROOT / "target" / "release" / name, scripts / name)


def _scripts_folder() -> Path:
    scripts = ROOT / "build" / "wheel.data" / "scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    return scripts
