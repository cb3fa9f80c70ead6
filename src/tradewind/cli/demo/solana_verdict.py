"""The verdict on Solana: statements about the fill, each judged from the node's own state. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from tradewind.cli.demo.verdict import Check
from tradewind.domain.amount import format_raw, mul_ppm_ceil
from tradewind.domain.token_list import Token

_SOL_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class SolanaWallet:
    """A wallet by the node's own state."""

    lamports: int
    token_out_raw: int


@dataclass(frozen=True, slots=True)
class SolanaEvidence:
    """What the node has: the wallet before and after, its transactions since, and what they cost.

    `receipt_lamports` is the rent of the step's receipt, which comes back when that is reclaimed.
    """

    before: SolanaWallet
    after: SolanaWallet
    signatures: tuple[str, ...]
    all_succeeded: bool
    fee_lamports: int
    receipt_lamports: int
    journal_rows: int
    journal_fault: str | None


@dataclass(frozen=True, slots=True)
class SolanaPromise:
    """What the intent asked for and the service said it would do."""

    token_out: Token
    sold_lamports: int
    quoted_out_raw: int
    max_slippage_ppm: int
    filled_out_raw: int
    signatures: tuple[str, ...]


def judge_solana(promise: SolanaPromise, seen: SolanaEvidence) -> tuple[Check, ...]:
    """All checks, whatever the first ones say."""
    return tuple(_checks(promise, seen))


def _checks(promise: SolanaPromise, seen: SolanaEvidence) -> Iterator[Check]:
    token = promise.token_out
    arrived = seen.after.token_out_raw - seen.before.token_out_raw
    yield Check(
        "arrived",
        f"the {token.symbol} that arrived equals the fill and the quote",
        arrived == promise.filled_out_raw == promise.quoted_out_raw,
        f"arrived {format_raw(arrived, token.decimals, token.symbol)}",
    )
    least = mul_ppm_ceil(promise.quoted_out_raw, 1_000_000 - promise.max_slippage_ppm)
    yield Check(
        "within_limit",
        "no less arrived than the intent allows",
        arrived >= least,
        f"limit {format_raw(least, token.decimals, token.symbol)}",
    )
    left = seen.before.lamports - seen.after.lamports
    beside = left - promise.sold_lamports
    yield Check(
        "only_fees",
        "beside what was sold only the fee and the receipt's rent left, to the lamport",
        beside == seen.fee_lamports + seen.receipt_lamports,
        f"left {format_raw(left, _SOL_DECIMALS, 'SOL')}, fee {seen.fee_lamports:,} lamports",
    )
    yield Check(
        "one_transaction",
        "exactly one transaction, and it succeeded",
        seen.signatures == promise.signatures and len(seen.signatures) == 1 and seen.all_succeeded,
        f"{len(seen.signatures)} of the wallet since the intent was sent",
    )
    yield Check(
        "journal_verifies",
        "the journal's hash chain verifies",
        seen.journal_fault is None and seen.journal_rows > 0,
        seen.journal_fault or f"{seen.journal_rows} rows, each sealed by the next",
    )
