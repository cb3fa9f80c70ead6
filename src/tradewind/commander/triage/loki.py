"""Pushes lines to Loki by its push API: `POST /loki/api/v1/push`, JSON, labels of few values.

Source of the format: Grafana Loki, HTTP API, "Ingest logs".
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import aiohttp

from tradewind.errors import Refused, TooMany, Unavailable
from tradewind.settings import redact_url

PATH = "/loki/api/v1/push"
TIMEOUT_S = 10.0
_ACCEPTED = frozenset({200, 204})


class Loki:
    """Each entry is {"labels": {…}, "at_ns": …, "line": "…"}."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/") + PATH
        self._shown = redact_url(url)

    async def push(self, entries: Sequence[Any]) -> None:
        """Raises Unavailable `loki_unavailable`, TooMany `loki_rate`, Refused `loki_refused` (would be again)."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._session.post(self._url, json=_body(entries), timeout=timeout) as answer:
                said = (await answer.content.read(500)).decode(errors="replace")
                status, after = answer.status, answer.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable("loki_unavailable", f"{self._shown} does not answer ({type(error).__name__}).") from None
        if status in _ACCEPTED:
            return
        if status == 429:
            wait_s = float(after) if after.isdecimal() else 1.0
            raise TooMany("loki_rate", f"{self._shown} takes no more for now.", retry_after_s=wait_s)
        if status >= 500:
            raise Unavailable("loki_unavailable", f"{self._shown} answers {status}: {said[:200]}")
        raise Refused("loki_refused", f"{self._shown} refuses {len(entries)} lines with {status}: {said[:200]}")


def _body(entries: Sequence[Any]) -> dict[str, Any]:
    streams: dict[tuple[tuple[str, str], ...], list[list[str]]] = defaultdict(list)
    for entry in entries:
        streams[tuple(sorted(entry["labels"].items()))].append([str(entry["at_ns"]), entry["line"]])
    return {"streams": [{"stream": dict(labels), "values": values} for labels, values in streams.items()]}
