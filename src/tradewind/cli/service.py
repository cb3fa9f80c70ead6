"""How commands reach the service: where the configuration says, or where they are told, with the token of its file."""

from pathlib import Path

from tradewind.api.token import read_token
from tradewind.client import AsyncClient, Client, Patience
from tradewind.settings import Settings

# A person waits for it: a service that is not there is said to be missing within a second.
PATIENCE = Patience(tries=3, first_pause_s=0.1)


def service_url(settings: Settings) -> str:
    """Where the configuration says the service listens."""
    host = f"[{settings.api.host}]" if ":" in settings.api.host else settings.api.host
    return f"http://{host}:{settings.api.port}"


def service_of(config: Path, *, url: str | None = None, token_file: Path | None = None) -> Client:
    """A client for commands; what is not given comes from the configuration, and the token file must exist."""
    return Client(*_place(config, url, token_file), patience=PATIENCE)


def async_service_of(
    config: Path, *, url: str | None = None, token_file: Path | None = None, patience: Patience = PATIENCE
) -> AsyncClient:
    """The same for what runs on an event loop."""
    return AsyncClient(*_place(config, url, token_file), patience=patience)


def _place(config: Path, url: str | None, token_file: Path | None) -> tuple[str, str]:
    if url is None or token_file is None:
        settings = Settings.load(config)
        url = url or service_url(settings)
        token_file = token_file or settings.token_file
    return url, read_token(token_file)
