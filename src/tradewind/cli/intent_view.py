"""How intents read on a terminal: receipts, one intent whole, lists, and events as they happen."""

from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.api.cancel_dto import CancelShown
from tradewind.api.dto import IntentPage, IntentShown, TransactionShown
from tradewind.cli.amounts import amount_text
from tradewind.cli.legs_view import legs_text, reached_text
from tradewind.cli.output import Hanging, facts, table
from tradewind.domain.events import Envelope
from tradewind.domain.receipt import IntentReceipt, Priority
from tradewind.domain.status import IntentStatus

_STYLES = {
    IntentStatus.COMPLETED: "green",
    IntentStatus.PENDING: "cyan",
    IntentStatus.PROCESSING: "cyan",
    IntentStatus.PARTIALLY_COMPLETED: "yellow",
    IntentStatus.CANCELLED: "yellow",
}


def status_text(status: IntentStatus) -> Text:
    """The status in its colour."""
    return Text(status, style=_STYLES.get(status, "red"))


def priority_text(priority: Priority) -> str:
    """Such as `6 of 10 (+6 every intent starts here)`."""
    reasons = "; ".join(f"{reason.points:+d} {reason.because}" for reason in priority.reasons)
    return f"{priority.value} of 10 ({reasons})"


def receipt(said: IntentReceipt) -> RenderableType:
    """What the service promised."""
    return facts(
        {
            "accepted": Text(str(said.id), style="bold"),
            "status": status_text(said.status),
            "priority": priority_text(said.priority),
            "follow it": f"tradewind intent watch {said.id}",
        }
    )


def whole(shown: IntentShown) -> RenderableType:
    """Everything about one intent."""
    lines: dict[str, RenderableType] = {
        "intent": Text(str(shown.id), style="bold"),
        "wants": shown.wants,
        "status": status_text(shown.status),
        "wallet": shown.wallet,
        "received": shown.received_at,
        "valid until": shown.valid_until,
        **_slices(shown),
        **_plans(shown),
        **{_step(sent): _transaction(sent) for sent in shown.transactions},
    }
    if shown.cancel_requested is not None:
        lines["cancel asked by"] = shown.cancel_requested
    if shown.fill is not None:
        paid, got = amount_text(shown.fill.paid), amount_text(shown.fill.got)
        lines["filled"] = Text(f"paid {paid}, got {got}", style="green")
        lines["price"] = shown.fill.price or ""
        lines["network fee"] = amount_text(shown.fill.network_fee)
    if shown.end is not None:
        lines["because"] = Text(f"{shown.end.message} ({shown.end.code})", style="red")
    moments = table(
        ("event", "at", "since the one before"),
        [(moment.event, moment.at, f"{moment.since_previous_ms} ms") for moment in shown.timeline],
        right=("since the one before",),
    )
    return Group(facts(lines), Text(""), moments)


def listing(page: IntentPage) -> RenderableType:
    """One line an intent, the newest first, and how to see the older ones."""
    rows = [
        (str(item.id), status_text(item.status), item.wants, str(item.priority), _minute(item.received_at))
        for item in page.intents
    ]
    columns = ("intent", "status", "wants", "prio", "received (UTC)")
    shown = table(columns, rows, right=("prio",), unbroken=("intent", "status", "received (UTC)"))
    parts: list[RenderableType] = [shown if rows else Text("No intents.")]
    if page.next_cursor is not None:
        parts.append(Text(f"older ones: --cursor {page.next_cursor}", style="dim"))
    return Group(*parts)


def cancelled(shown: CancelShown) -> RenderableType:
    """What a cancel came to."""
    lines: dict[str, RenderableType] = {
        "intent": Text(str(shown.id), style="bold"),
        "status": status_text(shown.status),
        "cancel": shown.message,
    }
    if shown.sent_transactions:
        lines["cannot be recalled"] = "\n".join(shown.sent_transactions)
    if not shown.is_final:
        lines["follow it"] = f"tradewind intent watch {shown.id}"
    return facts(lines)


def event(envelope: Envelope, seq: int | None = None) -> Hanging:
    """One event as it happens, with its place in the journal if that is of use."""
    status = envelope.body.status
    style = _STYLES.get(status, "red") if status is not None else "default"
    head = Text.assemble((f"{envelope.type:<27}  ", f"bold {style}"))
    if seq is not None:
        head = Text.assemble((f"{seq:>7}  ", "dim"), head, (f"{envelope.correlation_id}  ", "dim"))
    fields = envelope.body.model_dump(mode="json")
    names = ("outcome", "tx_hash", "code", "message", "reason", "filled_in_raw", "filled_out_raw")
    details = "  ".join(f"{name}={fields[name]}" for name in names if fields.get(name) is not None)
    return Hanging(head, Text(details))


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _slices(shown: IntentShown) -> dict[str, RenderableType]:
    if len(shown.slices) < 2:
        return {}
    lines: dict[str, RenderableType] = {"slices": f"{len(shown.slices)}: {shown.slices_because}"}
    for part in shown.slices:
        ended = part.outcome or (f"not before {part.not_before}" if part.not_before else "at once")
        lines[f"slice {part.index + 1}"] = f"{amount_text(part.amount)}, {ended}"
    return lines


def _plans(shown: IntentShown) -> dict[str, RenderableType]:
    lines: dict[str, RenderableType] = {}
    for plan in shown.plans:
        of = f" of slice {plan.slice_index + 1}" if len(shown.slices) > 1 else ""
        lines[f"route{of}"] = legs_text(plan.legs, plan.route)
        if plan.reached_percent is not None:
            lines[f"reaches{of}"] = reached_text(plan.reached_percent)
        lines[f"quoted{of}"] = f"pays {amount_text(plan.quoted_pay)}, gets {amount_text(plan.quoted_get)}"
        lines[f"worst allowed{of}"] = f"pays {amount_text(plan.worst_pay)}, gets {amount_text(plan.worst_get)}"
        lines[f"price impact{of}"] = f"{plan.price_impact_percent} % (pool fee {plan.fee_percent} %)"
    return lines


def _step(sent: TransactionShown) -> str:
    return f"step {sent.step}" if sent.attempt <= 1 else f"step {sent.step}, attempt {sent.attempt}"


def _transaction(sent: TransactionShown) -> str:
    where = [
        *([f"nonce {sent.nonce}"] if sent.nonce is not None else []),
        *([f"block {sent.block_number}"] if sent.block_number is not None else []),
    ]
    at = f" ({', '.join(where)})" if where else ""
    return f"{sent.kind} {sent.outcome} ({sent.level}): {sent.tx_hash}{at}"
