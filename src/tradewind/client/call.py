"""One request to the service, described: what is sent, what may come back, and whether it may be sent again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel | None)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """`answer` is the model of the body, None for an empty one. `repeatable`: twice is the same as once."""

    method: str
    path: str
    answer: type[T]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    statuses: frozenset[int] = frozenset({200, 202, 204})
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing came back. `unsent`: no connection could be made, so nothing can have happened."""

    reason: str
    unsent: bool
