"""What the loopback node of P8 serves: pairs of Raydium AMM v4 pools over one coin each, and who trades them."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tradewind.domain.chain import SYSTEM_PROGRAM, WRAPPED_SOL
from tradewind.localnet.solana.description import DescribedMint

SLOT = 1_000
_TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105 - an address
_ATA_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
_LOADER = "BPFLoaderUpgradeab1e11111111111111111111111"
AMM_V4 = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
_CLOCK = "SysvarC1ock11111111111111111111111111111111"
_SYSVAR = "Sysvar1111111111111111111111111111111111111"
_AMM_BYTES, _ACCOUNT_BYTES, _MINT_BYTES = 752, 165, 82
_SWAP_ONLY = 6
_COIN_DECIMALS, _SOL_DECIMALS = 6, 9
_RESERVE_RAW = 10**12
_HELD_RAW = 10**12
_UNIX_S = 1_800_000_000
_SIDES = ("a", "b")


@dataclass(frozen=True, slots=True)
class EngineWorld:
    """`pools` in all, two over each coin; gaps are opened at the first `opening` pairs, the others only move."""

    pools: int
    opening: int
    wallet: Keypair
    unix_s: int = _UNIX_S

    @property
    def mints(self) -> tuple[DescribedMint, ...]:
        """The tokens that may be traded."""
        coins = [DescribedMint(symbol=f"COIN{i}", mint=str(_key(f"mint {i}")), decimals=6) for i in range(self.opening)]
        wrapped = DescribedMint(symbol="SOL", mint=WRAPPED_SOL, decimals=_SOL_DECIMALS)
        return (wrapped, *coins)

    @property
    def pairs(self) -> Iterator[list[dict[str, str]]]:
        """The pools over each coin: address, coin and vaults."""
        for pair in range(self.pools // 2):
            yield [_described(f"{pair} {side}", pair) for side in _SIDES]

    @property
    def genesis_hash(self) -> str:
        """Of no other network."""
        return str(_key("genesis"))

    def write(self, path: Path) -> None:
        """One JSON object a line, as the node reads it."""
        with path.open("w") as file:
            for line in self._lines():
                file.write(json.dumps(line) + "\n")

    def _lines(self) -> Iterator[dict[str, Any]]:
        wallet, wrapped = self.wallet.pubkey(), Pubkey.from_string(WRAPPED_SOL)
        header = {"slot": SLOT, "wallet": str(wallet), "genesis_hash": self.genesis_hash, "quote_mint": WRAPPED_SOL}
        yield {"header": header}
        yield _account(_CLOCK, _SYSVAR, struct.pack("<QqQQq", SLOT, self.unix_s, 2, 2, self.unix_s))
        yield _account(AMM_V4, _LOADER, b"")
        yield _account(str(wallet), SYSTEM_PROGRAM, b"", lamports=10**11)
        yield _account(WRAPPED_SOL, _TOKEN_PROGRAM, _mint(_SOL_DECIMALS))
        yield _account(str(_token_account(wallet, wrapped)), _TOKEN_PROGRAM, _held(wrapped, wallet, _HELD_RAW))
        for pair in range(self.pools // 2):
            mint = _key(f"mint {pair}")
            yield _account(str(mint), _TOKEN_PROGRAM, _mint(_COIN_DECIMALS))
            yield _account(str(_token_account(wallet, mint)), _TOKEN_PROGRAM, _held(mint, wallet, 0))
            for side in _SIDES:
                yield from _pool(f"{pair} {side}", mint, opens=side == "a" and pair < self.opening)


def _described(name: str, pair: int) -> dict[str, str]:
    keys = {part: str(_key(f"{part} {name}")) for part in ("pool", "base", "quote")}
    return keys | {"coin": str(_key(f"mint {pair}"))}


def _pool(name: str, mint: Pubkey, *, opens: bool) -> Iterator[dict[str, Any]]:
    pool, base, quote = (_key(f"{part} {name}") for part in ("pool", "base", "quote"))
    wrapped, authority = Pubkey.from_string(WRAPPED_SOL), _key("authority")
    data = bytearray(_AMM_BYTES)
    numbers = {0: _SWAP_ONLY, 32: _COIN_DECIMALS, 40: _SOL_DECIMALS, 176: 25, 184: 10_000}
    for at, number in numbers.items():
        struct.pack_into("<Q", data, at, number)
    for at, key in {336: base, 368: quote, 400: mint, 432: wrapped, 496: _key(f"orders {name}")}.items():
        data[at : at + 32] = bytes(key)
    yield _account(str(pool), AMM_V4, bytes(data))
    yield _account(str(base), _TOKEN_PROGRAM, _held(mint, authority, _RESERVE_RAW))
    yield _account(str(quote), _TOKEN_PROGRAM, _held(wrapped, authority, _RESERVE_RAW))
    yield {"pool": {"address": str(pool), "base_vault": str(base), "quote_vault": str(quote), "opens": opens}}


def _account(key: str, owner: str, data: bytes, *, lamports: int = 10_000_000) -> dict[str, Any]:
    return {"account": {"key": key, "owner": owner, "lamports": lamports, "data": base64.b64encode(data).decode()}}


def _held(mint: Pubkey, owner: Pubkey, amount_raw: int) -> bytes:
    """A token account of the SPL Token program, initialised."""
    whole = bytes(mint) + bytes(owner) + struct.pack("<Q", amount_raw) + bytes(36) + b"\x01"
    return whole.ljust(_ACCOUNT_BYTES, b"\0")


def _mint(decimals: int) -> bytes:
    return bytes(36) + struct.pack("<QBB", 10**18, decimals, 1) + bytes(_MINT_BYTES - 46)


def _token_account(owner: Pubkey, mint: Pubkey) -> Pubkey:
    seeds = [bytes(owner), bytes(Pubkey.from_string(_TOKEN_PROGRAM)), bytes(mint)]
    return Pubkey.find_program_address(seeds, Pubkey.from_string(_ATA_PROGRAM))[0]


def _key(name: str) -> Pubkey:
    return Pubkey(hashlib.sha256(name.encode()).digest())
