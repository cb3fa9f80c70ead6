"""How both clients reach the service: where, as whom, for how long they wait, and what a lost answer is called."""

from typing import TypedDict, TypeVar

import httpx

from tradewind.client.call import Lost
from tradewind.errors import InvalidInput

# Longer than the service takes to say that it is too slow.
ANSWER_S = 40.0
CONNECT_S = 5.0
# The service says something at least every 15 s on a stream.
STREAM_SILENCE_S = 45.0


class Options(TypedDict):
    """The arguments of an httpx client."""

    base_url: str
    headers: dict[str, str]
    timeout: httpx.Timeout
    trust_env: bool
    follow_redirects: bool


def options(url: str, token: str) -> Options:
    """Proxies of the environment are left out and redirects not followed: the token goes to the service alone."""
    return Options(
        base_url=url,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
        trust_env=False,
        follow_redirects=False,
    )


def stream_timeout() -> httpx.Timeout:
    """How long a stream may be silent before it counts as lost."""
    return httpx.Timeout(STREAM_SILENCE_S, connect=CONNECT_S)


def lost(error: httpx.HTTPError) -> Lost:
    """What became of a request that has no answer."""
    unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    return Lost(type(error).__name__, unsent)


C = TypeVar("C", httpx.Client, httpx.AsyncClient)


def open_with(kind: type[C], url: str, token: str) -> C:
    """An httpx client for the service; raises InvalidInput for what can be no URL or no token."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidInput.one("token", "token_malformed", "is not a token: visible ASCII, on one line.", what="client")
    try:
        made = kind(**options(url, token))
    except httpx.InvalidURL:
        made = None
    if made is None or made.base_url.scheme not in {"http", "https"} or not made.base_url.host:
        message = "is not the URL of a service, such as http://127.0.0.1:8420."
        raise InvalidInput.one("url", "url_malformed", message, what="client")
    return made
