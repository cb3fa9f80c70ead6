"""Programs and accounts that a user brings along: `.so` files, and account dumps in the forms that are about.

- JSON of `solana account ADDRESS --output json`: `{"pubkey", "account": {"lamports", "data": [text, encoding],
  "owner", ...}}`; the same without the inner object and with plain base64 as `data`.
- JSON of a pool snapshot: `{"pool_address", "pool_b64", "tick_arrays": [{"address", "data_b64"}]}` (Raydium CLMM).
- Raw bytes (`.bin`): the address is the file's name, the owner stands before it (`OWNER:FILE`) or in a file of the
  same name with `.json` for `.bin`: `{"owner", "lamports"?, "pubkey"?}`. `ADDRESS=OWNER:FILE` names both.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

from tradewind.errors import InvalidInput

RAYDIUM_CLMM = Pubkey.from_string("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
MAX_FILE_BYTES = 64 * 1024 * 1024
# What an account holds whose dump does not say: enough to be exempt from rent at any size that an account may have.
UNKNOWN_LAMPORTS = 100_000_000_000
MAX_LAMPORTS = 2**63


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account and its address."""

    address: Pubkey
    account: Account


def read_program(wish: str) -> tuple[Pubkey, bytes]:
    """`ID=FILE.so` as an address and code; InvalidInput."""
    text, separator, path = wish.partition("=")
    if not separator:
        raise _wrong("program_option", f"{wish!r} is not of the form ID=FILE.so.")
    code = _read(Path(path))
    if not code.startswith(b"\x7fELF"):
        raise _wrong("program_not_elf", f"{path} is not a program: it does not start like an ELF file.")
    return _key(text, wish), code


def read_accounts(wish: str) -> list[NamedAccount]:
    """`FILE`, `OWNER:FILE` or `ADDRESS=OWNER:FILE` as the accounts in it; InvalidInput."""
    address, _, rest = wish.rpartition("=")
    owner, _, path = rest.rpartition(":")
    file = Path(path)
    content = _read(file)
    if file.suffix == ".json":
        return list(_from_json(content, file))
    beside: dict[str, Any] = {}
    if not owner:
        beside = _sidecar(file)
        owner = str(beside.get("owner", ""))
    where = address or str(beside.get("pubkey", "")) or file.stem
    lamports = _lamports(beside.get("lamports", UNKNOWN_LAMPORTS), file)
    return [NamedAccount(_key(where, wish), Account(lamports, content, _key(owner, wish)))]


def _from_json(content: bytes, file: Path) -> Iterable[NamedAccount]:
    document = _json(content, file)
    try:
        if "pool_b64" in document:
            yield _snapshot(document["pool_address"], document["pool_b64"], file)
            for array in document["tick_arrays"]:
                yield _snapshot(array["address"], array["data_b64"], file)
            return
        account = document.get("account", document)
        yield NamedAccount(
            _key(document["pubkey"], str(file)),
            Account(
                _lamports(account["lamports"], file),
                _data(account["data"], file),
                _key(account["owner"], str(file)),
                bool(account.get("executable", False)),
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise _wrong("account_file_shape", f"{file} is not an account: {error!r} is missing or wrong.") from error


def _snapshot(address: object, data: object, file: Path) -> NamedAccount:
    account = Account(UNKNOWN_LAMPORTS, _base64(data, file), RAYDIUM_CLMM)
    return NamedAccount(_key(address, str(file)), account)


def _data(data: object, file: Path) -> bytes:
    match data:
        case [text, "base64"]:
            return _base64(text, file)
        case str():
            return _base64(data, file)
        case [_, str(encoding)]:
            raise _wrong("account_encoding", f"{file}: data in {encoding!r} is not read; dump it in base64.")
        case _:
            raise _wrong("account_file_shape", f"{file}: data is neither text nor a pair of text and encoding.")


def _base64(text: object, file: Path) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong("account_file_shape", f"{file}: data is not base64: {error}.") from error


def _sidecar(file: Path) -> dict[str, Any]:
    beside = file.with_suffix(".json")
    if not beside.is_file():
        raise _wrong("account_owner_missing", f"{file} does not say who owns it: write OWNER:{file}, or make {beside}.")
    return _json(_read(beside), beside)


def _json(content: bytes, file: Path) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _wrong("account_file_shape", f"{file} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise _wrong("account_file_shape", f"{file} is not a JSON object.")
    return document


def _lamports(value: object, file: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < MAX_LAMPORTS:
        raise _wrong("account_file_shape", f"{file}: lamports {value!r} is not a number above zero.")
    return value


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise _wrong("file_too_large", f"{file} is larger than {MAX_FILE_BYTES} bytes.")
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise _wrong("file_unreadable", f"{file} cannot be read: {error}.") from error


def _key(text: object, wish: str) -> Pubkey:
    try:
        return Pubkey.from_string(str(text))
    except ValueError as error:
        raise _wrong("address_malformed", f"{text!r} in {wish!r} is not an address.") from error


def _wrong(code: str, message: str) -> InvalidInput:
    return InvalidInput.one("file", code, message, what="local chain")
