"""`tradewind logs`: what an engine said, from the instance's own files."""

import json
import time
from collections import deque
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from tradewind.cli.instances import DEFAULT_DATA, DataFolder, folder_of
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.commander.engine_line import LEVELS, EngineLine, Level, parse_line
from tradewind.commander.following import Following
from tradewind.commander.redaction import redacted, redacted_data
from tradewind.errors import InvalidInput

_MOST_CHARACTERS = 100
_EVERY_S = 0.1
_STYLES = {"debug": "dim", "info": "", "warning": "yellow", "error": "bold red"}


def logs(
    name: Annotated[str, typer.Argument(metavar="STRATEGY[/INSTANCE]")],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=1_000_000, help="So many of the last.")] = 50,
    level: Annotated[str, typer.Option("--level", help="This level and worse: debug, info, warning, error.")] = "debug",
    as_stderr: Annotated[
        bool, typer.Option("--stderr", help="Its standard error: panics, and what cargo says.")
    ] = False,
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Show what an engine said; secrets are hidden. With -f it goes on, also over restarts. --json has each line whole.

    Example: `tradewind logs arb/main -f --level warning`
    """
    output = Output(as_json=as_json)
    if level not in LEVELS:
        message = f"is not a level. Write one of {', '.join(LEVELS)}."
        raise InvalidInput.one("--level", "level_unknown", message, what="command line")
    folder = folder_of(data, name)
    following = Following(folder.errors if as_stderr else folder.log)
    usual: Level = "warning" if as_stderr else "info"
    wanted = LEVELS[LEVELS.index(level) :]
    found = (line for line in _parsed(following.read(), usual) if line.level in wanted)
    _show(output, deque(found, maxlen=lines))
    while follow:
        _show(output, (line for line in _parsed(following.read(), usual) if line.level in wanted))
        time.sleep(_EVERY_S)


def _parsed(raw: Iterator[bytes], usual: Level) -> Iterator[EngineLine]:
    for line in raw:
        yield parse_line(line, now_ns=0, level=usual)


def _show(output: Output, lines: Iterator[EngineLine] | deque[EngineLine]) -> None:
    for line in lines:
        document = {"at_ns": line.at_ns, "level": line.level, "event": line.event, "message": redacted(line.message)}
        document |= redacted_data(line.fields)
        output.line(document, _text(line))


def _short(value: object) -> str:
    """What has many parts is counted: `--json` has all of it."""
    if not isinstance(value, dict | list):
        return str(value)
    text = json.dumps(value, separators=(",", ":"), default=str)
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{{{len(value)} keys}}" if isinstance(value, dict) else f"[{len(value)} items]"


def _text(line: EngineLine) -> Text:
    at = time.strftime("%H:%M:%S", time.gmtime(line.at_ns // 10**9)) if line.at_ns else "        "
    fields = " ".join(f"{key}={_short(value)}" for key, value in redacted_data(line.fields).items())
    event = "" if line.event == "text" else f"{line.event}  "
    said = "  ".join(part for part in (redacted(line.message), redacted(fields)) if part)
    return Text.assemble((f"{at} ", "dim"), (f"{line.level:<7} ", _STYLES[line.level]), (event, "bold"), said)
