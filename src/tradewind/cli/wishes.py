"""The options that describe an intent on the command line, for those who send one and those who only ask."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.intent_builder import Wish, build
from tradewind.domain.intent import ExecutionStyle, IntentType
from tradewind.errors import InvalidInput
from tradewind.settings import Settings

Size = Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 1.5, or 25% of the holding.")]
Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="A token of the configuration.")]
PaidWith = Annotated[str, typer.Option("--with", metavar="SYMBOL", help="The token to pay with.")]
SoldFor = Annotated[str, typer.Option("--for", metavar="SYMBOL", help="The token to get for it.")]
Slippage = Annotated[str, typer.Option("--slippage", help="The most the price may move against you: 0.5% or 50bps.")]
Within = Annotated[str, typer.Option("--within", help="How long it may take: 30s, 5m, 2h, 1d.")]
Style = Annotated[ExecutionStyle, typer.Option("--style", help="Speed, or little market impact.")]
StrategyName = Annotated[
    str | None, typer.Option("--strategy", help="Its name in the configuration; default: the only one.")
]
ChainId = Annotated[int | None, typer.Option("--chain", help="The chain id; default: the only one.")]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="VENUE", help="Use this venue alone; repeatable.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", metavar="VENUE", help="Never use it; repeatable.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="An intent as JSON; - reads stdin.")]

_MAX_FILE_BYTES = 1 << 24


def wished(
    kind: IntentType,
    config: Path,
    *,
    size: str,
    symbol: str,
    counter: str,
    slippage: str,
    within: str,
    style: ExecutionStyle,
    strategy: str | None,
    chain: int | None,
    only: Sequence[str] | None,
    exclude: Sequence[str] | None,
) -> bytes:
    """The intent as JSON; raises InvalidInput naming the option that is wrong."""
    wish = Wish(kind, size, symbol, counter, slippage, within, style, strategy, chain, only or (), exclude or ())
    return build(wish, Settings.load(config)).model_dump_json(exclude_none=True).encode()


def read_file(file: str) -> bytes:
    """The bytes of a file, or of stdin, as they are."""
    try:
        if file == "-":
            body = sys.stdin.buffer.read(_MAX_FILE_BYTES)
        else:
            with Path(file).open("rb") as source:
                body = source.read(_MAX_FILE_BYTES)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}. Name a file with an intent as JSON, or - for stdin."
        raise InvalidInput.one("FILE", "file_unreadable", message, what="command line") from None
    if not body.strip():
        raise InvalidInput.one(
            "FILE", "file_empty", f"{file} is empty. It must hold an intent as JSON.", what="command line"
        )
    return body
