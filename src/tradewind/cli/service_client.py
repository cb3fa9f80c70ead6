"""The client of the service's HTTP API: JSON in and out, problems turned back into our errors."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp

from tradewind.api.token import read_token
from tradewind.domain.events import Envelope
from tradewind.errors import (
    Conflict,
    Fault,
    Halted,
    InvalidInput,
    NotFound,
    Refused,
    TradewindError,
    Unauthorized,
    Unavailable,
)
from tradewind.settings import Settings

TIMEOUT_S = 30


class ServiceClient:
    """`async with ServiceClient(url, token) as service:`. Unavailable when nothing answers."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession

    @classmethod
    def of(cls, config: Path, *, url: str | None = None, token_file: Path | None = None) -> "ServiceClient":
        """Where and with which token, from the configuration unless given; the token file must exist."""
        if url is None or token_file is None:
            settings = Settings.load(config)
            url = url or service_url(settings)
            token_file = token_file or settings.token_file
        return cls(url, read_token(token_file))

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def submit(self, intent_json: bytes) -> dict[str, Any]:
        """Send an intent as it is; the receipt."""
        return await self._ask("POST", "/intents", intent_json)

    async def intent(self, intent_id: str) -> dict[str, Any]:
        """Everything the service shows of an intent."""
        return await self._ask("GET", f"/intents/{intent_id}")

    async def events(self, intent_id: str) -> list[Envelope]:
        """Every event of an intent so far, in order."""
        answer = await self._ask("GET", f"/intents/{intent_id}/events")
        return [Envelope.from_json(json.dumps(item["envelope"])) for item in answer["events"]]

    async def intents(self, *, status: str | None, limit: int) -> dict[str, Any]:
        """A page of intents, the newest first."""
        query = {"limit": str(limit), **({"status": status} if status else {})}
        return await self._ask("GET", f"/intents?{urlencode(query)}")

    async def halt(self, reason: str) -> dict[str, Any]:
        """Pull the kill switch through the service."""
        return await self._ask("POST", "/halt", json.dumps({"reason": reason}).encode())

    async def resume(self, kill_epoch: int) -> dict[str, Any]:
        """Release the kill switch through the service."""
        return await self._ask("POST", "/resume", json.dumps({"kill_epoch": kill_epoch, "confirm": "resume"}).encode())

    async def readiness(self) -> dict[str, Any]:
        """The service's own checks; an answer also when it is not ready."""
        return await self._ask("GET", "/readyz", accept=(200, 503))

    async def _ask(
        self, method: str, path: str, body: bytes | None = None, *, accept: tuple[int, ...] = (200, 202)
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with self._session.request(method, self._url + path, data=body, headers=headers) as response:
                status, text = response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(
                "service_unreachable",
                f"No service answers at {self._url} ({type(error).__name__}).",
                remedy="Start it: tradewind up --config arbitrum.toml",
            ) from None
        answer = _parse(text)
        if answer is None:
            raise Unavailable(
                "answer_malformed", f"What answers at {self._url} is not a Tradewind service (HTTP {status})."
            )
        if status not in accept:
            raise error_of(status, answer)
        return answer


def service_url(settings: Settings) -> str:
    """Where the configuration says the service listens."""
    host = f"[{settings.api.host}]" if ":" in settings.api.host else settings.api.host
    return f"http://{host}:{settings.api.port}"


def error_of(status: int, problem: Mapping[str, Any]) -> TradewindError:
    """The error that a problem body (RFC 9457) stands for."""
    code, detail = str(problem.get("code", f"http_{status}")), str(problem.get("detail", "The service gave no reason."))
    faults = [Fault(f["field"], f["code"], f["message"]) for f in problem.get("faults") or ()]
    if faults:
        return InvalidInput(faults, what="intent")
    if code == "halted":
        return Halted(code, detail)
    by_status: dict[int, type[TradewindError]] = {
        401: Unauthorized,
        404: NotFound,
        409: Conflict,
        422: Refused,
        503: Unavailable,
    }
    if status in {400, 405, 408, 413, 415, 421}:
        return InvalidInput.one("request", code, detail, what="request")
    return by_status.get(status, TradewindError)(code, detail)


def _parse(text: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
