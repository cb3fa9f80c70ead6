"""A book's snapshot over REST: one bounded answer, or Unavailable with how long the exchange wants to be left alone."""

import aiohttp

from tradewind.errors import TooMany, Unavailable

_CHUNK_BYTES = 64 * 1024
# A broken header must not put a feed to sleep for good; a ban for this long is kept.
_MOST_PAUSE_S = 600.0
_DEFAULT_PAUSE_S = 10.0


async def fetch(session: aiohttp.ClientSession, url: str, *, most_bytes: int) -> bytes:
    """The body of a 200. TooMany for 418 and 429, Unavailable for everything else that is no answer."""
    try:
        async with session.get(url, allow_redirects=False) as response:
            if response.status in (418, 429):
                raise TooMany(
                    "snapshot_rate_limited",
                    f"The exchange limits how often a snapshot may be fetched (HTTP status {response.status}).",
                    retry_after_s=_pause_s(response.headers.get("Retry-After")),
                )
            if response.status != 200:
                raise Unavailable("snapshot_refused", f"The snapshot was answered with HTTP status {response.status}.")
            content = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                content += chunk
                if len(content) > most_bytes:
                    raise Unavailable("snapshot_too_large", f"The snapshot has more than {most_bytes} bytes.")
            return bytes(content)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Unavailable("snapshot_unreachable", f"The snapshot cannot be fetched: {type(error).__name__}.") from None


def _pause_s(retry_after: str | None) -> float:
    text = (retry_after or "").strip()
    if len(text) > 9 or not text.isascii() or not text.isdecimal():
        return _DEFAULT_PAUSE_S
    return min(_MOST_PAUSE_S, float(text))
