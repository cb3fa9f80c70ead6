"""Strategies in Python: everything that a user's file needs. See docs/strategies.md.

A strategy is told of every pool that changes and wishes for trades; the engine decides upon exact amounts, limits and
costs, signs through the gate, and tells how each one ended. Amounts are integers of the smallest unit (`_raw`).
"""

from tradewind.core import CoreError, PoolQuote
from tradewind.strategies.amounts import decimal_of, raw_of
from tradewind.strategies.context import Context
from tradewind.strategies.parameters import WrongParameter
from tradewind.strategies.pools import Pool, Pools
from tradewind.strategies.strategy import Strategy
from tradewind.strategies.told import Fill, Refusal, Update
from tradewind.strategies.wishes import Circle, Hop, Swap, Wish

WRAPPED_SOL = "So11111111111111111111111111111111111111112"

__all__ = [
    "WRAPPED_SOL",
    "Circle",
    "Context",
    "CoreError",
    "Fill",
    "Hop",
    "Pool",
    "PoolQuote",
    "Pools",
    "Refusal",
    "Strategy",
    "Swap",
    "Update",
    "Wish",
    "WrongParameter",
    "decimal_of",
    "raw_of",
]
