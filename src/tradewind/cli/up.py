"""`tradewind up`: runs the service until it is told to stop."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag
from tradewind.cli.output import Output, facts
from tradewind.errors import Misconfigured
from tradewind.observability import log
from tradewind.settings import Settings, redact_url


def up(
    config: ConfigFile = DEFAULT_CONFIG,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", metavar="FILE", help="Append the log lines here, not to stderr.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run the service: API, planning and execution, until Ctrl-C or SIGTERM.

    It speaks to a signer (tradewind-signer run) and to the chains that its configuration names. Neither has to be
    there: intents are accepted durably, and wait.

    Example: `tradewind up --config arbitrum.toml --log-file service.log`
    """
    output = Output(as_json=as_json)
    settings = Settings.load(config)
    _log_to(log_file)
    asyncio.run(_serve(settings, output))


async def _serve(settings: Settings, output: Output) -> None:
    # The service takes as long to load as all other commands together, and only this one needs it.
    from tradewind.bootstrap import serve  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, on_ready=lambda url: _announce(settings, url, output), stop=stop)


def _announce(settings: Settings, url: str, output: Output) -> None:
    strategies = {name: strategy.wallet for name, strategy in settings.strategies.items()}
    chains = {
        chain_id: [redact_url(rpc) for rpc in chain.rpc_urls] for chain_id, chain in settings.every_chain().items()
    }
    document = {
        "url": url,
        "token_file": str(settings.token_file),
        "strategies": strategies,
        "chains": chains,
        "journal": str(settings.journal_file),
    }
    shown = {"listening": url, "token": str(settings.token_file), "journal": str(settings.journal_file)}
    for name, wallet in strategies.items():
        shown[f"strategy {name}"] = wallet
    for chain_id, urls in chains.items():
        shown[f"chain {chain_id}"] = f"{settings.every_chain()[chain_id].name} at {', '.join(urls)}"
    output.line(document, facts(shown))


def _log_to(path: Path | None) -> None:
    log.configure()
    if path is None:
        return
    try:
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            "log_unwritable", f"The log {path} cannot be written: {error.strerror}.", remedy="Name another file."
        ) from None
    for handler in logging.getLogger("tradewind").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)
