"""`tradewind halt` and `tradewind resume`: the kill switch, through the service, or without it to the signer itself."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.api.dto import HaltAnswer
from tradewind.cli.options import DEFAULT_CONFIG, ConfigFile, JsonFlag, TokenFile, Url
from tradewind.cli.output import Output, facts
from tradewind.cli.service import async_service_of
from tradewind.cli.signer_binary import find_signer
from tradewind.client import AsyncClient, Patience
from tradewind.errors import Conflict, InvalidInput, TradewindError, Unavailable
from tradewind.execution.kill_switch import reason_for_gate
from tradewind.execution.signer_answers import HaltInForce, SignerState
from tradewind.execution.signer_client import SignerClient
from tradewind.settings import Settings

Socket = Annotated[
    Path | None, typer.Option("--socket", metavar="FILE", help="The signer's socket, when not where --config says.")
]
Strategy = Annotated[
    str | None, typer.Option("--strategy", metavar="NAME|ID", help="Stop this strategy alone.", show_default=False)
]
Wallet = Annotated[
    str | None, typer.Option("--wallet", metavar="ADDRESS", help="Stop this wallet alone.", show_default=False)
]
_SIGNER_S = 5
# A service that does not answer at once must not hold a halt up.
_SERVICE_S = 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What a halt stops: everything, unless it names a wallet or a strategy."""

    wallet: str | None = None
    strategy_id: str | None = None

    @property
    def is_everything(self) -> bool:
        return self.wallet is None and self.strategy_id is None

    def __str__(self) -> str:
        if self.wallet is not None:
            return f"for the wallet {self.wallet}"
        return "at all" if self.strategy_id is None else f"for the strategy {self.strategy_id}"


def halt(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Written down beside the halt.")] = "asked for by a person",
    wallet: Wallet = None,
    strategy: Strategy = None,
    show: Annotated[bool, typer.Option("--show", help="Show every halt in force; change nothing.")] = False,
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
    """Stop all signing, now, or that of one wallet or strategy. Works with the service dead, and the signer, too.

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
    scope = _scope(config, wallet, strategy)
    told = asyncio.run(
        _tell(
            config,
            url,
            token_file,
            lambda service: service.halt(reason, wallet=scope.wallet, strategy_id=scope.strategy_id),
            patience_s=_SERVICE_S,
        )
    )
    if isinstance(told, HaltAnswer) and (epoch := asyncio.run(_confirmed(client, told))) is not None:
        _say_halted(output, scope, epoch, "")
        return
    try:
        epoch = asyncio.run(
            client.halt(reason=reason_for_gate(reason), by=_me(), wallet=scope.wallet, strategy_id=scope.strategy_id)
        )
    except TradewindError as error:
        if not scope.is_everything:
            raise Unavailable(
                error.code,
                f"The signer has not confirmed the halt. {error}",
                remedy="Halt everything, which needs no running signer: tradewind halt",
            ) from None
        # Whatever the signer says instead of yes: the gate's file is what it signs by.
        _halt_gate_file(signer_config or config.with_name("signer.toml"), reason_for_gate(reason))
        output.emit(
            {"halted": True, "signer": error.code},
            f"Halted in the gate's file; the signer did not answer ({error.code}).",
        )
        return
    _say_halted(output, scope, epoch, told if isinstance(told, str) else "halt_not_found")


async def _confirmed(client: SignerClient, told: HaltAnswer) -> int | None:
    """The epoch that the service gave, if the signer has a halt of it in force: anything could listen on a port."""
    try:
        state = await client.hello()
    except TradewindError:
        return None
    return next((halt.kill_epoch for halt in state.halts if halt.kill_epoch == told.kill_epoch), None)


def _say_halted(output: Output, scope: Scope, epoch: int, service_error: str) -> None:
    output.emit(
        {
            "halted": True,
            "kill_epoch": epoch,
            "wallet": scope.wallet,
            "strategy_id": scope.strategy_id,
            "service_told": not service_error,
        },
        f"Halted: nothing is signed {scope} from now on (epoch {epoch}). {_service_said(service_error)}",
        f"Release it with: tradewind resume --epoch {epoch}",
    )


def resume(
    *,
    epoch: Annotated[int | None, typer.Option("--epoch", help="The halt to end, by its epoch.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needs --epoch.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    socket: Socket = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: JsonFlag = False,
) -> None:
    """End a halt, after a second look. Others stay in force.

    Example: `tradewind resume`, or for a script: `tradewind resume --epoch 3 --yes`
    """
    output = Output(as_json=as_json)
    if yes and epoch is None:
        raise InvalidInput.one("--yes", "epoch_missing", "needs --epoch, so that what is released was looked at.")
    client = _signer(config, socket)
    state = asyncio.run(client.hello())
    if not state.halts:
        output.emit(_state(state), facts(_shown(state)))
        return
    chosen = _chosen(state, epoch)
    if not yes:
        _confirm(output, chosen)
    told = asyncio.run(_tell(config, url, token_file, lambda service: service.resume(chosen.kill_epoch)))
    if not isinstance(told, HaltAnswer):
        asyncio.run(client.resume(kill_epoch=chosen.kill_epoch, by=_me()))
    others = len(state.halts) - 1
    output.emit(
        {
            "halted": False,
            "kill_epoch": chosen.kill_epoch,
            "others": others,
            "service_told": isinstance(told, HaltAnswer),
        },
        f"The halt of epoch {chosen.kill_epoch} is over. {_service_said(told if isinstance(told, str) else '')}",
        *([f"{others} other(s) are in force: tradewind halt --show"] if others else []),
    )


def _scope(config: Path, wallet: str | None, strategy: str | None) -> Scope:
    if wallet is None and strategy is None:
        return Scope()
    if wallet is not None and strategy is not None:
        raise InvalidInput.one(
            "--wallet",
            "halt_scope",
            "and --strategy exclude each other. Halt one, then the other.",
            what="command line",
        )
    known = Settings.load(config).strategies
    if strategy is not None:
        by_text = {text: one for name, one in known.items() for text in (name, str(one.id))}
        if strategy not in by_text:
            message = f"'{strategy}' is no strategy of the configuration. There: {', '.join(known) or 'none'}."
            raise InvalidInput.one("--strategy", "strategy_unknown", message, what="command line")
        return Scope(strategy_id=str(by_text[strategy].id))
    wallets = {one.wallet.lower(): one.wallet for one in known.values()}
    if wallet is None or wallet.lower() not in wallets:
        message = f"'{wallet}' is the wallet of no strategy. There: {', '.join(wallets.values()) or 'none'}."
        raise InvalidInput.one("--wallet", "wallet_unknown", message, what="command line")
    return Scope(wallet=wallets[wallet.lower()])


def _chosen(state: SignerState, epoch: int | None) -> HaltInForce:
    """The halt that is meant; the only one, when none is named."""
    in_force = ", ".join(str(halt.kill_epoch) for halt in state.halts)
    if epoch is None and len(state.halts) > 1:
        raise InvalidInput.one(
            "--epoch",
            "epoch_missing",
            f"is needed: several halts are in force (epochs {in_force}). See tradewind halt --show.",
            what="command line",
        )
    for halt in state.halts:
        if epoch in (None, halt.kill_epoch):
            return halt
    raise Conflict("kill_epoch_stale", f"In force is {in_force}, not {epoch}.", remedy="Look again.")


def _confirm(output: Output, chosen: HaltInForce) -> None:
    if output.as_json:
        raise InvalidInput.one(
            "--json", "confirmation_missing", "needs --epoch and --yes: nobody is there to be asked."
        )
    output.say(facts({f"halt {chosen.kill_epoch}": _described(chosen)}))
    if typer.prompt("Type 'resume' to allow signing again", default="", show_default=False) != "resume":
        raise Conflict("not_confirmed", "Not released: the word was not typed.")


def _signer(config: Path, socket: Path | None) -> SignerClient:
    return SignerClient(socket or Settings.load(config).signer_socket, timeout_s=_SIGNER_S)


def _me() -> str:
    return f"tradewind CLI, uid {os.getuid()}"


async def _tell(
    config: Path,
    url: str | None,
    token_file: Path | None,
    request: Callable[[AsyncClient], Awaitable[HaltAnswer]],
    *,
    patience_s: float = _SIGNER_S,
) -> HaltAnswer | str:
    """The service's answer; or why it was not told, since the switch works without it."""
    try:
        once = async_service_of(config, url=url, token_file=token_file, patience=Patience(tries=1))
        async with asyncio.timeout(patience_s), once as service:
            return await request(service)
    except TimeoutError:
        return "service_silent"
    except TradewindError as error:
        return error.code


def _service_said(error: str) -> str:
    return f"The service was not told ({error}); it makes no difference." if error else "The service knows."


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
        "signing": "halted" if state.halted else "halted in part" if state.halts else "allowed",
        **{f"halt {halt.kill_epoch}": _described(halt) for halt in state.halts},
        "epoch": str(state.kill_epoch),
        "wallets": ", ".join(wallet.address for wallet in state.wallets) or "none",
        "policy": state.policy_digest,
    }


def _described(halt: HaltInForce) -> str:
    return f"nothing is signed {Scope(halt.wallet, halt.strategy_id)}: {halt.reason} (by {halt.by})"
