"""ExecutionResultEvent: how a plan ended on chain, or that it has not been proven yet (`timeout`, never final).

Field names are camelCase on the wire. Amounts are decimal strings of raw units, times integer milliseconds.
"""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tradewind.domain.address import SolanaAddress
from tradewind.domain.amount import Raw, SignedRaw
from tradewind.domain.event import NAMESPACE, Event
from tradewind.domain.execution_plan_event import CAMEL, ExecutionMethod, Milliseconds
from tradewind.domain.model import Model
from tradewind.domain.usd import Usd


class ResultStatus(StrEnum):
    """`timeout` says that nothing is proven within the plan's latency; a final status follows. `simulated`: nothing was
    signed, and a node has told what the transaction would have done."""

    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"
    SIMULATED = "simulated"


class ProgramError(Model):
    """What the program said when the transaction failed. `code` is the program's own number, `name` its name for it."""

    model_config = CAMEL

    instruction: int | None
    program: SolanaAddress | None
    code: int | None
    name: str
    message: str = ""


class ExecutionResultEvent(Event):
    """A plan has its result; `outcome` is `status` on the wire.

    `execution_cost` is what was paid in lamports, fees and tip together; `locked_lamports` stands in accounts that the
    transaction made (below zero: came back from such) and is no cost; `net_profit` is `actual_profit` without it
    and is known only when the profit is in SOL. `confirmation_time` and `latency` are milliseconds: from the first
    sending to the confirmation, and from taking the plan to the result. A failure has an `error_code`, and so has
    a simulation that failed. What was simulated has no signature; its amounts are what it would have moved.
    """

    stream = "EXECUTED"
    subject = "executed"
    model_config = CAMEL

    execution_id: UUID
    plan_id: UUID
    opportunity_id: UUID
    outcome: Annotated[ResultStatus, Field(alias="status")]
    signature: str | None = None
    block_slot: Annotated[int, Field(ge=0)] | None = None
    confirmation_time: Milliseconds | None = None
    expected_profit: SignedRaw
    actual_profit: SignedRaw | None = None
    actual_profit_usd: Usd | None = None
    execution_cost: Raw
    locked_lamports: SignedRaw = 0
    net_profit: SignedRaw | None = None
    latency: Milliseconds
    execution_method: ExecutionMethod
    error: str | None = None
    error_code: str | None = None
    program_error: ProgramError | None = None
    wallet: SolanaAddress | None = None
    attempts: Annotated[int, Field(ge=0)] = 0
    input_amount: Raw | None = None
    output_amount: Raw | None = None
    intent_id: UUID | None = None
    step: Annotated[int, Field(ge=0)] = 0
    executor_name: str
    timestamp: Milliseconds

    @classmethod
    def subjects(cls) -> tuple[str, ...]:
        """`executed.success`, `executed.failed`, `executed.timeout`, `executed.simulated`."""
        return tuple(f"{cls.subject}.{status.value}" for status in ResultStatus)

    def published_under(self) -> str:
        """By its status."""
        return f"{self.subject}.{self.outcome.value}"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self.outcome is not ResultStatus.TIMEOUT

    def event_id(self) -> UUID:
        """The id of the event: a plan has at most one timeout and one end."""
        return result_event_id(self.plan_id, final=self.is_final)

    @model_validator(mode="after")
    def _codes_belong_to_failures(self) -> Self:
        simulated = self.outcome is ResultStatus.SIMULATED
        if not simulated and (self.outcome is ResultStatus.SUCCESS) != (self.error_code is None):
            raise PydanticCustomError("error_code_missing", "errorCode is given unless status is 'success'.")
        if simulated and self.signature is not None:
            raise PydanticCustomError("signature_of_nothing", "What was simulated was not signed.")
        if self.outcome is ResultStatus.SUCCESS and self.signature is None:
            raise PydanticCustomError("signature_missing", "A success has the signature that landed.")
        return self


def result_event_id(plan_id: UUID, *, final: bool) -> UUID:
    """The id under which the result of a plan is, or will be, recorded."""
    return uuid5(NAMESPACE, f"execution result/{plan_id}/{'end' if final else 'timeout'}")
