"""A Kamino loan around the swaps of a plan: borrowed in front of them, repaid behind them, in one transaction.

The repayment names the loan by its place, so nothing stands in front of that but the compute budget. The account that
the loan is paid into has to be there already, and is not closed: it cannot be made in front of the loan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind import core
from tradewind.errors import Refused
from tradewind.execution.executors.ports import BuildRequest
from tradewind.venues.solana.cluster import SolanaCluster

# Judged by the builder with everything around it; here only the pair is made.
_ANY_SIZE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Loan:
    """What is borrowed, and the account of the wallet that it goes through."""

    reserve: core.KaminoReserve
    amount_raw: int
    token_account: str

    def around(self, request: BuildRequest, inside: Sequence[core.SolanaInstruction]) -> list[core.SolanaInstruction]:
        """Compute budget, loan, `inside`, repayment. Raises CoreError, as `wrap_in_flash_loan` does."""
        budget = request.compute_budget
        first = [
            core.set_compute_unit_limit(budget.unit_limit),
            core.set_compute_unit_price(budget.unit_price_micro_lamports),
        ]
        return core.wrap_in_flash_loan(
            [*first, *inside],
            self.reserve,
            borrower=request.wallet,
            token_account=self.token_account,
            amount_raw=self.amount_raw,
            fee_payer=request.wallet,
            size_limit_bytes=_ANY_SIZE_BYTES,
        ).instructions


async def loan_of(
    request: BuildRequest, sides: Mapping[str, tuple[str, str, str]], cluster: SolanaCluster
) -> Loan | None:
    """The plan's loan; None without one.

    Raises Refused `reserve_unknown`, `flash_loan_other_token` or `flash_loan_account_missing`.
    """
    wanted = request.plan.flash_loan
    if wanted is None:
        return None
    token_account = sides[request.plan.input_token][1]
    read = await cluster.accounts([wanted.reserve, token_account])
    account = read.by_address[wanted.reserve]
    try:
        reserve = None if account is None else core.KaminoReserve(wanted.reserve, account.owner, account.data)
    except core.CoreError as error:
        raise Refused("reserve_unknown", f"{wanted.reserve} is no reserve of Kamino: {error}") from None
    if reserve is None:
        raise Refused("reserve_unknown", f"{wanted.reserve} does not exist on this cluster.")
    if reserve.liquidity_mint != request.plan.input_token:
        raise Refused(
            "flash_loan_other_token",
            f"The reserve lends {reserve.liquidity_mint}, and the plan spends {request.plan.input_token}.",
        )
    if read.by_address[token_account] is None:
        raise Refused(
            "flash_loan_account_missing",
            f"The wallet {request.wallet} has no account of {reserve.liquidity_mint} to borrow into.",
            remedy=f"Make {token_account} once: a loan cannot be preceded by it in its own transaction.",
        )
    return Loan(reserve, wanted.amount, token_account)
