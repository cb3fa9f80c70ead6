"""`tradewind new`: scaffolds what a user writes."""

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.new_strategy import new_strategy, write_all
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.errors import Misconfigured

new = typer.Typer(name="new", no_args_is_help=True, help="Begin something of your own: a strategy.")


@new.callback()
def _new() -> None:
    # A group of one command stays a group.
    pass


@new.command("strategy")
def strategy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and _.")],
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="The desk that it is for.")] = Path(),
    as_json: JsonFlag = False,
) -> None:
    """Write a strategy in Python that runs as it is, its configuration, and a test of it that passes.

    The chain, the signer and the pools are those of a configuration that is there already, such as that of a desk of
    `tradewind localnet solana --desk`. Never overwrites: when one of the files is there, nothing is written.

    Example: `tradewind new strategy my_first`
    """
    output = Output(as_json=as_json)
    made = new_strategy(name, folder)
    try:
        write_all(made.files)
    except OSError as error:
        raise Misconfigured(
            "folder_unwritable", f"{error.filename or folder}: {error.strerror}.", remedy="Name another: --folder DIR"
        ) from None
    there = "" if folder == Path() else f"cd {folder} && "
    steps = [
        f"{there}python -m pytest tests/test_{name}.py",
        f"{there}tradewind run --strategy {name} --check",
        f"{there}tradewind run --strategy {name}",
    ]
    written = [str(path) for path in made.files]
    whose = f"chain as in {made.like}" if made.like else "chain: put yours into the .yaml"
    said = "\n".join(f"  {step}" for step in steps)
    document = {"written": written, "like": None if made.like is None else str(made.like), "next": steps}
    output.emit(document, *(f"wrote {path}" for path in written), f"({whose})\n\nNext:\n{said}")
