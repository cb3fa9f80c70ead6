"""Draws the arbitrage demo: the two pools, the newest plan from the feed to the chain, all trades, and the verdict."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tradewind.cli.demo.arb_story import ArbStory, ArbTrade, Move
from tradewind.cli.demo.verdict import Check
from tradewind.cli.demo.view import duration, panel
from tradewind.domain.amount import format_raw

_GOOD, _BAD, _ACCENT, _QUIET = "green3", "red1", "deep_sky_blue1", "grey58"
_BARS = "▁▂▃▄▅▆▇█"
_SHOWN_TRADES = 8
# Of the picture while it goes on, beside one for each trade.
_OTHER_ROWS = 23
_SPARK = 40
_SOL = 9
_SIX_DIGITS = Context(prec=6)
_NAMES = {"raydium_amm_v4": "Raydium AMM v4", "pumpswap": "PumpSwap"}
_STAGES = {
    "quote": "the feed's message is in its pool",
    "scanner": "whether there is an opportunity",
    "planner": "whether it is worth a plan",
    "build": "the transaction's bytes",
    "simulation": "a node's word on it",
    "gate": "the signature, recorded first",
    "whole": "feed's message to signed bytes",
}


def arb_picture(
    story: ArbStory, checks: Sequence[Check] | None = None, *, took_s: float | None = None, rows: int | None = None
) -> RenderableType:
    """Everything known so far, in so many rows where they are few; with `checks`, the end of the story."""
    most_trades = _SHOWN_TRADES if rows is None else max(1, min(_SHOWN_TRADES, rows - _OTHER_ROWS))
    parts: list[RenderableType] = [_headline(story), panel("WIND/SOL in two pools", _pools(story))]
    if story.trades:
        newest = list(story.trades.values())[-1]
        parts.append(panel("The newest, from the feed to the chain", _stages_of(newest)))
        parts.append(panel("Taken", _trades(story, most_trades)))
    if checks is not None:
        if story.stages:
            parts.append(panel("What each stage took, of all that the feed told", _timings(story.stages)))
        parts.append(_verdict(story, checks, took_s))
    return Group(*parts)


def said_of_move(move: Move) -> str:
    """In a line."""
    amount = format_raw(move.amount_raw, move.decimals, move.symbol)
    return f"somebody sold {amount} to Raydium; the pools are {_percent(move.spread_ppm)} apart"


def said_of_trade(trade: ArbTrade) -> str:
    """In a line: what is newest about it."""
    put = f"{_sol(trade.amount_in_raw)} SOL"
    if trade.status is None:
        return f"planned and sent: {put} in, {_sol(trade.expected_raw)} SOL expected  {trade.signature or ''}".rstrip()
    gained = "nothing" if trade.profit_raw is None else f"{_sol(trade.profit_raw)} SOL"
    took = duration(_between(trade.sent_ns, trade.ended_ns))
    return (
        f"{trade.status}: {put} in, {gained} gained, landed {took} after it was sent  {trade.signature or ''}".rstrip()
    )


def _headline(story: ArbStory) -> RenderableType:
    title = Text("Arbitrage, live", style=f"bold {_ACCENT}")
    title.append("  on a local Solana with the real programs", style=_QUIET)
    where = Text(f"wallet {story.wallet}", style=_QUIET)
    engine = Text("the engine is ", style=_QUIET)
    engine.append(story.phase or "not started yet", style="bold" if story.phase == "running" else _QUIET)
    if story.because and story.phase not in {"running", ""}:
        engine.append(f": {story.because}", style=_QUIET)
    return Padding(Group(title, where, engine), (1, 2, 0, 2))


def _pools(story: ArbStory) -> RenderableType:
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(justify="right", no_wrap=True)
    made.add_column(style=_QUIET, overflow="ellipsis", no_wrap=True)
    for pool, venue in zip(story.pools, _NAMES.values(), strict=True):
        price = story.prices.get(pool)
        made.add_row(Text(venue), Text("–" if price is None else _price(price)), Text("SOL for a thousand WIND"))
    spread = story.spread_ppm
    apart = "–" if spread is None else _percent(spread)
    after = (
        f"{_percent(story.moves[-1].spread_ppm)} when somebody had traded" if story.moves else "as the market opened"
    )
    made.add_row(Text("apart", style="bold"), Text(apart, style="bold"), Text(after))
    return Group(made, Text(_sparkline(list(story.spreads_ppm)), style=_ACCENT))


def _stages_of(trade: ArbTrade) -> RenderableType:
    made = Table.grid(padding=(0, 1), expand=True)
    made.add_column(width=1)
    made.add_column(no_wrap=True)
    made.add_column(ratio=1, overflow="ellipsis", no_wrap=True, style=_QUIET)
    made.add_column(justify="right", no_wrap=True, width=9)
    for done, name, detail, took_ns in _steps(trade):
        mark = Text("✔", style=f"bold {_GOOD}") if done else Text("●", style=_ACCENT)
        made.add_row(
            mark,
            Text(name, style="bold" if done else _QUIET),
            detail,
            Text("" if took_ns is None or not done else duration(took_ns)),
        )
    return made


def _steps(trade: ArbTrade) -> Iterator[tuple[bool, str, str, int | None]]:
    """Done, name, detail, and how long after the one before."""
    move, is_sent = trade.move, trade.sent_ns is not None
    if move is not None:
        sold = format_raw(move.amount_raw, move.decimals, move.symbol)
        yield True, "moved", f"somebody sold {sold}", None
        yield True, "update", "the feed told of it", _between(move.at_ns, trade.told_ns)
    else:
        yield True, "update", "the pools were read as the market opened", None
    yield True, "found", "a way through the pools pays", trade.found_after_ns
    planned = f"{_sol(trade.amount_in_raw)} SOL in, {_sol(trade.expected_raw)} SOL expected"
    yield True, "planned", planned, _between(trade.found_after_ns, trade.planned_after_ns)
    yield is_sent, "gate", "recorded on the disk, then signed", trade.gate_ns
    yield is_sent, "sent", trade.signature or "", _after_the_gate(trade)
    gained = "" if trade.profit_raw is None else f"{_sol(trade.profit_raw)} SOL gained"
    slot = "" if trade.result is None or trade.result.block_slot is None else f", slot {trade.result.block_slot:,}"
    said = f"{trade.status or 'under way'}{': ' if gained else ''}{gained}{slot}"
    yield trade.ended_ns is not None, "landed", said, _between(trade.sent_ns, trade.ended_ns)


def _after_the_gate(trade: ArbTrade) -> int | None:
    """What is left of the way to the lane."""
    if trade.planned_after_ns is None or trade.gate_ns is None:
        return None
    return _between(trade.planned_after_ns + trade.gate_ns, trade.sent_after_ns)


def _trades(story: ArbStory, most: int) -> RenderableType:
    made = Table(box=None, padding=(0, 2, 0, 0), header_style=_QUIET, pad_edge=False, expand=False)
    for name in ("", "put in", "expected", "gained", "landed after", ""):
        made.add_column(name, justify="left" if not name else "right", no_wrap=True)
    trades = list(story.trades.values())
    for number, trade in list(enumerate(trades, start=1))[-most:]:
        gained = "–" if trade.profit_raw is None else _sol(trade.profit_raw)
        made.add_row(
            Text(str(number), style=_QUIET),
            Text(_sol(trade.amount_in_raw)),
            Text(_sol(trade.expected_raw)),
            Text(gained, style=f"bold {_GOOD}" if trade.profit_raw else ""),
            Text(duration(_between(trade.sent_ns, trade.ended_ns))),
            Text(trade.status or "under way", style=_QUIET),
        )
    gained_raw = sum(trade.profit_raw or 0 for trade in trades)
    total = Text.assemble((f"{len(trades)} taken, ", _QUIET), (f"{_sol(gained_raw)} SOL", "bold"), (" gained", _QUIET))
    if story.changed_raw is not None:
        total.append("; the wallet has ", style=_QUIET)
        total.append(f"{_sol(story.changed_raw)} SOL", style="bold").append(" more", style=_QUIET)
    return Group(made, total)


def _timings(stages: Mapping[str, Mapping[str, int]]) -> RenderableType:
    made = Table(box=None, padding=(0, 2, 0, 0), header_style=_QUIET, pad_edge=False, expand=True)
    for name in ("", "times", "half below", "all below"):
        made.add_column(name, justify="right" if name else "left", no_wrap=True)
    made.add_column("", ratio=1, no_wrap=True, overflow="ellipsis")
    for name, what in _STAGES.items():
        if (found := stages.get(name)) is not None:
            made.add_row(
                Text(name, style="bold" if name == "whole" else ""),
                Text(f"{found.get('count', 0):,}"),
                Text(duration(found.get("p50_below_ns"))),
                Text(duration(found.get("most_below_ns"))),
                Text(what, style=_QUIET),
            )
    return made


def _verdict(story: ArbStory, checks: Sequence[Check], took_s: float | None) -> RenderableType:
    made = Table.grid(padding=(0, 1), expand=True)
    made.add_column(width=1)
    made.add_column(ratio=1)
    made.add_column(justify="right", style=_QUIET, overflow="fold")
    for check in checks:
        mark = Text("✔", style=f"bold {_GOOD}") if check.holds else Text("✘", style=f"bold {_BAD}")
        made.add_row(mark, Text(check.statement, style="" if check.holds else _BAD), check.seen)
    best = max(story.trades.values(), key=lambda trade: trade.profit_raw or 0, default=None)
    signed = (
        []
        if best is None or best.signature is None
        else [Text("the best of them:", style=_QUIET), Text(best.signature)]
    )
    failed = sum(not check.holds for check in checks)
    if failed:
        verb = "does" if failed == 1 else "do"
        end = Text(f"Not proven: {failed} of {len(checks)} statements {verb} not hold", style=f"bold {_BAD}")
    elif not checks:
        end = Text("Not proven: nothing was carried out", style=f"bold {_BAD}")
    else:
        end = Text("Proven from the chain", style=f"bold {_GOOD}")
        end.append(
            "" if took_s is None else f" in {took_s:.1f} s, from an empty folder to the last trade", style=_QUIET
        )
    body = Group(made, *signed, Rule(style="grey37"), end)
    return panel(
        "Verdict, from the chain and the journal themselves", body, style=_BAD if failed or not checks else _GOOD
    )


def _sparkline(values: Sequence[int]) -> str:
    """The newest values, each a bar of the highest among them."""
    if not values:
        return ""
    # As many values a bar that all of them are shown: what was moved should not leave the picture at once.
    a_bar = -(-len(values) // _SPARK)
    bars = [max(values[at : at + a_bar]) for at in range(0, len(values), a_bar)]
    most = max(*bars, 1)
    return "".join(_BARS[value * (len(_BARS) - 1) // most] for value in bars)


def _price(price: Fraction) -> str:
    """Of a thousand whole WIND in SOL: 6 and 9 decimals."""
    return f"{_SIX_DIGITS.divide(Decimal(price.numerator), Decimal(price.denominator)):f}"


def _percent(ppm: int) -> str:
    return f"{Decimal(ppm).scaleb(-4):.2f} %"


def _sol(raw: int) -> str:
    return format_raw(raw, _SOL)


def _between(first: int | None, then: int | None) -> int | None:
    return None if first is None or then is None else max(0, then - first)
