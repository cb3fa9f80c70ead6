"""How one pool's exact answer reads, as JSON and on a terminal."""

from typing import Any

from rich.console import RenderableType

from tradewind import core
from tradewind.cli.output import facts
from tradewind.cli.pools.price import percent, price_text
from tradewind.cli.pools.source import PoolSource
from tradewind.cli.pools.tokens import TokenNames


def quote_document(source: PoolSource, quote: core.PoolQuote) -> dict[str, Any]:
    """The answer as JSON values; prices as numerator and denominator of raw output per raw input."""
    names = source.names
    return {
        "pool": quote.pool,
        "venue": source.graph.venue(quote.pool),
        "amount_in": names.document(quote.amount_in_raw, quote.token_in),
        "amount_out": names.document(quote.amount_out_raw, quote.token_out),
        "fee_ppm": quote.fee_ppm,
        "fees": [{"kind": fee.kind, **names.document(fee.amount_raw, fee.token)} for fee in quote.fees],
        "spot_before": [str(part) for part in quote.spot_before],
        "spot_after": [str(part) for part in quote.spot_after],
        "price_impact_ppm": quote.price_impact_ppm,
        "movement": _movement(quote.movement),
    }


def quote_shown(source: PoolSource, quote: core.PoolQuote) -> RenderableType:
    """The amounts first, then what they are made of."""
    names, ends = source.names, (quote.token_in, quote.token_out)
    lines: dict[str, RenderableType] = {
        "pool": f"{quote.pool} ({source.graph.venue(quote.pool)})",
        "pays": names.amount(quote.amount_in_raw, quote.token_in),
        "gets": names.amount(quote.amount_out_raw, quote.token_out),
        "average price": price_text(names, (quote.amount_out_raw, quote.amount_in_raw), *ends),
        "spot before": price_text(names, quote.spot_before, *ends),
        "spot after": price_text(names, quote.spot_after, *ends),
        "price impact": f"{percent(quote.price_impact_ppm)} without fees",
        "fees": f"{percent(quote.fee_ppm)}: {_fees(names, quote)}" if quote.fees else "none",
    }
    return facts(lines | _moves(quote))


def _fees(names: TokenNames, quote: core.PoolQuote) -> str:
    return ", ".join(f"{names.amount(fee.amount_raw, fee.token)} ({fee.kind})" for fee in quote.fees)


def _moves(quote: core.PoolQuote) -> dict[str, RenderableType]:
    moved = quote.movement
    if isinstance(moved, core.ConcentratedMovement):
        return {"moves to": f"tick {moved.tick_after}, across {moved.ticks_crossed} initialised ticks"}
    if isinstance(moved, core.BinMovement):
        return {"moves to": f"bin {moved.active_after} from {moved.active_before}, across {moved.bins_crossed} bins"}
    return {}


def _movement(moved: core.ConcentratedMovement | core.BinMovement | None) -> dict[str, Any] | None:
    if isinstance(moved, core.ConcentratedMovement):
        return {
            "sqrt_price_before": str(moved.sqrt_price_before),
            "sqrt_price_after": str(moved.sqrt_price_after),
            "fraction_bits": moved.fraction_bits,
            "tick_after": moved.tick_after,
            "liquidity_after": str(moved.liquidity_after),
            "ticks_crossed": moved.ticks_crossed,
        }
    if isinstance(moved, core.BinMovement):
        return {
            "active_before": moved.active_before,
            "active_after": moved.active_after,
            "bins_crossed": moved.bins_crossed,
        }
    return None
