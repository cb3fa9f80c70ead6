"""How accounts are shown: the encodings of Agave, data slices, and SPL tokens and mints parsed."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

from tradewind.domain.base58 import base58
from tradewind.localnet.solana.rpc.errors import invalid_params, invalid_request
from tradewind.localnet.solana.rpc.params import Config
from tradewind.localnet.solana.token_accounts import (
    TOKEN_PROGRAM,
    TokenAccount,
    TokenMint,
    read_mint,
    read_token_account,
)

MAX_BASE58_BYTES = 128
ENCODINGS = ("binary", "base58", "base64", "base64+zstd", "jsonParsed")
ReadAccount = Callable[[Pubkey], Account | None]


@dataclass(frozen=True, slots=True)
class AccountView:
    """An encoding and a part of the data. `read` finds the mint of a token account, for its decimals."""

    encoding: str
    slice_offset: int
    slice_bytes: int | None
    read: ReadAccount

    @classmethod
    def of(cls, config: Config, read: ReadAccount, *, default: str = "binary") -> "AccountView":
        """As the request wants it."""
        encoding = known_encoding(config.text("encoding") or default)
        part = config.inner("dataSlice")
        if config.has("dataSlice") and not (part.has("offset") and part.has("length")):
            raise invalid_params("Invalid params: `dataSlice` needs `offset` and `length`.")
        return cls(encoding, part.number("offset") or 0, part.number("length"), read)

    def show(self, account: Account) -> dict[str, Any]:
        """The account as JSON."""
        return {
            "lamports": account.lamports,
            "data": self._data(account),
            "owner": str(account.owner),
            "executable": account.executable,
            "rentEpoch": account.rent_epoch,
            "space": len(account.data),
        }

    def _data(self, account: Account) -> object:
        if self.encoding == "jsonParsed":
            if (parsed := parsed_token(account, self.read)) is not None:
                return parsed
            # Agave's own way out for what it cannot parse.
            return [base64.b64encode(self._part(account.data)).decode(), "base64"]
        data = self._part(account.data)
        if self.encoding == "base64":
            return [base64.b64encode(data).decode(), "base64"]
        if len(data) > MAX_BASE58_BYTES:
            raise invalid_request(
                "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding."
            )
        text = base58(data)
        return text if self.encoding == "binary" else [text, "base58"]

    def _part(self, data: bytes) -> bytes:
        if self.slice_bytes is None:
            return data
        return data[self.slice_offset : self.slice_offset + self.slice_bytes]


def known_encoding(encoding: str) -> str:
    """The encoding, when this node has it."""
    if encoding == "base64+zstd":
        raise invalid_params("Invalid params: the encoding base64+zstd is not offered by this node; ask for base64.")
    if encoding not in ENCODINGS:
        known = ", ".join(f"`{name}`" for name in ENCODINGS)
        raise invalid_params(f"Invalid params: unknown variant `{encoding}`, expected one of {known}.")
    return encoding


def parsed_token(account: Account, read: ReadAccount) -> dict[str, Any] | None:
    """An SPL token account or mint in Agave's parsed form; None for anything else."""
    if (held := read_token_account(account)) is not None:
        mint = read_mint(read(held.mint))
        if mint is None:
            return None
        kind, info = "account", _account_info(held, mint.decimals)
    elif (minted := read_mint(account)) is not None:
        kind, info = "mint", _mint_info(minted)
    else:
        return None
    program = "spl-token" if account.owner == TOKEN_PROGRAM else "spl-token-2022"
    return {"program": program, "parsed": {"info": info, "type": kind}, "space": len(account.data)}


def token_amount(amount_raw: int, decimals: int) -> dict[str, Any]:
    """An amount of tokens as Agave shows it; `uiAmount` is for people only."""
    value = Decimal(amount_raw).scaleb(-decimals)
    text = f"{value:f}"
    return {
        "amount": str(amount_raw),
        "decimals": decimals,
        "uiAmount": float(value),
        "uiAmountString": text.rstrip("0").rstrip(".") if "." in text else text,
    }


def _account_info(held: TokenAccount, decimals: int) -> dict[str, Any]:
    info: dict[str, Any] = {
        "mint": str(held.mint),
        "owner": str(held.owner),
        "tokenAmount": token_amount(held.amount_raw, decimals),
        "state": held.state,
        "isNative": held.native_reserve_lamports is not None,
    }
    if held.native_reserve_lamports is not None:
        info["rentExemptReserve"] = token_amount(held.native_reserve_lamports, decimals)
    if held.delegate is not None:
        info["delegate"] = str(held.delegate)
        info["delegatedAmount"] = token_amount(held.delegated_raw, decimals)
    if held.close_authority is not None:
        info["closeAuthority"] = str(held.close_authority)
    return info


def _mint_info(minted: TokenMint) -> dict[str, Any]:
    return {
        "mintAuthority": None if minted.authority is None else str(minted.authority),
        "supply": str(minted.supply_raw),
        "decimals": minted.decimals,
        "isInitialized": minted.initialized,
        "freezeAuthority": None if minted.freeze_authority is None else str(minted.freeze_authority),
    }
