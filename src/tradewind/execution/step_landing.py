"""Lands a signed step: the same bytes are sent until the chain has answered, however long that takes.

From the signature on only the chain ends a step: with a receipt, or by showing that another transaction has its nonce
in a finalized block.
"""

from collections.abc import Mapping

from tradewind import core
from tradewind.accounting.fill import step_result
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import Envelope, ExecutionStepSubmitted
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep, StepKind
from tradewind.errors import TradewindError
from tradewind.execution.attempt import Attempt, WithoutReceipt
from tradewind.execution.overdue import Overdue
from tradewind.execution.signer_client import SignedAttempt
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Receipt
from tradewind.venues.manager import VenueManager
from tradewind.venues.send_outcome import SendAnswer

NS_PER_S = 1_000_000_000


class StepLanding:
    """Sends attempts and reads how they ended."""

    def __init__(
        self,
        *,
        stream: EventStream,
        venues: VenueManager,
        clock: Clock,
        chains: Mapping[int, EvmChain],
        timing: Mapping[int, ChainTiming],
        resend_s: float = 2.0,
    ) -> None:
        self._stream = stream
        self._venues = venues
        self._clock = clock
        self._chains = chains
        self._timing = timing
        self._resend_s = resend_s

    def endpoints(self, chain_id: int) -> tuple[str, ...]:
        """Where the receipts of a chain come from, fit to be written down."""
        return self._chains[chain_id].rpc.endpoints

    async def land(
        self, plan: ExecutionPlan, step: PlanStep, attempt: Attempt, cause: Recorded
    ) -> StepResult | WithoutReceipt:
        """Send, say so, and send again until the chain has an answer."""
        chain, timing = self._chains[plan.chain_id], self._timing[plan.chain_id]
        announced, next_send_ns = False, 0
        backoff, overdue = Backoff(self._clock), Overdue(plan, self._clock)
        while True:
            try:
                if self._clock.now_ns() >= next_send_ns:
                    announced = await self._send(plan, step, attempt, cause, announced=announced)
                    next_send_ns = self._clock.now_ns() + int(self._resend_s * NS_PER_S)
                if receipt := await _confirmed_receipt(chain, attempt.signed.tx_hash, timing.confirmations):
                    return await self._result(chain, plan, step, attempt.signed, receipt)
                if usurper := await _nonce_taken_by(chain, plan, attempt.signed):
                    return _lost(attempt.signed, usurper)
                overdue.check("receipt")
            except TradewindError as error:
                observe.waiting(intent_id=plan.intent_id, what="receipt", code=error.code, message=str(error))
                overdue.check("receipt")
                await backoff.pause()
            else:
                await self._clock.sleep(timing.poll_interval_ms / 1000)

    async def _send(
        self, plan: ExecutionPlan, step: PlanStep, attempt: Attempt, cause: Recorded, *, announced: bool
    ) -> bool:
        """Hand the bytes over, and record that once; True when it is recorded."""
        outcome = await self._venues.get(plan.chain_id, step.venue).submit_order(attempt.signed.raw_tx)
        observe.attempt_sent(
            intent_id=plan.intent_id, step=step.index, tx_hash=outcome.tx_hash, answer=outcome.answer.value
        )
        if outcome.answer is SendAnswer.REJECTED or outcome.answer is SendAnswer.UNKNOWN:
            observe.waiting(intent_id=plan.intent_id, what="broadcast", code=outcome.code, message=outcome.message)
            return announced
        if not announced:
            await self._announce(plan, step, attempt, cause)
        return True

    async def _announce(self, plan: ExecutionPlan, step: PlanStep, attempt: Attempt, cause: Recorded) -> None:
        simulated, at_ns = attempt.simulated, self._clock.now_ns()
        submitted = ExecutionStepSubmitted(
            intent_id=plan.intent_id,
            plan_id=plan.plan_id,
            step=step.index,
            attempt=attempt.signed.attempt,
            kind=step.kind,
            tx_hash=attempt.signed.tx_hash,
            nonce=attempt.signed.nonce,
            simulated_in_raw=simulated.amount_in_raw if simulated else None,
            simulated_out_raw=simulated.amount_out_raw if simulated else None,
        )
        await self._stream.publish(Envelope.about_intent(submitted, at_ns=at_ns, because_of=cause.envelope.id))

    async def _result(
        self, chain: EvmChain, plan: ExecutionPlan, step: PlanStep, signed: SignedAttempt, receipt: Receipt
    ) -> StepResult:
        code = reason = None
        if not receipt.succeeded:
            revert = await chain.revert_reason(receipt, core.decode_transaction(signed.raw_tx).transaction)
            code, reason = self._venues.get(plan.chain_id, step.venue).revert_code(revert), revert.reason
        result = step_result(
            receipt,
            step=step.index,
            attempt=signed.attempt,
            nonce=signed.nonce,
            wallet=plan.wallet,
            hops=plan.hops if step.kind is StepKind.SWAP else (),
            revert_code=code,
            revert_reason=reason,
        )
        observe.receipt_seen(
            intent_id=plan.intent_id,
            step=step.index,
            tx_hash=result.tx_hash,
            outcome=result.outcome.value,
            block=result.block.number,
        )
        return result


async def _confirmed_receipt(chain: EvmChain, tx_hash: str, confirmations: int) -> Receipt | None:
    receipt = await chain.receipt(tx_hash)
    if receipt is None or confirmations <= 1:
        return receipt
    head = await chain.head()
    return receipt if head.number - receipt.block.number + 1 >= confirmations else None


async def _nonce_taken_by(chain: EvmChain, plan: ExecutionPlan, signed: SignedAttempt) -> str | None:
    """The hash of another transaction that has the nonce, once finalized. A missing receipt alone proves nothing."""
    if await chain.nonce(plan.wallet, "finalized") <= signed.nonce:
        return None
    found = await chain.transaction_with_nonce(plan.wallet, signed.nonce, since_block=plan.block.number)
    return None if found in (None, signed.tx_hash) else found


def _lost(signed: SignedAttempt, usurper: str) -> WithoutReceipt:
    return WithoutReceipt(
        "nonce_used_elsewhere",
        f"Nonce {signed.nonce} was used by {usurper}, which is not ours, in a finalized block. Nothing was traded. "
        "Find out who else signs for this wallet.",
    )
