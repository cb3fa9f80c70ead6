"""BaseExecutor: build, sign, submit, confirm, and again only after proof that the older signature is dead.

One path for a fresh plan and for one that was interrupted: ask the gate what is on record, do the next thing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent
from tradewind.errors import Refused, TradewindError
from tradewind.execution.executors.dispositions import Action, action_for, action_for_error
from tradewind.execution.executors.execution import (
    ExecutionReport,
    ExecutionRequest,
    ExecutorConfig,
    ExecutorParts,
    Final,
)
from tradewind.execution.executors.outcomes import Dropped, Expired, Landed, Outcome, Reverted, Superseded, Unknown
from tradewind.execution.executors.ports import (
    BuildRequest,
    ComputeBudget,
    Gate,
    Lane,
    LaneHealth,
    Sent,
    SignedAttempt,
    Tip,
    UnsignedTransaction,
)
from tradewind.execution.executors.stages import Stage, Stages
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff

OnTimeout = Callable[[int], Awaitable[None]]
# What the chain's receipt says when another transaction of the same step has landed already.
RECEIPT_IN_USE = "receipt_in_use"
TAKEN_BY_STRANGER = "receipt_taken_by_stranger"
_PAID_BY_A_STRANGER = "A stranger paid lamports to the address of the step's receipt first: nothing of it took effect."
# The chain's own words against a proof that an attempt is dead.
_CONTRADICTED = frozenset({"attempt_landed", "attempt_undecided"})
_NOT_DEAD = _CONTRADICTED | {"attempt_alive"}
# What an Unknown is called whose transaction is in a block that no endpoint tells of yet.
NOT_TOLD = "transaction_not_told"
ANOTHER_WALLET = "step_of_another_wallet"
STEP_CHANGED = "step_changed"
NO_PRIVATE_LANE = "no_private_lane"
# What the gate says of an older attempt that could still land, by what it was shown.
STILL_ALIVE = "attempt_alive"
# Beyond its last valid height, before the gate takes an attempt for dead for good.
SURELY_DEAD_BLOCKS = 60
# Twice the 150 slots that a blockhash lives, at 400 ms each.
BLOCKHASH_LIFE_NS = 2 * 150 * 400_000_000


@dataclass(slots=True)
class _Progress:
    """What one execution has come to so far."""

    request: ExecutionRequest
    on_timeout: OnTimeout
    attempts: list[SignedAttempt]
    told_timeout: bool = False
    first_sent_ms: int | None = None


class BaseExecutor:
    """The lifecycle. Subclasses say which lane, and what it adds to the transaction."""

    method = ExecutionMethod.RPC
    # Without a lane what is signed is only followed, and nothing more is signed.
    sends = True

    def __init__(self, config: ExecutorConfig, parts: ExecutorParts, lane: Lane) -> None:
        self.config = config
        self.parts = parts
        self.lane = lane
        self.stages = Stages(config.name)

    @property
    def name(self) -> str:
        """Of the executor, for logs and spans."""
        return f"{self.config.name}/{self.lane.name}"

    async def health(self) -> LaneHealth:
        """That of its lane."""
        return await self.lane.health()

    async def execute(self, request: ExecutionRequest, on_timeout: OnTimeout) -> ExecutionReport:
        """Take the plan to its end, however long the proof takes; cancel it and call it again at will.

        `on_timeout` is called once, with the number of attempts, when the request's time has passed without proof.
        """
        progress = _Progress(request, on_timeout, list(request.recorded.attempts))
        proof: Expired | None = None
        while True:
            if proof is not None or not progress.attempts:
                try:
                    progress.attempts.append(await self._signed(progress, proof))
                except TradewindError as error:
                    if proof is None or error.code not in _NOT_DEAD:
                        return await self._ended_unsigned(progress, proof, error)
                    # The gate, or the chain, does not say that the one before is dead: it is followed on.
                    observe.execution_waits(plan_id=request.plan.plan_id, code=error.code, message=str(error))
                    await self.parts.clock.sleep(self.config.retry_delay_ms / 1_000)
                except Exception as defect:
                    # Behind an older signature it is raised: the plan is taken up again.
                    if progress.attempts:
                        raise
                    coded = internal(defect)
                    observe.execution_alarm(plan_id=request.plan.plan_id, code=coded.code, message=str(coded))
                    return await self._ended_unsigned(progress, proof, coded)
            outcome = await self._landing(progress)
            if isinstance(outcome, Expired):
                outcome = await self._older(progress) or outcome
            if isinstance(outcome, Expired) and self._may_try_again(progress):
                observe.attempt_expired(plan_id=request.plan.plan_id, signature=outcome.signature)
                proof = outcome
                continue
            return await self._ended(progress, outcome)

    # The four stages.

    async def build_transaction(self, plan: ExecutionPlanEvent, wallet: str, *, attempt: int) -> UnsignedTransaction:
        """The message of this attempt, checked for its size before anything is signed."""
        request = BuildRequest(
            plan=plan,
            wallet=wallet,
            blockhash=await self.parts.blockhashes.latest(),
            compute_budget=self.compute_budget(plan),
            tip=await self.tip(plan, attempt=attempt),
            receipt=partial(self.parts.gate.receipt_seed, plan, wallet),
        )
        unsigned = await self.parts.builder.build(request)
        self.validate_transaction(unsigned)
        return unsigned

    async def sign_transaction(
        self,
        plan: ExecutionPlanEvent,
        wallet: str,
        *,
        attempt: int,
        unsigned: UnsignedTransaction,
        proof: Expired | None,
    ) -> SignedAttempt:
        """Through the gate, which records before it signs."""
        return await self.parts.gate.sign(plan, wallet, attempt=attempt, unsigned=unsigned, proof=proof)

    async def submit_transaction(self, attempt: SignedAttempt) -> Sent:
        """Hand the bytes to the lane."""
        return await self.lane.send(attempt)

    async def confirm_transaction(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        """What the chain says within that time."""
        return await self.parts.confirmations.outcome(attempt, within_ms=within_ms)

    # What subclasses add.

    async def tip(self, plan: ExecutionPlanEvent, *, attempt: int) -> Tip | None:
        """What the lane is paid inside the transaction."""
        del plan, attempt
        return None

    def compute_budget(self, plan: ExecutionPlanEvent) -> ComputeBudget:
        """The plan's own estimate and fee where it has them, else what is configured."""
        return ComputeBudget(
            plan.gas_estimate or self.config.compute_unit_limit,
            plan.priority_fee or self.config.compute_unit_price_micro_lamports,
        )

    def validate_transaction(self, unsigned: UnsignedTransaction) -> None:
        """Raises Refused `transaction_too_large`."""
        if unsigned.size_bytes > self.config.max_transaction_bytes:
            raise Refused(
                "transaction_too_large",
                f"The transaction has {unsigned.size_bytes} bytes; {self.config.max_transaction_bytes} are allowed.",
                remedy="Plan fewer swaps in one transaction, or name a lookup table.",
            )

    # Signing.

    async def _signed(self, progress: _Progress, proof: Expired | None) -> SignedAttempt:
        """The next attempt, signed: what the gate has on record if it has one, else a new one."""
        request, clock = progress.request, self.parts.clock
        pauses = self._pauses()
        number = len(progress.attempts) + 1
        while True:
            self._require_time(request)
            try:
                # A lost answer may hide a signature: the record is the only one who knows.
                recorded = (await self.parts.gate.step(request.plan.step_owner, request.plan.step)).attempts
                if len(recorded) >= number:
                    return _of_wallet(recorded[number - 1], request.wallet)
                return await self._sign_anew(request, number, proof)
            except TradewindError as error:
                disbelieved = proof is not None and error.code in _NOT_DEAD
                if disbelieved or action_for_error(error) is not Action.RETRY_SAME_BYTES:
                    raise
                observe.execution_waits(plan_id=request.plan.plan_id, code=error.code, message=str(error))
            await self._tell_timeout(progress, clock.now_ns())
            await pauses.pause()

    async def _sign_anew(self, request: ExecutionRequest, number: int, proof: Expired | None) -> SignedAttempt:
        plan, wallet = request.plan, request.wallet
        async with self.stages.stage(Stage.BUILD, plan, attempt=number):
            unsigned = await self.build_transaction(plan, wallet, attempt=number)
        async with self.stages.stage(Stage.SIGN, plan, attempt=number):
            signed = await self.sign_transaction(plan, wallet, attempt=number, unsigned=unsigned, proof=proof)
        observe.plan_signed(plan_id=plan.plan_id, attempt=number, signature=signed.signature, wallet=wallet)
        return signed

    def _require_time(self, request: ExecutionRequest) -> None:
        if self.parts.clock.now_ns() // 1_000_000 >= request.plan.deadline:
            raise Refused("deadline_passed", "The plan's deadline has passed; nothing more is signed for it.")

    def _may_try_again(self, progress: _Progress) -> bool:
        in_time = self.parts.clock.now_ns() // 1_000_000 < progress.request.plan.deadline
        return self.sends and in_time and len(progress.attempts) < self.config.max_attempts

    # Landing.

    async def _landing(self, progress: _Progress) -> Landed | Reverted | Expired | Superseded:
        """Send the newest attempt's bytes until the chain has said how they ended."""
        attempt, plan = progress.attempts[-1], progress.request.plan
        delay_ms, sending, in_block = self.config.retry_delay_ms, self.sends, False
        while True:
            if sending and not in_block:
                sent = await self._send(progress, attempt)
                sending = await self._goes_on_sending(progress, sent)
                delay_ms = max(delay_ms, sent.retry_after_ms or 0)
            async with self.stages.stage(Stage.CONFIRM, plan, signature=attempt.signature):
                outcome = await self._asked(attempt, within_ms=min(delay_ms, self.config.confirmation_timeout_ms))
            if isinstance(outcome, Reverted) and outcome.error.name == RECEIPT_IN_USE:
                return await self._whoever_landed(progress, outcome)
            if isinstance(outcome, (Landed, Reverted, Expired, Superseded)):
                return outcome
            sending = sending and action_for(outcome.code) is not Action.END_FAILED
            # As long as it is said to be: a fork may take it out again.
            in_block = outcome.code == NOT_TOLD
            await self._tell_timeout(progress, self.parts.clock.now_ns())
            delay_ms = min(self.config.longest_delay_ms, delay_ms * 3 // 2)

    async def _asked(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        """What decides nothing takes all of the time, so that whoever asks again at once does not hammer."""
        clock = self.parts.clock
        until_ns = clock.now_ns() + within_ms * 1_000_000
        try:
            outcome = await self.confirm_transaction(attempt, within_ms=within_ms)
        except TradewindError as error:
            outcome = Unknown(attempt.signature, error.code, str(error))
        if isinstance(outcome, (Unknown, Dropped)) and (rest_ns := until_ns - clock.now_ns()) > 0:
            await clock.sleep(min(rest_ns, within_ms * 1_000_000) / 1e9)
        return outcome

    async def _send(self, progress: _Progress, attempt: SignedAttempt) -> Sent:
        plan = progress.request.plan
        async with self.stages.stage(Stage.SUBMIT, plan, signature=attempt.signature):
            sent = await self.submit_transaction(attempt)
        if progress.first_sent_ms is None:
            progress.first_sent_ms = self.parts.clock.now_ns() // 1_000_000
        observe.plan_sent(
            plan_id=plan.plan_id, signature=attempt.signature, lane=sent.lane, answer=sent.code or sent.kind
        )
        return sent

    async def _goes_on_sending(self, progress: _Progress, sent: Sent) -> bool:
        if sent.kind != "refused":
            return True
        action = action_for(sent.code)
        plan = progress.request.plan
        if action in {Action.HALT_WALLET, Action.ALARM}:
            observe.execution_alarm(plan_id=plan.plan_id, code=sent.code or sent.kind, message=sent.detail)
        if action is Action.HALT_WALLET:
            await self._halt_wallet(progress, sent.code or sent.kind)
        return action not in {Action.END_FAILED, Action.HALT_WALLET}

    async def _whoever_landed(self, progress: _Progress, reverted: Reverted) -> Landed | Reverted | Superseded:
        """The receipt is taken: by an older attempt, by a stranger, or by somebody the gate has never signed for.

        Only once the chain has decided each of the older ones is it somebody else.
        """
        if (older := await self._older(progress)) is not None:
            return older
        if await self._is_a_strangers(progress):
            observe.execution_alarm(
                plan_id=progress.request.plan.plan_id, code=TAKEN_BY_STRANGER, message=_PAID_BY_A_STRANGER
            )
            return reverted
        await self._halt_wallet(progress, "receipt_taken_elsewhere")
        return Superseded(reverted.signature, None)

    async def _older(self, progress: _Progress) -> Landed | Reverted | None:
        """The older attempt that landed, or one that a program refused, once the chain has decided each of them."""
        undecided, delay_ms = progress.attempts[:-1], self.config.retry_delay_ms
        refused: Reverted | None = None
        while undecided:
            asked, undecided = undecided, []
            for older in asked:
                outcome = await self._asked(older, within_ms=min(delay_ms, self.config.confirmation_timeout_ms))
                if isinstance(outcome, Landed):
                    return outcome
                if isinstance(outcome, Reverted) and outcome.error.name != RECEIPT_IN_USE:
                    refused = refused or outcome
                elif isinstance(outcome, (Unknown, Dropped)):
                    undecided.append(older)
                await self._tell_timeout(progress, self.parts.clock.now_ns())
            delay_ms = min(self.config.longest_delay_ms, delay_ms * 3 // 2)
        return refused

    async def _is_a_strangers(self, progress: _Progress) -> bool:
        """Whether nothing of this step can have an effect any more, although nobody of ours made its receipt.

        The account was there before the newest attempt ran, by a final block, so each attempt reverts for as long as it
        has lamports. They leave it only with the signature of the wallet that the address is derived from, and the gate
        gives none for an account of a step that has not ended. So no attempt can take effect later. That none did
        before: the older ones are decided, the gate has no other on record, and the transaction that brought the
        account to life was not signed by the wallet, as each attempt is, on record or not.
        """
        plan, pauses, asked_ns = progress.request.plan, self._pauses(), self.parts.clock.now_ns()
        while self.parts.clock.now_ns() - asked_ns <= BLOCKHASH_LIFE_NS:
            try:
                recorded = await self.parts.gate.step(plan.step_owner, plan.step)
                if recorded.pending or len(recorded.attempts) != len(progress.attempts):
                    return False
                if (maker := await self.parts.confirmations.receipt_maker(progress.attempts[-1])) is not None:
                    return maker == "stranger"
            except TradewindError as error:
                observe.execution_waits(plan_id=plan.plan_id, code=error.code, message=str(error))
            await self._tell_timeout(progress, self.parts.clock.now_ns())
            await pauses.pause()
        return False

    async def _halt_wallet(self, progress: _Progress, code: str) -> None:
        wallet = progress.attempts[-1].wallet
        observe.execution_alarm(plan_id=progress.request.plan.plan_id, code=code, message=f"Wallet {wallet} is halted.")
        if not await self.parts.gate.halted(wallet=wallet):
            await self.parts.gate.halt(
                reason=f"{code}: plan {progress.request.plan.plan_id}", by=self.name, wallet=wallet
            )

    async def _tell_timeout(self, progress: _Progress, now_ns: int) -> None:
        request = progress.request
        if not progress.told_timeout and now_ns // 1_000_000 >= request.taken_at_ms + request.timeout_ms:
            progress.told_timeout = True
            await progress.on_timeout(len(progress.attempts))

    # Endings.

    async def _ended_unsigned(
        self, progress: _Progress, proof: Expired | None, error: TradewindError
    ) -> ExecutionReport:
        """Nothing more will be signed: the step is closed, unless the gate has an attempt that must be followed."""
        if await self._is_anothers(progress, error):
            return self._report(progress, Dropped(None, ANOTHER_WALLET, str(error)), ANOTHER_WALLET, str(error))
        observe.not_signed(plan_id=progress.request.plan.plan_id, code=error.code, message=str(error))
        if proof is not None and (older := await self._older(progress)) is not None:
            return await self._ended(progress, older)
        return await self._given_up(progress, proof, error)

    async def _is_anothers(self, progress: _Progress, error: TradewindError) -> bool:
        """Signed for another wallet, or taken over by one that has drawn a receipt since this one did."""
        if error.code != STEP_CHANGED or progress.attempts:
            return error.code == ANOTHER_WALLET
        plan = progress.request.plan
        try:
            recorded = await self.parts.gate.step(plan.step_owner, plan.step)
        except TradewindError:
            return False
        return not recorded.pending and not recorded.attempts

    async def _given_up(self, progress: _Progress, proof: Expired | None, error: TradewindError) -> ExecutionReport:
        plan, pauses, asked_ns = progress.request.plan, self._pauses(), self.parts.clock.now_ns()
        alarmed = False
        while True:
            try:
                if await self._closed(plan, proof):
                    outcome = proof or Dropped(None, error.code, str(error))
                    return self._report(progress, outcome, error.code, str(error))
                recorded = (await self.parts.gate.step(plan.step_owner, plan.step)).attempts
                if recorded and recorded[-1].wallet != progress.request.wallet:
                    return self._report(progress, Dropped(None, ANOTHER_WALLET, str(error)), ANOTHER_WALLET, str(error))
                if len(recorded) > len(progress.attempts):
                    progress.attempts[:] = recorded
                    return await self._ended(progress, await self._landing(progress))
            except TradewindError as refused:
                observe.execution_waits(plan_id=plan.plan_id, code=refused.code, message=str(refused))
                disbelieved = isinstance(refused, Refused) or refused.code in _CONTRADICTED
                found = await self._proven_again(progress, proof) if disbelieved else None
                if isinstance(found, (Landed, Reverted)):
                    return await self._ended(progress, found)
                overdue = self.parts.clock.now_ns() - asked_ns > BLOCKHASH_LIFE_NS
                if proof is None and disbelieved and overdue and not alarmed:
                    # What is recorded may have been signed once: an operator has to look.
                    observe.execution_alarm(plan_id=plan.plan_id, code=refused.code, message=str(refused))
                    alarmed = True
                # A request that seemed lost had a blockhash, which is dead by now: whatever it gets signed cannot land.
                if isinstance(found, Expired) and overdue:
                    observe.execution_alarm(plan_id=plan.plan_id, code=refused.code, message=str(refused))
                    return self._report(progress, found, error.code, str(error))
            await self._tell_timeout(progress, self.parts.clock.now_ns())
            await pauses.pause()

    async def _proven_again(self, progress: _Progress, proof: Expired | None) -> Outcome | None:
        """What the chain says now of the attempt that was proven dead: the gate did not believe the proof."""
        if proof is None:
            return None
        return await self._asked(progress.attempts[-1], within_ms=self.config.retry_delay_ms)

    async def _closed(self, plan: ExecutionPlanEvent, proof: Expired | None) -> bool:
        """Have the gate sign nothing more: a request that seemed lost may still be on its way to it."""
        if proof is None:
            return await never_signed(self.parts.gate, plan)
        await self.parts.gate.settle(plan, proof)
        return True

    async def _ended(self, progress: _Progress, outcome: Landed | Reverted | Expired | Superseded) -> ExecutionReport:
        if isinstance(outcome, Expired):
            outcome = await self._surely(progress, outcome)
        if not isinstance(outcome, Superseded):
            await self._settle(progress, outcome)
        return self._report(progress, outcome, *self._why(outcome, progress))

    async def _surely(self, progress: _Progress, expired: Expired) -> Landed | Reverted | Expired | Superseded:
        """Nobody is told that it is over before the gate would believe it too."""
        attempt, pauses = progress.attempts[-1], self._pauses()
        while expired.finalized_height <= attempt.last_valid_block_height + SURELY_DEAD_BLOCKS:
            await self._tell_timeout(progress, self.parts.clock.now_ns())
            await pauses.pause()
            outcome = await self._asked(attempt, within_ms=self.config.retry_delay_ms)
            if isinstance(outcome, Reverted) and outcome.error.name == RECEIPT_IN_USE:
                return await self._whoever_landed(progress, outcome)
            if isinstance(outcome, (Landed, Reverted, Superseded)):
                return outcome
            expired = outcome if isinstance(outcome, Expired) else expired
        # The gate did not ask for a proof of each of them where a receipt keeps them apart.
        return await self._older(progress) or expired

    async def _settle(self, progress: _Progress, outcome: Landed | Reverted | Expired) -> None:
        """What the gate is not told now stays reserved in its budget; the result does not wait for that."""
        try:
            await self.parts.gate.settle(progress.request.plan, outcome)
        except TradewindError as error:
            observe.execution_waits(plan_id=progress.request.plan.plan_id, code=error.code, message=str(error))

    def _report(self, progress: _Progress, outcome: Final, code: str | None, message: str | None) -> ExecutionReport:
        return ExecutionReport(
            outcome=outcome,
            attempts=len(progress.attempts),
            code=code,
            message=message,
            first_sent_ms=progress.first_sent_ms,
            confirmed_ms=self.parts.clock.now_ns() // 1_000_000,
        )

    def _why(
        self, outcome: Landed | Reverted | Expired | Superseded, progress: _Progress
    ) -> tuple[str | None, str | None]:
        if isinstance(outcome, Landed):
            return None, None
        if isinstance(outcome, Reverted):
            if outcome.error.name == RECEIPT_IN_USE:
                return TAKEN_BY_STRANGER, _PAID_BY_A_STRANGER
            return "reverted", f"A program refused it: {outcome.error.name}. {outcome.error.message}".rstrip()
        if isinstance(outcome, Superseded):
            return "receipt_taken_elsewhere", "The step's receipt was made by a transaction that is not on record."
        return self._why_expired(progress)

    def _why_expired(self, progress: _Progress) -> tuple[str, str]:
        if not self.sends:
            return NO_PRIVATE_LANE, "It expired without being in a block, and no private lane is there to try again."
        if len(progress.attempts) >= self.config.max_attempts:
            return "attempts_exhausted", f"All {self.config.max_attempts} attempts expired without being in a block."
        return "deadline_passed", "It expired without being in a block, and the plan's deadline has passed."

    def _pauses(self) -> Backoff:
        first_s, most_s = self.config.retry_delay_ms / 1_000, self.config.longest_delay_ms / 1_000
        return Backoff(self.parts.clock, first_s=first_s, most_s=most_s)


def _of_wallet(attempt: SignedAttempt, wallet: str) -> SignedAttempt:
    if attempt.wallet != wallet:
        raise Refused(
            ANOTHER_WALLET, f"The step was signed for {attempt.wallet}, and this executor has {wallet} for it."
        )
    return attempt


async def never_signed(gate: Gate, plan: ExecutionPlanEvent) -> bool:
    """Have the gate sign nothing for the step; False when something is signed.

    Raises Refused `attempt_alive` while an attempt is on record that is not signed, and that could still be and land.
    """
    if await gate.close(plan.step_owner, plan.step):
        return True
    # Asking signs what is on record, where the policy passes it.
    if (await gate.step(plan.step_owner, plan.step)).attempts:
        return False
    await gate.expire(plan)
    return True


def internal(defect: Exception) -> TradewindError:
    """A defect as plans end with it: nobody would look for one that is tried again for ever."""
    return TradewindError("internal_error", f"The executor met a defect of its own: {defect!r}")
