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
from tradewind.settings_fields import BlockEngineUrl, FolderPath, RpcUrl, SocketPath, StrategyName, WebsocketUrl

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
    what is sent as `x-token`; its owner alone may be able to read it.
    """

    chain_id: Annotated[int, BeforeValidator(_chain_id)]
    rpc: Annotated[tuple[EndpointUrl, ...], Field(min_length=1, max_length=16, repr=False), Once]
    requests_per_s: Annotated[int, Field(ge=1, le=100_000)] = 200
    websocket: Annotated[WebsocketUrl | None, Field(repr=False)] = None
    yellowstone: Annotated[RpcUrl | None, Field(repr=False)] = None
    yellowstone_token_file: FolderPath | None = None
    shredstream: Annotated[RpcUrl | None, Field(repr=False)] = None
    genesis_hash: SolanaAddress


class Signer(Model):
    """Where the signer listens."""

    socket: Annotated[SocketPath, Field(validate_default=True)] = "signer.sock"  # type: ignore[assignment]


class Feeds(Model):
    """Where updates come from; the URL is the chain's."""

    kind: Literal["websocket", "yellowstone", "shredstream"]


class Inventory(Model):
    """Which pools are known: from a snapshot, from the accounts of programs, or both."""

    snapshot: FolderPath | None = None
    programs: Annotated[tuple[SolanaAddress, ...], Field(max_length=32), Once] = ()


class Jito(Model):
    """The block engine: base URLs of its regions, and what each of them allows."""

    regions: Annotated[tuple[BlockEngineUrl, ...], Field(min_length=1, max_length=16, repr=False), Once]
    requests_per_s: Annotated[int, Field(ge=1, le=10_000)] = 1


class Lanes(Model):
    """How the engine sends. `race`: the same bytes by all lanes at once. A trade that gains more than
    `private_above_lamports` goes by Jito alone."""

    rpc: bool = True
    tpu: bool = False
    jito: Jito | None = None
    race: bool = False
    private_above_lamports: Annotated[str | None, BeforeValidator(_optional_limit)] = None

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
    interpreter: FolderPath = Path(sys.executable)
    library: FolderPath | None = Field(default_factory=own_library)
    answer_within_ms: Annotated[int, Field(ge=1, le=600_000)] = 1_000
    start_within_ms: Annotated[int, Field(ge=1, le=600_000)] = 30_000
    most_restarts: Annotated[int, Field(ge=0, le=1_000)] = 5
    restart_window_ms: Milliseconds = 600_000


class Quotes(Model):
    """Where the engine serves quotes over gRPC; nobody who connects is asked who they are."""

    listen: Annotated[str, AfterValidator(_listen)]
    beyond_loopback: bool = False


class Restart(Model):
    """When an engine that ended is started again. More than `most_crashes` within `within_ms` are a crash loop."""

    policy: Literal["always", "on-failure", "never"] = "on-failure"
    first_pause_ms: Milliseconds = 500
    longest_pause_ms: Milliseconds = 60_000
    most_crashes: Annotated[int, Field(ge=1, le=1_000)] = 5
    within_ms: Milliseconds = 600_000


class Preflight(Model):
    """What is too slow, too late, too little. `pools` must exist and be of a known program."""

    most_latency_ms: Milliseconds = 1_000
    most_lag_slots: Annotated[int, Field(ge=1, le=100_000)] = 50
    most_clock_offset_ms: Milliseconds = 5_000
    least_free_bytes: Annotated[int, Field(ge=0, le=2**50)] = 1 << 30
    least_balance_lamports: Annotated[int, Field(ge=0, le=2**63)] = 10_000_000
    programs: Annotated[tuple[SolanaAddress, ...], Field(max_length=32), Once] = ()
    pools: Annotated[tuple[SolanaAddress, ...], Field(max_length=512), Once] = ()


class LokiReceiver(Model):
    """Where Loki's push API is: the URL without its path."""

    url: Annotated[RpcUrl, Field(repr=False)]


class Telegram(Model):
    """A bot and the chat that it speaks to. The token is in a file that its owner alone can read."""

    token_file: FolderPath
    chat_id: int
    api: RpcUrl = "https://api.telegram.org"


class Logs(Model):
    """What of an engine's lines goes elsewhere: this level and worse, each kind once within the window."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    repeat_window_ms: Milliseconds = 60_000
    lines_per_s: Annotated[int, Field(ge=1, le=10_000)] = 50
    alerts_burst: Annotated[int, Field(ge=1, le=100)] = 10
    spool_bytes: Annotated[int, Field(ge=65_536, le=2**34)] = 64 << 20
    loki: LokiReceiver | None = None
    telegram: Telegram | None = None


class Commander(Model):
    """What the commander itself does; nothing of it reaches the engine.

    `wallet` is the one that a crash loop halts and whose balance is looked at.
    """

    wallet: SolanaAddress | None = None
    stop_within_ms: Milliseconds = 30_000
    ready_within_ms: Milliseconds = 600_000
    environment: Annotated[tuple[Annotated[str, AfterValidator(_variable)], ...], Field(max_length=64), Once] = ()
    restart: Restart = Restart()
    preflight: Preflight = Preflight()
    logs: Logs = Logs()


class StrategySettings(Model):
    """The whole file."""

    strategy: StrategyName
    chain: Chain
    signer: Signer = Field(default_factory=Signer)
    feeds: Feeds
    inventory: Inventory = Inventory()
    mode: Literal["live", "paper", "replay"]
    executes: Literal["engine", "service"] = "engine"
    lanes: Lanes = Lanes()
    simulate: bool | None = None
    usd_mints: Annotated[tuple[SolanaAddress, ...], Field(max_length=16), Once] = ()
    python: PythonFile | None = None
    quotes: Quotes | None = None
    limits: Annotated[dict[LimitName, Limit], Field(max_length=256)] = Field(default_factory=dict)
    blacklist: Annotated[tuple[SolanaAddress, ...], Field(max_length=100_000), Once] = ()
    parameters: Annotated[dict[str, Parameter], Field(max_length=1_024)] = Field(default_factory=dict)
    commander: Commander = Commander()
