"""SPL Token accounts and mints: layouts, addresses, and what a transaction's token accounts held.

Source of the layouts: spl-token (account 165 bytes: mint, owner, amount u64@64, delegate option@72, state@108,
is_native option@109, delegated amount@121, close authority option@129; mint 82 bytes: authority option, supply u64@36,
decimals@44, initialised@45, freeze authority option@46). Token-2022 keeps both and appends, after a type byte at 165.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from tradewind.domain.chain import WRAPPED_SOL
from tradewind.localnet.solana.events import TokenBalance
from tradewind.venues.solana import wallets

TOKEN_PROGRAM, TOKEN_2022_PROGRAM = (Pubkey.from_string(program) for program in wallets.TOKEN_PROGRAMS)
ASSOCIATED_TOKEN_PROGRAM = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
WSOL_MINT = Pubkey.from_string(WRAPPED_SOL)
TOKEN_PROGRAMS = frozenset({TOKEN_PROGRAM, TOKEN_2022_PROGRAM})

ACCOUNT_BYTES = 165
MINT_BYTES = 82
MULTISIG_BYTES = 355
ACCOUNT_STATES = ("uninitialized", "initialized", "frozen")
_TYPE_MINT, _TYPE_ACCOUNT = 1, 2


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """What a token account says; `native_reserve_lamports` for wrapped SOL only."""

    mint: Pubkey
    owner: Pubkey
    amount_raw: int
    delegate: Pubkey | None
    delegated_raw: int
    state: str
    native_reserve_lamports: int | None
    close_authority: Pubkey | None


@dataclass(frozen=True, slots=True)
class TokenMint:
    """What a mint says."""

    authority: Pubkey | None
    supply_raw: int
    decimals: int
    initialized: bool
    freeze_authority: Pubkey | None


def associated_token_address(owner: Pubkey, mint: Pubkey, token_program: Pubkey = TOKEN_PROGRAM) -> Pubkey:
    """Where the owner's tokens of this mint belong."""
    seeds = [bytes(owner), bytes(token_program), bytes(mint)]
    return Pubkey.find_program_address(seeds, ASSOCIATED_TOKEN_PROGRAM)[0]


def read_token_account(account: Account | None) -> TokenAccount | None:
    """The token account in these bytes; None when they are none."""
    if account is None or account.owner not in TOKEN_PROGRAMS or not _is(account.data, _TYPE_ACCOUNT, ACCOUNT_BYTES):
        return None
    data = account.data
    if data[108] not in (1, 2):
        return None
    return TokenAccount(
        mint=Pubkey.from_bytes(data[:32]),
        owner=Pubkey.from_bytes(data[32:64]),
        amount_raw=int.from_bytes(data[64:72], "little"),
        delegate=_optional_key(data, 72),
        delegated_raw=int.from_bytes(data[121:129], "little"),
        state=ACCOUNT_STATES[data[108]],
        native_reserve_lamports=int.from_bytes(data[113:121], "little") if data[109] else None,
        close_authority=_optional_key(data, 129),
    )


def read_mint(account: Account | None) -> TokenMint | None:
    """The mint in these bytes; None when they are none."""
    if account is None or account.owner not in TOKEN_PROGRAMS or not _is(account.data, _TYPE_MINT, MINT_BYTES):
        return None
    data = account.data
    return TokenMint(
        authority=_optional_key(data, 0),
        supply_raw=int.from_bytes(data[36:44], "little"),
        decimals=data[44],
        initialized=data[45] == 1,
        freeze_authority=_optional_key(data, 46),
    )


def encode_mint(*, authority: Pubkey | None, supply_raw: int, decimals: int) -> bytes:
    """The data of an SPL mint without a freeze authority."""
    return _option(authority) + supply_raw.to_bytes(8, "little") + bytes([decimals, 1]) + _option(None)


def encode_token_account(*, mint: Pubkey, owner: Pubkey, amount_raw: int, native_reserve_lamports: int | None) -> bytes:
    """The data of an SPL token account; wrapped SOL names the lamports that are kept for rent."""
    native = (
        bytes(12) if native_reserve_lamports is None else b"\1\0\0\0" + native_reserve_lamports.to_bytes(8, "little")
    )
    return (
        bytes(mint)
        + bytes(owner)
        + amount_raw.to_bytes(8, "little")
        + _option(None)
        + b"\1"
        + native
        + bytes(8)
        + _option(None)
    )


def token_balances(
    keys: Sequence[Pubkey], accounts: Mapping[Pubkey, Account | None], read: Callable[[Pubkey], Account | None]
) -> tuple[TokenBalance, ...]:
    """The token accounts among `keys` and what they hold; mints that are not among `accounts` are read."""
    balances = []
    for index, key in enumerate(keys):
        account = accounts[key]
        held = read_token_account(account)
        if account is None or held is None:
            continue
        mint = read_mint(accounts.get(held.mint) or read(held.mint))
        if mint is None:
            continue
        balances.append(TokenBalance(index, held.mint, held.owner, account.owner, held.amount_raw, mint.decimals))
    return tuple(balances)


def _is(data: bytes, kind: int, plain_bytes: int) -> bool:
    if len(data) == plain_bytes:
        return True
    # A multisignature has no type byte: its size alone tells it.
    return len(data) > ACCOUNT_BYTES and len(data) != MULTISIG_BYTES and data[ACCOUNT_BYTES] == kind


def _optional_key(data: bytes, at: int) -> Pubkey | None:
    return Pubkey.from_bytes(data[at + 4 : at + 36]) if data[at] else None


def _option(key: Pubkey | None) -> bytes:
    return bytes(36) if key is None else b"\1\0\0\0" + bytes(key)
