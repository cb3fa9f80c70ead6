"""How a Solana transaction reads, as JSON and on a terminal."""

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from tradewind import core
from tradewind.cli.output import facts, table


def solana_document(sent: core.SolanaTransaction) -> dict[str, Any]:
    """Every field as JSON values; amounts as decimal strings, bytes as hex."""
    return {
        "version": sent.version,
        "size_bytes": sent.size_bytes,
        "within_size_limit": sent.within_size_limit,
        "fee_payer": _fee_payer(sent),
        "signatures": [signature.hex() for signature in sent.signatures],
        "recent_blockhash": sent.recent_blockhash,
        "accounts": [
            {"key": at.key, "signer": at.signer, "writable": at.writable, "resolved": at.resolved}
            for at in sent.accounts
        ],
        "instructions": [_instruction(instruction) for instruction in sent.instructions],
    }


def solana_shown(sent: core.SolanaTransaction) -> list[RenderableType]:
    """The message first, then its instructions."""
    size = f"{sent.size_bytes} bytes" + ("" if sent.within_size_limit else ", more than a packet takes")
    tables = [table for table, _, _ in sent.lookups]
    lines: dict[str, RenderableType] = {
        "version": sent.version,
        "size": size,
        "fee payer": _fee_payer(sent) or "none",
        "signatures": f"{len(sent.signatures)}, not verified",
        "recent blockhash": sent.recent_blockhash,
        "accounts": str(len(sent.accounts)),
    }
    if tables:
        lines["lookup tables"] = "\n".join(tables)
    rows: list[list[RenderableType]] = []
    for number, instruction in enumerate(sent.instructions, 1):
        rows.append([str(number), instruction.program, instruction.kind.replace("_", " "), Text(_details(instruction))])
    return [facts(lines), "", table(("step", "program", "what", "details"), rows, right=("step",))]


def _fee_payer(sent: core.SolanaTransaction) -> str | None:
    return sent.accounts[0].key if sent.accounts else None


def _details(instruction: core.SolanaInstruction) -> str:
    if (swap := instruction.swap) is not None:
        limit = "at least" if swap.exact == "in" else "at most"
        ends = f"{swap.mint_in or '?'} → {swap.mint_out or '?'}"
        amounts = f"exact {swap.exact} {swap.amount_raw}, {limit} {swap.limit_raw}"
        return f"{swap.function} of {swap.venue}: {amounts}: {ends} through {', '.join(swap.pools)}"
    if instruction.refusal is not None:
        return str(instruction.refusal)
    if instruction.transfer_to is not None:
        return f"{instruction.value:,} lamports from {instruction.transfer_from} to {instruction.transfer_to}"
    return "" if instruction.value is None else f"{instruction.value:,}"


def _instruction(instruction: core.SolanaInstruction) -> dict[str, Any]:
    return {
        "program": instruction.program,
        "kind": instruction.kind,
        "venue": instruction.venue,
        "accounts": [account.key for account in instruction.accounts],
        "data": instruction.data.hex(),
        "swap": instruction.swap and _swap(instruction.swap),
        "value": None if instruction.value is None else str(instruction.value),
        "transfer_from": instruction.transfer_from,
        "transfer_to": instruction.transfer_to,
        "refused": instruction.refusal and str(instruction.refusal),
    }


def _swap(swap: core.SolanaSwap) -> dict[str, Any]:
    return {
        "venue": swap.venue,
        "function": swap.function,
        "exact": swap.exact,
        "amount_raw": str(swap.amount_raw),
        "limit_raw": str(swap.limit_raw),
        "sqrt_price_limits_x64": [str(limit) for limit in swap.sqrt_price_limits_x64],
        "pools": swap.pools,
        "directions": swap.directions,
        "user": swap.user,
        "mint_in": swap.mint_in,
        "mint_out": swap.mint_out,
        "account_in": swap.account_in,
        "account_out": swap.account_out,
    }
