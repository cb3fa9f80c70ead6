"""`tradewind intent`: sends intents to the service and shows what became of them."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from tradewind.cli import intent_view as view
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.follow import follow
from tradewind.cli.intent_builder import Wish, build
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output
from tradewind.cli.service_client import ServiceClient
from tradewind.domain.intent import ExecutionStyle, IntentType
from tradewind.domain.status import IntentStatus
from tradewind.errors import InvalidInput
from tradewind.observability.clock import SystemClock
from tradewind.settings import Settings

intent = typer.Typer(name="intent", no_args_is_help=True, help="Send intents, and see what became of them.")

Size = Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 1.5, or 25% of the holding.")]
Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="A token of the configuration.")]
Slippage = Annotated[str, typer.Option("--slippage", help="The most the price may move against you: 0.5% or 50bps.")]
Within = Annotated[str, typer.Option("--within", help="How long it may take: 30s, 5m, 2h, 1d.")]
Style = Annotated[ExecutionStyle, typer.Option("--style", help="Speed, or little market impact.")]
StrategyName = Annotated[
    str | None, typer.Option("--strategy", help="Its name in the configuration; default: the only one.")
]
ChainId = Annotated[int | None, typer.Option("--chain", help="The chain id; default: the only one.")]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="VENUE", help="Use this venue alone; repeatable.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", metavar="VENUE", help="Never use it; repeatable.")]
Watch = Annotated[bool, typer.Option("--watch", help="Follow it to its end; the exit code is its outcome.")]
IntentId = Annotated[UUID, typer.Argument(metavar="ID", help="The intent's id, from its receipt.")]

_MAX_FILE_BYTES = 1 << 24


@intent.command()
def submit(
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An intent as JSON; - reads stdin.")],
    watch: Watch = False,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Send an intent from a file, exactly as it stands there.

    Example: `tradewind intent submit intent.json --watch`
    """
    _send(_read(file), ServiceClient.of(config, url=url, token_file=token_file), Output(as_json=as_json), watch=watch)


@intent.command()
def acquire(
    *,
    size: Size,
    symbol: Symbol,
    counter: Annotated[str, typer.Option("--with", metavar="SYMBOL", help="The token to pay with.")],
    slippage: Slippage = "0.5%",
    within: Within = "5m",
    style: Style = ExecutionStyle.AGGRESSIVE,
    strategy: StrategyName = None,
    chain: ChainId = None,
    only: Only = None,
    exclude: Exclude = None,
    watch: Watch = False,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Get exactly this much of a token, and pay with another.

    Example: `tradewind intent acquire 1.5 WETH --with USDC --slippage 0.5% --watch`
    """
    wish = Wish(
        IntentType.ACQUIRE, size, symbol, counter, slippage, within, style, strategy, chain, only or (), exclude or ()
    )
    body = build(wish, Settings.load(config)).model_dump_json(exclude_none=True).encode()
    _send(body, ServiceClient.of(config, url=url, token_file=token_file), Output(as_json=as_json), watch=watch)


@intent.command()
def dispose(
    *,
    size: Size,
    symbol: Symbol,
    counter: Annotated[str, typer.Option("--for", metavar="SYMBOL", help="The token to get for it.")],
    slippage: Slippage = "0.5%",
    within: Within = "5m",
    style: Style = ExecutionStyle.AGGRESSIVE,
    strategy: StrategyName = None,
    chain: ChainId = None,
    only: Only = None,
    exclude: Exclude = None,
    watch: Watch = False,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Give away exactly this much of a token, or a percentage of the holding, for another.

    Example: `tradewind intent dispose 25% ARB --for USDC --within 2m`
    """
    wish = Wish(
        IntentType.DISPOSE, size, symbol, counter, slippage, within, style, strategy, chain, only or (), exclude or ()
    )
    body = build(wish, Settings.load(config)).model_dump_json(exclude_none=True).encode()
    _send(body, ServiceClient.of(config, url=url, token_file=token_file), Output(as_json=as_json), watch=watch)


@intent.command()
def show(
    *,
    intent_id: IntentId,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Show everything about one intent: status, plan, transactions, fill, timeline.

    Example: `tradewind intent show 0b54…`
    """
    document = asyncio.run(_shown(ServiceClient.of(config, url=url, token_file=token_file), intent_id))
    Output(as_json=as_json).emit(document, view.whole(document))


@intent.command()
def watch(
    *,
    intent_id: IntentId,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Follow an intent to its end. Exit code 0 when it completed, 1 when it did not.

    Example: `tradewind intent watch 0b54… --json`
    """
    client = ServiceClient.of(config, url=url, token_file=token_file)
    raise typer.Exit(asyncio.run(_watch(client, str(intent_id), Output(as_json=as_json))))


@intent.command("list")
def list_(
    *,
    status: Annotated[IntentStatus | None, typer.Option("--status", help="Only intents of this status.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 20,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """List intents, the newest first.

    Example: `tradewind intent list --status FAILED --limit 5`
    """
    client = ServiceClient.of(config, url=url, token_file=token_file)
    page = asyncio.run(_listed(client, status and status.value, limit))
    Output(as_json=as_json).emit(page, view.listing(page))


def _read(file: str) -> bytes:
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


def _send(body: bytes, client: ServiceClient, output: Output, *, watch: bool) -> None:
    raise typer.Exit(asyncio.run(_submitted(body, client, output, watch=watch)))


async def _submitted(body: bytes, client: ServiceClient, output: Output, *, watch: bool) -> ExitCode:
    async with client as service:
        receipt = await service.submit(body)
        if not watch:
            output.emit(receipt, view.receipt(receipt))
            return ExitCode.OK
        output.line(receipt, view.receipt(receipt))
        return await _followed(service, receipt["id"], output)


async def _watch(client: ServiceClient, intent_id: str, output: Output) -> ExitCode:
    async with client as service:
        return await _followed(service, intent_id, output)


async def _followed(service: ServiceClient, intent_id: str, output: Output) -> ExitCode:
    status: IntentStatus | None = None
    async for envelope in follow(service, intent_id, SystemClock()):
        status = envelope.body.status or status
        output.line(envelope.model_dump(mode="json"), view.event(envelope))
    if not output.as_json:
        output.say(view.whole(await service.intent(intent_id)))
    return ExitCode.OK if status is IntentStatus.COMPLETED else ExitCode.NOT_DONE


async def _shown(client: ServiceClient, intent_id: UUID) -> dict[str, Any]:
    async with client as service:
        return await service.intent(str(intent_id))


async def _listed(client: ServiceClient, status: str | None, limit: int) -> dict[str, Any]:
    async with client as service:
        return await service.intents(status=status, limit=limit)
