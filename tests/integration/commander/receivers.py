"""Servers on loopback that speak the push API of Loki and the bot API of Telegram, and fail when they are told to."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

TOKEN = "123456789:AAF0123456789abcdefghijABCDEFGHIJ12"
CHAT = 42


class Receivers:
    """`lines` and `messages` are what arrived; `failing` is the status that is answered instead.

    `refuses` are methods of the bot that are answered with 400; `most_polling` is how many polled at once.
    """

    def __init__(self) -> None:
        self.lines: list[tuple[dict[str, str], int, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.answers: list[str] = []
        self.failing: int | None = None
        self.refused = 0
        self.refuses: set[str] = set()
        self.polling = 0
        self.most_polling = 0
        self._presses: asyncio.Queue[Any] = asyncio.Queue()
        self._presses_made = 0
        self.news = asyncio.Event()
        self.url = ""

    @asynccontextmanager
    async def served(self) -> Any:
        """Both at one port."""
        app = web.Application()
        app.router.add_post("/loki/api/v1/push", self._push)
        app.router.add_post(f"/bot{TOKEN}/{{method}}", self._bot)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def press(self, data: str, *, chat: int = CHAT) -> None:
        """Somebody presses a button."""
        self._presses_made += 1
        press = {"id": f"p{self._presses_made}", "data": data, "message": {"chat": {"id": chat}}}
        self._presses.put_nowait({"update_id": self._presses_made, "callback_query": press})

    def tell(self, update: Any) -> None:
        """Whatever it is, it is among the updates."""
        self._presses.put_nowait(update)

    async def until(self, holds: Any) -> None:
        """Until it holds."""
        async with asyncio.timeout(20):
            while not holds():
                self.news.clear()
                await self.news.wait()

    async def _push(self, request: web.Request) -> web.Response:
        if self.failing is not None:
            self.refused += 1
            self.news.set()
            return web.Response(status=self.failing, text="not now")
        body = await request.json()
        for stream in body["streams"]:
            self.lines += [(stream["stream"], int(at), line) for at, line in stream["values"]]
        self.news.set()
        return web.Response(status=204)

    async def _bot(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.failing is not None:
            self.refused += 1
            self.news.set()
            answer = {
                "ok": False,
                "error_code": self.failing,
                "description": "not now",
                "parameters": {"retry_after": 0},
            }
            return web.json_response(answer, status=self.failing)
        if request.match_info["method"] in self.refuses:
            refusal = {"ok": False, "error_code": 400, "description": "Bad Request: query is too old"}
            return web.json_response(refusal, status=400)
        result: Any = True
        match request.match_info["method"]:
            case "sendMessage":
                self.messages.append(body)
            case "answerCallbackQuery":
                self.answers.append(body["text"])
            case "getUpdates":
                self.polling += 1
                self.most_polling = max(self.most_polling, self.polling)
                self.news.set()
                try:
                    update = await self._presses.get()
                finally:
                    self.polling -= 1
                is_new = not isinstance(update, dict) or update["update_id"] >= body["offset"]
                result = [update] if is_new else []
        self.news.set()
        return web.json_response({"ok": True, "result": result})
