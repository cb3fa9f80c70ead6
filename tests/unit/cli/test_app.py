"""The main help, exit codes, and how errors reach people and programs."""

import errno
import re
from pathlib import Path

import pytest
import typer

from tests.unit.cli.terminal import tradewind
from tradewind.cli.app import app
from tradewind.cli.exit_code import exit_code_of
from tradewind.errors import (
    Conflict,
    Damaged,
    Halted,
    InvalidInput,
    Misconfigured,
    NotFound,
    Refused,
    TradewindError,
    Unauthorized,
    Unavailable,
)
from tradewind.localnet import LocalnetError, MissingTool
from tradewind.settings import Settings

COMMANDS = [
    ("demo", "all"), ("demo", "arb"), ("rules", "check"), ("rules", "show"), ("new", "strategy"),
    ("init",), ("doctor",), ("up",), ("report",), ("halt",), ("resume",), ("sweep",), ("localnet", "evm"),
    ("run",), ("ps",), ("status",), ("logs",), ("stop",), ("restart",), ("settings",),
    ("localnet", "solana"),
    ("intent", "submit"), ("intent", "acquire"), ("intent", "dispose"), ("intent", "show"), ("intent", "watch"),
    ("intent", "list"), ("journal", "verify"), ("journal", "show"), ("quote", "file"), ("quote", "acquire"),
    ("quote", "dispose"), ("cancel",), ("events",), ("portfolio",), ("limits", "show"), ("limits", "set"),
    ("limits", "cancel-raise"), ("quote", "pool"), ("route",), ("cycles",), ("decode",),
    ("token", "new"), ("token", "list"), ("token", "revoke"), ("executor",),
]  # fmt: skip


def test_the_help_documents_every_exit_code() -> None:
    said = tradewind("--help")
    assert said.exit_code == 0
    for code in (0, 1, 2, 3, 130):
        assert re.search(rf"• {code} ", said.stdout)


def test_every_registered_command_is_among_those_whose_help_is_tested() -> None:
    click = typer.main.get_command(app)
    found: set[tuple[str, ...]] = set()
    for name, command in click.commands.items():  # type: ignore[attr-defined]
        found |= {(name, inner) for inner in command.commands} if hasattr(command, "commands") else {(name,)}
    assert {command for command in found if command[0] != "keys"} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_help_teaches_with_an_example_and_offers_json(command: tuple[str, ...]) -> None:
    said = tradewind(*command, "--help")
    assert said.exit_code == 0
    assert f"Example: tradewind {' '.join(command)}" in said.stdout
    assert "--json" in said.stdout


@pytest.mark.parametrize("group", ["intent", "journal", "localnet", "keys"])
def test_a_group_without_a_command_shows_its_help(group: str) -> None:
    said = tradewind(group)
    assert f"Usage: tradewind {group}" in said.stdout + said.stderr


def test_an_unknown_command_is_a_usage_error() -> None:
    assert tradewind("trade").exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput.one("field", "code", "message"), 2),
        (Unauthorized("code", "message"), 2),
        (Refused("code", "message"), 1),
        (Conflict("code", "message"), 1),
        (NotFound("code", "message"), 1),
        (Halted("code", "message"), 1),
        (Damaged("code", "message"), 1),
        (TradewindError("code", "message"), 1),
        (Misconfigured("code", "message"), 3),
        (Unavailable("code", "message"), 3),
        (LocalnetError("code", "message"), 3),
        (MissingTool("code", "message"), 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_error_has_its_exit_code(error: TradewindError, code: int) -> None:
    assert exit_code_of(error) == code


def test_an_error_names_what_is_missing_and_the_remedy_without_a_traceback() -> None:
    said = tradewind("intent", "list", "--config", "nowhere.toml")
    assert said.exit_code == 3
    assert said.stdout == ""
    assert "nowhere.toml does not exist" in said.stderr
    assert "remedy: " in said.stderr
    assert "code: config_missing" in said.stderr


def test_with_json_an_error_is_one_json_line_on_stderr_and_stdout_stays_empty() -> None:
    said = tradewind("intent", "list", "--json", "--config", "nowhere.toml")
    assert said.exit_code == 3
    assert said.error["code"] == "config_missing"
    assert said.stderr.count("\n") == 1


def test_the_demo_refuses_a_folder_that_is_not_empty_and_touches_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    said = tradewind("demo", "--json", "--dir", tmp_path)
    assert (said.exit_code, said.error["code"]) == (2, "folder_not_empty")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    under_a_file = tradewind("demo", "--json", "--dir", tmp_path / "mine.txt" / "deeper")
    assert (under_a_file.exit_code, under_a_file.error["code"]) == (2, "folder_unusable")


def test_a_reader_that_has_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: Path) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(Settings, "load", closed)
    said = tradewind("portfolio")
    assert (said.exit_code, said.stderr) == (1, "")
