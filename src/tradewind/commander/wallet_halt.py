"""Halts the wallet of a strategy at the signer, which is the one that can: every other part may be dead."""

from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.execution.kill_switch import reason_for_gate
from tradewind.execution.signer_client import SignerClient

BY = "commander"
TIMEOUT_S = 5.0


async def halt_wallet(settings: StrategySettings, reason: str) -> None:
    """Returns once the signer has recorded it, or had before; raises its errors, and does nothing without a wallet."""
    wallet = settings.commander.wallet
    if wallet is None:
        return
    signer = SignerClient(settings.signer.socket, timeout_s=TIMEOUT_S)
    state = await signer.hello()
    if not any(halt.wallet == wallet for halt in state.halts):
        await signer.halt(reason=reason_for_gate(reason), by=BY, wallet=wallet)
