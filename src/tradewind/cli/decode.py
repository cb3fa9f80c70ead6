"""`tradewind decode`: any Ethereum or Solana transaction from its bytes, with the swaps that it asks for."""

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tradewind import core
from tradewind.cli.decode_evm import call_document, call_shown, transaction_document, transaction_shown
from tradewind.cli.decode_solana import solana_document, solana_shown
from tradewind.cli.options import JsonFlag
from tradewind.cli.output import Output
from tradewind.cli.transaction_text import hex_bytes, solana_bytes
from tradewind.errors import InvalidInput

_MAX_TEXT = 1 << 22


class Written(StrEnum):
    """What the bytes are."""

    AUTO = "auto"
    TRANSACTION = "transaction"
    CALLDATA = "calldata"


Raw = Annotated[str, typer.Argument(metavar="HEX", help="The bytes; - reads them from stdin.")]
As = Annotated[Written, typer.Option("--as", help="A whole transaction, or the calldata of a router alone.")]
Solana = Annotated[bool, typer.Option("--solana", help="A Solana transaction, in base64, base58 or hex.")]
LookupTable = Annotated[
    Path | None,
    typer.Option("--lookup-table", metavar="FILE", help="JSON: each lookup table's address, and its addresses."),
]


def decode(
    *,
    raw: Raw,
    written: As = Written.AUTO,
    solana: Solana = False,
    lookup_table: LookupTable = None,
    as_json: JsonFlag = False,
) -> None:
    """Every field of a transaction, its sender, and the swaps that it asks of a router or a pool.

    Nothing is sent and no chain is asked. A signed Ethereum transaction's sender is recovered from its signature.

    Example: tradewind decode 0x02f8… (or, for Solana: tradewind decode --solana AQAB… --lookup-table tables.json)
    """
    text = _text(raw)
    output = Output(as_json=as_json)
    if solana:
        found = _solana(text, _tables(lookup_table))
        output.emit(solana_document(found), *solana_shown(found))
        return
    if lookup_table is not None:
        raise _wrong("--lookup-table", "option_without_solana", "only Solana has lookup tables. Add --solana.")
    _evm(hex_bytes(text), written, output)


def _evm(raw: bytes, written: Written, output: Output) -> None:
    refused: core.CoreError | None = None
    if written is not Written.CALLDATA:
        try:
            transaction = core.decode_transaction(raw)
        except core.CoreError as error:
            refused = error
        else:
            output.emit(transaction_document(transaction), *transaction_shown(transaction))
            return
    call = _call(raw) if written is not Written.TRANSACTION else None
    if call is not None:
        output.emit(call_document(call), *call_shown(call))
        return
    if refused is None:
        message = "no router known here has the function that it calls. Give the whole transaction instead."
        raise _wrong("HEX", "calldata_unknown", message)
    remedy = "Give the bytes of a whole transaction, or the calldata of a router (--as calldata)."
    raise _wrong("HEX", refused.code, f"{_fault(refused)}. {remedy}") from None


def _call(raw: bytes) -> core.RouterCall | None:
    try:
        return core.decode_router_call(raw)
    except core.CoreError as error:
        message = f"{_fault(error)}. Give the calldata as it was sent, whole."
        raise _wrong("HEX", error.code, message) from None


def _solana(text: str, tables: dict[str, list[str]] | None) -> core.SolanaTransaction:
    refused: core.CoreError | None = None
    for raw in solana_bytes(text):
        try:
            return core.decode_solana_transaction(raw, lookup_tables=tables)
        except core.CoreError as error:
            refused = refused or error
            if error.code.startswith("lookup_"):
                raise _wrong(
                    "--lookup-table", error.code, f"{error}. Give every table with all its addresses."
                ) from None
    code = refused.code if refused else "bytes_malformed"
    fault = _fault(refused) if refused else "no bytes"
    raise _wrong("HEX", code, f"{fault}. Give one signed transaction in base64, base58 or hex.")


def _tables(path: Path | None) -> dict[str, list[str]] | None:
    if path is None:
        return None
    try:
        tables = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong("--lookup-table", "file_unreadable", f"{path}: {error.strerror}. Name a JSON file.") from None
    except (ValueError, RecursionError) as error:
        raise _wrong("--lookup-table", "json_malformed", f"{path} is no JSON: {error}.") from None
    if isinstance(tables, dict) and all(_addresses(table) for table in tables.values()):
        return tables
    message = f'{path} must be an object of lists, as in {{"TABLE": ["ADDRESS", …]}}.'
    raise _wrong("--lookup-table", "json_shape", message)


def _addresses(table: object) -> bool:
    return isinstance(table, Sequence) and not isinstance(table, str) and all(isinstance(at, str) for at in table)


def _fault(error: core.CoreError) -> str:
    """Without the name of the core's argument, which says nothing on the command line."""
    return str(error).removeprefix("raw: ").removeprefix("data: ")


def _text(raw: str) -> str:
    text = sys.stdin.read(_MAX_TEXT) if raw == "-" else raw
    if not text.strip():
        raise _wrong("HEX", "bytes_missing", "there are no bytes. Write them, or pipe them in with -.")
    return "".join(text.split())


def _wrong(field: str, code: str, message: str) -> InvalidInput:
    return InvalidInput.one(field, code, message, what="command line")
