"""The preview of an intent: what it would do now, without doing it."""

from tradewind.domain.amount import Raw
from tradewind.domain.model import Model
from tradewind.domain.plan import ExecutionPlan
from tradewind.domain.slice import Slice, SlicingDecision


class Refusal(Model):
    """A rule that would turn the intent away; the code and message that it would end with. `field` if one is wrong."""

    code: str
    message: str
    field: str | None = None


class Preview(Model):
    """What would happen if the intent were sent now. Nothing is recorded, signed or reserved.

    `refusals` is empty when it would be taken on. `plan` is that of the first slice, complete but for its signature:
    route, exact and worst amounts, impact, gas, steps; None when no route was found. `because` explains the slices.
    """

    wallet: str | None = None
    amount_raw: Raw | None = None
    plan: ExecutionPlan | None = None
    slices: tuple[Slice, ...] = ()
    slicing: SlicingDecision | None = None
    because: str | None = None
    balance_in_raw: Raw | None = None
    native_balance_raw: Raw | None = None
    refusals: tuple[Refusal, ...] = ()
