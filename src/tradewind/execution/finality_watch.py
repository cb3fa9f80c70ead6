"""Follows the head of one chain until every confirmed step is final: takes back what a reorganisation took, and settles
with the gate what no reorganisation can take back any more.

A block that left the chain is noticed by its hash, whatever the endpoint says of heights. Taking back is harmless (the
same bytes are sent again, under the same nonce), so one endpoint's word is enough; finality is decided by a quorum.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tradewind.domain.fill import StepOutcome, StepResult
from tradewind.domain.plan import BlockRef
from tradewind.errors import TradewindError
from tradewind.execution.finality_follower import FinalityFollower
from tradewind.execution.signer_client import SignerClient
from tradewind.execution.watched_steps import WatchedStep
from tradewind.observability import events as observe
from tradewind.observability.clock import NS_PER_S, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.streaming.event_stream import EventStream
from tradewind.venues.evm_block import BlockHeader
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Receipt

# An endpoint that lags has no block at a height either: only when it stays so, the chain has become shorter.
_PATIENCE_LOOKS = 8
# After a long outage there are thousands of steps to ask about.
_AT_ONCE = 16


class FinalityWatch(FinalityFollower):
    """An EVM chain's."""

    def __init__(
        self,
        *,
        chain: EvmChain,
        stream: EventStream,
        state: StateCoordinator,
        locks: IntentLocks,
        signer: SignerClient,
        clock: Clock,
        poll_interval_ms: int,
        finality_interval_s: float = 1.0,
    ) -> None:
        super().__init__(
            chain_id=chain.chain_id,
            stream=stream,
            state=state,
            locks=locks,
            clock=clock,
            poll_interval_ms=poll_interval_ms,
        )
        self._chain = chain
        self._signer = signer
        self._finality_interval_ns = int(finality_interval_s * NS_PER_S)
        self._next_finality_ns = 0
        self._head: BlockHeader | None = None

    async def look(self) -> None:
        """One look at the chain: the head, what left the chain, and what became final."""
        head = await self._chain.head_header()
        if not await self._follows(head):
            self._steps.doubt()
        self._head = head
        failure = await _each([step for step in self._steps if not step.canonical], self._look_for)
        if self._clock.now_ns() >= self._next_finality_ns:
            self._next_finality_ns = self._clock.now_ns() + self._finality_interval_ns
            await self._finalize()
        if failure is not None:
            raise failure

    async def _follows(self, head: BlockHeader) -> bool:
        """Whether the head that was seen last is still part of the chain."""
        last = self._head
        if last is None or head.ref.number < last.ref.number:
            return False
        if head.ref.number == last.ref.number:
            return head.ref.hash == last.ref.hash
        if head.ref.number == last.ref.number + 1:
            return head.parent_hash == last.ref.hash
        between = await self._chain.header(last.ref.number)
        return between is not None and between.ref.hash == last.ref.hash

    async def _look_for(self, step: WatchedStep) -> None:
        """Find a step's block in the chain, or take the step back."""
        block = step.result.block
        there = await self._chain.header(block.number)
        if there is not None and there.ref.hash == block.hash:
            step.canonical = True
            return
        step.missed += 1
        if there is None and step.missed < _PATIENCE_LOOKS:
            return
        receipt = await self._chain.receipt(step.result.tx_hash)
        if receipt is None or receipt.block.hash != block.hash:
            await self._take_back(step)

    async def _finalize(self) -> None:
        """Settle every step whose block a quorum of endpoints calls final."""
        canonical = [step for step in self._steps if step.canonical]
        if not canonical:
            return
        lowest = min(step.result.block.number for step in canonical)
        told = await self._chain.header("finalized")
        if told is None or told.ref.number < lowest:
            return
        finalized, _ = await self._chain.finalized_header()
        final = [step for step in canonical if step.result.block.number <= finalized.ref.number]
        failure = await _each(final, lambda step: self._settle(step, finalized.ref))
        if failure is not None:
            raise failure

    async def _settle(self, step: WatchedStep, finalized: BlockRef) -> None:
        """Tell the gate, then the journal: what was told to the gate only is told again, and is the same."""
        receipt, endpoints = await self._chain.agreed_receipt(step.result.tx_hash)
        if receipt is None or not _is_the_same(receipt, step.result):
            await self._take_back(step)
            return
        await self._settle_with_gate(step, endpoints, finalized)
        await self._record_final(step, finalized, endpoints)

    async def _settle_with_gate(self, step: WatchedStep, endpoints: tuple[str, ...], finalized: BlockRef) -> None:
        settling = self._signer.settle(step.intent_id, step.result, endpoints=endpoints, finalized=finalized)
        if await self._told(step, settling) is False:
            observe.waiting(
                intent_id=step.intent_id,
                what="settlement",
                code="settlement_not_final",
                message=f"{len(endpoints)} endpoints agree on how step {step.result.step} ended, and the gate's "
                "settlement_quorum wants more: what was not spent stays reserved until its day is over.",
            )


def _is_the_same(receipt: Receipt, result: StepResult) -> bool:
    """Whether a quorum says of a transaction what was recorded of it, on the word of one endpoint perhaps."""
    as_told = result.outcome is StepOutcome.CANCELLED or receipt.succeeded is (result.outcome is StepOutcome.SUCCEEDED)
    gas = (receipt.gas_used, receipt.gas_price_wei) == (result.gas_used, result.gas_price_wei)
    return receipt.block.hash == result.block.hash and as_told and gas


async def _each(steps: Sequence[WatchedStep], act: Callable[[WatchedStep], Awaitable[None]]) -> TradewindError | None:
    """Several at once; one that fails keeps no other waiting, and the last failure is given back."""
    failure: TradewindError | None = None
    for start in range(0, len(steps), _AT_ONCE):
        ended = await asyncio.gather(*(act(step) for step in steps[start : start + _AT_ONCE]), return_exceptions=True)
        for error in ended:
            if isinstance(error, TradewindError):
                failure = error
            elif error is not None:
                raise error
    return failure
