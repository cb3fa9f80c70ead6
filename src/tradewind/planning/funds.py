"""Whether the wallet holds what a trade may take at worst: the token, and the native coin for gas."""

from tradewind.domain.amount import format_raw
from tradewind.domain.chain import native_decimals
from tradewind.domain.intent import Intent, IntentType
from tradewind.errors import Refused
from tradewind.planning.quoting import BestQuote


def check_funds(intent: Intent, best: BestQuote, *, slices: int = 1) -> None:
    """Refused (balance_too_low, gas_balance_too_low) when the wallet holds too little for `best` in so many slices."""
    spent = intent.counter.asset if intent.intent_type is IntentType.ACQUIRE else intent.sized.asset
    account, worst_fee_raw = best.terms.account, best.terms.gas.worst_fee_raw * slices
    decimals = native_decimals(intent.chain_id)
    if account.token_balance_raw < best.worst_in_raw:
        raise Refused(
            "balance_too_low",
            f"The wallet holds {format_raw(account.token_balance_raw, spent.decimals, spent.symbol)}, and this may "
            f"take up to {format_raw(best.worst_in_raw, spent.decimals, spent.symbol)} "
            f"(quoted {format_raw(best.route.amount_in_raw, spent.decimals)} plus the slippage allowed).",
        )
    if account.native_balance_raw < worst_fee_raw:
        transactions = f" of {slices} transactions" if slices > 1 else ""
        raise Refused(
            "gas_balance_too_low",
            f"The wallet holds {format_raw(account.native_balance_raw, decimals)} of the native coin, and "
            f"gas{transactions} may cost up to {format_raw(worst_fee_raw, decimals)}.",
        )
