"""`tradewind executor`: runs one executor until it is told to stop."""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.exit_code import ExitCode
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output, facts
from tradewind.errors import Misconfigured
from tradewind.execution.executor_settings import ExecutorSettings
from tradewind.observability import log


def executor(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="A TOML file of settings; variables win over it."),
    ] = None,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", metavar="FILE", help="Append the log lines here, not to stderr.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Execute plans from the bus on Solana, until Ctrl-C, SIGTERM, a shutdown or a halt of everything.

    It takes plans from the stream PLANNED (`execution.planned.<id>`), has the signer sign them, sends them by Jito, TPU
    or RPC, and says on the stream EXECUTED how each one ended. It needs NATS with JetStream and a running signer.

    Every setting is a variable or, in lower case, a key of the file:

    - EXECUTOR_NAME, EXECUTOR_ENABLED, EXECUTOR_GROUP (its members share the plans), SIGNER_SOCKET, DATA_DIR
    - WALLETS (addresses; each executor has its own), MINTS, LOOKUP_TABLES, KAMINO_MARKET_ADDRESS
    - RPC_ENDPOINT, RPC_BACKUPS, RPC_WEBSOCKETS, GENESIS_HASH
    - JITO_BLOCK_ENGINE_URL (http, https, grpc or grpcs), JITO_UUID, JITO_TIP_STREAM_URL, JITO_TIP_FLOOR_URL
    - JITO_TIP_BASE, JITO_TIP_STEP, JITO_TIP_CAP
    - TPU_ENABLED, TPU_TIMEOUT, TPU_FANOUT_SLOTS
    - COMPUTE_UNIT_LIMIT, COMPUTE_UNIT_PRICE, CONFIRMATION_TIMEOUT, CONFIRMATION_COMMITMENT, MAX_RETRIES, RETRY_DELAY_MS
    - MAX_OPEN_PLANS, STOP_WITHIN_MS, RACE_CRITICAL (send what is urgent over every lane at once)
    - NATS_URL, NATS_STREAM_EXECUTION, NATS_STREAM_EXECUTED, NATS_STREAM_SYSTEM
    - NATS_CREDENTIALS_FILE, NATS_NKEY_SEED_FILE
    - NATS_TLS_CA_FILE, NATS_TLS_CERTIFICATE_FILE, NATS_TLS_KEY_FILE
    - METRICS_ENABLED, METRICS_PORT, TRACES_FILE

    Private keys are the signer's alone: with WALLET_1 … WALLET_5 set it does not start.

    Example: `tradewind executor --config executor.toml --log-file executor.log`
    """
    output = Output(as_json=as_json)
    settings = ExecutorSettings.load(config, os.environ)
    if not settings.executor_enabled:
        output.emit({"executor": settings.executor_name, "enabled": False}, "EXECUTOR_ENABLED is false: nothing to do.")
        raise typer.Exit(ExitCode.OK)
    _log_to(log_file)
    because = asyncio.run(_run(settings, output))
    output.line({"stopped": because}, facts({"stopped": because}))


async def _run(settings: ExecutorSettings, output: Output) -> str:
    # What it works with takes long to load, and only this command needs it.
    from tradewind.bootstrap.executor import run_executor  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def ready(facts_of_it: dict[str, object]) -> None:
        output.line(facts_of_it, facts({name: text_of(value) for name, value in facts_of_it.items()}))

    return await run_executor(settings, stop=stop, on_ready=ready)


def text_of(value: object) -> str:
    """A list with commas between its members; anything else as it is."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


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
