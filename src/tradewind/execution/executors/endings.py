"""How an execution ends: in which words, and after which words of the gate."""

from tradewind.domain.execution_plan_event import ExecutionPlanEvent
from tradewind.errors import TradewindError
from tradewind.execution.executors.codes import NO_PRIVATE_LANE, RECEIPT_IN_USE, TAKEN_BY_STRANGER
from tradewind.execution.executors.outcomes import Expired, Landed, Reverted, Superseded
from tradewind.execution.executors.ports import Gate

PAID_BY_A_STRANGER = "A stranger paid lamports to the address of the step's receipt first: nothing of it took effect."


def why(
    outcome: Landed | Reverted | Expired | Superseded, *, attempts: int, most: int, sends: bool
) -> tuple[str | None, str | None]:
    """Code and words of an end; neither for one that landed. `sends`: whether there was a lane to send over."""
    if isinstance(outcome, Landed):
        return None, None
    if isinstance(outcome, Reverted):
        if outcome.error.name == RECEIPT_IN_USE:
            return TAKEN_BY_STRANGER, PAID_BY_A_STRANGER
        return "reverted", f"A program refused it: {outcome.error.name}. {outcome.error.message}".rstrip()
    if isinstance(outcome, Superseded):
        return "receipt_taken_elsewhere", "The step's receipt was made by a transaction that is not on record."
    return _why_expired(attempts, most, sends=sends)


def _why_expired(attempts: int, most: int, *, sends: bool) -> tuple[str, str]:
    if not sends:
        return NO_PRIVATE_LANE, "It expired without being in a block, and no private lane is there to try again."
    if attempts >= most:
        return "attempts_exhausted", f"All {most} attempts expired without being in a block."
    return "deadline_passed", "It expired without being in a block, and the plan's deadline has passed."


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
