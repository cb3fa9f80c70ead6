"""`Strategy`: what a user writes. Every method may be left out but `on_update`."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, TypeVar, get_args, get_origin

from tradewind.strategies.context import Context
from tradewind.strategies.told import Fill, Refusal, Update
from tradewind.strategies.wishes import Wish

Parameters = TypeVar("Parameters")


class Strategy(ABC, Generic[Parameters]):
    """One strategy: `class Mine(Strategy[MyParameters])`, where MyParameters is a frozen dataclass.

    `parameters` are those in force: they may change between two calls. `state` is the strategy's own, JSON values under
    names; it is on disk before the engine acts upon an answer, and survives a restart. A method that raises is told
    in the log, and its wishes are dropped; the strategy goes on.
    """

    parameters: Parameters
    context: Context
    state: dict[str, Any]

    def on_start(self, context: Context) -> None:
        """Called once, before the first update. `context.pools` is still empty."""

    @abstractmethod
    def on_update(self, update: Update) -> Iterable[Wish] | None:
        """Called with the pools that changed; gives what is to be traded. While it works newer changes take the place
        of older ones, so that a slow strategy is told less, and never what is stale.
        """

    def on_fill(self, fill: Fill) -> Iterable[Wish] | None:
        """Called when a trade has ended on the chain."""

    def on_refusal(self, refusal: Refusal) -> None:
        """Called when a wish is not traded."""

    def on_stop(self) -> None:
        """Called once, when the engine ends in good order."""

    @classmethod
    def parameters_type(cls) -> type | None:
        """The dataclass of `Strategy[...]`; None where there is none."""
        for kind in cls.__mro__:
            for base in getattr(kind, "__orig_bases__", ()):
                found = get_args(base)[0] if get_origin(base) is Strategy else None
                if isinstance(found, type):
                    return found
        return None
