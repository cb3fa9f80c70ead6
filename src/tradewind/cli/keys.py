"""`tradewind keys`: hands the terminal to the signer's own program. No key ever passes through here."""

import subprocess
from typing import Annotated

import typer

from tradewind.cli.signer_binary import find_signer

keys = typer.Typer(
    name="keys",
    no_args_is_help=True,
    help="Make, import, list, rotate and back up keys. Each command is `tradewind-signer key …` with this terminal "
    "handed through: the passphrase and the key are asked for by the signer, and nothing else sees them.",
)

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
Arguments = Annotated[
    list[str] | None, typer.Argument(metavar="[OPTIONS]", help="Passed on to the signer; --help shows what it takes.")
]


@keys.command("new", context_settings=_PASS_ON)
def new(arguments: Arguments = None) -> None:
    """Make a new key and add it to an encrypted key file.

    Example: `tradewind keys new --keys keys.age`
    """
    _hand_over("new", arguments)


@keys.command("import", context_settings=_PASS_ON)
def import_(arguments: Arguments = None) -> None:
    """Add a key that you have; it is asked for, or read from a Solana key pair, an EVM keystore or a backup.

    Example: `tradewind keys import --keys keys.age --keystore UTC--2026-01-01.json`
    """
    _hand_over("import", arguments)


@keys.command("list", context_settings=_PASS_ON)
def list_(arguments: Arguments = None) -> None:
    """Show the addresses in a key file.

    Example: `tradewind keys list --keys keys.age`
    """
    _hand_over("list", arguments)


@keys.command("rotate", context_settings=_PASS_ON)
def rotate(arguments: Arguments = None) -> None:
    """Give a label to a new key; the old one stays in the file, so that its wallet can be emptied.

    Example: `tradewind keys rotate --keys keys.age --label hot`
    """
    _hand_over("rotate", arguments)


@keys.command("passphrase", context_settings=_PASS_ON)
def passphrase(arguments: Arguments = None) -> None:
    """Change the passphrase of a key file.

    Example: `tradewind keys passphrase --keys keys.age`
    """
    _hand_over("passphrase", arguments)


@keys.command("backup", context_settings=_PASS_ON)
def backup(arguments: Arguments = None) -> None:
    """Write an encrypted copy of a key file, and read it back before saying that it is done.

    Example: `tradewind keys backup --keys keys.age --to keys-2026-01-01.age`
    """
    _hand_over("backup", arguments)


def _hand_over(action: str, arguments: list[str] | None) -> None:
    done = subprocess.run([str(find_signer()), "key", action, *(arguments or [])], check=False)
    raise typer.Exit(done.returncode if done.returncode >= 0 else 1)
