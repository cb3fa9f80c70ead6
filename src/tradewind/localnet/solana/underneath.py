"""What the servers of this folder need of the node underneath them, and nothing more."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol


class Feed(Protocol):
    """Everything that happens on the node from now on, in order; ends when closed, or with a reason when too slow."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    def close(self) -> None: ...


class ChainUnderneath(Protocol):
    """The node, as the block engine, the transaction port and the two streams see it."""

    def submit(self, wire: bytes, *, lane: str) -> Any: ...

    def submit_bundle(self, wires: Sequence[bytes]) -> Any: ...

    def subscribe(self) -> Feed: ...
