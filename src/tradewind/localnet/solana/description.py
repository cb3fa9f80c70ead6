"""What somebody who wants to use the local Solana must know: where it is, who has what, and what stands where."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class Described(BaseModel):
    """A part of the description. Addresses are base58, amounts are base units in decimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DescribedWallet(Described):
    """A funded wallet. The key is public knowledge: never use it on a real chain."""

    name: str
    address: str
    secret_key: str
    key_file: str | None
    lamports: str
    token_accounts: Mapping[str, str]


class DescribedMint(Described):
    """A token."""

    symbol: str
    mint: str
    decimals: int


class DescribedPool(Described):
    """A pool or a curve: its venue as `tradewind.core` names it, its tokens and their vaults."""

    venue: str
    name: str
    pool: str
    base_mint: str
    quote_mint: str
    base_vault: str
    quote_vault: str | None


class SolanaLocalnetDescription(Described):
    """Everything. `urls` names each server: `rpc`, `websocket`, and those in front of the same node."""

    urls: Mapping[str, str]
    genesis_hash: str
    identity: str
    slot_ms: int
    wallets: tuple[DescribedWallet, ...]
    mints: tuple[DescribedMint, ...]
    pools: tuple[DescribedPool, ...]
    tip_accounts: tuple[str, ...]
    lookup_table: str
    programs: Mapping[str, str]

    def wallet(self, name: str) -> DescribedWallet:
        """A wallet by its name; KeyError."""
        return {wallet.name: wallet for wallet in self.wallets}[name]

    def mint(self, symbol: str) -> str:
        """The address of a token's mint; KeyError."""
        return {mint.symbol: mint.mint for mint in self.mints}[symbol]

    def pool(self, venue: str, name: str) -> DescribedPool:
        """A pool by its venue and name, like `pumpswap` and `WIND/SOL`; KeyError."""
        return {(pool.venue, pool.name): pool for pool in self.pools}[venue, name]
