"""What a user may write in the file of a strategy: one model a section, unknown keys refused.

Times are milliseconds, amounts carry their unit in the name. Relative paths start at the file's folder.
"""

import ipaddress
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tradewind.domain.address import SolanaAddress
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.model import Model
from tradewind.own_library import own_library
from tradewind.settings.fields import BlockEngineUrl, FolderPath, RpcUrl, SocketPath, StrategyName, WebsocketUrl

UNITS = (
    "lamports",
    "micro_lamports",
    "raw",
    "bps",
    "ppm",
    "ms",
    "ns",
    "s",
    "slots",
    "units",
    "bytes",
    "count",
    "usd_micros",
)
_UNIT = re.compile(rf"^[a-z][a-z0-9_]*_({'|'.join(UNITS)})$")
_WHOLE = re.compile(r"[0-9]{1,39}")
_MOST = 2**128
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_DEPTH = 8


def wrong(code: str, fault: str, remedy: str) -> PydanticCustomError:
    """A fault with its remedy; neither repeats a value that may be a secret."""
    return PydanticCustomError(code, "{fault}", {"fault": fault, "remedy": remedy})


def _chain_id(value: object) -> object:
    if value != SOLANA_MAINNET or isinstance(value, bool):
        raise wrong("chain_unsupported", "is a chain that the engine does not trade on.", "Write 101, which is Solana.")
    return value


def _limit(value: object) -> object:
    """A whole number, written as one or as decimal text; kept as text, since JSON's numbers end at 2^53."""
    remedy = "Write a whole number, such as 5000000, in the unit that its name ends with."
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong("limit_not_whole", "is not a whole number.", remedy)
    text = str(value)
    if text.startswith("-"):
        raise wrong("limit_negative", "is below zero.", "Write 0 or more.")
    if not _WHOLE.fullmatch(text):
        raise wrong("limit_not_whole", "is not a whole number.", remedy)
    if int(text) >= _MOST:
        raise wrong("value_out_of_range", "does not fit in 128 bits.", "Write a smaller number.")
    return str(int(text))


def _optional_limit(value: object) -> object:
    return None if value is None else _limit(value)


def _with_unit(name: str) -> str:
    if not _UNIT.fullmatch(name):
        said = ", ".join(f"_{unit}" for unit in UNITS)
        raise wrong("unit_missing", "does not name its unit.", f"Rename it so that it ends with one of {said}.")
    return name


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        twice = next(value for value in values if values.count(value) > 1)
        shown = f" ({twice})" if isinstance(twice, str) and "://" not in twice else ""
        raise wrong("listed_twice", f"lists a value twice{shown}.", "Remove one of them.")
    return values


def _plain(value: object, depth: int = 0) -> object:
    """JSON values without fractions: no float decides an amount."""
    if isinstance(value, float):
        raise wrong(
            "number_not_whole", "is a fraction.", "Write a whole number of a smaller unit, or put it in quotes."
        )
    if depth > _DEPTH:
        raise wrong("nested_too_deeply", f"is nested more than {_DEPTH} deep.", "Write it flatter.")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _plain(part, depth + 1)
    return value


def _listen(value: str) -> str:
    """`host:port` as the engine writes it: the host is an IP address, in brackets when it is of version 6."""
    host, colon, port = value.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        bracketed = host == f"[{address}]" if address.version == 6 else host == str(address)
    except ValueError:
        bracketed = False
    if not colon or not bracketed or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65_535:
        raise wrong("listen_malformed", "is not an address with a port.", "Write one such as 127.0.0.1:7010.")
    return value


def _variable(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise wrong("variable_malformed", "is not the name of a variable.", "Write a name such as RUST_BACKTRACE.")
    return value


def _without_credentials(value: str) -> str:
    if urlsplit(value).username is not None:
        raise wrong(
            "url_credentials", "holds a user name, which is not sent.", "Write the address that your provider gives."
        )
    return value


Once = AfterValidator(_once)
EndpointUrl = Annotated[RpcUrl, AfterValidator(_without_credentials)]
Milliseconds = Annotated[int, Field(ge=1, le=86_400_000)]
LimitName = Annotated[str, Field(max_length=64), AfterValidator(_with_unit)]
Limit = Annotated[str, BeforeValidator(_limit)]
Parameter = Annotated[Any, BeforeValidator(_plain)]


class Chain(Model):
    """The network and how to reach it. The genesis hash says which one it is.

    `requests_per_s` is for each endpoint of `rpc`; what is sent has as many of its own. `yellowstone_token_file` holds
    what is sent as `x-token`; its owner alone may be able to read it. `yellowstone_ca_file` has certificates of who
    vouches for that server, beside the system's.
    """

    chain_id: Annotated[int, BeforeValidator(_chain_id)]
    """101, which is Solana."""
    rpc: Annotated[tuple[EndpointUrl, ...], Field(min_length=1, max_length=16, repr=False), Once]
    """Its nodes; of several, the one that answers best is asked."""
    requests_per_s: Annotated[int, Field(ge=1, le=100_000)] = 200
    """The most that one endpoint is asked; what is sent has as many of its own."""
    websocket: Annotated[WebsocketUrl | None, Field(repr=False)] = None
    """Where accounts, logs and slots are told."""
    yellowstone: Annotated[RpcUrl | None, Field(repr=False)] = None
    """A Yellowstone gRPC server."""
    yellowstone_token_file: FolderPath | None = None
    """What is sent to it as `x-token`; its owner alone may be able to read the file."""
    yellowstone_ca_file: FolderPath | None = None
    """The authority that vouches for it, when the system knows none that does."""
    shredstream: Annotated[RpcUrl | None, Field(repr=False)] = None
    """A Shredstream proxy, which tells entries before they are executed."""
    genesis_hash: SolanaAddress
    """Says which network it is, and is demanded of every endpoint."""


class Signer(Model):
    """Where the signer listens."""

    socket: Annotated[SocketPath, Field(validate_default=True)] = "signer.sock"  # type: ignore[assignment]
    """Where `tradewind-signer` listens."""


class Feeds(Model):
    """Where updates come from; the URL is the chain's."""

    kind: Literal["websocket", "yellowstone", "shredstream"]
    """Where updates come from; with `shredstream` the accounts come from Yellowstone, or else the websocket."""


class Inventory(Model):
    """Which pools are known: from a snapshot, from the accounts of programs, or both."""

    snapshot: FolderPath | None = None
    """A file of pools and tokens."""
    programs: Annotated[tuple[SolanaAddress, ...], Field(max_length=32), Once] = ()
    """Programs whose pools are all looked for."""


class Jito(Model):
    """The block engine: base URLs of its regions, and what each of them allows."""

    regions: Annotated[tuple[BlockEngineUrl, ...], Field(min_length=1, max_length=16, repr=False), Once]
    """Base URLs of block engines; one that begins with `grpc` is spoken to over gRPC."""
    requests_per_s: Annotated[int, Field(ge=1, le=10_000)] = 1
    """What each region allows."""


class Lanes(Model):
    """How the engine sends. `race`: the same bytes by all lanes at once. A trade that gains more than
    `private_above_lamports` goes by Jito alone."""

    rpc: bool = True
    """Whether transactions go through the nodes."""
    tpu: bool = False
    """Whether they go to the leaders over QUIC."""
    jito: Jito | None = None
    race: bool = False
    """The same bytes by all lanes at once, instead of one after the other by how well they work."""
    private_above_lamports: Annotated[str | None, BeforeValidator(_optional_limit)] = None
    """A trade that gains more goes by Jito alone."""

    @model_validator(mode="after")
    def _somebody_sends(self) -> Self:
        if not (self.rpc or self.tpu or self.jito):
            raise wrong("lanes_off", "has every lane off.", "Switch rpc or tpu on, or name the regions of jito.")
        if self.private_above_lamports is not None and self.jito is None:
            raise wrong(
                "no_private_lane",
                "asks for a private lane, and there is none.",
                "Name the regions of jito, or take private_above_lamports out.",
            )
        return self


class PythonFile(Model):
    """A strategy that is written in Python: its file, what runs it, and how long it may take.

    `library` is a folder that imports are looked for in first.
    """

    file: FolderPath
    """The strategy."""
    interpreter: FolderPath = Field(default_factory=lambda: Path(sys.executable))
    """What runs it; without it the Python that runs the commander."""
    library: FolderPath | None = Field(default_factory=own_library)
    """A folder that imports are looked for in first."""
    answer_within_ms: Annotated[int, Field(ge=1, le=600_000)] = 1_000
    """How long it may think about an update."""
    start_within_ms: Annotated[int, Field(ge=1, le=600_000)] = 30_000
    """How long it may take to start."""
    most_restarts: Annotated[int, Field(ge=0, le=1_000)] = 5
    """More than so many crashes within the window end the engine."""
    restart_window_ms: Milliseconds = 600_000
    """The window."""


class Quotes(Model):
    """Where the engine serves quotes over gRPC; nobody who connects is asked who they are."""

    listen: Annotated[str, AfterValidator(_listen)]
    """Address and port of the quote service; nobody who connects is asked who they are."""
    beyond_loopback: bool = False
    """Whether others than this machine may be meant."""


class Restart(Model):
    """When an engine that ended is started again. More than `most_crashes` within `within_ms` are a crash loop."""

    policy: Literal["always", "on-failure", "never"] = "on-failure"
    """When an engine that ended is started again."""
    first_pause_ms: Milliseconds = 500
    """Before the first start anew; each further one is twice as long."""
    longest_pause_ms: Milliseconds = 60_000
    """No pause is longer."""
    most_crashes: Annotated[int, Field(ge=1, le=1_000)] = 5
    """More within the window are a crash loop: the wallet is halted."""
    within_ms: Milliseconds = 600_000
    """The window."""


class Preflight(Model):
    """What is too slow, too late, too little. `pools` must exist and be of a known program."""

    most_latency_ms: Milliseconds = 1_000
    """Of an endpoint."""
    most_lag_slots: Annotated[int, Field(ge=1, le=100_000)] = 50
    """Of an endpoint behind the others."""
    most_clock_offset_ms: Milliseconds = 5_000
    """Between this clock and the chain's."""
    least_free_bytes: Annotated[int, Field(ge=0, le=2**50)] = 1 << 30
    """On the disk of the working folder."""
    least_balance_lamports: Annotated[int, Field(ge=0, le=2**63)] = 10_000_000
    """Of the wallet."""
    programs: Annotated[tuple[SolanaAddress, ...], Field(max_length=32), Once] = ()
    """Must exist."""
    pools: Annotated[tuple[SolanaAddress, ...], Field(max_length=512), Once] = ()
    """Must exist, and be of a known program."""


class LokiReceiver(Model):
    """Where Loki's push API is: the URL without its path."""

    url: Annotated[RpcUrl, Field(repr=False)]
    """Where Loki's push API is, without its path."""


class Telegram(Model):
    """A bot and the chat that it speaks to. The token is in a file that its owner alone can read."""

    token_file: FolderPath
    """The bot's token; its owner alone may be able to read the file."""
    chat_id: int
    """The chat that is told, and that may ask."""
    api: RpcUrl = "https://api.telegram.org"
    """Where the bot API is."""


class Logs(Model):
    """What of an engine's lines goes elsewhere: this level and worse, each kind once within the window."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """This level and worse go elsewhere; all of them stay here."""
    repeat_window_ms: Milliseconds = 60_000
    """Each kind is told once within it."""
    lines_per_s: Annotated[int, Field(ge=1, le=10_000)] = 50
    """The most that are pushed."""
    alerts_burst: Annotated[int, Field(ge=1, le=100)] = 10
    """How many alerts may go at once."""
    spool_bytes: Annotated[int, Field(ge=65_536, le=2**34)] = 64 << 20
    """The most that waits on disk for a receiver that is away."""
    loki: LokiReceiver | None = None
    telegram: Telegram | None = None


class Commander(Model):
    """What the commander itself does; nothing of it reaches the engine.

    `wallet` is the one that a crash loop halts and whose balance is looked at.
    """

    wallet: SolanaAddress | None = None
    """Whom a crash loop halts, and whose balance is looked at."""
    stop_within_ms: Milliseconds = 30_000
    """How long an engine has to end by itself."""
    ready_within_ms: Milliseconds = 600_000
    """How long it has to say that it is ready."""
    environment: Annotated[tuple[Annotated[str, AfterValidator(_variable)], ...], Field(max_length=64), Once] = ()
    """Names of variables that it gets beside its own; never a secret."""
    restart: Restart = Restart()
    preflight: Preflight = Preflight()
    logs: Logs = Logs()


class StrategySettings(Model):
    """The whole file."""

    strategy: StrategyName
    """Which strategy: one of the engine's, or the name of one in Python."""
    chain: Chain
    signer: Signer = Field(default_factory=Signer)
    feeds: Feeds
    inventory: Inventory = Inventory()
    mode: Literal["live", "paper", "replay"]
    """`live` sends, `paper` simulates, `replay` reads a recording."""
    executes: Literal["engine", "service"] = "engine"
    """Who sends: the engine itself, or the executors of the service by way of the PLANNED stream."""
    lanes: Lanes = Lanes()
    simulate: bool | None = None
    """Whether a node is asked to simulate before anything is signed; without it the mode decides."""
    usd_mints: Annotated[tuple[SolanaAddress, ...], Field(max_length=16), Once] = ()
    """Mints that are counted as 1 USD."""
    python: PythonFile | None = None
    quotes: Quotes | None = None
    limits: Annotated[dict[LimitName, Limit], Field(max_length=256)] = Field(default_factory=dict)
    """The strategy's own limits, each with its unit in its name; they change while it runs."""
    blacklist: Annotated[tuple[SolanaAddress, ...], Field(max_length=100_000), Once] = ()
    """Mints that are not traded; it changes while it runs."""
    parameters: Annotated[dict[str, Parameter], Field(max_length=1_024)] = Field(default_factory=dict)
    """What the strategy itself asks for."""
    commander: Commander = Commander()
