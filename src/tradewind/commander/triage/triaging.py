"""Wires the triage of each instance to the receivers that its file names, for as long as it is run."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from tradewind.commander.engine_line import EngineLine
from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.strategy_file.settings import StrategySettings, Telegram
from tradewind.commander.triage.loki import Loki
from tradewind.commander.triage.shipping import Shipping
from tradewind.commander.triage.spool import Spool
from tradewind.commander.triage.telegram import TelegramBot, fitting
from tradewind.commander.triage.triage import Triage
from tradewind.errors import Misconfigured
from tradewind.observability.clock import Clock

_AT_ONCE = 500
_ALERTS_AT_ONCE = 10
_LAST_WORDS_S = 2.0


@dataclass(frozen=True, slots=True)
class Actions:
    """What the buttons of an alert do; each answers with what to say."""

    halt: Callable[[], Awaitable[str]]
    status: Callable[[], Awaitable[str]]


class Triaging:
    """One for all instances of a commander: a bot can be listened to in one place only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bots: dict[tuple[str, str], _SharedBot] = {}

    @asynccontextmanager
    async def __call__(
        self, settings: StrategySettings, folder: InstanceFolder, actions: Actions
    ) -> AsyncIterator[Callable[[EngineLine], None]]:
        """What hears the lines of the instance. Raises Misconfigured `token_unreadable`."""
        logs = settings.commander.logs
        if logs.loki is None and logs.telegram is None:
            yield lambda _: None
            return
        loki = Spool(folder.path / "loki.spool", most_bytes=logs.spool_bytes) if logs.loki else None
        telegram = Spool(folder.path / "telegram.spool", most_bytes=logs.spool_bytes) if logs.telegram else None
        async with AsyncExitStack() as stack:
            shippings = []
            if loki is not None and logs.loki is not None:
                session = await stack.enter_async_context(aiohttp.ClientSession())
                push = Loki(session, logs.loki.url).push
                shippings.append(Shipping(loki, push, self._clock, name="loki", at_once=_AT_ONCE))
            if telegram is not None and logs.telegram is not None:
                bot = await stack.enter_async_context(self._bot(logs.telegram))
                chat_id = logs.telegram.chat_id
                stack.enter_context(bot.obeying(chat_id, str(folder.name), _handler(actions)))
                shippings.append(
                    Shipping(
                        telegram,
                        partial(bot.send, chat_id),
                        self._clock,
                        name="telegram",
                        at_once=_ALERTS_AT_ONCE,
                        fitting=fitting,
                    )
                )
            async with _running([each.run() for each in shippings]):
                yield Triage(folder, logs, self._clock, loki=loki, telegram=telegram).hear
            await _last_words(shippings)

    @asynccontextmanager
    async def _bot(self, telegram: Telegram) -> AsyncIterator[TelegramBot]:
        """The bot of this token: the one that another instance has opened, whatever its chat, or a new one."""
        token = _token(telegram.token_file)
        key = token, telegram.api.rstrip("/")
        shared = self._bots.get(key)
        if shared is None:
            session = aiohttp.ClientSession()
            bot = TelegramBot(session, self._clock, token=token, api=telegram.api)
            shared = self._bots[key] = _SharedBot(bot, session, asyncio.create_task(bot.listen()))
        shared.users += 1
        try:
            yield shared.bot
        finally:
            shared.users -= 1
            if not shared.users:
                del self._bots[key]
                await shared.close()


@dataclass(slots=True)
class _SharedBot:
    bot: TelegramBot
    session: aiohttp.ClientSession
    listening: asyncio.Task[None]
    users: int = 0

    async def close(self) -> None:
        self.listening.cancel()
        await asyncio.gather(self.listening, return_exceptions=True)
        await self.session.close()


async def _last_words(shippings: Sequence[Shipping]) -> None:
    """What is not away by then stays in the spool for the next start."""
    tasks = [asyncio.create_task(each.ship()) for each in shippings]
    _, late = await asyncio.wait(tasks, timeout=_LAST_WORDS_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _handler(actions: Actions) -> Callable[[str], Awaitable[str]]:
    async def handle(action: str) -> str:
        return await (actions.halt() if action == "halt" else actions.status())

    return handle


def _token(path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
        open_to_others = path.stat().st_mode & 0o077
    except (OSError, UnicodeDecodeError):
        token, open_to_others = "", 0
    if not token or open_to_others:
        fault = "can be read by others" if token else "holds no token"
        remedy = f"chmod 600 {path}" if token else "Write the token that @BotFather gave into it."
        raise Misconfigured("token_unreadable", f"{path} {fault}.", remedy=remedy)
    return token


@asynccontextmanager
async def _running(works: list[Coroutine[None, None, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
