"""The signer: whether it answers, holds the wallet's key, lets a sniper buy, and nothing that matters is halted."""

from importlib.metadata import version

from tradewind.commander.finding import Finding, failed, good, warning, wrong
from tradewind.commander.preflight.unlisted_mints import buys_unlisted, judge_unlisted
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.errors import TradewindError
from tradewind.execution.signer_answers import SignerState
from tradewind.execution.signer_client import SignerClient

TIMEOUT_S = 5.0


async def check_signer(settings: StrategySettings) -> list[Finding]:
    """What is wrong for a live engine is worth a look for one that signs nothing of value."""
    signer = SignerClient(settings.signer.socket, timeout_s=TIMEOUT_S)
    try:
        found = judge(await signer.hello(), settings)
        if buys_unlisted(settings):
            found.append(judge_unlisted(await signer.limits(), settings))
    except TradewindError as error:
        found = [failed("signer", error)]
    if settings.mode == "live":
        return found
    return [warning(each.name, each.seen, each.remedy) if each.verdict == "wrong" else each for each in found]


def judge(state: SignerState, settings: StrategySettings) -> list[Finding]:
    """Policy, key and kill switch, as the signer tells them."""
    wallet = settings.commander.wallet
    return [_policy(state), *_key(state, settings), *_liquidations(state, settings), _switch(state, wallet)]


def _policy(state: SignerState) -> Finding:
    own = version("tradewind")
    if state.version != own:
        return wrong("signer", f"version {state.version} runs, this is {own}", "Restart the signer from this package.")
    return good("signer", f"version {state.version}, policy {state.policy_digest[:16]}…")


def _key(state: SignerState, settings: StrategySettings) -> list[Finding]:
    wallet = settings.commander.wallet
    if wallet is None:
        return []
    chains = next((each.chains for each in state.wallets if each.address == wallet), None)
    if chains is None:
        remedy = "Import its key, and add it to signer.toml; or correct commander.wallet."
        return [wrong("wallet", f"the signer holds no key of {wallet}", remedy)]
    if settings.chain.chain_id not in chains:
        said = f"{wallet} may not be used on chain {settings.chain.chain_id}"
        return [wrong("wallet", said, "Add the chain to the wallet in signer.toml.")]
    return [good("wallet", f"{wallet} can be signed for")]


def _liquidations(state: SignerState, settings: StrategySettings) -> list[Finding]:
    """Whether the policy knows of liquidations, where the engine is to have them signed."""
    wallet = settings.commander.wallet
    if settings.strategy != "liquidation" or settings.executes != "engine" or wallet is None:
        return []
    if wallet not in state.liquidators:
        remedy = "Add it, with the reserves, to [chains.101.liquidations] of signer.toml; or choose mode paper."
        return [wrong("liquidations", f"the signer's policy lets {wallet} liquidate nothing", remedy)]
    return [good("liquidations", f"{wallet} may liquidate what the policy lists")]


def _switch(state: SignerState, wallet: str | None) -> Finding:
    halts = [halt for halt in state.halts if halt.strategy_id is None and halt.wallet in {None, wallet}]
    if halts:
        said = "; ".join(f"{halt.wallet or 'everything'} is halted: {halt.reason}" for halt in halts)
        remedies = " and ".join(f"tradewind resume --epoch {halt.kill_epoch}" for halt in halts)
        return wrong("kill switch", said, f"Look why first; then: {remedies}")
    return good("kill switch", "nothing is halted")
