"""Idempotency keys: the same key of the same owner never means two things, however often it is sent.

What was accepted under a key is in the journal, in one commit with what it changed, and stays there. What was refused
changed nothing and leaves its key free.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from fastapi import Request
from starlette.datastructures import Headers

from tradewind.api.scopes import caller_of, rule_of
from tradewind.domain.events import RequestAccepted
from tradewind.errors import Conflict, Disposition, Refused

HEADER = "Idempotency-Key"
MAX_LENGTH = 64
PATTERN = rf"^[!-~]{{1,{MAX_LENGTH}}}$"
_FORM = re.compile(PATTERN)

T = TypeVar("T")


class Requests(Protocol):
    """Knows what was accepted."""

    def request(self, owner: str, key: str) -> RequestAccepted | None:
        """What `owner` asked under this key; None when nothing was accepted under it."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A request under its sender's key, by the digest of its body."""

    owner: str
    token_id: str
    scope: str
    key: str
    method: str
    path: str
    body_sha256: str

    def intent_id(self) -> UUID:
        """The id of an intent that is sent without one: the same for the same owner and key."""
        return RequestAccepted.intent_id_of(self.owner, self.key)

    def is_the_same_as(self, known: RequestAccepted) -> bool:
        """Whether this request was sent before; the token may have been replaced by another of its name since."""
        before = (known.method, known.path, known.body_sha256)
        return (self.method, self.path, self.body_sha256) == before

    def accepted(self, intent_id: UUID | None) -> RequestAccepted:
        """The fact to be recorded together with what the request changes."""
        return RequestAccepted(
            owner=self.owner,
            token_id=self.token_id,
            scope=self.scope,
            key=self.key,
            method=self.method,
            path=self.path,
            body_sha256=self.body_sha256,
            intent_id=intent_id,
        )


class InFlight(Conflict):
    """The first request under the key is still being answered."""

    disposition = Disposition.RETRY


class Idempotency:
    """One for all routes: keys of one owner are one space."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._running: set[tuple[str, str]] = set()

    async def once(self, ask: Ask, work: Callable[[bool], Awaitable[T]]) -> T:
        """What `work` answers. It is told whether the request was accepted before, and must then change nothing.

        Raises Refused when the key belongs to another request, InFlight while the first one under it is being done.
        """
        who = (ask.owner, ask.key)
        if who in self._running:
            raise InFlight(
                "request_in_flight",
                "A request with this Idempotency-Key is still being answered.",
                remedy="Send it again in a moment: it then gets the answer of the first.",
            )
        self._running.add(who)
        try:
            known = self._requests.request(ask.owner, ask.key)
            if known is not None and not ask.is_the_same_as(known):
                raise Refused(
                    "idempotency_key_reused",
                    f"This Idempotency-Key was used for another request ({known.method} {known.path}).",
                    remedy="Use a new key for each new request, and the old key only to send the same bytes again.",
                )
            return await work(known is not None)
        finally:
            self._running.discard(who)


async def ask_of(request: Request) -> Ask:
    """The request under its key; the guard has seen to it that there is one."""
    caller, path = caller_of(request), str(request.scope["path"])
    return Ask(
        owner=caller.name,
        token_id=caller.token_id,
        scope=rule_of(request.method, path).scopes[0],
        key=key_of(request.headers),
        method=request.method,
        path=path,
        body_sha256=hashlib.sha256(await request.body()).hexdigest(),
    )


def key_of(headers: Headers) -> str:
    """The key of a request; raises Refused when it has none, or none that could be one."""
    given = headers.getlist(HEADER)
    if not given:
        raise Refused(
            "idempotency_key_missing",
            f"The request has no {HEADER}.",
            remedy=f"Send {HEADER} with a text of your own (1 to {MAX_LENGTH} characters), new for each new request.",
        )
    if len(given) > 1 or not _FORM.fullmatch(given[0]):
        raise Refused(
            "idempotency_key_malformed",
            f"The {HEADER} is not one text of 1 to {MAX_LENGTH} visible ASCII characters.",
            remedy="Send a UUID, for instance.",
        )
    return given[0]
