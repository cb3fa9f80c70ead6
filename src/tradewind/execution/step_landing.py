"""Lands a signed step: its bytes are sent until the chain has answered, however long that takes.

From the signature on only the chain ends a step: with the receipt of one of its attempts, or by showing that another
transaction has its nonce in a finalized block. All attempts are watched; whichever lands is the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tradewind import core
from tradewind.domain.chain import ChainTiming
from tradewind.domain.events import (
    Envelope,
    ExecutionStepReorganised,
    ExecutionStepSeen,
    ExecutionStepSubmitted,
    IntentEvent,
)
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan, PlanStep
from tradewind.errors import Refused, TradewindError, Unavailable
from tradewind.execution.attempt import Attempts, WithoutReceipt
from tradewind.execution.kill_switch import KillSwitch
from tradewind.execution.later_attempts import TOO_LOW, LaterAttempts, Offer
from tradewind.execution.overdue import Overdue
from tradewind.execution.signer_answers import SignedAttempt
from tradewind.execution.step_receipt import StepReceipts
from tradewind.execution.superseding import Standing, Successor, Superseding
from tradewind.execution.wallet_nonces import WalletNonces
from tradewind.observability import events as observe
from tradewind.observability.clock import NS_PER_S, Backoff, Clock
from tradewind.state.coordinator import StateCoordinator
from tradewind.state.intent_locks import IntentLocks
from tradewind.state.view import IntentView
from tradewind.streaming.event_stream import EventStream
from tradewind.streaming.recorded import Recorded
from tradewind.venues.evm_adapter import EvmVenueAdapter
from tradewind.venues.evm_chain import EvmChain
from tradewind.venues.evm_receipt import Receipt
from tradewind.venues.manager import VenueManager
from tradewind.venues.send_outcome import SendAnswer

# A transaction with our nonce is looked for from so many blocks before the plan on: a reorganisation may have moved it.
_LOOK_BACK_BLOCKS = 256
_NONCE_REFUSED = (SendAnswer.NONCE_TOO_LOW, SendAnswer.NONCE_TOO_HIGH)
# The gate's refusals of a higher fee that say nothing against the trade itself.
_NOT_OF_THE_TRADE = frozenset({"fee_cap", "gas_limit", "nonce_used", "attempt_order", "step_settled"})


@dataclass(slots=True)
class _Journey:
    """One step on its way: what was sent of it, and when."""

    plan: ExecutionPlan
    step: PlanStep
    cause: Recorded
    attempts: Attempts
    # Which attempt is sent: the one that the chain had before a reorganisation, else the newest.
    sending: SignedAttempt
    since_ns: int
    next_send_ns: int = 0
    offer_refused: bool = False
    trade_refused: bool = False
    announced: set[int] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def add(self, signed: SignedAttempt, now_ns: int) -> None:
        """Go on with a new attempt, at once."""
        self.attempts = Attempts((*self.attempts.signed, signed))
        self.sending, self.since_ns, self.next_send_ns = signed, now_ns, 0


class StepLanding:
    """Sends attempts and reads how they ended."""

    def __init__(
        self,
        *,
        stream: EventStream,
        venues: VenueManager[EvmVenueAdapter],
        clock: Clock,
        chains: Mapping[int, EvmChain],
        timing: Mapping[int, ChainTiming],
        state: StateCoordinator,
        switch: KillSwitch,
        later: LaterAttempts,
        nonces: WalletNonces,
        locks: IntentLocks,
        rules: Mapping[int, Superseding],
        resend_s: float = 2.0,
    ) -> None:
        self._stream = stream
        self._venues = venues
        self._clock = clock
        self._chains = chains
        self._timing = timing
        self._state = state
        self._switch = switch
        self._later = later
        self._nonces = nonces
        self._locks = locks
        self._rules = rules
        self._receipts = StepReceipts(venues=venues, chains=chains)
        self._resend_s = resend_s

    async def land(
        self, plan: ExecutionPlan, step: PlanStep, attempts: Attempts, cause: Recorded
    ) -> StepResult | WithoutReceipt:
        """Send, say so, and send again until the chain has an answer that is `confirmations` blocks deep."""
        view = self._state.in_memory(plan.intent_id)
        sending = _had_by_the_chain(view, step, attempts) or attempts.last
        journey = _Journey(plan, step, cause, attempts, sending, self._clock.now_ns())
        backoff, overdue = Backoff(self._clock), Overdue(plan, self._clock, view)
        while True:
            try:
                if (ended := await self._look(journey)) is not None:
                    return ended
                overdue.check("receipt")
            except TradewindError as error:
                observe.waiting(intent_id=plan.intent_id, what="receipt", code=error.code, message=str(error))
                overdue.check("receipt")
                await backoff.pause()
            else:
                await self._clock.sleep(self._timing[plan.chain_id].poll_interval_ms / 1000)

    async def _look(self, journey: _Journey) -> StepResult | WithoutReceipt | None:
        """One round: send if it is time, and see whether the chain has an answer."""
        plan, chain = journey.plan, self._chains[journey.plan.chain_id]
        # What is sent for the first time needs no explanation yet, unless its nonce is refused.
        in_doubt = False
        if self._clock.now_ns() >= journey.next_send_ns:
            in_doubt = journey.next_send_ns > 0
            journey.next_send_ns = self._clock.now_ns() + int(self._resend_s * NS_PER_S)
            in_doubt = await self._send(journey) in _NONCE_REFUSED or in_doubt
        included = await self._included(chain, journey.attempts)
        if self._timing[plan.chain_id].confirmations > 1:
            await self._take_back_what_was_seen(chain, journey, included[1] if included else None)
        if included is not None:
            signed, receipt = included
            if await self._is_deep_enough(chain, journey, signed, receipt):
                uncontested = await _uncontested(chain, receipt)
                if uncontested is not None:
                    return await self._receipts.result(plan, journey.step, signed, uncontested)
        elif in_doubt:
            if (usurper := await self._usurper(chain, journey)) is not None:
                return await self._lost(journey, usurper)
            await self._nonces.bring_forward(plan.chain_id, plan.wallet, below=journey.attempts.nonce)
            await self._supersede(chain, journey)
        return None

    async def _send(self, journey: _Journey) -> SendAnswer:
        """Hand the bytes over, and record that once for each attempt."""
        plan, step, signed = journey.plan, journey.step, journey.sending
        outcome = await self._venues.get(plan.chain_id, step.venue).submit_order(signed.raw_tx)
        observe.attempt_sent(
            intent_id=plan.intent_id, step=step.index, tx_hash=outcome.tx_hash, answer=outcome.answer.value
        )
        journey.offer_refused = outcome.code in TOO_LOW
        if outcome.on_its_way or outcome.answer is SendAnswer.NONCE_TOO_LOW:
            await self._announce(journey, signed)
        else:
            observe.waiting(intent_id=plan.intent_id, what="broadcast", code=outcome.code, message=outcome.message)
        return outcome.answer

    async def _announce(self, journey: _Journey, signed: SignedAttempt) -> None:
        if signed.attempt in journey.announced:
            return
        journey.announced.add(signed.attempt)
        simulated = journey.attempts.simulated
        submitted = ExecutionStepSubmitted(
            intent_id=journey.plan.intent_id,
            plan_id=journey.plan.plan_id,
            step=journey.step.index,
            attempt=signed.attempt,
            kind=journey.step.kind,
            tx_hash=signed.tx_hash,
            nonce=signed.nonce,
            simulated_in_raw=simulated.amount_in_raw if simulated else None,
            simulated_out_raw=simulated.amount_out_raw if simulated else None,
        )
        await self._publish(journey, submitted)

    async def _included(self, chain: EvmChain, attempts: Attempts) -> tuple[SignedAttempt, Receipt] | None:
        """Which attempt the chain has now; the newest is the likeliest."""
        for signed in reversed(attempts.signed):
            if (receipt := await chain.receipt(signed.tx_hash)) is not None:
                return signed, receipt
        return None

    async def _is_deep_enough(
        self, chain: EvmChain, journey: _Journey, signed: SignedAttempt, receipt: Receipt
    ) -> bool:
        # An endpoint may have refused what the chain then included all the same, or what another one took.
        await self._announce(journey, signed)
        confirmations = self._timing[journey.plan.chain_id].confirmations
        if confirmations <= 1 or (await chain.head()).number - receipt.block.number + 1 >= confirmations:
            return True
        if receipt.block.hash not in journey.seen:
            journey.seen.add(receipt.block.hash)
            await self._publish(
                journey,
                ExecutionStepSeen(
                    intent_id=journey.plan.intent_id,
                    plan_id=journey.plan.plan_id,
                    step=journey.step.index,
                    tx_hash=signed.tx_hash,
                    block=receipt.block,
                ),
            )
        return False

    async def _take_back_what_was_seen(self, chain: EvmChain, journey: _Journey, receipt: Receipt | None) -> None:
        """Say so when the block in which a transaction of the step was seen is no longer part of the chain."""
        plan, step = journey.plan, journey.step
        seen = self._last_seen(journey)
        if seen is None or (receipt is not None and receipt.block.hash == seen.block.hash):
            return
        there = await chain.header(seen.block.number)
        # An endpoint that lags has no such block yet.
        if there is None or there.ref.hash == seen.block.hash:
            return
        async with self._locks.of(plan.intent_id):
            view = self._state.in_memory(plan.intent_id)
            if view is not None and self._last_seen(journey) == seen:
                gone = ExecutionStepReorganised(
                    intent_id=plan.intent_id,
                    round=view.round,
                    plan_id=plan.plan_id,
                    step=step.index,
                    tx_hash=seen.tx_hash,
                    block=seen.block,
                )
                await self._publish(journey, gone)

    def _last_seen(self, journey: _Journey) -> ExecutionStepSeen | None:
        view = self._state.in_memory(journey.plan.intent_id)
        seen = [seen for seen in view.seen if seen.step == journey.step.index] if view else []
        return seen[-1] if seen else None

    async def _usurper(self, chain: EvmChain, journey: _Journey) -> str | None:
        """The hash of another transaction that has the nonce, in a finalized block: a missing receipt is no proof."""
        plan, nonce = journey.plan, journey.attempts.nonce
        if await chain.finalized_nonce(plan.wallet) <= nonce:
            return None
        since_block = max(0, plan.block.number - _LOOK_BACK_BLOCKS)
        found, _ = await chain.agreed_transaction_with_nonce(plan.wallet, nonce, since_block=since_block)
        return None if found is None or journey.attempts.by_hash(found) else found

    async def _lost(self, journey: _Journey, usurper: str) -> WithoutReceipt:
        nonce, wallet = journey.attempts.nonce, journey.plan.wallet
        what = f"Nonce {nonce} of {wallet} was used by {usurper}, which is not ours, in a finalized block."
        await self._switch.halt_wallet(wallet, reason=what)
        return WithoutReceipt(
            "nonce_used_elsewhere",
            f"{what} Nothing was traded. The wallet is halted: find out who else signs for it.",
        )

    async def _supersede(self, chain: EvmChain, journey: _Journey) -> None:
        """Sign a successor when the newest attempt cannot or should not land."""
        plan, last = journey.plan, journey.attempts.last
        view = self._state.in_memory(plan.intent_id)
        standing = Standing(
            base_fee_wei=await chain.next_base_fee(),
            offer_refused=journey.offer_refused,
            now_ns=self._clock.now_ns(),
            sent_at_ns=journey.since_ns,
            deadline_s=plan.deadline_s,
            cancel_requested=view is not None and view.cancel_requested is not None,
            trade_refused=journey.trade_refused,
        )
        tx = core.decode_eip1559(last.raw_tx).transaction
        successor = self._rules[plan.chain_id].successor(tx, standing, is_noop=last.noop)
        if successor is not None:
            journey.add(await self._sign(journey, successor, standing), self._clock.now_ns())

    async def _sign(self, journey: _Journey, successor: Successor, standing: Standing) -> SignedAttempt:
        plan, step, attempts = journey.plan, journey.step, journey.attempts
        offer = Offer(standing.base_fee_wei, was_refused=standing.offer_refused)
        if successor is Successor.SAME_TRADE:
            why = f"the next block asks for {standing.base_fee_wei} wei"
            try:
                return await self._later.replace(plan, step, attempts, offer=offer, why=why)
            except Refused as refusal:
                journey.trade_refused = refusal.rule not in _NOT_OF_THE_TRADE
                raise
        why = "a cancel was requested" if standing.cancel_requested else "the trade can no longer land in time"
        nonce, attempt = attempts.nonce, attempts.last.attempt + 1
        return await self._later.cancel(plan, step, attempts, nonce=nonce, attempt=attempt, why=why, offer=offer)

    async def _publish(self, journey: _Journey, body: IntentEvent) -> None:
        at_ns, because_of = self._clock.now_ns(), journey.cause.envelope.id
        await self._stream.publish(Envelope.about_intent(body, at_ns=at_ns, because_of=because_of))


async def _uncontested(chain: EvmChain, receipt: Receipt) -> Receipt | None:
    """The receipt as a quorum of endpoints has it; None when a quorum has none.

    An intent that ended on one endpoint's lie would tell its sender that nothing was traded. Endpoints that do not
    answer contradict nobody: then the receipt counts as it is, and what is final is held against the quorum anyway.
    """
    if chain.rpc.quorum == 1:
        return receipt
    try:
        agreed, _ = await chain.agreed_receipt(receipt.tx_hash)
    except Unavailable as failure:
        if failure.code != "quorum_not_reached":
            raise
        return receipt
    return agreed


def _had_by_the_chain(view: IntentView | None, step: PlanStep, attempts: Attempts) -> SignedAttempt | None:
    """The attempt that a reorganisation took back: the same bytes are sent again."""
    gone = [taken for taken in view.reorganised if taken.step == step.index] if view else []
    return attempts.by_hash(gone[-1].tx_hash) if gone else None
