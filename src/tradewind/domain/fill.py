"""What really happened on chain: one confirmed step, and the fill read from its logs."""

from enum import StrEnum

from pydantic import model_validator

from tradewind.domain.amount import Raw, SignedRaw
from tradewind.domain.model import Model, old_names
from tradewind.domain.plan import BlockRef


class StepOutcome(StrEnum):
    """How a step ended on chain. Values, not errors."""

    SUCCEEDED = "succeeded"
    REVERTED = "reverted"
    # Its nonce was spent by a transaction of ours that does nothing.
    CANCELLED = "cancelled"


class ConfirmationLevel(StrEnum):
    """How firmly the chain holds a transaction: handed over; in a block; deep enough; beyond any reorganisation."""

    SUBMITTED = "submitted"
    SEEN = "seen"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


class Fill(Model):
    """What moved, summed from the logs of the transaction: never from a quote."""

    token_in: str
    token_out: str
    amount_in_raw: Raw
    amount_out_raw: Raw


class StepResult(Model):
    """The receipt of one step, as the chain gave it. `fill` for a swap that succeeded.

    `fee_raw` is what it cost in the smallest unit of the chain's coin; `locked_raw` stands in accounts that it made
    and is no cost. `nonce`, `gas_used` and `gas_price_wei` are None on a chain that has none of them. `revert_reason`
    is the contract's own text, `revert_code` its stable name.
    """

    step: int
    attempt: int
    outcome: StepOutcome
    tx_hash: str
    nonce: int | None
    block: BlockRef
    gas_used: int | None
    gas_price_wei: Raw | None
    fee_raw: Raw
    locked_raw: SignedRaw = 0
    fill: Fill | None = None
    revert_code: str | None = None
    revert_reason: str | None = None

    _in_raw = model_validator(mode="before")(old_names(fee_wei="fee_raw"))
