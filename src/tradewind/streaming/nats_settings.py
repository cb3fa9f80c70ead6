"""How to reach a NATS server, and how its streams are made."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tradewind.domain.model import Model


def _servers(value: str) -> str:
    for url in value.split(","):
        parts = urlsplit(url.strip())
        if parts.scheme not in {"nats", "tls", "ws", "wss"} or not parts.hostname:
            raise PydanticCustomError(
                "url_malformed", 'is not a NATS address such as "nats://127.0.0.1:4222"; separate several by commas.'
            )
    return value


StreamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_File = Annotated[Path, Field(strict=False)]


class NatsSettings(Model):
    """`url` may name several servers of one cluster. Files of secrets are named here, never their content.

    `streams` gives a stream another name than this project's own. Streams are made with `replicas`, `max_age_s` and
    `duplicate_window_s`; those that exist are checked.
    """

    url: Annotated[str, AfterValidator(_servers), Field(repr=False, max_length=2_048)] = "nats://localhost:4222"
    credentials_file: _File | None = None
    nkey_seed_file: _File | None = None
    tls_ca_file: _File | None = None
    tls_certificate_file: _File | None = None
    tls_key_file: _File | None = None
    streams: dict[StreamName, StreamName] = Field(default_factory=dict)
    connect_timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 5_000
    reconnect_wait_ms: Annotated[int, Field(ge=10, le=60_000)] = 500
    publish_timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 5_000
    ack_wait_ms: Annotated[int, Field(ge=500, le=600_000)] = 30_000
    max_message_bytes: Annotated[int, Field(ge=1_024, le=8_388_608)] = 1_048_576
    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    max_age_s: Annotated[int, Field(ge=60, le=31_536_000)] = 604_800
    duplicate_window_s: Annotated[int, Field(ge=1, le=86_400)] = 120

    def stream_name(self, own: str) -> str:
        """What a stream of ours is called on this server."""
        return self.streams.get(own, own)
