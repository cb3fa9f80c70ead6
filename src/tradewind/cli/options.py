"""The options that several commands share, so that each reads the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

JSON_ASKED = "tradewind.json"


def _remember_json(context: typer.Context, value: bool) -> bool:
    # Kept for the root, which shows errors long after the command's own parameters are gone.
    context.meta[JSON_ASKED] = value
    return value


JsonFlag = Annotated[
    bool,
    typer.Option("--json", help="Write JSON to stdout and nothing else.", callback=_remember_json, is_eager=True),
]
ConfigFile = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        envvar="TRADEWIND_CONFIG",
        help="The configuration of the service.",
        metavar="FILE",
        show_default=True,
    ),
]
Url = Annotated[
    str | None, typer.Option("--url", help="The service, when it is not where --config says.", metavar="URL")
]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="The API token, when not where --config says.", metavar="FILE")
]

DEFAULT_CONFIG = Path("arbitrum.toml")
