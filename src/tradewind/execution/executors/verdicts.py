"""What the chain says of attempts: of one within a time, of all the older ones, and of a receipt that is not theirs."""

from collections.abc import Awaitable, Callable

from tradewind.errors import TradewindError
from tradewind.execution.executors.codes import BLOCKHASH_LIFE_NS, RECEIPT_IN_USE
from tradewind.execution.executors.execution import ExecutorConfig, ExecutorParts
from tradewind.execution.executors.outcomes import Dropped, Landed, Outcome, Reverted, Unknown
from tradewind.execution.executors.ports import SignedAttempt
from tradewind.execution.executors.progress import Progress
from tradewind.observability import events as observe
from tradewind.observability.clock import NS_PER_MS, NS_PER_S, Backoff, Clock

Confirm = Callable[[SignedAttempt, int], Awaitable[Outcome]]


class Verdicts:
    """`confirm` asks for one attempt for so many milliseconds."""

    def __init__(self, config: ExecutorConfig, parts: ExecutorParts, confirm: Confirm) -> None:
        self._config = config
        self._gate = parts.gate
        self._confirmations = parts.confirmations
        self._clock = parts.clock
        self._confirm = confirm

    async def asked(self, attempt: SignedAttempt, *, within_ms: int) -> Outcome:
        """What decides nothing takes all of the time, so that whoever asks again at once does not hammer."""
        clock = self._clock
        until_ns = clock.now_ns() + within_ms * NS_PER_MS
        try:
            outcome = await self._confirm(attempt, within_ms)
        except TradewindError as error:
            outcome = Unknown(attempt.signature, error.code, str(error))
        if isinstance(outcome, (Unknown, Dropped)) and (rest_ns := until_ns - clock.now_ns()) > 0:
            await clock.sleep(min(rest_ns, within_ms * NS_PER_MS) / NS_PER_S)
        return outcome

    async def older(self, progress: Progress) -> Landed | Reverted | None:
        """The older attempt that landed, or one that a program refused, once the chain has decided each of them."""
        undecided, delay_ms = progress.attempts[:-1], self._config.retry_delay_ms
        refused: Reverted | None = None
        while undecided:
            asked, undecided = undecided, []
            for older in asked:
                outcome = await self.asked(older, within_ms=min(delay_ms, self._config.confirmation_timeout_ms))
                if isinstance(outcome, Landed):
                    return outcome
                if isinstance(outcome, Reverted) and outcome.error.name != RECEIPT_IN_USE:
                    refused = refused or outcome
                elif isinstance(outcome, (Unknown, Dropped)):
                    undecided.append(older)
                await progress.tell_timeout(self._clock.now_ns())
            delay_ms = min(self._config.longest_delay_ms, delay_ms * 3 // 2)
        return refused

    async def is_a_strangers(self, progress: Progress) -> bool:
        """Whether nothing of this step can have an effect any more, although nobody of ours made its receipt.

        The account was there before the newest attempt ran, by a final block, so each attempt reverts for as long as it
        has lamports. They leave it only with the signature of the wallet that the address is derived from, and the gate
        gives none for an account of a step that has not ended. So no attempt can take effect later. That none did
        before: the older ones are decided, the gate has no other on record, and the transaction that brought the
        account to life was not signed by the wallet, as each attempt is, on record or not.
        """
        plan, pauses, asked_ns = progress.request.plan, pauses_of(self._config, self._clock), self._clock.now_ns()
        while self._clock.now_ns() - asked_ns <= BLOCKHASH_LIFE_NS:
            try:
                recorded = await self._gate.step(plan.step_owner, plan.step)
                if recorded.pending or len(recorded.attempts) != len(progress.attempts):
                    return False
                if (maker := await self._confirmations.receipt_maker(progress.attempts[-1])) is not None:
                    return maker == "stranger"
            except TradewindError as error:
                observe.execution_waits(plan_id=plan.plan_id, code=error.code, message=str(error))
            await progress.tell_timeout(self._clock.now_ns())
            await pauses.pause()
        return False


def pauses_of(config: ExecutorConfig, clock: Clock) -> Backoff:
    """Between two questions that were not answered."""
    return Backoff(clock, first_s=config.retry_delay_ms / 1_000, most_s=config.longest_delay_ms / 1_000)
