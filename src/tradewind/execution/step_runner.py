"""Takes one step from "perhaps signed already" to the chain's verdict.

Before a signature exists, a deadline or a refusal ends the step. From the signature on, only the chain can: the same
bytes are sent until a receipt exists, or their nonce is seen used by another transaction in a finalized block.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from tradewind import core
from tradewind.accounting.fill import step_result
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import Envelope, ExecutionStepSubmitted
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep, StepKind
from tradewind.errors import Disposition, Halted, TradewindError
from tradewind.execution.signer_client import ChainEvidence, RecordedPermit, SignedAttempt, SignerClient
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Receipt
from tradewind.venues.manager import VenueManager
from tradewind.venues.send_outcome import SendAnswer
from tradewind.venues.simulated import SimulatedAmounts, SimulatedRevert

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class WithoutReceipt:
    """The step ended, and no transaction of its own is or can be on chain."""

    code: str
    message: str
    expired: bool = False


_EXPIRED = WithoutReceipt(
    "deadline_passed", "The time window closed before anything was signed. Nothing was traded.", expired=True
)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """An attempt signed just now, and what the chain said it would do."""

    signed: SignedAttempt
    simulated: SimulatedAmounts | None


class StepRunner:
    """Runs steps of plans on EVM chains."""

    def __init__(
        self,
        *,
        stream: EventStream,
        venues: VenueManager,
        signer: SignerClient,
        clock: Clock,
        chains: Mapping[int, EvmChain],
        timing: Mapping[int, ChainTiming],
        resend_s: float = 2.0,
    ) -> None:
        self._stream = stream
        self._venues = venues
        self._signer = signer
        self._clock = clock
        self._chains = chains
        self._timing = timing
        self._resend_s = resend_s

    async def run(self, plan: ExecutionPlan, step: PlanStep, cause: Recorded) -> StepResult | WithoutReceipt:
        """The receipt of the step, however long it takes; or why nothing was signed for it."""
        signed = await self._signed(plan, step)
        if isinstance(signed, WithoutReceipt):
            return signed
        ended = await self._land(plan, step, signed, cause)
        if isinstance(ended, StepResult):
            await self._settle(plan, ended)
        return ended

    async def _signed(self, plan: ExecutionPlan, step: PlanStep) -> _Fresh | WithoutReceipt:
        """The attempt that the gate has on record, or a new one.

        The gate is asked again before each try: a request that seemed to fail may have been recorded all the same.
        """
        backoff = Backoff(self._clock)
        while True:
            try:
                recorded = await self._signer.step(plan.intent_id, step.index)
                if recorded.attempts:
                    return _Fresh(recorded.attempts[-1], None)
                if recorded.pending:
                    # It owns a nonce, which only the chain can take back: it will be signed after the halt.
                    raise Halted("halted", "An attempt is on record and waits for its signature.")
                if self._clock.now_ns() >= plan.deadline_s * NS_PER_S:
                    return _EXPIRED
                return await self._sign(plan, step, recorded.permit)
            except TradewindError as error:
                if error.disposition is Disposition.REJECT:
                    return WithoutReceipt(error.code, f"Nothing was signed: {error}")
                await self._wait(plan, "signature", error, backoff)

    async def _sign(
        self, plan: ExecutionPlan, step: PlanStep, recorded_permit: RecordedPermit | None
    ) -> _Fresh | WithoutReceipt:
        venue, chain = self._venues.get(plan.chain_id, step.venue), self._chains[plan.chain_id]
        account, header, recorded_next = await asyncio.gather(
            chain.account(plan.wallet, step.token_in, step.spender),
            chain.head_header(),
            self._signer.next_nonce(plan.wallet, plan.chain_id),
        )
        nonce = account.nonce if recorded_next is None else recorded_next
        permit = recorded_permit.for_call() if recorded_permit else None
        if step.with_permit and permit is None:
            permit = await self._signer.permit(plan, step, permit_nonce=account.permit_nonce or 0)
        tx = await venue.build_swap_tx(plan, step, permit=permit, nonce=nonce)
        simulated = await venue.simulate(tx, plan.wallet, header.ref) if step.kind is StepKind.SWAP else None
        if isinstance(simulated, SimulatedRevert):
            said = simulated.reason or "no reason given"
            return WithoutReceipt(simulated.code, f"Nothing was signed: the chain says it would revert: {said}.")
        signed = await self._signer.sign(
            plan,
            step,
            attempt=1,
            unsigned_tx=tx.encode_unsigned(),
            evidence=ChainEvidence(
                latest_nonce=account.nonce,
                block=header.ref,
                base_fee_wei=header.base_fee_wei,
                endpoints=chain.rpc.endpoints,
            ),
        )
        observe.attempt_signed(
            intent_id=plan.intent_id, step=step.index, attempt=1, tx_hash=signed.tx_hash, nonce=signed.nonce
        )
        return _Fresh(signed, simulated)

    async def _land(
        self, plan: ExecutionPlan, step: PlanStep, fresh: _Fresh, cause: Recorded
    ) -> StepResult | WithoutReceipt:
        """Send, say so, and send again until the chain has an answer."""
        chain, timing = self._chains[plan.chain_id], self._timing[plan.chain_id]
        announced, next_send_ns, backoff = False, 0, Backoff(self._clock)
        while True:
            try:
                if self._clock.now_ns() >= next_send_ns:
                    announced = await self._send(plan, step, fresh, cause, announced=announced)
                    next_send_ns = self._clock.now_ns() + int(self._resend_s * NS_PER_S)
                if receipt := await _confirmed_receipt(chain, fresh.signed.tx_hash, timing.confirmations):
                    return await self._result(chain, plan, step, fresh.signed, receipt)
                if await _nonce_lost(chain, plan.wallet, fresh.signed):
                    return _lost(fresh.signed)
            except TradewindError as error:
                await self._wait(plan, "receipt", error, backoff)
            else:
                await self._clock.sleep(timing.poll_interval_ms / 1000)

    async def _send(
        self, plan: ExecutionPlan, step: PlanStep, fresh: _Fresh, cause: Recorded, *, announced: bool
    ) -> bool:
        """Hand the bytes over, and record that once; True when it is recorded."""
        outcome = await self._venues.get(plan.chain_id, step.venue).submit_order(fresh.signed.raw_tx)
        observe.attempt_sent(
            intent_id=plan.intent_id, step=step.index, tx_hash=outcome.tx_hash, answer=outcome.answer.value
        )
        if outcome.answer is SendAnswer.REJECTED or outcome.answer is SendAnswer.UNKNOWN:
            observe.waiting(intent_id=plan.intent_id, what="broadcast", code=outcome.code, message=outcome.message)
            return announced
        if not announced:
            await self._announce(plan, step, fresh, cause)
        return True

    async def _announce(self, plan: ExecutionPlan, step: PlanStep, fresh: _Fresh, cause: Recorded) -> None:
        simulated, at_ns = fresh.simulated, self._clock.now_ns()
        submitted = ExecutionStepSubmitted(
            intent_id=plan.intent_id,
            plan_id=plan.plan_id,
            step=step.index,
            attempt=fresh.signed.attempt,
            kind=step.kind,
            tx_hash=fresh.signed.tx_hash,
            nonce=fresh.signed.nonce,
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

    async def _settle(self, plan: ExecutionPlan, result: StepResult) -> None:
        """Tell the gate, before the intent is closed and nobody would any more."""
        endpoints, backoff = self._chains[plan.chain_id].rpc.endpoints, Backoff(self._clock)
        while True:
            try:
                return await self._signer.settle(plan.intent_id, result, endpoints=endpoints)
            except TradewindError as error:
                if error.disposition is Disposition.REJECT:
                    # The reservation stays as it was signed: never less than what was spent.
                    observe.waiting(intent_id=plan.intent_id, what="settlement", code=error.code, message=str(error))
                    return None
                await self._wait(plan, "settlement", error, backoff)

    async def _wait(self, plan: ExecutionPlan, what: str, error: TradewindError, backoff: Backoff) -> None:
        observe.waiting(intent_id=plan.intent_id, what=what, code=error.code, message=str(error))
        await backoff.pause()


async def _confirmed_receipt(chain: EvmChain, tx_hash: str, confirmations: int) -> Receipt | None:
    receipt = await chain.receipt(tx_hash)
    if receipt is None or confirmations <= 1:
        return receipt
    head = await chain.head()
    return receipt if head.number - receipt.block.number + 1 >= confirmations else None


async def _nonce_lost(chain: EvmChain, wallet: str, signed: SignedAttempt) -> bool:
    """Whether another transaction has used the nonce, in a finalized block, and ours is in none."""
    if await chain.nonce(wallet, "latest") <= signed.nonce:
        return False
    if await chain.nonce(wallet, "finalized") <= signed.nonce:
        return False
    return await chain.receipt(signed.tx_hash) is None


def _lost(signed: SignedAttempt) -> WithoutReceipt:
    return WithoutReceipt(
        "nonce_used_elsewhere",
        f"Nonce {signed.nonce} was used by a transaction that is not ours, in a finalized block. Nothing was traded. "
        "Find out who else signs for this wallet.",
    )
