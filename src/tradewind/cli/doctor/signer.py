"""The signer: whether it answers, would sign, and holds the keys that the strategies trade with."""

from collections.abc import Iterator
from importlib.metadata import version

from tradewind.cli.doctor.finding import Finding, failed, good, warning, wrong
from tradewind.errors import TradewindError
from tradewind.execution.signer_answers import HaltInForce, SignerState
from tradewind.execution.signer_client import SignerClient
from tradewind.settings import Settings

_TIMEOUT_S = 5


async def check_signer(settings: Settings) -> list[Finding]:
    """One finding when it does not answer; otherwise its version, its switch and its wallets."""
    try:
        state = await SignerClient(settings.signer_socket, timeout_s=_TIMEOUT_S).hello()
    except TradewindError as error:
        return [failed("signer", error)]
    return [_version(state), _switch(state), *_wallets(settings, state)]


def _version(state: SignerState) -> Finding:
    own = version("tradewind")
    if state.version != own:
        return wrong("signer", f"version {state.version} runs, this is {own}", "Restart the signer from this package.")
    return good("signer", f"version {state.version}, policy {state.policy_digest[:16]}…")


def _switch(state: SignerState) -> Finding:
    if state.halts:
        said = "; ".join(f"{_scope(halt)} halted (epoch {halt.kill_epoch}): {halt.reason}" for halt in state.halts)
        remedies = " and ".join(f"tradewind resume --epoch {halt.kill_epoch}" for halt in state.halts)
        return wrong("kill switch", said, remedies)
    return good("kill switch", "nothing is halted")


def _scope(halt: HaltInForce) -> str:
    if halt.wallet:
        return f"wallet {halt.wallet}"
    return f"strategy {halt.strategy_id}" if halt.strategy_id else "everything"


def _wallets(settings: Settings, state: SignerState) -> Iterator[Finding]:
    chains_of = {wallet.address: set(wallet.chains) for wallet in state.wallets}
    for name, strategy in settings.strategies.items():
        allowed = chains_of.get(strategy.wallet)
        if allowed is None:
            remedy = "Add it to signer.toml and its key to the key file, or correct the strategy."
            yield wrong(f"strategy {name}", f"the signer holds no key of {strategy.wallet}", remedy)
        elif missing := set(settings.every_chain()) - allowed:
            said = f"{strategy.wallet} may not be used on chain {', '.join(map(str, sorted(missing)))}"
            yield warning(f"strategy {name}", said, "Add the chain to the wallet in signer.toml.")
        else:
            yield good(f"strategy {name}", f"its wallet {strategy.wallet} can be signed for")
