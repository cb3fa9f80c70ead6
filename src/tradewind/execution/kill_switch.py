"""The kill switch: an epoch in the sign-gate. Works with every other part of the service dead."""

import unicodedata
from typing import Protocol
from uuid import UUID, uuid4

from tradewind.domain.event import SystemEvent
from tradewind.domain.events import Envelope, KillSwitchEngaged, KillSwitchReleased
from tradewind.errors import TradewindError, Unavailable
from tradewind.execution.signer_answers import SignerState
from tradewind.execution.signer_client import SignerClient
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.recorded import Recorded

# Who halts when nobody else does.
SERVICE = "service"


# What the gate keeps of a text.
_MAX_REASON_BYTES = 256
_RECENT_NS = 50_000_000


def reason_for_gate(reason: str) -> str:
    """The part of `reason` that the gate has room for: no halt may fail because somebody explained it at length."""
    printable = "".join(" " if unicodedata.category(character) == "Cc" else character for character in reason)
    return printable.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")


class Publisher(Protocol):
    """Where the facts are published."""

    async def publish(self, *events: Envelope) -> list[Recorded]:
        """Make the events durable."""
        ...


class KillSwitch:
    """Halts and resumes signing. The gate's answer counts; the event is published for the record."""

    def __init__(self, signer: SignerClient, stream: Publisher, clock: Clock, run_id: UUID) -> None:
        self._signer = signer
        self._stream = stream
        self._clock = clock
        self._run_id = run_id
        self._recent: tuple[int, SignerState] | None = None
        self._changes = 0

    async def state(self) -> SignerState:
        """What the gate says now."""
        return await self._signer.hello()

    async def recent_state(self) -> SignerState:
        """As `state`; what the gate said within the last 50 ms will do, unless it was told something by us since.

        For those who prepare, and whom the gate will stop anyway: thousands of intents may wait for the end of a halt.
        """
        asked_ns, changes = self._clock.now_ns(), self._changes
        if self._recent is not None and 0 <= asked_ns - self._recent[0] < _RECENT_NS:
            return self._recent[1]
        state = await self._signer.hello()
        # An answer that was on its way while the gate was told something is out of date.
        if self._changes == changes:
            self._recent = (asked_ns, state)
        return state

    async def halt(self, *, reason: str, by: str, wallet: str | None = None, strategy_id: str | None = None) -> int:
        """After this returns nothing can be signed: for one wallet or one strategy, or, without either, at all.

        The answer is the kill epoch.
        """
        try:
            kill_epoch = await self._signer.halt(
                reason=reason_for_gate(reason), by=by, wallet=wallet, strategy_id=strategy_id
            )
        except TradewindError as error:
            raise Unavailable(
                "halt_not_confirmed",
                f"The signer has not confirmed the halt ({error.code}).",
                remedy="Run on its machine: tradewind-signer halt --config signer.toml, or end the signer's process.",
            ) from error
        finally:
            self._forget()
        observe.kill_switch_engaged(kill_epoch=kill_epoch, by=by, reason=reason)
        await self._record(
            KillSwitchEngaged(kill_epoch=kill_epoch, by=by, reason=reason, wallet=wallet, strategy_id=strategy_id)
        )
        return kill_epoch

    async def halt_wallet(self, wallet: str, *, reason: str) -> None:
        """Halt a wallet that the service can no longer account for, unless it is halted by itself already."""
        state = await self._signer.hello()
        if not any(halt.wallet == wallet for halt in state.halts):
            await self.halt(reason=reason, by=SERVICE, wallet=wallet)

    async def resume(self, *, kill_epoch: int, by: str) -> int:
        """End the halt of this epoch, which proves that the caller looked at the state."""
        try:
            released = await self._signer.resume(kill_epoch=kill_epoch, by=by)
        finally:
            self._forget()
        observe.kill_switch_released(kill_epoch=released, by=by)
        await self._record(KillSwitchReleased(kill_epoch=released, by=by))
        return released

    def _forget(self) -> None:
        self._recent = None
        self._changes += 1

    async def _record(self, body: SystemEvent) -> None:
        envelope = Envelope.about_system(body, event_id=uuid4(), run_id=self._run_id, at_ns=self._clock.now_ns())
        try:
            await self._stream.publish(envelope)
        except TradewindError as error:
            # The gate has already done it and keeps its own record: a full disk must not turn a halt into an error.
            observe.record_lost(what=body.type_name(), code=error.code, message=str(error))
