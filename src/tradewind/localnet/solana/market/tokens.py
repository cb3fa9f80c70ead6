"""The tokens of the market, and token accounts that hold them."""

from dataclasses import dataclass
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from tradewind.localnet.solana.market.keys import address
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.token_accounts import (
    ACCOUNT_BYTES,
    MINT_BYTES,
    TOKEN_PROGRAM,
    WSOL_MINT,
    associated_token_address,
    encode_mint,
    encode_token_account,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the market; its supply exists from the start."""

    symbol: str
    mint: Pubkey
    decimals: int
    supply_raw: int


WSOL: Final = Token("SOL", WSOL_MINT, 9, 0)
# At its mainnet address, because programs and fee rules know it by that.
USDC: Final = Token("USDC", Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"), 6, 10**16)
WIND: Final = Token("WIND", address("mint WIND"), 6, 10**15)
TIDE: Final = Token("TIDE", address("mint TIDE"), 9, 10**17)
# The coin of the fresh curve.
GALE: Final = Token("GALE", address("mint GALE"), 6, 10**15)
TOKENS: Final = (WSOL, USDC, WIND, TIDE, GALE)


def write_mints(node: SolanaNode) -> None:
    """Every token's mint; nobody can mint more."""
    for token in TOKENS:
        data = encode_mint(authority=None, supply_raw=token.supply_raw, decimals=token.decimals)
        node.set_account(token.mint, Account(node.rent_exempt_lamports(MINT_BYTES), data, TOKEN_PROGRAM))


def write_token_account(node: SolanaNode, where: Pubkey, token: Token, owner: Pubkey, amount_raw: int) -> None:
    """A token account with this balance; wrapped SOL is backed by its lamports."""
    rent_lamports = node.rent_exempt_lamports(ACCOUNT_BYTES)
    native = token is WSOL
    data = encode_token_account(
        mint=token.mint,
        owner=owner,
        amount_raw=amount_raw,
        native_reserve_lamports=rent_lamports if native else None,
    )
    node.set_account(where, Account(rent_lamports + (amount_raw if native else 0), data, TOKEN_PROGRAM))


def write_associated(node: SolanaNode, token: Token, owner: Pubkey, amount_raw: int) -> Pubkey:
    """The owner's own token account with this balance."""
    where = associated_token_address(owner, token.mint)
    write_token_account(node, where, token, owner, amount_raw)
    return where
