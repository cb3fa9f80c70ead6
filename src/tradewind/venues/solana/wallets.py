"""What wallets hold on Solana: lamports, and tokens in their associated accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind import core
from tradewind.domain.balances import TokenBalance, WalletBalances
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.domain.plan import BlockRef
from tradewind.errors import Refused
from tradewind.venues import rpc_answer
from tradewind.venues.solana.cluster import CLOCK, Account, SolanaCluster, block_of
from tradewind.venues.solana.fees import EMPTY_ACCOUNT_RENT_LAMPORTS

TOKEN_PROGRAMS = (
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
)
# The amount stands at the same place in accounts of both token programs (spl-token state, Account).
_AMOUNT = slice(64, 72)


@dataclass(frozen=True, slots=True)
class HeldToken:
    """One token of a wallet; `account` is where it is, or would be."""

    account: str
    program: str
    exists: bool
    amount_raw: int


@dataclass(frozen=True, slots=True)
class Held:
    """A wallet at one slot."""

    block: BlockRef
    lamports: int
    tokens: Mapping[str, HeldToken]

    @property
    def spendable_lamports(self) -> int:
        """What can leave the wallet without its account ending."""
        return max(0, self.lamports - EMPTY_ACCOUNT_RENT_LAMPORTS)


class SolanaWallets:
    """Reads wallets of one cluster."""

    def __init__(self, cluster: SolanaCluster, listed: Sequence[str]) -> None:
        self._cluster = cluster
        self._listed = tuple(listed)
        self._programs: dict[str, str] = {}

    async def read(self, wallet: str, mints: Sequence[str]) -> Held:
        """The wallet with these tokens. Refused (`mint_unknown`) for what is no mint."""
        await self._learn_programs(mints)
        places = {mint: core.token_account_address(wallet, mint, self._programs[mint]) for mint in mints}
        read = await self._cluster.accounts([CLOCK, wallet, *places.values()])
        own = read.by_address[wallet]
        tokens = {mint: _held(place, self._programs[mint], read.by_address[place]) for mint, place in places.items()}
        return Held(block_of(read.clock), 0 if own is None else own.lamports, tokens)

    async def balances(self, wallet: str) -> WalletBalances:
        """The native coin and every listed token as of one slot. SOL in a wrapped account counts as the coin."""
        held = await self.read(wallet, self._listed)
        wrapped_raw = held.tokens[WRAPPED_SOL].amount_raw if WRAPPED_SOL in held.tokens else 0
        return WalletBalances(
            chain_id=self._cluster.chain_id,
            wallet=wallet,
            block=held.block,
            native_raw=held.lamports + wrapped_raw,
            tokens=tuple(
                TokenBalance(token=mint, balance_raw=token.amount_raw)
                for mint, token in held.tokens.items()
                if mint != WRAPPED_SOL
            ),
        )

    async def program_of(self, mint: str) -> str:
        """The token program that a mint belongs to."""
        await self._learn_programs([mint])
        return self._programs[mint]

    async def _learn_programs(self, mints: Sequence[str]) -> None:
        """The program of a mint never changes."""
        unknown = [mint for mint in mints if mint not in self._programs]
        if not unknown:
            return
        read = await self._cluster.accounts(unknown)
        for mint in unknown:
            account = read.by_address[mint]
            if account is None or account.owner not in TOKEN_PROGRAMS:
                owner = "does not exist" if account is None else f"belongs to {account.owner}"
                raise Refused(
                    "mint_unknown",
                    f"{mint} {owner}, and is no mint.",
                    remedy="Correct the address in the token list.",
                )
            self._programs[mint] = account.owner


class SolanaBalances:
    """The reader of balances that accounts ask."""

    def __init__(self, wallets: SolanaWallets, cluster: SolanaCluster) -> None:
        self._wallets = wallets
        self._cluster = cluster

    async def read(self, wallet: str) -> WalletBalances:
        """Everything that the wallet holds, as of one slot."""
        return await self._wallets.balances(wallet)

    async def holds(self, block: BlockRef) -> bool | None:
        """Whether the cluster has reached this slot. A finalized slot is never taken back, and the opening of accounts
        is read of confirmed ones: None while the cluster is behind it."""
        head = await self._cluster.head()
        return True if head.number >= block.number else None


def _held(place: str, program: str, account: Account | None) -> HeldToken:
    if account is None:
        return HeldToken(place, program, exists=False, amount_raw=0)
    if account.owner != program or len(account.data) < _AMOUNT.stop:
        rpc_answer.refuse(f"the token account {place}", f"of {len(account.data)} bytes belongs to {account.owner}")
    return HeldToken(place, program, exists=True, amount_raw=int.from_bytes(account.data[_AMOUNT], "little"))
