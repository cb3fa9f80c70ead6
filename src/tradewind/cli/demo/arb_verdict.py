"""The verdict of the arbitrage demo: statements about what was gained, each judged from the node's own state. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tradewind.cli.demo.verdict import Check
from tradewind.domain.amount import format_raw
from tradewind.domain.execution_result_event import ExecutionResultEvent

_SOL = 9


@dataclass(frozen=True, slots=True)
class ArbWallet:
    """A wallet by the node's own state: its lamports, and what its account of wrapped SOL holds."""

    lamports: int
    wrapped_raw: int


@dataclass(frozen=True, slots=True)
class ArbEvidence:
    """What the node has of the wallet, and what the journal says."""

    before: ArbWallet
    after: ArbWallet
    signatures: tuple[str, ...]
    results: tuple[ExecutionResultEvent, ...]
    open_at_end: Sequence[str] | None
    spreads_ppm: tuple[int, int]
    journal_rows: int
    journal_fault: str | None


def judge_arb(seen: ArbEvidence) -> tuple[Check, ...]:
    """All checks, whatever the first ones say."""
    return tuple(_checks(seen))


def _checks(seen: ArbEvidence) -> Iterator[Check]:
    landed = [result for result in seen.results if result.block_slot is not None]
    gained = [result for result in landed if result.actual_profit is not None]
    told = sum(result.actual_profit or 0 for result in gained)
    change = seen.after.wrapped_raw - seen.before.wrapped_raw
    yield Check(
        "profit",
        "the profit told is the wallet's change",
        told == change > 0,
        f"told {format_raw(told, _SOL)}, changed {format_raw(change, _SOL, 'SOL')}",
    )
    cost = sum(result.execution_cost for result in landed)
    locked = sum(result.locked_lamports for result in landed)
    left = seen.before.lamports - seen.after.lamports
    yield Check(
        "costs",
        "what it cost is the fees and rents told",
        left == cost + locked,
        f"left {left:,}, told {cost:,} + {locked:,} lamports",
    )
    signatures = Counter(result.signature for result in landed)
    yield Check(
        "one_result",
        "each transaction of the wallet has one result",
        signatures == Counter(seen.signatures),
        f"{len(seen.signatures)} on chain, {len(landed)} told",
    )
    plans = Counter(result.plan_id for result in landed)
    most = max(plans.values(), default=0)
    yield Check(
        "one_transaction",
        "each plan has at most one transaction",
        most == 1,
        f"{len(plans)} plans",
    )
    first, last = seen.spreads_ppm
    yield Check(
        "closer",
        "the two pools came closer to each other",
        last < first,
        f"{first / 10_000:.2f} % apart, then {last / 10_000:.2f} %",
    )
    yield Check(
        "nothing_open",
        "the engine ended with nothing under way",
        seen.open_at_end == [],
        "it did not say" if seen.open_at_end is None else f"{len(seen.open_at_end)} open",
    )
    yield Check(
        "journal_verifies",
        "the journal's hash chain verifies",
        seen.journal_fault is None and seen.journal_rows > 0,
        seen.journal_fault or f"{seen.journal_rows} rows, each sealed by the next",
    )
