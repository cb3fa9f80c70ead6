"""What every misbehaviour is made of: three kinds of it, and the rule that says when it strikes."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aiohttp import web

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.strict.json_rpc import Answer, Call

Honest = Callable[[Call], Awaitable[Answer]]
Proceed = Callable[[], Awaitable[web.StreamResponse]]


class Behaviour:
    """One way in which an endpoint misbehaves. `about`: the methods that it concerns; None for all of them."""

    about: ClassVar[frozenset[str] | None] = None


class Lie(Behaviour, ABC):
    """Gives another answer to one call."""

    @abstractmethod
    async def answer(self, call: Call, honest: Honest) -> Answer:
        """The answer; `honest` gives the true one to this call, or to any other."""
        ...


class Shape(Behaviour, ABC):
    """Gives the true answer in a form that JSON-RPC does not allow, or that clients do not expect."""

    @abstractmethod
    def reshape(self, payload: Any) -> Any:
        """What is sent instead of the response object, or of the array of them."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request: `body` carries it out and gives the bytes of its answer; `stopping` is set at the end."""

    request: web.Request
    body: Callable[[], Awaitable[bytes]]
    stopping: asyncio.Event


class Transport(Behaviour, ABC):
    """Disturbs the HTTP exchange itself."""

    @abstractmethod
    async def transmit(self, exchange: Exchange, proceed: Proceed) -> web.StreamResponse:
        """The response; `proceed` carries the request out and answers it as it would be without this."""
        ...


@dataclass(slots=True, eq=False)
class Misbehaviour:
    """A behaviour that is in force: for which methods, how often, and how often it struck so far."""

    behaviour: Behaviour
    methods: frozenset[str] | None
    times: int | None
    every: int
    probability: float
    seed: int
    struck: int = 0
    _seen: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 (must be repeatable)

    def strikes(self, methods: Collection[str]) -> bool:
        """Whether a request with these methods is misbehaved to; counts it."""
        if self.methods is not None and self.methods.isdisjoint(methods):
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self._seen += 1
        if self._seen % self.every or self._random.random() >= self.probability:
            return False
        self.struck += 1
        return True

    def stop(self) -> None:
        """Let it be; what it struck stays counted."""
        self.times = self.struck


def misbehaviour(
    behaviour: Behaviour,
    *,
    methods: Collection[str] | None,
    times: int | None,
    every: int,
    probability: float,
    seed: int,
) -> Misbehaviour:
    """A rule; LocalnetError when the behaviour can do nothing about one of the methods."""
    about = behaviour.about
    wanted = about if methods is None else frozenset(methods)
    if about is not None and wanted is not None and not wanted <= about:
        raise LocalnetError(
            "behaviour_not_about_method",
            f"{type(behaviour).__name__} does nothing about {', '.join(sorted(wanted - about))}.",
            remedy=f"It is about {', '.join(sorted(about))}.",
        )
    return Misbehaviour(behaviour, wanted, times, every, probability, seed)
