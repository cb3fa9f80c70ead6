"""The demo as one JSON document: amounts in smallest units as strings, times in nanoseconds UTC."""

from dataclasses import asdict
from typing import Any

from tradewind.cli.demo.run import Ending
from tradewind.cli.demo.story import Story
from tradewind.cli.demo.verdict import Check
from tradewind.cli.demo.witness import SeenTransaction, WalletState


def report(story: Story, ending: Ending, *, took_ns: int, folder: str | None) -> dict[str, Any]:
    """Everything that the picture shows, and the numbers that the verdict was made from."""
    seen, plan = ending.evidence, story.plan
    return {
        "proven": ending.holds,
        "took_ms": took_ns // 1_000_000,
        "folder": folder,
        "intent_id": None if story.intent_id is None else str(story.intent_id),
        "intent": None if story.intent is None else story.intent.model_dump(mode="json", exclude={"id"}),
        "priority": None if story.priority is None else story.priority.model_dump(mode="json"),
        "stages": [
            {"title": s.title, "detail": s.detail, "started_ns": s.started_ns, "duration_ns": s.duration_ns}
            for s in story.stages
        ],
        "plan": None if plan is None else plan.model_dump(mode="json"),
        "submitted": [body.model_dump(mode="json") for body in story.submitted],
        "results": [result.model_dump(mode="json") for result in story.results],
        "completed": None if story.completed is None else story.completed.model_dump(mode="json"),
        "failure": None if story.failure is None else asdict(story.failure),
        "verdict": [asdict(check) for check in ending.checks],
        "chain": None
        if seen is None
        else {
            "before": _wallet(seen.before),
            "after": _wallet(seen.after),
            "transactions": [_transaction(tx) for tx in seen.transactions],
            "quoter_in_raw": str(seen.chain_quote_in_raw),
            "journal_rows": seen.journal_rows,
        },
    }


def solana_report(story: Story, checks: tuple[Check, ...], *, took_ns: int) -> dict[str, Any]:
    """What the second picture shows."""
    plan = story.plan
    return {
        "proven": bool(checks) and all(check.holds for check in checks),
        "took_ms": took_ns // 1_000_000,
        "intent_id": None if story.intent_id is None else str(story.intent_id),
        "intent": None if story.intent is None else story.intent.model_dump(mode="json", exclude={"id"}),
        "plan": None if plan is None else plan.model_dump(mode="json"),
        "results": [result.model_dump(mode="json") for result in story.results],
        "completed": None if story.completed is None else story.completed.model_dump(mode="json"),
        "failure": None if story.failure is None else asdict(story.failure),
        "verdict": [asdict(check) for check in checks],
    }


def _wallet(state: WalletState) -> dict[str, Any]:
    fields = asdict(state)
    return {name: value if name in {"block", "nonce"} else str(value) for name, value in fields.items()}


def _transaction(tx: SeenTransaction) -> dict[str, Any]:
    fields = asdict(tx)
    fields["gas_price_wei"] = str(tx.gas_price_wei)
    for transfer in fields["transfers"]:
        transfer["amount_raw"] = str(transfer["amount_raw"])
    return fields
