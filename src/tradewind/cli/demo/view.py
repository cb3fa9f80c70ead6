"""Draws the demo: the timeline of the six stages, the route, the amounts, the transaction, and the verdict."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from rich.box import ROUNDED
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tradewind.cli.demo.story import Stage, Story
from tradewind.cli.demo.verdict import Check
from tradewind.domain.amount import format_raw, from_raw
from tradewind.domain.chain import is_evm
from tradewind.domain.fill import StepResult
from tradewind.domain.plan import ExecutionPlan, PlannedHop, PlannedLeg
from tradewind.domain.receipt import Priority
from tradewind.domain.token_list import Token

WIDTH = 100
_BAR_WIDTH = 16
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_GOOD, _BAD, _ACCENT, _QUIET = "green3", "red1", "deep_sky_blue1", "grey58"


def picture(story: Story, checks: Sequence[Check] | None = None, *, took_s: float | None = None) -> RenderableType:
    """Everything known so far; with `checks`, the end of the story."""
    parts: list[RenderableType] = [_headline(story), panel("The life of an intent", timeline(story))]
    if story.priority is not None:
        parts.append(panel("Priority", _priority(story.priority)))
    if story.plan is not None:
        parts.append(panel("Route", _route(story, story.plan)))
        parts.append(panel("Amounts", _amounts(story, story.plan)))
    if story.results:
        parts.append(panel("On chain", _on_chain(story)))
    if story.failure is not None:
        parts.append(panel("Not carried out", Text(story.failure.message, style=_BAD), style=_BAD))
    if checks is not None:
        parts.append(_verdict(checks, took_s))
    return Group(*parts)


def timeline(story: Story) -> Table:
    """One line a stage: its mark, what it found, when it began after the first one, and how long it took."""
    made = Table.grid(padding=(0, 1), expand=True)
    made.add_column(width=1)
    made.add_column(width=1, style=_QUIET)
    made.add_column(no_wrap=True)
    made.add_column(ratio=1, no_wrap=True, overflow="ellipsis", style=_QUIET)
    made.add_column(width=_BAR_WIDTH, no_wrap=True)
    made.add_column(justify="right", width=9, no_wrap=True)
    started = story.stages[0].started_ns or 0
    whole = max((stage.ended_ns or 0) for stage in story.stages) - started
    for number, stage in enumerate(story.stages, start=1):
        begun = stage.started_ns is not None
        made.add_row(
            _mark(stage),
            str(number),
            Text(stage.title, style="bold" if begun else _QUIET),
            stage.detail,
            _bar(stage, started, whole),
            Text(duration(stage.duration_ns), style="bold" if stage.duration_ns is not None else _QUIET),
        )
    return made


def duration(nanoseconds: int | None) -> str:
    """For people: microseconds, milliseconds or seconds with three digits."""
    if nanoseconds is None:
        return "–"
    value = Decimal(nanoseconds)
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        if nanoseconds >= size:
            scaled = value / size
            return (
                f"{scaled:.2f} {unit}"
                if scaled < 10
                else f"{scaled:.1f} {unit}"
                if scaled < 100
                else f"{scaled:.0f} {unit}"
            )
    return "<1 µs"


def percent(ppm: int) -> str:
    """Millionths as a percentage, without trailing zeros."""
    text = format(Decimal(ppm).scaleb(-4), "f")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def price(paid_raw: int, token_in: Token, got_raw: int, token_out: Token) -> Decimal:
    """What one whole `token_out` cost in `token_in`, to six decimals."""
    ratio = from_raw(paid_raw, token_in.decimals) / from_raw(got_raw, token_out.decimals)
    return ratio.quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN)


def _headline(story: Story) -> RenderableType:
    if story.intent is None:
        return Text("")
    intent = story.intent
    joint = "paid with" if intent.intent_type == "acquire" else "for"
    constraints = intent.constraints
    limits = (
        f"   at most {percent(constraints.max_slippage_ppm)} slippage, within "
        f"{constraints.time_window_ms // 60_000} min, {constraints.execution_style}"
    )
    wish = Text.assemble(
        (f"{intent.intent_type.capitalize()} {intent.sized.amount} {intent.sized.asset.symbol}", f"bold {_ACCENT}"),
        (f" {joint} {intent.counter.asset.symbol}", "bold"),
        (limits, _QUIET),
    )
    real = "contracts of Arbitrum One" if is_evm(intent.chain_id) else "programs of Solana"
    where = Text(f"on a local chain {intent.chain_id} with the real {real}", style=_QUIET)
    return Padding(Group(wish, where), (1, 2))


def panel(title: str, body: RenderableType, *, style: str = "grey37") -> Panel:
    """A part of a picture, under its title."""
    heading = Text(title, style="bold default" if style == "grey37" else f"bold {style}")
    return Panel(body, title=heading, title_align="left", border_style=style, box=ROUNDED, padding=(0, 1))


def _mark(stage: Stage) -> Text:
    if stage.failed:
        return Text("✘", style=f"bold {_BAD}")
    if stage.ended_ns is not None:
        return Text("✔", style=f"bold {_GOOD}")
    return Text("●" if stage.is_running else "·", style=_ACCENT if stage.is_running else _QUIET)


def _bar(stage: Stage, started_ns: int, whole_ns: int) -> Text:
    if stage.started_ns is None or stage.ended_ns is None or whole_ns <= 0:
        return Text("")
    first = max(0, stage.started_ns - started_ns) * _BAR_WIDTH * 8 // whole_ns
    length = max(1, (stage.duration_ns or 0) * _BAR_WIDTH * 8 // whole_ns)
    # A bar begins on a whole cell: block elements fill from the left only.
    cells, eighths = divmod(min(length, _BAR_WIDTH * 8), 8)
    offset = min(first // 8, _BAR_WIDTH - 1)
    bar = (_EIGHTHS[8] * cells + (_EIGHTHS[eighths] if eighths else ""))[: _BAR_WIDTH - offset]
    return Text(" " * offset + bar, style=_ACCENT)


def _route(story: Story, plan: ExecutionPlan) -> RenderableType:
    facts = f"price impact {percent(plan.price_impact_ppm)} · pool fee {percent(plan.fee_ppm)}"
    if plan.optimality is not None:
        facts += f" · {percent(plan.optimality.share_ppm)} of what any routing can reach"
    line = Text(f"{facts} · quoted at block {plan.block.number:,}", style=_QUIET)
    legs: list[RenderableType] = []
    for leg in plan.legs:
        hops = Table.grid(padding=(0, 2))
        for hop in leg.hops:
            hops.add_row(*_hop(story, hop))
        legs += [_leg(story, leg, alone=len(plan.legs) == 1), hops]
    considered = Table.grid(padding=(0, 2))
    for route in plan.considered:
        names = " + ".join(story.pool_names.get(pool.lower(), f"{pool[:8]}…{pool[-4:]}") for pool in route.pools)
        token = story.token(plan.token_in if plan.exact == "out" else plan.token_out)
        considered.add_row(
            Text("chosen" if route.chosen else "weighed", style=_GOOD if route.chosen else _QUIET),
            Text(names, style="" if route.chosen else _QUIET),
            Text(_amount(route.amount_raw, token), style="" if route.chosen else _QUIET),
            Text(f"+ gas worth {_amount(route.cost_raw, token)}", style=_QUIET),
        )
    return Group(*legs, line, Text(""), considered)


def _leg(story: Story, leg: PlannedLeg, *, alone: bool) -> Text:
    line = Text("" if alone else f"{percent(leg.share_ppm)}  ")
    line.append(_symbol(story, leg.hops[0].token_in), style="bold")
    for hop in leg.hops:
        line.append(f" ──{percent(hop.fee_pips)}──▶ ", style=_ACCENT)
        line.append(_symbol(story, hop.token_out), style="bold")
    return line


def _hop(story: Story, hop: PlannedHop) -> tuple[Text, ...]:
    token_in, token_out = story.token(hop.token_in), story.token(hop.token_out)
    return (
        Text(f"  {hop.pool}", style=_QUIET),
        Text(f"{_amount(hop.amount_in_raw, token_in)} → {_amount(hop.amount_out_raw, token_out)}"),
        Text(f"{hop.ticks_crossed} ticks crossed", style=_QUIET),
    )


def _amounts(story: Story, plan: ExecutionPlan) -> RenderableType:
    token_in, token_out = story.token(plan.token_in), story.token(plan.token_out)
    made = Table(box=None, padding=(0, 3, 0, 0), header_style=_QUIET, pad_edge=False)
    made.add_column("")
    made.add_column("pays", justify="right")
    made.add_column("gets", justify="right")
    made.add_column(f"{_symbol(story, plan.token_in)} per {_symbol(story, plan.token_out)}", justify="right")
    made.add_column("", style=_QUIET)
    rows = [("quoted", plan.quoted_in_raw, plan.quoted_out_raw, "the pools' exact answer")]
    rows.append(("worst allowed", plan.worst_in_raw, plan.worst_out_raw, "written into the transaction"))
    swap = story.submitted[-1] if story.submitted else None
    if swap is not None and swap.simulated_in_raw is not None and swap.simulated_out_raw is not None:
        rows.append(("simulated", swap.simulated_in_raw, swap.simulated_out_raw, "the chain, asked before signing"))
    if story.completed is not None:
        rows.append(("filled", story.completed.filled_in_raw, story.completed.filled_out_raw, "read from the logs"))
    for name, paid, got, source in rows:
        strong = "bold" if name == "filled" else ""
        shown = ""
        if token_in is not None and token_out is not None and got:
            shown = f"{price(paid, token_in, got, token_out):,f}"
        made.add_row(
            Text(name, style=strong),
            Text(_amount(paid, token_in), style=strong),
            Text(_amount(got, token_out), style=strong),
            Text(shown, style=strong),
            source,
        )
    return made


def _on_chain(story: Story) -> RenderableType:
    lines: list[Text] = []
    for result in story.results:
        lines.append(Text.assemble(("transaction  ", _QUIET), result.tx_hash))
        lines.append(_paid(result))
    return Group(*lines)


def _paid(result: StepResult) -> Text:
    """Where a transaction is and what it cost: gas on an EVM chain, lamports on Solana."""
    if result.nonce is None or result.gas_used is None or result.gas_price_wei is None:
        where, fee = f"slot {result.block.number:,} · fee ", format_raw(result.fee_raw, 9, "SOL")
    else:
        gas = f"{result.gas_used:,} gas at {format_raw(result.gas_price_wei, 9, 'gwei')}"
        where = f"block {result.block.number:,} · nonce {result.nonce} · {gas} · fee "
        fee = format_raw(result.fee_raw, 18, "ETH")
    return Text.assemble((where, _QUIET), fee)


def _priority(priority: Priority) -> RenderableType:
    reasons = " · ".join(f"{reason.points:+d} {reason.because}" for reason in priority.reasons)
    return Text.assemble((f"{priority.value} of 10", "bold"), (f"    {reasons}", _QUIET))


def _verdict(checks: Sequence[Check], took_s: float | None) -> RenderableType:
    made = Table.grid(padding=(0, 1), expand=True)
    made.add_column(width=1)
    made.add_column(no_wrap=True)
    made.add_column(justify="right", style=_QUIET, ratio=1, overflow="fold")
    for check in checks:
        mark = Text("✔", style=f"bold {_GOOD}") if check.holds else Text("✘", style=f"bold {_BAD}")
        made.add_row(mark, Text(check.statement, style="" if check.holds else _BAD), check.seen)
    failed = sum(not check.holds for check in checks)
    if failed:
        end = Text(
            f"Not proven: {failed} of {len(checks)} statements {'does' if failed == 1 else 'do'} not hold",
            style=f"bold {_BAD}",
        )
    else:
        end = Text("Proven from the chain", style=f"bold {_GOOD}")
        if took_s is not None:
            end.append(f" in {took_s:.1f} s, from an empty folder to the settled fill", style=_QUIET)
    body = Group(made, Rule(style="grey37"), end)
    return panel("Verdict, from the chain and the journal themselves", body, style=_BAD if failed else _GOOD)


def _amount(raw: int, token: Token | None) -> str:
    return str(raw) if token is None else format_raw(raw, token.decimals, token.symbol)


def _symbol(story: Story, address: str) -> str:
    token = story.token(address)
    return f"{address[:8]}…" if token is None else token.symbol
