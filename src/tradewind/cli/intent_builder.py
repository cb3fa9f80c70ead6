"""Makes an intent from what was typed: symbols looked up in the token list, the strategy by its name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ValidationError

from tradewind.cli.quantities import parse_duration_ms, parse_size, parse_slippage
from tradewind.domain.intent import ExecutionStyle, Intent, IntentType
from tradewind.domain.model import invalid_input
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import Token
from tradewind.errors import InvalidInput
from tradewind.settings import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed, as it was typed."""

    kind: IntentType
    size: str
    symbol: str
    counter: str
    slippage: str
    within: str
    style: ExecutionStyle
    strategy: str | None
    chain_id: int | None
    only: Sequence[str]
    exclude: Sequence[str]


def build(wish: Wish, settings: Settings) -> Intent:
    """The intent; raises InvalidInput naming the option or argument that is wrong."""
    if wish.only and wish.exclude:
        raise _wrong("--exclude", "venue_rule", "cannot be given together with --only. Keep one of them.")
    chain_id = _chain(wish.chain_id, settings)
    kind, size = parse_size(wish.size)
    assets = [
        {"asset": _asset(settings, chain_id, wish.symbol), kind: _plain(size)},
        {"asset": _asset(settings, chain_id, wish.counter)},
    ]
    constraints: dict[str, object] = {
        "max_slippage": _plain(parse_slippage(wish.slippage)),
        "time_window_ms": parse_duration_ms(wish.within),
        "execution_style": wish.style.value,
    }
    if wish.only or wish.exclude:
        constraints["allowed_venues"] = {"only": list(wish.only)} if wish.only else {"exclude": list(wish.exclude)}
    document = {
        "strategy_id": str(_strategy(wish.strategy, settings).id),
        "intent_type": wish.kind.value,
        "assets": assets,
        "constraints": constraints,
    }
    try:
        return Intent.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise invalid_input(error, what="intent") from None


def _strategy(name: str | None, settings: Settings) -> Strategy:
    names = ", ".join(settings.strategies) or "none"
    if name is None:
        if len(settings.strategies) == 1:
            return next(iter(settings.strategies.values()))
        raise _wrong("--strategy", "strategy_missing", f"is needed: the configuration has {names}.")
    if name not in settings.strategies:
        raise _wrong("--strategy", "strategy_unknown", f"'{name}' is not configured (configured: {names}).")
    return settings.strategies[name]


def _chain(chain_id: int | None, settings: Settings) -> int:
    names = ", ".join(map(str, settings.every_chain()))
    if chain_id is None:
        if len(settings.every_chain()) == 1:
            return next(iter(settings.every_chain()))
        raise _wrong("--chain", "chain_missing", f"is needed: the configuration has {names}.")
    if chain_id not in settings.every_chain():
        raise _wrong("--chain", "chain_unknown", f"{chain_id} is not configured (configured: {names}).")
    return chain_id


def _asset(settings: Settings, chain_id: int, symbol: str) -> dict[str, object]:
    tokens = settings.token_list()
    token: Token | None = tokens.named(chain_id, symbol) or tokens.named(chain_id, symbol.upper())
    if token is None:
        listed = ", ".join(tokens.symbols(chain_id))
        raise _wrong(
            "SYMBOL", "asset_not_listed", f"'{symbol}' is not on the token list of chain {chain_id} ({listed})."
        )
    return {"symbol": token.symbol, "address": token.address, "decimals": token.decimals, "chain_id": chain_id}


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _wrong(field: str, code: str, message: str) -> InvalidInput:
    return InvalidInput.one(field, code, message, what="command line")
