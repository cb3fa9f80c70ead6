"""Speaks to chats as a Telegram bot: alerts with two buttons, and what is pressed.

Source of the format: Telegram Bot API: sendMessage, getUpdates, answerCallbackQuery, InlineKeyboardMarkup. The token is
part of each URL, so that no URL of it is ever shown.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import aiohttp

from tradewind.errors import Refused, TooMany, TradewindError, Unavailable
from tradewind.observability import events as observe
from tradewind.observability.clock import Backoff, Clock

API = "https://api.telegram.org"
TIMEOUT_S = 10.0
POLL_S = 25
# Telegram counts UTF-16 units, and takes 4,096 of them in a message.
MOST_UNITS = 4_000
MOST_UNITS_OF_AN_ALERT = 1_000
_MOST_KEY = 48
Handler = Callable[[str], Awaitable[str]]


class TelegramBot:
    """One bot, for any number of instances and their chats. A press counts in the chat of its instance alone."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        clock: Clock,
        *,
        token: str,
        api: str = API,
        poll_s: int = POLL_S,
    ) -> None:
        self._session = session
        self._clock = clock
        self._base = f"{api.rstrip('/')}/bot{token}/"
        self._poll_s = poll_s
        self._handlers: dict[tuple[int, str], Handler] = {}
        self._offset = 0

    @contextmanager
    def obeying(self, chat_id: int, instance: str, handler: Handler) -> Iterator[None]:
        """`handler(action)` carries out `halt` or `status` for the instance meanwhile, and answers with what to say."""
        place = chat_id, _key(instance)
        self._handlers[place] = handler
        try:
            yield
        finally:
            del self._handlers[place]

    async def send(self, chat_id: int, alerts: Sequence[Any]) -> None:
        """Each is {"instance": …, "text": …}. Raises Unavailable, TooMany, or Refused for what would fail again."""
        instance = alerts[0]["instance"]
        text = "\n".join(_of_alert(alert) for alert in alerts)
        buttons = [
            {"text": "Status", "callback_data": f"status {_key(instance)}"},
            {"text": "Halt its wallet", "callback_data": f"halt {_key(instance)}"},
        ]
        await self._call(
            "sendMessage", {"chat_id": chat_id, "text": text, "reply_markup": {"inline_keyboard": [buttons]}}
        )

    async def listen(self) -> NoReturn:
        """Hear presses until cancelled."""
        backoff = Backoff(self._clock, first_s=0.5, most_s=30.0)
        while True:
            try:
                await self.hear()
                backoff = Backoff(self._clock, first_s=0.5, most_s=30.0)
            except TradewindError as error:
                observe.relay_waits(subject="telegram", code=error.code, message=str(error), retry_in_s=0.5)
                await backoff.pause()
            except Exception as error:  # noqa: BLE001 (an odd answer must not leave the buttons without anybody)
                observe.part_failed(part="telegram", failure=error)
                await backoff.pause()

    async def hear(self) -> None:
        """Wait for presses once, and carry them out; what was heard is not heard again."""
        asked = {"offset": self._offset, "timeout": self._poll_s, "allowed_updates": ["callback_query"]}
        updates = await self._call("getUpdates", asked, timeout_s=self._poll_s + TIMEOUT_S)
        for update in updates if isinstance(updates, list) else []:
            self._offset = max(self._offset, int(update.get("update_id", 0)) + 1)
            if isinstance(press := update.get("callback_query"), dict):
                await self._obey(press)

    async def _obey(self, press: dict[str, Any]) -> None:
        chat_id: Any = ((press.get("message") or {}).get("chat") or {}).get("id")
        action, _, instance = str(press.get("data", "")).partition(" ")
        handler = self._handlers.get((chat_id, instance))
        is_known = any(chat == chat_id for chat, _ in self._handlers)
        is_of_another = handler is None and any(name == instance for _, name in self._handlers)
        if not is_known or is_of_another:
            said = "This chat may not ask for that."
        elif handler is None or action not in {"halt", "status"}:
            said = f"{instance or 'It'} does not run here."
        else:
            said = await _answer(handler, action)
        # A press that is some minutes old cannot be answered any more; the chat has to learn what became of it.
        with suppress(TradewindError):
            await self._call("answerCallbackQuery", {"callback_query_id": press.get("id"), "text": cut(said, 190)})
        if is_known:
            await self._call("sendMessage", {"chat_id": chat_id, "text": cut(said, MOST_UNITS)})

    async def _call(self, method: str, body: dict[str, Any], *, timeout_s: float = TIMEOUT_S) -> Any:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.post(self._base + method, json=body, timeout=timeout) as answer:
                status, found = answer.status, await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unavailable("telegram_unavailable", f"Telegram does not answer ({type(error).__name__}).") from None
        if not isinstance(found, dict):
            raise Unavailable("telegram_unavailable", f"Telegram answers {method} with no object.")
        if found.get("ok"):
            return found.get("result")
        said = f"{method}: {status}: {str(found.get('description', ''))[:200]}"
        if status == 429:
            after = (found.get("parameters") or {}).get("retry_after", 1)
            raise TooMany("telegram_rate", f"Telegram takes no more for now: {said}", retry_after_s=float(after))
        if status >= 500 or status == 409:
            raise Unavailable("telegram_unavailable", f"Telegram fails at {said}")
        raise Refused("telegram_refused", f"Telegram refuses {said}", remedy="Check the token's file and chat_id.")


def fitting(alerts: Sequence[Any]) -> int:
    """How many of the first alerts fit into one message; the first one always does."""
    left = MOST_UNITS
    for count, alert in enumerate(alerts):
        # One for the end of its line.
        left -= _units(_of_alert(alert)) + 1
        if left < 0:
            return count
    return len(alerts)


def cut(text: str, most_units: int) -> str:
    """The beginning of it, in characters that a message can hold, with `…` for what is left out."""
    raw = text.encode("utf-16-le", errors="replace")
    if len(raw) <= 2 * most_units:
        return raw.decode("utf-16-le")
    # Half of a pair at the cut is left out.
    return raw[: 2 * (most_units - 1)].decode("utf-16-le", errors="ignore") + "…"


def _of_alert(alert: Any) -> str:
    return cut(str(alert["text"]), MOST_UNITS_OF_AN_ALERT)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _key(instance: str) -> str:
    """What a button carries: at most 64 bytes with its action."""
    return instance if len(instance) <= _MOST_KEY else hashlib.sha256(instance.encode()).hexdigest()[:_MOST_KEY]


async def _answer(handler: Handler, action: str) -> str:
    try:
        return await handler(action)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 (whoever pressed has to learn that it failed)
        return f"It failed: {error}"
