"""The limits of the API that are not configured: they protect the service, and no honest client meets them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds. Requests beyond `requests_in_flight` are turned away, except those to the kill switch.

    `requests_in_flight` and `streams` together are fewer than `connections`: one can always be closed for a new one.
    """

    header_bytes: int = 16 * 1024
    header_s: float = 5.0
    body_s: float = 10.0
    keep_alive_s: int = 5
    answer_s: float = 30.0
    readiness_s: float = 5.0
    stop_s: int = 10
    connections: int = 256
    requests_in_flight: int = 128
    streams: int = 64
    stream_silence_s: float = 15.0
    unread_s: float = 30.0


DEFAULT_LIMITS = Limits()
