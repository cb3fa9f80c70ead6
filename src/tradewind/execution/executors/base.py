"""BaseExecutor: build, sign, submit, confirm, and again only after proof that the older signature is dead.

One path for a fresh plan and for one that was interrupted: ask the gate what is on record, do the next thing.
"""

from functools import partial

from tradewind.domain.execution_plan_event import ExecutionMethod, ExecutionPlanEvent
from tradewind.errors import Refused, TradewindError
from tradewind.execution.executors.codes import (
    ANOTHER_WALLET,
    BLOCKHASH_LIFE_NS,
    CONTRADICTED,
    NOT_DEAD,
    NOT_TOLD,
    RECEIPT_IN_USE,
    STEP_CHANGED,
    SURELY_DEAD_BLOCKS,
    TAKEN_BY_STRANGER,
)
from tradewind.execution.executors.dispositions import Action, action_for, action_for_error
from tradewind.execution.executors.endings import PAID_BY_A_STRANGER, internal, never_signed, why
from tradewind.execution.executors.execution import (
    ExecutionReport,
    ExecutionRequest,
    ExecutorConfig,
    ExecutorParts,
    Final,
)
from tradewind.execution.executors.outcomes import Dropped, Expired, Landed, Outcome, Reverted, Superseded
from tradewind.execution.executors.ports import (
    BuildRequest,
    ComputeBudget,
    Lane,
    LaneHealth,
    Sent,
    SignedAttempt,
    Tip,
    UnsignedTransaction,
)
from tradewind.execution.executors.progress import OnTimeout, Progress
from tradewind.execution.executors.stages import Stage, Stages
from tradewind.execution.executors.verdicts import Verdicts, pauses_of
from tradewind.observability import events as observe


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
        self._verdicts = Verdicts(
            config, parts, lambda attempt, within_ms: self.confirm_transaction(attempt, within_ms=within_ms)
        )

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
        progress = Progress(request, on_timeout, list(request.recorded.attempts))
        proof: Expired | None = None
        while True:
            if proof is not None or not progress.attempts:
                try:
                    progress.attempts.append(await self._signed(progress, proof))
                except TradewindError as error:
                    if proof is None or error.code not in NOT_DEAD:
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
                outcome = await self._verdicts.older(progress) or outcome
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

    async def _signed(self, progress: Progress, proof: Expired | None) -> SignedAttempt:
        """The next attempt, signed: what the gate has on record if it has one, else a new one."""
        request, clock = progress.request, self.parts.clock
        pauses = pauses_of(self.config, self.parts.clock)
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
                disbelieved = proof is not None and error.code in NOT_DEAD
                if disbelieved or action_for_error(error) is not Action.RETRY_SAME_BYTES:
                    raise
                observe.execution_waits(plan_id=request.plan.plan_id, code=error.code, message=str(error))
            await progress.tell_timeout(clock.now_ns())
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

    def _may_try_again(self, progress: Progress) -> bool:
        in_time = self.parts.clock.now_ns() // 1_000_000 < progress.request.plan.deadline
        return self.sends and in_time and len(progress.attempts) < self.config.max_attempts

    # Landing.

    async def _landing(self, progress: Progress) -> Landed | Reverted | Expired | Superseded:
        """Send the newest attempt's bytes until the chain has said how they ended."""
        attempt, plan = progress.attempts[-1], progress.request.plan
        delay_ms, sending, in_block = self.config.retry_delay_ms, self.sends, False
        while True:
            if sending and not in_block:
                sent = await self._send(progress, attempt)
                sending = await self._goes_on_sending(progress, sent)
                delay_ms = max(delay_ms, sent.retry_after_ms or 0)
            async with self.stages.stage(Stage.CONFIRM, plan, signature=attempt.signature):
                outcome = await self._verdicts.asked(
                    attempt, within_ms=min(delay_ms, self.config.confirmation_timeout_ms)
                )
            if isinstance(outcome, Reverted) and outcome.error.name == RECEIPT_IN_USE:
                return await self._whoever_landed(progress, outcome)
            if isinstance(outcome, (Landed, Reverted, Expired, Superseded)):
                return outcome
            sending = sending and action_for(outcome.code) is not Action.END_FAILED
            # As long as it is said to be: a fork may take it out again.
            in_block = outcome.code == NOT_TOLD
            await progress.tell_timeout(self.parts.clock.now_ns())
            delay_ms = min(self.config.longest_delay_ms, delay_ms * 3 // 2)

    async def _send(self, progress: Progress, attempt: SignedAttempt) -> Sent:
        plan = progress.request.plan
        async with self.stages.stage(Stage.SUBMIT, plan, signature=attempt.signature):
            sent = await self.submit_transaction(attempt)
        if progress.first_sent_ms is None:
            progress.first_sent_ms = self.parts.clock.now_ns() // 1_000_000
        observe.plan_sent(
            plan_id=plan.plan_id, signature=attempt.signature, lane=sent.lane, answer=sent.code or sent.kind
        )
        return sent

    async def _goes_on_sending(self, progress: Progress, sent: Sent) -> bool:
        if sent.kind != "refused":
            return True
        action = action_for(sent.code)
        plan = progress.request.plan
        if action in {Action.HALT_WALLET, Action.ALARM}:
            observe.execution_alarm(plan_id=plan.plan_id, code=sent.code or sent.kind, message=sent.detail)
        if action is Action.HALT_WALLET:
            await self._halt_wallet(progress, sent.code or sent.kind)
        return action not in {Action.END_FAILED, Action.HALT_WALLET}

    async def _whoever_landed(self, progress: Progress, reverted: Reverted) -> Landed | Reverted | Superseded:
        """The receipt is taken: by an older attempt, by a stranger, or by somebody the gate has never signed for.

        Only once the chain has decided each of the older ones is it somebody else.
        """
        if (older := await self._verdicts.older(progress)) is not None:
            return older
        if await self._verdicts.is_a_strangers(progress):
            observe.execution_alarm(
                plan_id=progress.request.plan.plan_id, code=TAKEN_BY_STRANGER, message=PAID_BY_A_STRANGER
            )
            return reverted
        await self._halt_wallet(progress, "receipt_taken_elsewhere")
        return Superseded(reverted.signature, None)

    async def _halt_wallet(self, progress: Progress, code: str) -> None:
        wallet = progress.attempts[-1].wallet
        observe.execution_alarm(plan_id=progress.request.plan.plan_id, code=code, message=f"Wallet {wallet} is halted.")
        if not await self.parts.gate.halted(wallet=wallet):
            await self.parts.gate.halt(
                reason=f"{code}: plan {progress.request.plan.plan_id}", by=self.name, wallet=wallet
            )

    # Endings.

    async def _ended_unsigned(
        self, progress: Progress, proof: Expired | None, error: TradewindError
    ) -> ExecutionReport:
        """Nothing more will be signed: the step is closed, unless the gate has an attempt that must be followed."""
        if await self._is_anothers(progress, error):
            return self._report(progress, Dropped(None, ANOTHER_WALLET, str(error)), ANOTHER_WALLET, str(error))
        observe.not_signed(plan_id=progress.request.plan.plan_id, code=error.code, message=str(error))
        if proof is not None and (older := await self._verdicts.older(progress)) is not None:
            return await self._ended(progress, older)
        return await self._given_up(progress, proof, error)

    async def _is_anothers(self, progress: Progress, error: TradewindError) -> bool:
        """Signed for another wallet, or taken over by one that has drawn a receipt since this one did."""
        if error.code != STEP_CHANGED or progress.attempts:
            return error.code == ANOTHER_WALLET
        plan = progress.request.plan
        try:
            recorded = await self.parts.gate.step(plan.step_owner, plan.step)
        except TradewindError:
            return False
        return not recorded.pending and not recorded.attempts

    async def _given_up(self, progress: Progress, proof: Expired | None, error: TradewindError) -> ExecutionReport:
        plan, pauses, asked_ns = (
            progress.request.plan,
            pauses_of(self.config, self.parts.clock),
            self.parts.clock.now_ns(),
        )
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
                disbelieved = isinstance(refused, Refused) or refused.code in CONTRADICTED
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
            await progress.tell_timeout(self.parts.clock.now_ns())
            await pauses.pause()

    async def _proven_again(self, progress: Progress, proof: Expired | None) -> Outcome | None:
        """What the chain says now of the attempt that was proven dead: the gate did not believe the proof."""
        if proof is None:
            return None
        return await self._verdicts.asked(progress.attempts[-1], within_ms=self.config.retry_delay_ms)

    async def _closed(self, plan: ExecutionPlanEvent, proof: Expired | None) -> bool:
        """Have the gate sign nothing more: a request that seemed lost may still be on its way to it."""
        if proof is None:
            return await never_signed(self.parts.gate, plan)
        await self.parts.gate.settle(plan, proof)
        return True

    async def _ended(self, progress: Progress, outcome: Landed | Reverted | Expired | Superseded) -> ExecutionReport:
        if isinstance(outcome, Expired):
            outcome = await self._surely(progress, outcome)
        if not isinstance(outcome, Superseded):
            await self._settle(progress, outcome)
        words = why(outcome, attempts=len(progress.attempts), most=self.config.max_attempts, sends=self.sends)
        return self._report(progress, outcome, *words)

    async def _surely(self, progress: Progress, expired: Expired) -> Landed | Reverted | Expired | Superseded:
        """Nobody is told that it is over before the gate would believe it too."""
        attempt, pauses = progress.attempts[-1], pauses_of(self.config, self.parts.clock)
        while expired.finalized_height <= attempt.last_valid_block_height + SURELY_DEAD_BLOCKS:
            await progress.tell_timeout(self.parts.clock.now_ns())
            await pauses.pause()
            outcome = await self._verdicts.asked(attempt, within_ms=self.config.retry_delay_ms)
            if isinstance(outcome, Reverted) and outcome.error.name == RECEIPT_IN_USE:
                return await self._whoever_landed(progress, outcome)
            if isinstance(outcome, (Landed, Reverted, Superseded)):
                return outcome
            expired = outcome if isinstance(outcome, Expired) else expired
        # The gate did not ask for a proof of each of them where a receipt keeps them apart.
        return await self._verdicts.older(progress) or expired

    async def _settle(self, progress: Progress, outcome: Landed | Reverted | Expired) -> None:
        """What the gate is not told now stays reserved in its budget; the result does not wait for that."""
        try:
            await self.parts.gate.settle(progress.request.plan, outcome)
        except TradewindError as error:
            observe.execution_waits(plan_id=progress.request.plan.plan_id, code=error.code, message=str(error))

    def _report(self, progress: Progress, outcome: Final, code: str | None, message: str | None) -> ExecutionReport:
        return ExecutionReport(
            outcome=outcome,
            attempts=len(progress.attempts),
            code=code,
            message=message,
            first_sent_ms=progress.first_sent_ms,
            confirmed_ms=self.parts.clock.now_ns() // 1_000_000,
        )


def _of_wallet(attempt: SignedAttempt, wallet: str) -> SignedAttempt:
    if attempt.wallet != wallet:
        raise Refused(
            ANOTHER_WALLET, f"The step was signed for {attempt.wallet}, and this executor has {wallet} for it."
        )
    return attempt
