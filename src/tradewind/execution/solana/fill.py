"""What a transaction that landed moved for its wallet, read from the chain's own account of it: never from a quote.

Tokens count by the balances before and after, so that what Token-2022 keeps of a transfer is not counted as received.
Wrapped SOL is made and unmade within the transaction and has no such balances: it counts by the transfers that programs
made from and to the wallet's account of it. A program that takes and gives lamports themselves leaves no transfer: then
SOL counts by what the wallet has more or less, the fee, the tip and what accounts were made with put back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tradewind import core
from tradewind.domain.base58 import from_base58
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.venues.solana.wallets import TOKEN_PROGRAMS

# spl-token: Transfer is source, destination, owner; TransferChecked has the mint behind the source.
_TRANSFER, _TRANSFER_CHECKED = 3, 12
_TRANSFER_CHECKED_WITH_FEE = bytes([26, 1])


@dataclass(slots=True)
class _Moved:
    """One token of the wallet."""

    paid_raw: int = 0
    got_raw: int = 0

    @property
    def net_raw(self) -> int:
        return self.got_raw - self.paid_raw


def fill_of(told: Mapping[str, Any], wallet: str) -> tuple[int | None, int | None]:
    """What was paid and what was got, of `getTransaction`'s answer in JSON; None and None for what is no trade of one
    token for another, or of one for itself.

    A token that came and went again was passed on the way: what a hop gave above its quote stays with the wallet, and
    is neither what was paid for nor what was paid.
    """
    flows = _flows(told, wallet)
    first = next((mint for mint, moved in flows.items() if moved.paid_raw), None)
    passed = {mint for mint, moved in flows.items() if mint != first and moved.paid_raw and moved.got_raw}
    held = {mint: moved for mint, moved in _balances(told["meta"], wallet).items() if mint not in passed}
    if WRAPPED_SOL in flows and WRAPPED_SOL not in passed:
        held[WRAPPED_SOL] = flows[WRAPPED_SOL]
    if (traded := _traded(held)) is not None:
        return traded
    if first is not None and flows[first].got_raw and not any(moved.net_raw for m, moved in held.items() if m != first):
        return flows[first].paid_raw, flows[first].got_raw
    if WRAPPED_SOL not in flows:
        held[WRAPPED_SOL] = _lamports(told, wallet)
    return _traded(held) or (None, None)


def _traded(held: Mapping[str, _Moved]) -> tuple[int, int] | None:
    """One token for another."""
    paid, got = ([one for one in held.values() if sign * one.net_raw > 0] for sign in (-1, 1))
    return (-paid[0].net_raw, got[0].net_raw) if len(paid) == len(got) == 1 else None


def tip_of(told: Mapping[str, Any]) -> int:
    """The lamports that a transaction gave to a block engine's tip accounts, by the balances before and after."""
    meta = told["meta"]
    moved = zip(_keys(told), meta["preBalances"], meta["postBalances"], strict=True)
    return sum(after - before for key, before, after in moved if key in core.JITO_TIP_ACCOUNTS)


def locked_of(told: Mapping[str, Any], wallet: str) -> int:
    """The lamports that stand in accounts which the transaction made, less those of accounts that it closed.

    Of an account of wrapped SOL only its rent counts: the rest is still the wallet's SOL.
    """
    meta, locked = told["meta"], 0
    wrapped = [_wrapped_by_place(meta.get(name)) for name in ("preTokenBalances", "postTokenBalances")]
    for place, (key, before, after) in enumerate(
        zip(_keys(told), meta["preBalances"], meta["postBalances"], strict=True)
    ):
        if key == wallet or key in core.JITO_TIP_ACCOUNTS:
            continue
        if before == 0 and after > 0:
            locked += after - wrapped[1].get(place, 0)
        elif before > 0 and after == 0:
            locked -= before - wrapped[0].get(place, 0)
    return locked


def _wrapped_by_place(balances: Any) -> dict[int, int]:
    return {
        held["accountIndex"]: int(held["uiTokenAmount"]["amount"])
        for held in balances or ()
        if held["mint"] == WRAPPED_SOL
    }


def _lamports(told: Mapping[str, Any], wallet: str) -> _Moved:
    """SOL by what the wallet has more or less of it, wrapped or not."""
    meta, place = told["meta"], _keys(told).index(wallet)
    net = meta["postBalances"][place] - meta["preBalances"][place] + meta["fee"] + tip_of(told)
    for name, sign in (("preTokenBalances", -1), ("postTokenBalances", 1)):
        net += sign * sum(
            int(held["uiTokenAmount"]["amount"])
            for held in meta.get(name) or ()
            if held.get("owner") == wallet and held["mint"] == WRAPPED_SOL
        )
    net += locked_of(told, wallet)
    return _Moved(max(0, -net), max(0, net))


def _keys(told: Mapping[str, Any]) -> list[str]:
    """Every account of a transaction: its own, then those behind lookup tables, as its balances stand."""
    loaded = told["meta"].get("loadedAddresses") or {}
    return [*told["transaction"]["message"]["accountKeys"], *loaded.get("writable", ()), *loaded.get("readonly", ())]


def _balances(meta: Mapping[str, Any], wallet: str) -> dict[str, _Moved]:
    before, after = (
        {
            held["mint"]: int(held["uiTokenAmount"]["amount"])
            for held in meta.get(name) or ()
            if held.get("owner") == wallet and held["mint"] != WRAPPED_SOL
        }
        for name in ("preTokenBalances", "postTokenBalances")
    )
    deltas = {mint: after.get(mint, 0) - before.get(mint, 0) for mint in {*before, *after}}
    return {mint: _Moved(max(0, -delta), max(0, delta)) for mint, delta in deltas.items()}


def _flows(told: Mapping[str, Any], wallet: str) -> dict[str, _Moved]:
    """What programs transferred from and to the wallet's accounts, by mint, in the order in which it began to move."""
    meta, keys, flows = told["meta"], _keys(told), dict[str, _Moved]()
    mints = {
        keys[held["accountIndex"]]: held["mint"]
        for name in ("preTokenBalances", "postTokenBalances")
        for held in meta.get(name) or ()
        if held.get("owner") == wallet
    }
    mints[core.token_account_address(wallet, WRAPPED_SOL)] = WRAPPED_SOL
    for source, destination, amount_raw in _transfers(told):
        if (mint := mints.get(source)) is not None:
            flows.setdefault(mint, _Moved()).paid_raw += amount_raw
        if (mint := mints.get(destination)) is not None:
            flows.setdefault(mint, _Moved()).got_raw += amount_raw
    return flows


def _transfers(told: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Source, destination and amount of what programs transferred."""
    keys = _keys(told)
    for group in told["meta"].get("innerInstructions") or ():
        for inner in group["instructions"]:
            if keys[inner["programIdIndex"]] not in TOKEN_PROGRAMS:
                continue
            data, accounts = from_base58(inner["data"]), [keys[place] for place in inner["accounts"]]
            # Token-2022 puts two bytes in front of the amount of a transfer with a fee.
            at = 2 if data[:2] == _TRANSFER_CHECKED_WITH_FEE else 1
            if len(data) >= at + 8 and (at == 2 or data[0] in (_TRANSFER, _TRANSFER_CHECKED)):
                destination = accounts[1] if data[0] == _TRANSFER else accounts[2]
                yield accounts[0], destination, int.from_bytes(data[at : at + 8], "little")
