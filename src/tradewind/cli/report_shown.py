"""How a report reads on a terminal: steps, totals, the sum of each wallet, and the verdict."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from rich.console import RenderableType
from rich.text import Text

from tradewind.accounting.report_view import BalanceView, ReportView, SidesView, StepView, TotalsView, WalletSumView
from tradewind.cli.output import table
from tradewind.domain.amount import format_raw
from tradewind.domain.chain import native_decimals
from tradewind.domain.fill import StepOutcome
from tradewind.domain.plan import Exact, StepKind
from tradewind.domain.usd import plain_usd

_OUTCOMES = {StepOutcome.REVERTED: "reverted", StepOutcome.CANCELLED: "cancelled"}
_MONEY = ("volume", "pool fees", "gas", "approvals", "failed", "realised", "net")


def report_shown(view: ReportView, *, limit: int, offline: bool) -> Iterator[RenderableType]:
    """The parts of the report, one after another."""
    yield _heading("Steps", _window(view))
    yield from _steps(view, limit)
    if view.totals:
        yield Text("")
        yield _heading("Totals", "in reference US dollars; fees of pools are inside the fills")
        yield table(("strategy", "fills", *_MONEY), map(_total, view.totals), right=("fills", *_MONEY))
        yield from _unknown(view)
    for one in view.sums:
        yield Text("")
        yield from _sum(one)
    yield Text("")
    yield _verdict(view, offline=offline)


def _heading(title: str, remark: str) -> Text:
    return Text.assemble((title, "bold"), ("  " + remark, "dim"))


def _window(view: ReportView) -> str:
    since = f"since {view.since}" if view.since else "since the beginning"
    return f"{since}, until {view.until}" if view.until else since


def _steps(view: ReportView, limit: int) -> Iterator[RenderableType]:
    steps = view.steps[len(view.steps) - min(limit, len(view.steps)) :]
    if not steps:
        yield Text("No step was confirmed in this time." if not view.steps else "", style="dim")
        return
    right = ("quoted", "simulated", "filled", "worse by", "gas")
    one_day = len({step.at[:10] for step in steps}) == 1
    rows = (_step(step, step.at[11:19] if one_day else f"{step.at[5:10]} {step.at[11:16]}") for step in steps)
    yield table((steps[0].at[:10] if one_day else "when (UTC)", "intent", "trade", *right), rows, right=right)
    yield from map(_failure, (step for step in steps if step.outcome is not StepOutcome.SUCCEEDED))
    left_off = view.steps_left_off + len(view.steps) - len(steps)
    if left_off:
        yield Text(f"{left_off} earlier steps are in the totals and not shown here (--limit).", style="dim")
    if any(not step.is_final for step in steps):
        yield Text("~ confirmed, and not final yet: a reorganisation could still take it back", style="dim")


def _failure(step: StepView) -> Text:
    code = f" ({step.code})" if step.code else ""
    return Text(f"{str(step.intent_id)[:8]} {_OUTCOMES[step.outcome]}{code}: nothing traded, gas spent", style="red")


def _step(step: StepView, when: str) -> tuple[RenderableType, ...]:
    slippage = step.slippage_bps
    return (
        Text(when, style="dim"),
        str(step.intent_id)[:8],
        _trade(step),
        _side(step, step.quoted),
        _side(step, step.simulated),
        _filled(step),
        "" if slippage is None else _worse(slippage),
        dollars(step.gas_usd),
    )


def _worse(slippage_bps: Decimal) -> Text:
    if not slippage_bps:
        return Text("0 bps", style="dim")
    return Text(f"{slippage_bps:+.2f} bps", style="red" if slippage_bps > 0 else "green")


def _trade(step: StepView) -> Text:
    if step.kind is StepKind.APPROVE:
        said = f"approve {step.pays.symbol}"
    elif step.quoted is None:
        said = f"{step.pays.symbol} for {step.gets.symbol}"
    elif step.exact is Exact.OUT:
        said = f"buy {number(step.quoted.get)} {step.gets.symbol}"
    else:
        said = f"sell {number(step.quoted.pay)} {step.pays.symbol}"
    return Text(said)


def _side(step: StepView, sides: SidesView | None) -> str:
    """The side that is not fixed: the amount that quotes, simulations and fills can differ in."""
    if sides is None:
        return ""
    return number(sides.pay if step.exact is Exact.OUT else sides.get)


def _filled(step: StepView) -> Text:
    if step.outcome is not StepOutcome.SUCCEEDED:
        return Text(_OUTCOMES[step.outcome], style="red")
    if step.kind is StepKind.APPROVE:
        return Text("done", style="dim")
    symbol = (step.pays if step.exact is Exact.OUT else step.gets).symbol
    return Text.assemble(("" if step.is_final else "~", "dim"), (_side(step, step.filled), "bold"), f" {symbol}")


def _total(total: TotalsView) -> tuple[RenderableType, ...]:
    failed = total.reverted + total.cancelled
    return (
        total.strategy,
        str(total.fills),
        dollars(total.volume_usd),
        dollars(total.pool_fees_usd),
        dollars(total.gas_usd),
        _counted(total.approvals, total.approvals_usd),
        _counted(failed, total.failed_usd),
        _profit(total.realised_usd),
        _profit(total.net_usd),
    )


def _counted(count: int, usd: Decimal) -> str:
    return f"{count}: {dollars(usd)}" if count else "none"


def _profit(usd: Decimal) -> Text:
    return Text(("+" if usd > 0 else "") + dollars(usd), style="green" if usd > 0 else "red" if usd < 0 else "default")


def _unknown(view: ReportView) -> Iterator[Text]:
    for total in view.totals:
        parts = (
            (total.unpriced_fills, "the volume of {} fills"),
            (total.unpriced_profits, "the profit of {} fills"),
            (total.unpriced_gas, "the gas of {} transactions"),
        )
        if said := [text.format(count) for count, text in parts if count]:
            missing = f"{total.strategy}: not known and in no sum, for want of a price: {', '.join(said)}."
            yield Text(missing, style="yellow")


def _sum(one: WalletSumView) -> Iterator[RenderableType]:
    remark = f"{one.wallet} on {one.chain}"
    if one.opening_block is not None and one.at_block is not None:
        remark += f", after block {one.opening_block}, up to block {one.at_block}"
    yield _heading("Wallet", remark)
    if one.fault:
        yield Text(one.fault, style="yellow")
        return
    columns = ("opening", "+ in", "- out", "- gas", "= expected", "on chain", "unexplained")
    yield table(("asset", *columns), map(_balance, one.balances), right=columns)
    decimals = native_decimals(one.chain_id)
    if (back := one.reclaimed).receipts or back.fee_lamports:
        rents, fees = (format_raw(raw, decimals, "SOL") for raw in (back.lamports_back, back.fee_lamports))
        yield Text(f"Receipts taken back: {back.receipts}. {rents} came in, for {fees} of gas.")
    if one.topped_up_lamports:
        yield Text(f"From the treasury {format_raw(one.topped_up_lamports, decimals, 'SOL')} came in.")
    if one.unread:
        yield Text(f"Not read on chain, so not compared: {', '.join(one.unread)}", style="yellow")


def _balance(balance: BalanceView) -> tuple[RenderableType, ...]:
    def shown(raw: int) -> str:
        return number(Decimal(raw).scaleb(-balance.asset.decimals))

    style = "red bold" if balance.unexplained_raw else "green"
    return (
        balance.asset.symbol,
        shown(balance.opening_raw),
        shown(balance.in_raw),
        shown(balance.out_raw),
        shown(balance.gas_raw),
        shown(balance.expected_raw),
        shown(balance.chain_raw),
        Text(_exact(balance) if balance.unexplained_raw else "0", style=style),
    )


def _exact(balance: BalanceView) -> str:
    sign = "+" if balance.unexplained_raw > 0 else ""
    return sign + format_raw(balance.unexplained_raw, balance.asset.decimals)


def _verdict(view: ReportView, *, offline: bool) -> Text:
    if offline:
        return Text("The chain was not asked (--offline).", style="dim")
    if view.is_explained:
        count = sum(len(one.balances) for one in view.sums)
        said = f"Every unit is explained: {count} balances on chain are exactly opening + in - out - gas."
        return Text.assemble(("OK  ", "green bold"), (said, "green"))
    if view.is_explained is None:
        said = "Not every wallet could be compared; see above." if view.sums else "No wallet was compared."
        return Text(said, style="yellow")
    lines = "\n".join(line for one in view.sums for line in _differences(one))
    return Text.assemble(("DIFFERENCE  ", "red bold"), (lines, "red"))


def _differences(one: WalletSumView) -> Iterator[str]:
    for balance in one.balances:
        if balance.unexplained_raw:
            came = "came in" if balance.unexplained_raw > 0 else "went out"
            amount = format_raw(abs(balance.unexplained_raw), balance.asset.decimals, balance.asset.symbol)
            said = f"{amount} {came} that no step of this service moved, later than block {balance.since_block}."
            if one.on_their_way:
                said += f" Transactions not confirmed yet: {one.on_their_way}. It may be theirs; look again."
            yield said


def number(value: Decimal) -> str:
    """For reading: at most eight significant digits and six decimals, thousands separated."""
    places = max(0, min(6, 7 - max(0, value.adjusted()))) if value else 0
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    text = plain_usd(rounded)
    if text == "0" and value:
        return f"{value:.1e}"
    whole, point, rest = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{rest}"


def dollars(usd: Decimal | None) -> str:
    """With cents; below one dollar with four decimals, so that gas does not vanish."""
    if usd is None:
        return "unknown"
    text = f"{abs(usd):,.2f}" if abs(usd) >= 1 else f"{abs(usd):.4f}"
    if usd and abs(usd) < Decimal("0.00005"):
        text = "<0.0001"
    return ("-" if usd < 0 else "") + ("$" + text if usd else "$0")
