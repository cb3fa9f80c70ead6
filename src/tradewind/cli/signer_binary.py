"""Finds the signer's program: beside this Python, then on PATH, unless TRADEWIND_SIGNER names another."""

import os
import shutil
import sys
from pathlib import Path

from tradewind.errors import Misconfigured

NAME = "tradewind-signer"


def find_signer() -> Path:
    """The program's path; raises Misconfigured `signer_missing`."""
    if named := os.environ.get("TRADEWIND_SIGNER"):
        if os.access(named, os.X_OK):
            return Path(named).absolute()
        raise Misconfigured(
            "signer_missing", f"TRADEWIND_SIGNER names {named}, which cannot be run.", remedy="Correct or unset it."
        )
    beside = Path(sys.executable).with_name(NAME)
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(NAME)
    if found is None:
        raise Misconfigured(
            "signer_missing",
            f"The program {NAME} is neither beside {sys.executable} nor on PATH.",
            remedy="Install tradewind again (it brings the signer), or put the program's folder on PATH.",
        )
    return Path(found)
