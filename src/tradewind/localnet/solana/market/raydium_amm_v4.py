"""Raydium AMM v4 pools, written as the program stores them.

Source of the layout: raydium-amm `AmmInfo`, 752 bytes without a discriminator. Status 6 (swaps only) needs no order
book, so its keys stay empty.
"""

from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from tradewind.localnet.solana.market.keys import address
from tradewind.localnet.solana.market.tokens import Token, write_token_account
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.programs import RAYDIUM_AMM_V4

AUTHORITY, AUTHORITY_BUMP = Pubkey.find_program_address([b"amm authority"], RAYDIUM_AMM_V4.address)
SWAP_ONLY = 6
INFO_BYTES = 752
# Numerator and denominator: least separation, trade, profit and loss, swap. Those of mainnet's pools.
FEES = ((5, 10_000), (25, 10_000), (12, 100), (25, 10_000))


@dataclass(frozen=True, slots=True)
class AmmV4Pool:
    """A pool and what its vaults hold at the start, in base units."""

    coin: Token
    pc: Token
    coin_raw: int
    pc_raw: int

    @property
    def name(self) -> str:
        """Like `WIND/SOL`."""
        return f"{self.coin.symbol}/{self.pc.symbol}"

    @property
    def address(self) -> Pubkey:
        """The pool's account."""
        return address(f"amm v4 {self.name}")

    @property
    def coin_vault(self) -> Pubkey:
        """The vault of the first token."""
        return address(f"amm v4 {self.name} coin vault")

    @property
    def pc_vault(self) -> Pubkey:
        """The vault of the second token."""
        return address(f"amm v4 {self.name} pc vault")

    def write(self, node: SolanaNode) -> None:
        """Put it on the chain."""
        write_token_account(node, self.coin_vault, self.coin, AUTHORITY, self.coin_raw)
        write_token_account(node, self.pc_vault, self.pc, AUTHORITY, self.pc_raw)
        lamports = node.rent_exempt_lamports(INFO_BYTES)
        node.set_account(self.address, Account(lamports, self._data(), RAYDIUM_AMM_V4.address))

    def _data(self) -> bytes:
        data = bytearray(INFO_BYTES)
        numbers = {0: SWAP_ONLY, 8: AUTHORITY_BUMP, 32: self.coin.decimals, 40: self.pc.decimals}
        for index, fee in enumerate(FEES):
            numbers |= {128 + 16 * index: fee[0], 136 + 16 * index: fee[1]}
        for at, number in numbers.items():
            data[at : at + 8] = number.to_bytes(8, "little")
        keys = {336: self.coin_vault, 368: self.pc_vault, 400: self.coin.mint, 432: self.pc.mint}
        for at, key in keys.items():
            data[at : at + 32] = bytes(key)
        return bytes(data)
