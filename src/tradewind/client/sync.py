"""The client for programs that wait: each method returns when the service has answered."""

import time
from collections.abc import Callable, Generator
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


class Client:
    """`with Client(url, token) as service:`. Every error is one of `tradewind.errors`.

    `patience` bounds how often a request is sent again, `stream_patience` how long a lost stream is tried for.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: Patience = PATIENCE,
        stream_patience: Patience = STREAM_PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._patience = patience
        self._stream_patience = stream_patience
        self._sleep = sleep
        self._http = open_with(httpx.Client, self._url, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def submit(self, intent: IntentBody, *, idempotency_key: str | None = None) -> IntentReceipt:
        """Send an intent; once this returns, it is on the service's disk.

        It has a key of its own unless one is given: give the same one to make a second call the same request.
        """
        return self._ask(calls.submit(intent, idempotency_key))

    def quote(self, intent: IntentBody) -> QuoteShown:
        """What the intent would do if it were sent now. A refusal is in the answer, not an error."""
        return self._ask(calls.quote(intent))

    def cancel(
        self, intent_id: UUID | str, *, reason: str | None = None, idempotency_key: str | None = None
    ) -> CancelShown:
        """Stop an intent: what is not signed never will be. The answer names what cannot be recalled."""
        return self._ask(calls.cancel(intent_id, reason, idempotency_key))

    def intent(self, intent_id: UUID | str) -> IntentShown:
        """Everything about one intent."""
        return self._ask(calls.intent(intent_id))

    def intents(
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
        return self._ask(call)

    def event_page(
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
        return self._ask(call)

    def portfolio(self) -> PortfolioShown:
        """Holdings, what is under way, and the signer's budgets."""
        return self._ask(calls.portfolio())

    def report(
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
        return self._ask(call)

    def limits(self) -> LimitsShown:
        """The signer's limits, and what is used of its budgets."""
        return self._ask(calls.limits())

    def set_limit(self, key: str, value_raw: int) -> LimitChanged:
        """Tighten a limit at once, or present a raise, in the unit that the limit counts in."""
        return self._ask(calls.set_limit(key, value_raw))

    def cancel_raise(self, key: str) -> None:
        """Take back a raise that is not in force yet."""
        return self._ask(calls.cancel_raise(key))

    def switch(self) -> SwitchShown:
        """Where the kill switch stands."""
        return self._ask(calls.switch())

    def halt(self, reason: str, *, wallet: str | None = None, strategy_id: UUID | str | None = None) -> HaltAnswer:
        """Stop signing: everything, or for one wallet or one strategy. Once this returns, nothing is signed there."""
        return self._ask(calls.halt(reason, wallet=wallet, strategy_id=strategy_id))

    def resume(self, kill_epoch: int) -> HaltAnswer:
        """End the halt of this epoch."""
        return self._ask(calls.resume(kill_epoch))

    def readiness(self) -> ReadinessShown:
        """The service's own checks; an answer also when it is not ready."""
        return self._ask(calls.readiness())

    def events(
        self,
        intent_id: UUID | str | None = None,
        *,
        after: int | None = None,
        strategy_id: UUID | str | None = None,
        wallet: str | None = None,
    ) -> Generator[Heard, None, None]:
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
                response = self._http.send(request, stream=True)
                try:
                    if response.status_code == httpx.codes.OK:
                        for data in response.iter_bytes():
                            yield from feed.received(data)
                        outcome = Lost("the stream ended", unsent=False)
                    else:
                        response.read()
                        outcome = Reply(response.status_code, response.headers, response.text)
                finally:
                    response.close()
            except httpx.HTTPError as error:
                outcome = lost(error)
            self._sleep(feed.pause_s(outcome))

    def follow(self, intent_id: UUID | str) -> Generator[Heard, None, None]:
        """Every event of an intent from its first to the one that ends it."""
        for heard in self.events(intent_id, after=0):
            yield heard
            if ended(heard):
                return

    def wait(self, intent_id: UUID | str) -> IntentShown:
        """The intent once it has ended, however it did."""
        place = 0
        while True:
            for heard in self.events(intent_id, after=place):
                place = heard.seq
                if ended(heard):
                    break
            shown = self.intent(intent_id)
            # The chain can have taken that end back since: then another one follows behind it.
            if shown.is_final:
                return shown

    def _ask(self, call: Call[T]) -> T:
        talk = conversation(call, self._patience, url=self._url)
        outcome: Outcome = None
        while True:
            try:
                step = talk.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            if isinstance(step, Pause):
                self._sleep(step.seconds)
                outcome = None
            else:
                outcome = self._send(call)

    def _send(self, call: Call[T]) -> Reply | Lost:
        try:
            response = self._http.request(
                call.method, call.path, params=call.query, content=call.body, headers=call.headers
            )
        except httpx.HTTPError as error:
            return lost(error)
        return Reply(response.status_code, response.headers, response.text)
