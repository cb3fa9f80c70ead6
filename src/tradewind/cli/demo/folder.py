"""The folder that a demo works in: a scratch one that goes again, or one that is kept."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tradewind.errors import InvalidInput

Keep = Annotated[bool, typer.Option("--keep", help="Keep the scratch folder: journal, gate, configs, logs.")]
ScratchFolder = Annotated[Path | None, typer.Option("--dir", metavar="DIR", help="Use this empty folder, and keep it.")]


@contextmanager
def scratch(folder: Path | None, *, keep: bool) -> Iterator[tuple[Path, bool]]:
    """The folder, and whether it stays. Raises InvalidInput for one that cannot be used or is not empty."""
    if folder is None:
        made = Path(tempfile.mkdtemp(prefix="tradewind-demo-"))
    else:
        made = folder.absolute()
        try:
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            taken = any(made.iterdir())
        except OSError as error:
            message = f"{made} cannot be used: {error.strerror}. Name another folder."
            raise InvalidInput.one("--dir", "folder_unusable", message, what="command line") from None
        if taken:
            raise InvalidInput.one(
                "--dir", "folder_not_empty", f"{made} is not empty. Name an empty or a new folder.", what="command line"
            )
    kept = keep or folder is not None
    try:
        yield made, kept
    finally:
        if not kept:
            shutil.rmtree(made, ignore_errors=True)
