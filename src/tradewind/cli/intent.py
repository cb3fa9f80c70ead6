"""`tradewind intent`: sends intents to the service and shows what became of them."""

from typing import Annotated
from uuid import UUID

import typer

from tradewind.cli import intent_view as view
from tradewind.cli import wishes as w
from tradewind.cli.document import document_of
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output
from tradewind.cli.service import service_of
from tradewind.client import Client
from tradewind.domain.intent import ExecutionStyle, IntentType
from tradewind.domain.status import IntentStatus

intent = typer.Typer(name="intent", no_args_is_help=True, help="Send intents, and see what became of them.")

Watch = Annotated[bool, typer.Option("--watch", help="Follow it to its end; the exit code is its outcome.")]
IntentId = Annotated[UUID, typer.Argument(metavar="ID", help="The intent's id, from its receipt.")]
Key = Annotated[
    str | None,
    typer.Option("--key", metavar="TEXT", help="An Idempotency-Key of your own: sent twice, it is done once."),
]


@intent.command()
def submit(
    *,
    file: w.File,
    watch: Watch = False,
    key: Key = None,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Send an intent from a file, exactly as it stands there.

    Example: `tradewind intent submit intent.json --watch`
    """
    body = w.read_file(file)
    with service_of(config, url=url, token_file=token_file) as service:
        _send(service, body, Output(as_json=as_json), watch=watch, key=key)


@intent.command()
def acquire(
    *,
    size: w.Size,
    symbol: w.Symbol,
    counter: w.PaidWith,
    slippage: w.Slippage = "0.5%",
    within: w.Within = "5m",
    style: w.Style = ExecutionStyle.AGGRESSIVE,
    strategy: w.StrategyName = None,
    chain: w.ChainId = None,
    only: w.Only = None,
    exclude: w.Exclude = None,
    watch: Watch = False,
    key: Key = None,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Get exactly this much of a token, and pay with another.

    Example: `tradewind intent acquire 1.5 WETH --with USDC --slippage 0.5% --watch`
    """
    body = w.wished(
        IntentType.ACQUIRE,
        config,
        size=size,
        symbol=symbol,
        counter=counter,
        slippage=slippage,
        within=within,
        style=style,
        strategy=strategy,
        chain=chain,
        only=only,
        exclude=exclude,
    )
    with service_of(config, url=url, token_file=token_file) as service:
        _send(service, body, Output(as_json=as_json), watch=watch, key=key)


@intent.command()
def dispose(
    *,
    size: w.Size,
    symbol: w.Symbol,
    counter: w.SoldFor,
    slippage: w.Slippage = "0.5%",
    within: w.Within = "5m",
    style: w.Style = ExecutionStyle.AGGRESSIVE,
    strategy: w.StrategyName = None,
    chain: w.ChainId = None,
    only: w.Only = None,
    exclude: w.Exclude = None,
    watch: Watch = False,
    key: Key = None,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Give away exactly this much of a token, or a percentage of the holding, for another.

    Example: `tradewind intent dispose 25% ARB --for USDC --within 2m`
    """
    body = w.wished(
        IntentType.DISPOSE,
        config,
        size=size,
        symbol=symbol,
        counter=counter,
        slippage=slippage,
        within=within,
        style=style,
        strategy=strategy,
        chain=chain,
        only=only,
        exclude=exclude,
    )
    with service_of(config, url=url, token_file=token_file) as service:
        _send(service, body, Output(as_json=as_json), watch=watch, key=key)


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
    with service_of(config, url=url, token_file=token_file) as service:
        shown = service.intent(intent_id)
    Output(as_json=as_json).emit(document_of(shown), view.whole(shown))


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
    with service_of(config, url=url, token_file=token_file) as service:
        _follow(service, intent_id, Output(as_json=as_json))


@intent.command("list")
def list_(
    *,
    status: Annotated[IntentStatus | None, typer.Option("--status", help="Only intents of this status.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 20,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Where to go on; the last list says it.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """List intents, the newest first.

    Example: `tradewind intent list --status FAILED --limit 5`
    """
    with service_of(config, url=url, token_file=token_file) as service:
        page = service.intents(status=status, limit=limit, cursor=cursor)
    Output(as_json=as_json).emit(document_of(page), view.listing(page))


def _send(service: Client, body: bytes, output: Output, *, watch: bool, key: str | None) -> None:
    receipt = service.submit(body, idempotency_key=key)
    if not watch:
        output.emit(document_of(receipt), view.receipt(receipt))
        return
    output.line(document_of(receipt), view.receipt(receipt))
    _follow(service, receipt.id, output)


def _follow(service: Client, intent_id: UUID, output: Output) -> None:
    status: IntentStatus | None = None
    for heard in service.follow(intent_id):
        status = heard.envelope.body.status or status
        output.line(document_of(heard.envelope), view.event(heard.envelope))
    if not output.as_json:
        output.say(view.whole(service.intent(intent_id)))
    raise typer.Exit(ExitCode.OK if status is IntentStatus.COMPLETED else ExitCode.NOT_DONE)
