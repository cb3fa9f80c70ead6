"""The configuration of an executor that runs by itself: a TOML file, environment variables, or both; those win.

Every mistake names the key, its variable, the fault and the remedy. Keys of wallets are never read from here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from tradewind.domain.address import SolanaAddress
from tradewind.domain.chain import WRAPPED_SOL
from tradewind.domain.model import Model, invalid_input
from tradewind.errors import Fault, InvalidInput, Misconfigured
from tradewind.settings import redact_url
from tradewind.streaming.nats_settings import NatsSettings, StreamName
from tradewind.toml_file import read_toml

SOLANA_GENESIS = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
WALLET_VARIABLES = tuple(f"WALLET_{number}" for number in range(1, 6))


def _several(value: object) -> object:
    """A list, or its members with commas between."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _http(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PydanticCustomError("url_malformed", 'is not a URL such as "https://host/path".')
    return value


def _block_engine(value: str) -> str:
    """The same, or gRPC."""
    scheme, colon, rest = value.partition(":")
    _http({"grpc": "http", "grpcs": "https"}.get(scheme, scheme) + colon + rest)
    return value


def _websocket(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise PydanticCustomError("url_malformed", 'is not a URL such as "wss://host/path".')
    return value


BlockEngineUrl = Annotated[str, Field(max_length=2_048), AfterValidator(_block_engine)]
WebsocketUrl = Annotated[str, Field(max_length=2_048), AfterValidator(_websocket)]
Url = Annotated[str, Field(max_length=2_048), AfterValidator(_http)]
Addresses = Annotated[tuple[SolanaAddress, ...], BeforeValidator(_several), Field(max_length=64)]


class ExecutorSettings(Model):
    """Times are milliseconds, tips lamports, the compute unit price micro-lamports. Paths are taken as they stand."""

    executor_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,48}$")]
    """Who this is, on the bus and in its journal."""
    executor_enabled: bool = True
    """Off: it starts, says so, and takes nothing."""
    executor_group: StreamName = "executor-consumer"
    """The durable consumer that executors share their work by."""
    wallets: Annotated[Addresses, Field(min_length=1)]
    """Whose plans it carries out; the signer has their keys."""
    mints: Addresses = (WRAPPED_SOL,)
    """Whose balances it watches beside lamports."""
    lookup_tables: Annotated[Addresses, Field(max_length=16)] = ()
    """Tables that make transactions shorter; those that pay are used."""
    data_dir: Annotated[Path, Field(strict=False)] = Path("executor-data")
    """Holds its journal."""
    signer_socket: Annotated[Path, Field(strict=False)] = Path("signer.sock")
    """Where `tradewind-signer` listens."""
    rpc_endpoint: Url
    """The first node."""
    rpc_backups: Annotated[tuple[Url, ...], BeforeValidator(_several), Field(max_length=15)] = ()
    """Other nodes; what cannot be undone needs more than half of all."""
    rpc_websockets: Annotated[tuple[str, ...], BeforeValidator(_several), Field(max_length=16)] = ()
    """Where slots and wallets are told; without them they are asked for by the clock."""
    genesis_hash: SolanaAddress = SOLANA_GENESIS
    """Says which network it is, and is demanded of every endpoint."""
    jito_block_engine_url: Annotated[tuple[BlockEngineUrl, ...], BeforeValidator(_several), Field(max_length=8)] = ()
    """Base URLs of block engines; without one nothing is sent as a bundle."""
    jito_uuid: Annotated[str, Field(max_length=128)] | None = None
    """What the block engine knows us by, for more requests."""
    jito_tip_floor_url: Url | None = None
    """Where landed tips are asked for while the stream is silent."""
    jito_tip_stream_url: WebsocketUrl | None = None
    """Where landed tips are told."""
    jito_tip_base: Annotated[int, Field(ge=1_000, le=10**9)] = 5_000
    """The least tip, in lamports."""
    jito_tip_step: Annotated[int, Field(ge=0, le=10**9)] = 1_000
    """What a further try adds, in lamports."""
    jito_tip_cap: Annotated[int, Field(ge=1_000, le=10**10)] = 10_000_000
    """The most, in lamports."""
    tpu_enabled: bool = False
    """Whether transactions may go to the leaders over QUIC."""
    tpu_timeout: Annotated[int, Field(ge=50, le=60_000)] = 5_000
    """How long a connection to a leader may take, in milliseconds."""
    tpu_fanout_slots: Annotated[int, Field(ge=1, le=16)] = 4
    """To how many slots of leaders a transaction goes."""
    kamino_market_address: SolanaAddress | None = None
    """The lending market of flash loans."""
    compute_unit_limit: Annotated[int, Field(ge=1_000, le=1_400_000)] = 400_000
    """The most units of a transaction whose plan names none."""
    compute_unit_price: Annotated[int, Field(ge=0, le=10**10)] = 1_000_000
    """The price of a unit, in micro-lamports."""
    confirmation_timeout: Annotated[int, Field(ge=100, le=600_000)] = 30_000
    """How long one question about a signature waits, in milliseconds; its proof is waited for however long it takes."""
    confirmation_commitment: Literal["processed", "confirmed", "finalized"] = "confirmed"
    """How settled a transaction must be before its result is told."""
    max_retries: Annotated[int, Field(ge=1, le=16)] = 3
    """Transactions that one plan may be tried with, one after the other's end."""
    retry_delay_ms: Annotated[int, Field(ge=10, le=60_000)] = 400
    """The first pause between tries."""
    max_open_plans: Annotated[int, Field(ge=1, le=1_000)] = 16
    """Plans that are in hand at once."""
    stop_within_ms: Annotated[int, Field(ge=0, le=600_000)] = 30_000
    """How long what is in flight has to end when the executor is stopped."""
    race_critical: bool = False
    """Whether urgent plans go over all lanes at once."""
    nats_url: str = "nats://localhost:4222"
    """The bus; several servers with commas between."""
    nats_stream_execution: StreamName = "PLANNED"
    """The name of the stream of plans."""
    nats_stream_executed: StreamName = "EXECUTED"
    """The name of the stream of results."""
    nats_stream_system: StreamName = "SYSTEM"
    """The name of the stream of orders."""
    nats_credentials_file: Annotated[Path, Field(strict=False)] | None = None
    """A user of NATS, as `nsc` writes it."""
    nats_nkey_seed_file: Annotated[Path, Field(strict=False)] | None = None
    """A user of NATS, by the seed of its NKEY."""
    nats_tls_ca_file: Annotated[Path, Field(strict=False)] | None = None
    """The authority that vouches for the server."""
    nats_tls_certificate_file: Annotated[Path, Field(strict=False)] | None = None
    """Our certificate, when the server asks for one."""
    nats_tls_key_file: Annotated[Path, Field(strict=False)] | None = None
    """The key of our certificate."""
    metrics_enabled: bool = True
    """Whether metrics are served to Prometheus."""
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 9_090
    """Where, on loopback; 0 means any free port."""
    traces_file: Annotated[Path, Field(strict=False)] | None = None
    """Where spans are written, a JSON line each."""

    @classmethod
    def load(cls, path: Path | None, environment: Mapping[str, str]) -> Self:
        """Read both. Raises Misconfigured (`wallet_keys_in_environment`, `config_missing`) and InvalidInput."""
        refuse_wallet_keys(environment)
        in_file = {} if path is None else read_toml(path, remedy="Give the path of a file.")
        found = {**in_file, **from_environment(environment)}
        try:
            settings = cls.model_validate(found, strict=False)
            settings.nats()
        except ValidationError as error:
            faults = invalid_input(error, what="").faults
            raise InvalidInput([_named(fault) for fault in faults], what="executor settings") from None
        return settings

    def nats(self) -> NatsSettings:
        """How to reach the bus."""
        names = {
            "PLANNED": self.nats_stream_execution,
            "EXECUTED": self.nats_stream_executed,
            "SYSTEM": self.nats_stream_system,
        }
        return NatsSettings(
            url=self.nats_url,
            streams={own: name for own, name in names.items() if own != name},
            credentials_file=self.nats_credentials_file,
            nkey_seed_file=self.nats_nkey_seed_file,
            tls_ca_file=self.nats_tls_ca_file,
            tls_certificate_file=self.nats_tls_certificate_file,
            tls_key_file=self.nats_tls_key_file,
        )

    def __repr__(self) -> str:
        return f"ExecutorSettings({self.redacted()})"

    __str__ = __repr__

    def redacted(self) -> dict[str, Any]:
        """Everything by the name of its variable, with what may be secret in URLs replaced."""
        shown: dict[str, Any] = {}
        for key, value in self.model_dump(mode="json").items():
            many = isinstance(value, list)
            parts = [redact_url(part) if "://" in str(part) else part for part in (value if many else [value])]
            shown[key.upper()] = "***" if key == "jito_uuid" and value else (parts if many else parts[0])
        return shown


def variables() -> tuple[str, ...]:
    """Every environment variable that is understood."""
    return tuple(key.upper() for key in ExecutorSettings.model_fields)


def from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that are set there; an empty variable is not set."""
    names = {key.upper(): key for key in ExecutorSettings.model_fields}
    return {key: environment[name] for name, key in names.items() if environment.get(name)}


def refuse_wallet_keys(environment: Mapping[str, str]) -> None:
    """Raises Misconfigured `wallet_keys_in_environment`: whatever starts this process could read the keys."""
    found = [name for name in WALLET_VARIABLES if environment.get(name)]
    if found:
        raise Misconfigured(
            "wallet_keys_in_environment",
            f"{', '.join(found)}: private keys belong to the signer alone.",
            remedy="Write each to a key pair file (id.json), import it once: "
            "tradewind keys import --keys keys.age --solana-file id.json --delete; then unset them.",
        )


def _named(fault: Fault) -> Fault:
    key, *rest = fault.field.split(".")
    name = f"{key} ({key.upper()})" if key in ExecutorSettings.model_fields else key
    return Fault(".".join([name, *rest]), fault.code, fault.message)
