"""How a quote reads on a terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.api.quote_dto import FundsShown, QuoteShown, RouteQuoted
from tradewind.cli.amounts import amount_text
from tradewind.cli.intent_view import priority_text
from tradewind.cli.legs_view import legs_text, reached_text
from tradewind.cli.output import facts


def quote_shown(said: QuoteShown) -> RenderableType:
    """The verdict first, then what it rests on."""
    accepted = said.would_be == "accepted"
    lines: dict[str, RenderableType] = {
        "wants": said.wants,
        "would be": Text(said.would_be, style="green" if accepted else "red"),
    }
    if said.rejections:
        reasons = [f"{found.message} ({found.code})" for found in said.rejections]
        lines["because"] = Text("\n".join(reasons), style="red")
    if said.route is not None:
        lines |= _route(said.route)
    if said.funds is not None:
        lines |= _funds(said.funds)
    if said.slices:
        lines["slices"] = f"{len(said.slices)}: {said.slices_because}"
    lines["priority"] = priority_text(said.priority)
    if said.route is not None:
        lines |= _signer(said.route)
    return Group(facts(lines))


def _route(route: RouteQuoted) -> dict[str, RenderableType]:
    fee, worst = amount_text(route.expected_network_fee), amount_text(route.worst_network_fee)
    reached = {} if route.reached_percent is None else {"reaches": reached_text(route.reached_percent)}
    return {
        "route": legs_text(route.legs, f"{route.route} on {route.venue}"),
        **reached,
        "pays": f"{amount_text(route.quoted_pay)}, at most {amount_text(route.worst_pay)}",
        "gets": f"{amount_text(route.quoted_get)}, at least {amount_text(route.worst_get)}",
        "price": route.price or "",
        "price impact": f"{route.price_impact_percent} % (pool fee {route.fee_percent} %)",
        "network fee": f"about {fee}, at most {worst}",
        "as of block": str(route.quoted_at_block),
        "routes weighed": str(len(route.considered)),
    }


def _funds(funds: FundsShown) -> dict[str, RenderableType]:
    held = f"{amount_text(funds.token)} and {amount_text(funds.native)}"
    return {"wallet holds": held if funds.enough else Text(f"{held}: not enough", style="red")}


def _signer(route: RouteQuoted) -> dict[str, RenderableType]:
    return {
        f"signer, step {sent.step}": f"{sent.kind}: {sent.policy.verdict}"
        + (f" ({sent.policy.rule})" if sent.policy.rule else "")
        for sent in route.transactions
    }
