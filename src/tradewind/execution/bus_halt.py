"""Carries out a halt that the bus asks for. The bus may halt; nothing on it ends a halt."""

from uuid import UUID, uuid5

from tradewind.domain.event import NAMESPACE
from tradewind.domain.events import Envelope, HaltRequested, KillSwitchEngaged
from tradewind.execution.executors.ports import Gate
from tradewind.execution.kill_switch import reason_for_gate
from tradewind.observability import events as observe
from tradewind.observability.clock import Clock
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded


class BusHalt:
    """Once for each event, also across restarts: what was carried out is recorded under an id derived from it."""

    def __init__(self, gate: Gate, stream: EventStream, clock: Clock, run_id: UUID) -> None:
        self._gate = gate
        self._stream = stream
        self._clock = clock
        self._run_id = run_id

    async def carry_out(self, asked: Recorded) -> bool:
        """Halt what the event asks for, unless that is halted. True when that is everything."""
        body = asked.envelope.body
        if not isinstance(body, (HaltRequested, KillSwitchEngaged)):
            return False
        kill_epoch = 0
        if not await self._gate.halted(wallet=body.wallet, strategy_id=body.strategy_id):
            kill_epoch = await self._gate.halt(
                reason=reason_for_gate(body.reason), by=body.by, wallet=body.wallet, strategy_id=body.strategy_id
            )
            observe.kill_switch_engaged(kill_epoch=kill_epoch, by=body.by, reason=body.reason)
        await self._stream.publish(self._done(asked, body, kill_epoch))
        return body.wallet is None and body.strategy_id is None

    def _done(self, asked: Recorded, body: HaltRequested | KillSwitchEngaged, kill_epoch: int) -> Envelope:
        return Envelope.about_system(
            KillSwitchEngaged(
                kill_epoch=kill_epoch,
                by=body.by,
                reason=body.reason,
                wallet=body.wallet,
                strategy_id=body.strategy_id,
            ),
            event_id=uuid5(NAMESPACE, f"halt carried out/{asked.envelope.id}"),
            run_id=self._run_id,
            at_ns=self._clock.now_ns(),
            because_of=asked.envelope.id,
        )
