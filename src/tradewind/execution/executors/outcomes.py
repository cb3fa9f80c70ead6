"""How a signed transaction, or the plan behind it, stands. Values, not errors: each of them merely happened."""

from dataclasses import dataclass

from tradewind.domain.execution_result_event import ProgramError


@dataclass(frozen=True, slots=True)
class Landed:
    """It is in a block, as firmly as the executor is configured to ask for, and it succeeded.

    `fee_lamports` is all that the chain and the tip took, `locked_lamports` what stands in accounts that it made. The
    amounts are read from the chain; None when the reader does not know this kind of transaction.
    """

    signature: str
    slot: int
    fee_lamports: int
    input_amount_raw: int | None = None
    output_amount_raw: int | None = None
    locked_lamports: int = 0


@dataclass(frozen=True, slots=True)
class Reverted:
    """It is in a block and had no effect but its fee."""

    signature: str
    slot: int
    fee_lamports: int
    error: ProgramError


@dataclass(frozen=True, slots=True)
class Expired:
    """It is in no block and can never be in one: as many endpoints as the quorum asks for agree.

    `finalized_height` is beyond the last height at which it was valid.
    """

    signature: str
    finalized_height: int
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """The lane let go of it, or nothing was ever signed (`signature` is None). A signed one can still land."""

    signature: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another attempt of the same step is what the chain took: the on-chain receipt, or the gate, names it."""

    signature: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is proven. It can still land; the same bytes are sent again."""

    signature: str
    code: str = "not_seen_yet"
    message: str = ""


Outcome = Landed | Reverted | Expired | Dropped | Superseded | Unknown
