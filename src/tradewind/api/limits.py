"""The limits of the API that are not configured: they protect the service, and no honest client meets them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds. Requests beyond `requests_in_flight` are turned away, except those to the kill switch."""

    header_bytes: int = 16 * 1024
    header_s: float = 5.0
    body_s: float = 10.0
    keep_alive_s: int = 5
    answer_s: float = 30.0
    readiness_s: float = 5.0
    stop_s: int = 10
    connections: int = 512
    requests_in_flight: int = 256


DEFAULT_LIMITS = Limits()
