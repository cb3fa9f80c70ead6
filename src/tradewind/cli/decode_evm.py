"""How an Ethereum transaction and a router call read, as JSON and on a terminal."""

from typing import Any

from rich.console import RenderableType

from tradewind import core
from tradewind.cli.output import facts, table

_SHOWN_DATA = 40


def transaction_document(sent: core.DecodedTransaction) -> dict[str, Any]:
    """Every field as JSON values; amounts as decimal strings, bytes as hex."""
    call, refusal = _router_call(sent)
    return {
        "kind": sent.kind,
        "hash": sent.hash and _hex(sent.hash),
        "sender": _sender(sent)[0],
        "chain_id": sent.chain_id,
        "nonce": sent.nonce,
        "to": sent.to,
        "value_wei": str(sent.value_wei),
        "gas_limit": sent.gas_limit,
        **{name: _whole(value) for name, value in _prices(sent).items()},
        "data": _hex(sent.data),
        "access_list": [{"address": at, "slots": [_hex(slot) for slot in slots]} for at, slots in sent.access_list],
        "blob_versioned_hashes": [_hex(blob) for blob in sent.blob_versioned_hashes],
        "authorizations": [
            {"chain_id": given.chain_id, "address": given.address, "nonce": given.nonce}
            for given in sent.authorizations
        ],
        "signing_hash": _hex(sent.signing_hash),
        "router_call": call and call_document(call),
        "router_call_refused": refusal,
    }


def transaction_shown(sent: core.DecodedTransaction) -> list[RenderableType]:
    """The fields that it has, then what it asks of a router."""
    call, refusal = _router_call(sent)
    sender, unsigned = _sender(sent)
    lines: dict[str, RenderableType] = {
        "kind": sent.kind,
        "hash": _hex(sent.hash) if sent.hash else "none before it is signed",
        "sender": sender or unsigned or "",
        "to": sent.to or "a new contract",
        "chain": "any (before EIP-155)" if sent.chain_id is None else str(sent.chain_id),
        "nonce": str(sent.nonce),
        "value": f"{sent.value_wei:,} wei",
        "gas limit": f"{sent.gas_limit:,}",
    }
    for name, value in _prices(sent).items():
        if value is not None:
            lines[name.removesuffix("_wei").replace("_", " ")] = f"{value:,} wei"
    counts = {"access list": len(sent.access_list), "blobs": len(sent.blob_versioned_hashes)}
    counts["authorizations"] = len(sent.authorizations)
    lines |= {name: str(count) for name, count in counts.items() if count}
    lines["data"] = _data(sent.data)
    if refusal:
        lines["router call"] = f"malformed: {refusal}"
    return [facts(lines), *(["", *call_shown(call)] if call else [])]


def call_document(call: core.RouterCall) -> dict[str, Any]:
    """The call as JSON values; each step has exactly one of swap, action and not_decoded."""
    return {
        "function": call.function,
        "router": call.router,
        "deadline_s": call.deadline_s,
        "steps": [
            {
                "function": step.function,
                "depth": step.depth,
                "allow_revert": step.allow_revert,
                "swap": step.swap and _swap(step.swap),
                "action": step.action and _action(step.action),
                "not_decoded": step.not_decoded,
            }
            for step in call.steps
        ],
    }


def call_shown(call: core.RouterCall) -> list[RenderableType]:
    """The steps in order of execution."""
    until = "" if call.deadline_s is None else f", until {call.deadline_s}"
    rows = []
    for number, step in enumerate(call.steps, 1):
        what, details = _step(step)
        rows.append([str(number), "  " * step.depth + step.function, what, details])
    head = f"calls {call.function} of {call.router or 'a router'}{until}"
    return [head, "", table(("step", "function", "what", "details"), rows, right=("step",))]


def _step(step: core.RouterStep) -> tuple[str, str]:
    if (swap := step.swap) is not None:
        exact, limit = ("in", "at least") if swap.exact == "in" else ("out", "at most")
        path = " → ".join(swap.path)
        fees = f" (fees {', '.join(str(fee) for fee in swap.fees_pips)} pips)" if swap.fees_pips else ""
        return f"swap on {swap.venue}", f"exact {exact} {swap.amount_raw}, {limit} {swap.limit_raw}: {path}{fees}"
    if step.action is not None:
        return step.action.kind.replace("_", " "), _action_text(step.action)
    return "not decoded", step.not_decoded or ""


def _action(action: core.RouterAction) -> dict[str, Any]:
    return {
        "kind": action.kind,
        "token": action.token,
        "recipient": action.recipient,
        "amount_raw": None if action.amount_raw is None else str(action.amount_raw),
        "share_bips": action.share_bips,
    }


def _action_text(action: core.RouterAction) -> str:
    amount = "" if action.amount_raw is None else f"{action.amount_raw} "
    share = "" if action.share_bips is None else f"{action.share_bips} bips "
    to = "" if action.recipient is None else f" to {action.recipient}"
    return f"{amount}{share}of {action.token or 'native currency'}{to}"


def _swap(swap: core.DecodedSwap) -> dict[str, Any]:
    return {
        "router": swap.router,
        "venue": swap.venue,
        "exact": swap.exact,
        "path": swap.path,
        "fees_pips": swap.fees_pips,
        "amount_raw": str(swap.amount_raw),
        "limit_raw": str(swap.limit_raw),
        "recipient": swap.recipient,
        "deadline_s": swap.deadline_s,
        "sqrt_price_limit_x96": _whole(swap.sqrt_price_limit_x96),
        "fee_on_transfer": swap.fee_on_transfer,
        "native_in": swap.native_in,
        "native_out": swap.native_out,
        "payer_is_user": swap.payer_is_user,
    }


def _prices(sent: core.DecodedTransaction) -> dict[str, int | None]:
    return {
        "gas_price_wei": sent.gas_price_wei,
        "max_fee_per_gas_wei": sent.max_fee_per_gas_wei,
        "max_priority_fee_per_gas_wei": sent.max_priority_fee_per_gas_wei,
        "max_fee_per_blob_gas_wei": sent.max_fee_per_blob_gas_wei,
    }


def _sender(sent: core.DecodedTransaction) -> tuple[str | None, str | None]:
    """The sender, or why there is none."""
    try:
        return sent.recover_sender(), None
    except core.CoreError as error:
        return None, "not signed" if error.code == "transaction_unsigned" else str(error)


def _router_call(sent: core.DecodedTransaction) -> tuple[core.RouterCall | None, str | None]:
    """The call, or why it cannot be read although a router has its function."""
    try:
        return sent.router_call(), None
    except core.CoreError as error:
        return None, str(error)


def _data(data: bytes) -> str:
    if len(data) <= _SHOWN_DATA:
        return _hex(data) if data else "none"
    return f"{_hex(data[:_SHOWN_DATA])}… ({len(data)} bytes)"


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"


def _whole(value: int | None) -> str | None:
    return None if value is None else str(value)
