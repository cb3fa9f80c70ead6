"""Makes the transaction that takes receipts back: from the wallet's own receipts to the wallet, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind import core
from tradewind.errors import Refused
from tradewind.execution.executors.ports import Blockhash

# A signature that is not there yet.
_BLANK = bytes(64)
# The system program and the compute budget take 150 units for each instruction; the rest is room.
_UNITS_EACH = 200
_UNITS_BESIDE = 600


@dataclass(frozen=True, slots=True)
class StandingReceipt:
    """A receipt on the chain, and all that it holds: a rest below the rent would fail the whole transaction."""

    seed: str
    lamports: int


@dataclass(frozen=True, slots=True)
class ReclaimTransaction:
    """The bytes with a signature of zeros, and how many receipts are in them."""

    message: bytes
    receipts: int


def reclaim_transaction(
    wallet: str,
    receipts: Sequence[StandingReceipt],
    *,
    blockhash: Blockhash,
    micro_lamports_per_unit: int,
    size_limit_bytes: int,
) -> ReclaimTransaction:
    """As many of them as fit, the first ones first; Refused with the core's code when not even one does."""
    fitting = len(receipts)
    try:
        while True:
            builder = (
                core.TransactionBuilder()
                .set_fee_payer(wallet)
                .set_recent_blockhash(blockhash.hash)
                .size_limit(size_limit_bytes)
                .set_compute_budget(
                    unit_limit=_UNITS_BESIDE + _UNITS_EACH * fitting, micro_lamports_per_unit=micro_lamports_per_unit
                )
            )
            for receipt in receipts[:fitting]:
                builder.add_instruction(core.reclaim_receipt(wallet, receipt.seed, wallet, receipt.lamports))
            if fitting <= 1 or builder.planned_size().fits:
                unsigned = builder.build()
                return ReclaimTransaction(unsigned.to_wire([_BLANK for _ in unsigned.signers]), fitting)
            fitting -= 1
    except core.CoreError as error:
        raise Refused(error.code, str(error)) from None
