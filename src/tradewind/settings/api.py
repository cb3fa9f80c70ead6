"""What the HTTP API listens on and takes."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tradewind.domain.model import Model
from tradewind.settings.fields import FolderPath, Rate, loopback


class ApiSettings(Model):
    """Where the API listens and what it takes, the rates of each token."""

    host: Annotated[str, AfterValidator(loopback)] = "127.0.0.1"
    """A loopback address; a tunnel reaches it from elsewhere."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8420
    """0 means any free port, which is said at the start."""
    token_file: FolderPath | None = None
    """The API token; without it `api.token` in `data_dir`. Made on the first run, mode 0600."""
    max_body_bytes: Annotated[int, Field(ge=1_024, le=16 * 1_024 * 1_024)] = 65_536
    """The largest body of a request."""
    max_open_intents: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Further intents are turned away until some have ended."""
    writes_per_s: Rate = 50
    """Requests that change something, of each token. A halt is never turned away."""
    writes_burst: Rate = 100
    """How many of them may come at once."""
    reads_per_s: Rate = 200
    """Requests that only read, of each token."""
    reads_burst: Rate = 400
    """How many of them may come at once."""
