"""`tradewind quote`: what an intent would do now, without doing it; or, with `--pools`, what one pool answers."""

import typer

from tradewind.cli import wishes as w
from tradewind.cli.default_command import with_default
from tradewind.cli.document import document_of
from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output
from tradewind.cli.pools.quote import pool
from tradewind.cli.quote_view import quote_shown
from tradewind.cli.service import service_of
from tradewind.client import Client
from tradewind.domain.intent import ExecutionStyle, IntentType

quote = typer.Typer(
    name="quote",
    cls=with_default("file", when_bare=False, told_by={"--pools": "pool", "--rpc": "pool"}),
    no_args_is_help=True,
    help="See what an intent would do now: route, amounts, impact, gas, slices, and what the signer would say. Nothing "
    "is sent, recorded or signed. Exit code 1 when it would be rejected. `tradewind quote intent.json` reads a file. "
    "With `--pools` or `--rpc` it asks no service, but one pool: `tradewind quote --pools FILE --pool ADDRESS …`.",
)
quote.command()(pool)


@quote.command()
def file(
    *,
    source: w.File,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask about an intent in a file, exactly as it stands there.

    Example: `tradewind quote file intent.json`, or shorter: `tradewind quote intent.json`
    """
    body = w.read_file(source)
    with service_of(config, url=url, token_file=token_file) as service:
        _ask(service, body, Output(as_json=as_json))


@quote.command()
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
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """What getting exactly this much of a token would cost in another.

    Example: `tradewind quote acquire 1.5 WETH --with USDC`
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
        _ask(service, body, Output(as_json=as_json))


@quote.command()
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
    config: ConfigFile = DEFAULT_CONFIG,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """What giving away exactly this much of a token, or a percentage of the holding, would bring in another.

    Example: `tradewind quote dispose 25% ARB --for USDC`
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
        _ask(service, body, Output(as_json=as_json))


def _ask(service: Client, body: bytes, output: Output) -> None:
    said = service.quote(body)
    output.emit(document_of(said), quote_shown(said))
    raise typer.Exit(ExitCode.OK if said.would_be == "accepted" else ExitCode.NOT_DONE)
