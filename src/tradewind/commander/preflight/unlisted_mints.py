"""Coins that nobody could list: whether the signer's policy lets a live sniper buy and sell them."""

from collections.abc import Mapping
from typing import Any

from tradewind.commander.finding import Finding, good, wrong
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.execution.signer_answers import Limits

_NAME = "unlisted mints"
_SECTION = "[chains.101.unlisted_mints]"
_TERM = "chain.101.unlisted_mints."


def buys_unlisted(settings: StrategySettings) -> bool:
    """Whether this signs for coins that were made a moment ago."""
    return settings.strategy == "sniper" and settings.mode == "live" and settings.executes == "engine"


def judge_unlisted(limits: Limits, settings: StrategySettings) -> Finding:
    """Wrong where the signer would refuse every purchase, or the sale of what was bought."""
    in_force = {
        limit.key.removeprefix(_TERM): int(limit.value or 0)
        for limit in limits.limits
        if limit.key.startswith(_TERM) and limit.value != "0"
    }
    if not in_force:
        remedy = f"Add {_SECTION} to signer.toml and restart the signer, or run it in mode paper."
        return wrong(
            _NAME, f"the policy has no {_SECTION}: the signer refuses every coin that it does not list", remedy
        )
    lacking = _lacking(in_force, settings)
    if lacking:
        said = f"{_SECTION} lacks " + ", ".join(lacking)
        return wrong(_NAME, said, "Add it in signer.toml and restart the signer, or correct the strategy's file.")
    return good(_NAME, f"{in_force['max_open_mints']} coins may be held at a time")


def _lacking(in_force: Mapping[str, int], settings: StrategySettings) -> list[str]:
    parameters: Mapping[str, Any] = settings.parameters
    given = parameters.get("venues")
    # What is malformed the engine refuses, field by field.
    venues = [venue for venue in given if isinstance(venue, str)] if isinstance(given, list) else []
    if "pump_curve" in venues:
        # Where pump's coins go on, and are sold.
        venues.append("pumpswap")
    wallet, base = settings.commander.wallet, parameters.get("base")
    wanted = {
        "max_open_mints": "room for a coin (max_open_mints)",
        **{f"venue.{venue}": f"the venue {venue}" for venue in venues},
        f"paid.{base}": f"{base} in paid",
    }
    if wallet is not None:
        wanted[f"wallet.{wallet}"] = f"the wallet {wallet}"
    lacking = [said for key, said in wanted.items() if key not in in_force]
    amount = str(parameters.get("amount_in_raw", ""))
    amount_raw = int(amount) if amount.isascii() and amount.isdecimal() else 0
    most_raw = in_force.get(f"paid.{base}.max_paid_per_transaction", 0)
    if f"paid.{base}" in in_force and most_raw < amount_raw:
        lacking.append(f"room for parameters.amount_in_raw (max_paid_per_transaction is {most_raw} raw units)")
    return lacking
