"""Reason texts of the router, the pools and the tokens, as codes that callers can branch on.

Sources: Uniswap/swap-router-contracts 1.3.1, v3-periphery 1.4.4 and v3-core 1.0.1; texts of permits as OpenZeppelin
and Circle write them.
"""

from tradewind.venues.rpc_error import Revert

_BY_REASON = {
    "Too little received": "price_moved",
    "Too much requested": "price_moved",
    "Transaction too old": "deadline_passed",
    "STF": "allowance_or_balance",
    "TF": "token_refused_transfer",
    "SPL": "price_limit_wrong",
    "AS": "amount_zero",
    "LOK": "pool_locked",
    "IIA": "pool_not_paid",
    "Blockhash": "parent_block_changed",
}


def revert_code(revert: Revert) -> str:
    """A stable code: price_moved, deadline_passed, allowance_or_balance, …; `reverted` for what is not known."""
    if revert.reason is None:
        return "reverted_without_reason"
    if (code := _BY_REASON.get(revert.reason)) is not None:
        return code
    text = revert.reason.lower()
    if "out of gas" in text or "outofgas" in text:
        return "out_of_gas"
    if "permit" in text or "signature" in text:
        return "permit_refused"
    return "reverted"
