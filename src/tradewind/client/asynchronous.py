"""The client for programs on an event loop: the same requests as the waiting one, awaited."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel

from tradewind.accounting.report_view import ReportView
from tradewind.api.cancel_dto import CancelShown
from tradewind.api.dto import HaltAnswer, IntentPage, IntentShown, ReadinessShown, SwitchShown
from tradewind.api.event_dto import EventPage
from tradewind.api.limit_dto import LimitChanged, LimitsShown
from tradewind.api.portfolio_dto import PortfolioShown
from tradewind.api.quote_dto import QuoteShown
from tradewind.client import calls
from tradewind.client.call import Call, Lost, Reply
from tradewind.client.calls import IntentBody
from tradewind.client.connection import lost, open_with, stream_timeout
from tradewind.client.event_feed import Heard, Subscription
from tradewind.client.patience import PATIENCE, STREAM_PATIENCE, Outcome, Patience, Pause, conversation
from tradewind.client.waiting import ended
from tradewind.domain.receipt import IntentReceipt
from tradewind.domain.status import IntentStatus

T = TypeVar("T", bound=BaseModel | None)


class AsyncClient:
    """`async with AsyncClient(url, token) as service:`. Every error is one of `tradewind.errors`.

    `patience` bounds how often a request is sent again, `stream_patience` how long a lost stream is tried for.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: Patience = PATIENCE,
        stream_patience: Patience = STREAM_PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._patience = patience
        self._stream_patience = stream_patience
        self._sleep = sleep
        self._http = open_with(httpx.AsyncClient, self._url, token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def submit(self, intent: IntentBody, *, idempotency_key: str | None = None) -> IntentReceipt:
        """Send an intent; once this returns, it is on the service's disk.

        It has a key of its own unless one is given: give the same one to make a second call the same request.
        """
        return await self._ask(calls.submit(intent, idempotency_key))

    async def quote(self, intent: IntentBody) -> QuoteShown:
        """What the intent would do if it were sent now. A refusal is in the answer, not an error."""
        return await self._ask(calls.quote(intent))

    async def cancel(
        self, intent_id: UUID | str, *, reason: str | None = None, idempotency_key: str | None = None
    ) -> CancelShown:
        """Stop an intent: what is not signed never will be. The answer names what cannot be recalled."""
        return await self._ask(calls.cancel(intent_id, reason, idempotency_key))

    async def intent(self, intent_id: UUID | str) -> IntentShown:
        """Everything about one intent."""
        return await self._ask(calls.intent(intent_id))

    async def intents(
        self,
        *,
        status: IntentStatus | None = None,
        strategy_id: UUID | str | None = None,
        wallet: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> IntentPage:
        """A page of intents, the newest first; `cursor` is `next_cursor` of the page before."""
        call = calls.intents(status=status, strategy_id=strategy_id, wallet=wallet, limit=limit, cursor=cursor)
        return await self._ask(call)

    async def event_page(
        self,
        intent_id: UUID | str | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
        kind: str | None = None,
        strategy_id: UUID | str | None = None,
        wallet: str | None = None,
    ) -> EventPage:
        """A page of recorded events, the oldest first; `after` is `up_to_seq` of the page before."""
        call = calls.events(
            intent_id=intent_id, after=after, limit=limit, kind=kind, strategy_id=strategy_id, wallet=wallet
        )
        return await self._ask(call)

    async def portfolio(self) -> PortfolioShown:
        """Holdings, what is under way, and the signer's budgets."""
        return await self._ask(calls.portfolio())

    async def report(
        self,
        *,
        strategy_id: UUID | str | None = None,
        wallet: str | None = None,
        since: str | None = None,
        until: str | None = None,
        steps: int | None = None,
        compare: bool | None = None,
    ) -> ReportView:
        """What was traded, what it cost and earned, and whether the wallets hold it; times are ISO 8601."""
        call = calls.report(
            strategy_id=strategy_id, wallet=wallet, since=since, until=until, steps=steps, compare=compare
        )
        return await self._ask(call)

    async def limits(self) -> LimitsShown:
        """The signer's limits, and what is used of its budgets."""
        return await self._ask(calls.limits())

    async def set_limit(self, key: str, value_raw: int) -> LimitChanged:
        """Tighten a limit at once, or present a raise, in the unit that the limit counts in."""
        return await self._ask(calls.set_limit(key, value_raw))

    async def cancel_raise(self, key: str) -> None:
        """Take back a raise that is not in force yet."""
        return await self._ask(calls.cancel_raise(key))

    async def switch(self) -> SwitchShown:
        """Where the kill switch stands."""
        return await self._ask(calls.switch())

    async def halt(
        self, reason: str, *, wallet: str | None = None, strategy_id: UUID | str | None = None
    ) -> HaltAnswer:
        """Stop signing: everything, or for one wallet or one strategy. Once this returns, nothing is signed there."""
        return await self._ask(calls.halt(reason, wallet=wallet, strategy_id=strategy_id))

    async def resume(self, kill_epoch: int) -> HaltAnswer:
        """End the halt of this epoch."""
        return await self._ask(calls.resume(kill_epoch))

    async def readiness(self) -> ReadinessShown:
        """The service's own checks; an answer also when it is not ready."""
        return await self._ask(calls.readiness())

    async def events(
        self,
        intent_id: UUID | str | None = None,
        *,
        after: int | None = None,
        strategy_id: UUID | str | None = None,
        wallet: str | None = None,
    ) -> AsyncGenerator[Heard, None]:
        """Events as they happen, each once, over every interruption; of one intent, or of all.

        Behind the place `after`; without it, from the beginning for one intent and from now on for all. Ends only by
        an error: when the service cannot be reached for as long as `stream_patience` says.
        """
        feed = Subscription(
            calls.stream_path(intent_id),
            url=self._url,
            patience=self._stream_patience,
            after=after,
            strategy_id=strategy_id,
            wallet=wallet,
        )
        while True:
            outcome: Reply | Lost
            try:
                request = self._http.build_request(
                    "GET", feed.path, params=feed.query, headers=feed.headers(), timeout=stream_timeout()
                )
                response = await self._http.send(request, stream=True)
                try:
                    if response.status_code == httpx.codes.OK:
                        async for data in response.aiter_bytes():
                            for heard in feed.received(data):
                                yield heard
                        outcome = Lost("the stream ended", unsent=False)
                    else:
                        await response.aread()
                        outcome = Reply(response.status_code, response.headers, response.text)
                finally:
                    await response.aclose()
            except httpx.HTTPError as error:
                outcome = lost(error)
            await self._sleep(feed.pause_s(outcome))

    async def follow(self, intent_id: UUID | str) -> AsyncGenerator[Heard, None]:
        """Every event of an intent from its first to the one that ends it."""
        async for heard in self.events(intent_id, after=0):
            yield heard
            if ended(heard):
                return

    async def wait(self, intent_id: UUID | str) -> IntentShown:
        """The intent once it has ended, however it did."""
        place = 0
        while True:
            async for heard in self.events(intent_id, after=place):
                place = heard.seq
                if ended(heard):
                    break
            shown = await self.intent(intent_id)
            # The chain can have taken that end back since: then another one follows behind it.
            if shown.is_final:
                return shown

    async def _ask(self, call: Call[T]) -> T:
        talk = conversation(call, self._patience, url=self._url)
        outcome: Outcome = None
        while True:
            try:
                step = talk.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            if isinstance(step, Pause):
                await self._sleep(step.seconds)
                outcome = None
            else:
                outcome = await self._send(call)

    async def _send(self, call: Call[T]) -> Reply | Lost:
        try:
            response = await self._http.request(
                call.method, call.path, params=call.query, content=call.body, headers=call.headers
            )
        except httpx.HTTPError as error:
            return lost(error)
        return Reply(response.status_code, response.headers, response.text)
