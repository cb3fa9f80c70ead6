"""`tradewind token`: makes, lists and ends the tokens of those who use the API. The service need not run."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tradewind.api.scopes import Scope
from tradewind.api.token import token_text, write_new
from tradewind.api.tokens_file import NS_PER_DAY, TokenRecord, TokensFile
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag
from tradewind.cli.output import Output, facts, table
from tradewind.domain.strategy import Strategy
from tradewind.errors import Conflict, InvalidInput
from tradewind.observability.clock import NS_PER_S, SystemClock
from tradewind.settings import Settings

token = typer.Typer(
    name="token",
    no_args_is_help=True,
    help="Make, list and revoke API tokens. The owner's own, made on the first run, is in data/api.token.",
)

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")

Scopes = Annotated[
    list[Scope],
    typer.Option(
        "--scope",
        help="What it may do; repeatable. trade includes read and halt, admin includes all.",
        case_sensitive=False,
    ),
]


@token.command()
def new(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; the journal names it with every write.")],
    scope: Scopes,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", metavar="NAME|ID", help="Bind it to this strategy alone; repeatable."),
    ] = None,
    expires: Annotated[str, typer.Option("--expires", metavar="DAYS", help="Such as 30d, or never.")] = "90d",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there (0600) and do not show it.")
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Make a token. It is shown once: only its hash is kept. A running service takes it at once.

    Example: `tradewind token new desk --scope trade --strategy example --expires 30d`
    """
    output, settings, now_ns = Output(as_json=as_json), Settings.load(config), SystemClock().now_ns()
    if out is not None and out.exists():
        raise Conflict("file_exists", f"{out} is there already.", remedy="Name another file.")
    made, secret = TokensFile(settings.tokens_file).add(
        name,
        scopes=tuple(dict.fromkeys(scope)),
        strategies=_strategy_ids(strategy or [], settings.strategies),
        now_ns=now_ns,
        expires_at_ns=_expiry_ns(expires, now_ns),
    )
    text = token_text(made.id, secret)
    shown = _document(made, settings.strategies, now_ns)
    if out is not None:
        write_new(out, text)
        output.emit({**shown, "file": str(out)}, facts({**_facts(shown), "token": f"in {out}"}))
        return
    output.emit({**shown, "token": text}, facts({**_facts(shown), "token": text}), "It is not shown again.")


@token.command("list")
def list_(*, config: ConfigFile = DEFAULT_CONFIG, as_json: JsonFlag = False) -> None:
    """Show every token but the owner's: name, scopes, strategies, and until when.

    Example: `tradewind token list`
    """
    settings, now_ns = Settings.load(config), SystemClock().now_ns()
    documents = [_document(record, settings.strategies, now_ns) for record in TokensFile(settings.tokens_file).read()]
    columns = ("id", "name", "scopes", "strategies", "created", "expires", "state")
    rows = [list(_facts(document).values()) for document in documents]
    Output(as_json=as_json).emit({"tokens": documents}, table(columns, rows))


@token.command()
def revoke(
    *,
    which: Annotated[str, typer.Argument(metavar="NAME|ID", help="The token, as `tradewind token list` shows it.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """End a token, for ever. A running service refuses it from its next request on.

    Example: `tradewind token revoke desk`
    """
    settings, now_ns = Settings.load(config), SystemClock().now_ns()
    ended = TokensFile(settings.tokens_file).revoke(which, now_ns=now_ns)
    document = _document(ended, settings.strategies, now_ns)
    Output(as_json=as_json).emit(document, f"Revoked: {ended.name} ({ended.id}).")


def _strategy_ids(given: list[str], known: Mapping[str, Strategy]) -> tuple[UUID, ...] | None:
    by_text = {text: strategy.id for name, strategy in known.items() for text in (name, str(strategy.id))}
    if unknown := [text for text in given if text not in by_text]:
        message = f"'{unknown[0]}' is no strategy of the configuration. There: {', '.join(known) or 'none'}."
        raise InvalidInput.one("--strategy", "strategy_unknown", message, what="command line")
    return tuple(dict.fromkeys(by_text[text] for text in given)) or None


def _expiry_ns(text: str, now_ns: int) -> int | None:
    if text == "never":
        return None
    if (match := _DAYS.fullmatch(text)) is None:
        message = f"'{text[:40]}' is not a number of days such as 30d, nor the word never."
        raise InvalidInput.one("--expires", "expiry_malformed", message, what="command line")
    return now_ns + int(match[1]) * NS_PER_DAY


def _document(record: TokenRecord, known: Mapping[str, Strategy], now_ns: int) -> dict[str, object]:
    names = {strategy.id: name for name, strategy in known.items()}
    bound = None if record.strategies is None else [names.get(one, str(one)) for one in record.strategies]
    return {
        "id": record.id,
        "name": record.name,
        "scopes": [scope.value for scope in record.scopes],
        "strategies": bound,
        "created": _day(record.created_at_ns),
        "expires": None if record.expires_at_ns is None else _day(record.expires_at_ns),
        "state": record.state(now_ns),
    }


def _facts(document: Mapping[str, object]) -> dict[str, str]:
    absent = {"strategies": "all", "expires": "never"}
    return {
        name: absent.get(name, "") if value is None else ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in document.items()
    }


def _day(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
