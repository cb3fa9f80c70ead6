"""`tradewind halt` and `tradewind resume`: the kill switch, spoken to the signer itself."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output, facts
from tradewind.cli.service_client import ServiceClient
from tradewind.cli.signer_binary import find_signer
from tradewind.errors import Conflict, InvalidInput, TradewindError, Unavailable
from tradewind.execution.signer_client import SignerClient, SignerState
from tradewind.settings import Settings

Socket = Annotated[
    Path | None, typer.Option("--socket", metavar="FILE", help="The signer's socket, when not where --config says.")
]
_TIMEOUT_S = 5


def halt(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Written down beside the halt.")] = "asked for by a person",
    show: Annotated[bool, typer.Option("--show", help="Show the state of the kill switch; change nothing.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    socket: Socket = None,
    signer_config: Annotated[
        Path | None,
        typer.Option(
            "--signer-config", metavar="FILE", help="For a signer that does not run; default: beside --config."
        ),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Stop all signing, now. Works with the service dead, and with the signer dead, too.

    The signer records the halt before it answers; after that nothing is signed until `tradewind resume`. What was
    signed before may still land.

    Example: `tradewind halt --reason "price feed looks wrong"`
    """
    output = Output(as_json=as_json)
    client = _signer(config, socket)
    if show:
        state = asyncio.run(client.hello())
        output.emit(_state(state), facts(_shown(state)))
        return
    try:
        epoch = asyncio.run(client.halt(reason=reason, by=_me()))
    except TradewindError as error:
        # Whatever the signer says instead of yes: the gate's file is what it signs by.
        _halt_gate_file(signer_config or config.with_name("signer.toml"), reason)
        output.emit(
            {"halted": True, "signer": error.code},
            f"Halted in the gate's file; the signer did not answer ({error.code}).",
        )
        return
    output.progress(f"The signer has halted (epoch {epoch}); telling the service")
    told = asyncio.run(_tell(config, url, token_file, lambda service: service.halt(reason)))
    epoch = int(told["kill_epoch"]) if isinstance(told, dict) and "kill_epoch" in told else epoch
    output.emit(
        {"halted": True, "kill_epoch": epoch, "service_told": isinstance(told, dict)},
        f"Halted: nothing is signed from now on (epoch {epoch}). {_service_said(told)}",
        "Release it with: tradewind resume",
    )


def resume(
    *,
    epoch: Annotated[int | None, typer.Option("--epoch", help="The epoch that `tradewind halt --show` gave.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needs --epoch.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    socket: Socket = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Allow signing again, after a second look.

    Example: `tradewind resume`, or for a script: `tradewind resume --epoch 3 --yes`
    """
    output = Output(as_json=as_json)
    if yes and epoch is None:
        raise InvalidInput.one("--yes", "epoch_missing", "needs --epoch, so that what is released was looked at.")
    client = _signer(config, socket)
    state = asyncio.run(client.hello())
    if not state.halted:
        output.emit(_state(state), facts(_shown(state)))
        return
    if epoch is not None and epoch != state.kill_epoch:
        raise Conflict(
            "kill_epoch_stale", f"The epoch in force is {state.kill_epoch}, not {epoch}.", remedy="Look again."
        )
    if not yes:
        _confirm(output, state)
    told = asyncio.run(_tell(config, url, token_file, lambda service: service.resume(state.kill_epoch)))
    released = int(told["kill_epoch"]) if isinstance(told, dict) else None
    if released is None:
        released = asyncio.run(client.resume(kill_epoch=state.kill_epoch, by=_me()))
    output.emit(
        {"halted": False, "kill_epoch": released, "service_told": isinstance(told, dict)},
        f"Signing is possible again. {_service_said(told)}",
    )


def _confirm(output: Output, state: SignerState) -> None:
    if output.as_json:
        raise InvalidInput.one(
            "--json", "confirmation_missing", "needs --epoch and --yes: nobody is there to be asked."
        )
    output.say(facts(_shown(state)))
    if typer.prompt("Type 'resume' to allow signing again", default="", show_default=False) != "resume":
        raise Conflict("not_confirmed", "Not released: the word was not typed.")


def _signer(config: Path, socket: Path | None) -> SignerClient:
    return SignerClient(socket or Settings.load(config).signer_socket, timeout_s=_TIMEOUT_S)


def _me() -> str:
    return f"tradewind CLI, uid {os.getuid()}"


async def _tell(
    config: Path,
    url: str | None,
    token_file: Path | None,
    request: Callable[[ServiceClient], Awaitable[dict[str, Any]]],
) -> dict[str, Any] | str:
    """The service's answer; or why it was not told, since the switch works without it."""
    try:
        async with asyncio.timeout(_TIMEOUT_S), ServiceClient.of(config, url=url, token_file=token_file) as service:
            return await request(service)
    except TimeoutError:
        return "service_silent"
    except TradewindError as error:
        return error.code


def _service_said(told: dict[str, Any] | str) -> str:
    return (
        "The service knows."
        if isinstance(told, dict)
        else f"The service was not told ({told}); it makes no difference."
    )


def _halt_gate_file(signer_config: Path, reason: str) -> None:
    command = [str(find_signer()), "halt", "--config", str(signer_config), "--reason", reason]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise Unavailable(
            "halt_not_recorded",
            f"The signer does not answer, and its gate could not be written: {said}",
            remedy=f"Check {signer_config}. If in doubt, end the signer's process: what does not run signs nothing.",
        )


def _state(state: SignerState) -> dict[str, Any]:
    return state.model_dump(mode="json")


def _shown(state: SignerState) -> dict[str, str]:
    return {
        "signing": "halted" if state.halted else "allowed",
        **({"because": state.halt_reason or "no reason was given"} if state.halted else {}),
        "epoch": str(state.kill_epoch),
        "wallets": ", ".join(wallet.address for wallet in state.wallets) or "none",
        "policy": state.policy_digest,
    }
