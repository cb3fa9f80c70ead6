"""The catalogue of misbehaviour: one class for each kind, whose first line of documentation says what it does."""

from types import ModuleType

from tradewind.localnet.strict.behaviour import Behaviour
from tradewind.localnet.strict.behaviours import accounts, blocks, refusals, shape, transactions, transport

KINDS = {
    "transport": transport,
    "shape": shape,
    "blocks": blocks,
    "accounts": accounts,
    "transactions": transactions,
    "refusals": refusals,
}


def _public(module: ModuleType) -> list[type[Behaviour]]:
    return [
        item
        for name, item in vars(module).items()
        if isinstance(item, type)
        and issubclass(item, Behaviour)
        and item.__module__ == module.__name__
        and not name.startswith("_")
    ]


CATALOGUE: tuple[type[Behaviour], ...] = tuple(item for module in KINDS.values() for item in _public(module))
