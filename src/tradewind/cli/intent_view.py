"""How intents read on a terminal: receipts, one intent whole, lists, and events as they happen."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.cli.output import facts, table
from tradewind.domain.events import Envelope
from tradewind.domain.status import IntentStatus

_STYLES = {
    IntentStatus.COMPLETED: "green",
    IntentStatus.PENDING: "cyan",
    IntentStatus.PROCESSING: "cyan",
    IntentStatus.PARTIALLY_COMPLETED: "yellow",
    IntentStatus.CANCELLED: "yellow",
}


def status_text(status: str) -> Text:
    """The status in its colour."""
    return Text(status, style=_STYLES.get(IntentStatus(status), "red"))


def receipt(document: dict[str, Any]) -> RenderableType:
    """What the service promised."""
    reasons = "; ".join(f"{reason['points']:+d} {reason['because']}" for reason in document["priority"]["reasons"])
    return facts(
        {
            "accepted": Text(document["id"], style="bold"),
            "status": status_text(document["status"]),
            "priority": f"{document['priority']['value']} of 10 ({reasons})",
            "follow it": f"tradewind intent watch {document['id']}",
        }
    )


def whole(document: dict[str, Any]) -> RenderableType:
    """Everything about one intent."""
    lines: dict[str, RenderableType] = {
        "intent": Text(document["id"], style="bold"),
        "wants": document["wants"],
        "status": status_text(document["status"]),
        "wallet": document["wallet"],
        "received": document["received_at"],
        "valid until": document["valid_until"],
    }
    for plan in document["plans"]:
        lines["route"] = plan["route"]
        lines["quoted"] = f"pays {_amount(plan['quoted_pay'])}, gets {_amount(plan['quoted_get'])}"
        lines["worst allowed"] = f"pays {_amount(plan['worst_pay'])}, gets {_amount(plan['worst_get'])}"
        lines["price impact"] = f"{plan['price_impact_percent']} % (pool fee {plan['fee_percent']} %)"
    for sent in document["transactions"]:
        block = f", block {sent['block_number']}" if sent["block_number"] is not None else ""
        lines[f"step {sent['step']}"] = (
            f"{sent['kind']} {sent['outcome']}: {sent['tx_hash']} (nonce {sent['nonce']}{block})"
        )
    if fill := document["fill"]:
        lines["filled"] = Text(f"paid {_amount(fill['paid'])}, got {_amount(fill['got'])}", style="green")
        lines["price"] = fill["price"] or ""
        lines["network fee"] = _amount(fill["network_fee"])
    if end := document["end"]:
        lines["because"] = Text(f"{end['message']} ({end['code']})", style="red")
    moments = table(
        ("event", "at", "since the one before"),
        [(m["event"], m["at"], f"{m['since_previous_ms']} ms") for m in document["timeline"]],
        right=("since the one before",),
    )
    return Group(facts(lines), Text(""), moments)


def listing(page: dict[str, Any]) -> RenderableType:
    """One line an intent, the newest first."""
    if not page["intents"]:
        return Text("No intents.")
    rows = [
        (item["id"], status_text(item["status"]), item["wants"], str(item["priority"]), item["received_at"])
        for item in page["intents"]
    ]
    return table(("intent", "status", "wants", "priority", "received"), rows, right=("priority",))


def event(envelope: Envelope) -> Text:
    """One event as it happens."""
    status = envelope.body.status
    style = _STYLES.get(status, "red") if status is not None else "default"
    line = Text.assemble((f"{envelope.type:<24}", f"bold {style}"))
    fields = envelope.body.model_dump(mode="json")
    told = [name for name in ("tx_hash", "code", "message", "filled_in_raw", "filled_out_raw") if name in fields]
    return line.append("  ".join(f"{name}={fields[name]}" for name in told))


def _amount(amount: dict[str, Any]) -> str:
    if amount["decimal"] is None:
        return f"{amount['raw']} of {amount['token']}"
    return f"{amount['decimal']} {amount['symbol']}"
