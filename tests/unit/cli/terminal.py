"""Runs the command line in this process, as a pipe would see it."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from tradewind.cli.app import app


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """Its stdout as one JSON document."""
        return json.loads(self.stdout)

    @property
    def error(self) -> Any:
        """The error of a command that was asked for JSON."""
        assert self.stdout == ""
        return json.loads(self.stderr)["error"]


def tradewind(*arguments: object, stdin: str | None = None) -> Said:
    """Run `tradewind` with these arguments."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, prog_name="tradewind")
    assert "Traceback" not in done.output
    return Said(done.exit_code, done.stdout, done.stderr)
