"""`tradewind init`: writes the example files for a new user."""

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.examples import NAMES, example
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.errors import Conflict, Misconfigured

NEXT = """
Next:
  1. Put your wallet's address into both .toml files (the one there is a public test account).
  2. tradewind keys import --keys {keys}
  3. tradewind-signer run --config {signer}
  4. tradewind doctor --config {service}
  5. tradewind up --config {service}
  6. tradewind intent submit {intent} --watch --config {service}
"""


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write them; made when it does not exist.")],
    as_json: JsonFlag = False,
) -> None:
    """Write a commented example: the configurations of the service and of the signer, and an intent.

    Never overwrites: when one of the files is there, nothing is written.

    Example: `tradewind init my-desk`
    """
    output = Output(as_json=as_json)
    paths = {name: folder / name for name in NAMES}
    if there := [str(path) for path in paths.values() if path.exists()]:
        raise Conflict("file_exists", f"Already there: {', '.join(there)}.", remedy="Name another folder.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, path in paths.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(example(name))
    except OSError as error:
        raise Misconfigured(
            "folder_unwritable", f"{error.filename or folder}: {error.strerror}.", remedy="Name another folder."
        ) from None
    steps = NEXT.format(
        keys=folder / "keys.age",
        signer=paths["signer.toml"],
        service=paths["arbitrum.toml"],
        intent=paths["intent.json"],
    )
    written = [str(path) for path in paths.values()]
    output.emit({"written": written}, *(f"wrote {path}" for path in written), steps.rstrip())
