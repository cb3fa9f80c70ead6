"""Intents as a client writes them: plain JSON."""

from typing import Any

from tests.e2e.chain_truth import ARB, USDC, WETH

STRATEGY = "a1b2c3d4-e5f6-7890-1234-567890abcdef"
DECIMALS = {"WETH": 18, "USDC": 6, "ARB": 18}
ADDRESS = {"WETH": WETH, "USDC": USDC, "ARB": ARB}


def spec(symbol: str, **size: str) -> dict[str, Any]:
    """One asset of an intent."""
    asset = {"symbol": symbol, "address": ADDRESS[symbol], "decimals": DECIMALS[symbol], "chain_id": 42161}
    return {"asset": asset, **size}


def intent(
    kind: str,
    sized: dict[str, Any],
    counter: str,
    *,
    slippage: str = "0.005",
    window_ms: int = 300_000,
    style: str = "aggressive",
) -> dict[str, Any]:
    """An intent with everything it needs."""
    return {
        "strategy_id": STRATEGY,
        "intent_type": kind,
        "assets": [sized, spec(counter)],
        "constraints": {"max_slippage": slippage, "time_window_ms": window_ms, "execution_style": style},
    }


def acquire(amount: str, symbol: str = "WETH", *, paying: str = "USDC", **limits: Any) -> dict[str, Any]:
    """Buy exactly `amount`."""
    return intent("acquire", spec(symbol, amount=amount), paying, **limits)


def dispose(amount: str, symbol: str = "WETH", *, receiving: str = "USDC", **limits: Any) -> dict[str, Any]:
    """Sell exactly `amount`."""
    return intent("dispose", spec(symbol, amount=amount), receiving, **limits)
