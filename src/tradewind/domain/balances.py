"""What a wallet holds: the native coin and every listed token, all as of one block."""

from tradewind.domain.amount import Raw
from tradewind.domain.model import Model
from tradewind.domain.plan import BlockRef


class TokenBalance(Model):
    """How much of a token a wallet holds, in its smallest unit."""

    token: str
    balance_raw: Raw


class WalletBalances(Model):
    """The balances of `wallet` in the state after `block`."""

    chain_id: int
    wallet: str
    block: BlockRef
    native_wei: Raw
    tokens: tuple[TokenBalance, ...]

    def by_asset(self) -> dict[str | None, int]:
        """Smallest units by token address; None is the native coin."""
        return {None: self.native_wei, **{held.token: held.balance_raw for held in self.tokens}}
