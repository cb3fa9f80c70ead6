"""Budgets as the API shows them: with decimals where the unit is known."""

import pytest

from tests import builders
from tradewind.api.budgets import budgets_shown
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.token_list import TokenList
from tradewind.execution.signer_answers import Budget, BudgetScope

LAMPORTS = "11111111111111111111111111111111"


@pytest.mark.parametrize(
    ("chain_id", "token", "decimal"),
    [
        (SOLANA_MAINNET, LAMPORTS, "0.02"),
        (SOLANA_MAINNET, builders.SOLANA_POOL, None),
        (builders.ARBITRUM, LAMPORTS, None),
    ],
)
def test_lamports_are_on_no_list_and_shown_in_sol(chain_id: int, token: str, decimal: str | None) -> None:
    budget = Budget(
        scope=BudgetScope(wallet=None, strategy_id=None),
        chain_id=chain_id,
        token=token,
        symbol="SOL",
        window="transaction",
        limit_raw=20_000_000,
        used_raw=0,
    )
    [shown] = budgets_shown([budget], TokenList([]))
    assert (shown.limit.decimal, shown.limit.symbol, shown.limit.raw) == (decimal, "SOL", "20000000")
