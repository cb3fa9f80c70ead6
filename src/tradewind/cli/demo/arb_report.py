"""The arbitrage demo as one JSON document: amounts in smallest units as strings, times in nanoseconds UTC.

Durations, in nanoseconds, end with `_after_ns` (since the feed's message was there), or are `gate_ns`.
"""

from dataclasses import asdict
from typing import Any

from tradewind.cli.demo.arb_run import ArbEnding
from tradewind.cli.demo.arb_story import ArbStory, ArbTrade


def arb_report(story: ArbStory, ending: ArbEnding, *, took_ns: int, folder: str | None) -> dict[str, Any]:
    """Everything that the picture shows, and what the verdict was made from."""
    return {
        "proven": ending.holds,
        "took_ms": took_ns // 1_000_000,
        "folder": folder,
        "wallet": story.wallet,
        "engine": story.engine,
        "pools": list(story.pools),
        "moves": [
            {
                "amount_raw": str(move.amount_raw),
                "symbol": move.symbol,
                "at_ns": move.at_ns,
                "spread_ppm": move.spread_ppm,
            }
            for move in story.moves
        ],
        "spread_ppm": story.spread_ppm,
        "trades": [_trade(trade) for trade in story.trades.values()],
        "stages": story.stages,
        "results": [result.model_dump(mode="json", by_alias=True) for result in ending.results],
        "verdict": [asdict(check) for check in ending.checks],
    }


def _trade(trade: ArbTrade) -> dict[str, Any]:
    return {
        "plan_id": trade.plan_id,
        "opportunity_id": trade.opportunity_id,
        "amount_in_raw": str(trade.amount_in_raw),
        "expected_raw": str(trade.expected_raw),
        "profit_raw": None if trade.profit_raw is None else str(trade.profit_raw),
        "status": trade.status,
        "signature": trade.signature,
        "told_ns": trade.told_ns,
        "found_after_ns": trade.found_after_ns,
        "planned_after_ns": trade.planned_after_ns,
        "gate_ns": trade.gate_ns,
        "sent_after_ns": trade.sent_after_ns,
        "planned_ns": trade.planned_ns,
        "sent_ns": trade.sent_ns,
        "ended_ns": trade.ended_ns,
    }
