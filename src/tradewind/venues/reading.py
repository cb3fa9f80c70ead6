"""Questions to a chain that can share a round trip: the requests, and what their answers mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tradewind.venues.rpc_endpoint import Request

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """`parse` is given one answer for each of `requests`, in their order: a result, or the RpcError in its place."""

    requests: tuple[Request, ...]
    parse: Callable[[Sequence[object]], T_co]
