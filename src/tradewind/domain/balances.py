"""What a wallet holds: the native coin and every listed token, all as of one block."""

from pydantic import model_validator

from tradewind.domain.amount import Raw
from tradewind.domain.model import Model, old_names
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
    native_raw: Raw
    tokens: tuple[TokenBalance, ...]

    _in_raw = model_validator(mode="before")(old_names(native_wei="native_raw"))

    def by_asset(self) -> dict[str | None, int]:
        """Smallest units by token address; None is the native coin."""
        return {None: self.native_raw, **{held.token: held.balance_raw for held in self.tokens}}
