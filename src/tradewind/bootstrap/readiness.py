"""Readiness: whether intents can be carried out now, check by check."""

from collections.abc import Iterable
from typing import Protocol

from tradewind.api.check import Check
from tradewind.domain.plan import BlockRef
from tradewind.errors import TradewindError
from tradewind.execution.overdue import is_late_to_settle, is_overdue
from tradewind.execution.signer_client import SignerClient
from tradewind.observability.clock import Clock
from tradewind.settings import Settings
from tradewind.state.coordinator import StateCoordinator


class Headed(Protocol):
    """A chain that says how far it is."""

    chain_id: int

    async def head(self) -> BlockRef:
        """The newest block, or slot."""
        ...


class Readiness:
    """Asks the signer and the chains, and looks for what only an operator can mend."""

    def __init__(
        self,
        *,
        settings: Settings,
        signer: SignerClient,
        chains: Iterable[Headed],
        state: StateCoordinator,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._signer = signer
        self._chains = tuple(chains)
        self._state = state
        self._clock = clock

    async def check(self) -> list[Check]:
        """What must work before intents can be carried out."""
        chains = [await _chain_check(chain) for chain in self._chains]
        return [await self._signer_check(), *chains, self._overdue_check(), self._finality_check()]

    def _overdue_check(self) -> Check:
        """An intent that is open long after its window waits for something that only an operator can mend."""
        now_ns = self._clock.now_ns()
        late = [str(view.intent.id) for view in self._state.open_intents() if is_overdue(view, now_ns)]
        detail = f"open long after their window: {', '.join(late[:5])}" if late else "no intent is overdue"
        return Check(name="overdue", ok=not late, detail=detail)

    def _finality_check(self) -> Check:
        """What never becomes final keeps its budget and its memory, and no error need ever say so."""
        now_ns = self._clock.now_ns()
        late = [str(view.intent.id) for view in self._state.unsettled() if is_late_to_settle(view, now_ns)]
        detail = f"ended long ago and not final: {', '.join(late[:5])}" if late else "nothing waits long to be final"
        return Check(name="finality", ok=not late, detail=detail)

    async def _signer_check(self) -> Check:
        try:
            state = await self._signer.hello()
        except TradewindError as error:
            return Check(name="signer", ok=False, detail=str(error))
        if state.halted:
            return Check(name="signer", ok=False, detail=f"halted: {state.halt_reason}")
        if scoped := [f"{halt.wallet or halt.strategy_id} ({halt.reason})" for halt in state.halts]:
            return Check(name="signer", ok=False, detail=f"halted: {'; '.join(scoped)}")
        held = {wallet.address for wallet in state.wallets}
        missing = [s.name for s in self._settings.strategies.values() if s.wallet not in held]
        if missing:
            return Check(name="signer", ok=False, detail=f"holds no key for the wallet of: {', '.join(missing)}")
        return Check(name="signer", ok=True, detail=f"version {state.version}, {len(held)} wallet(s)")


async def _chain_check(chain: Headed) -> Check:
    name = f"chain {chain.chain_id}"
    try:
        head = await chain.head()
    except TradewindError as error:
        return Check(name=name, ok=False, detail=str(error))
    return Check(name=name, ok=True, detail=f"block {head.number}")
