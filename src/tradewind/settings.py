"""The configuration of the service: one TOML file, checked whole before anything starts, then frozen.

Every mistake names the file, the key path, the fault and the remedy, and independent mistakes are reported together.
Unknown keys are refused. Secrets inside RPC URLs are read through `rpc_urls` and shown nowhere else.
"""

import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from tradewind.domain.address import EvmAddress, SolanaAddress, is_evm_address
from tradewind.domain.amount import MAX_RAW, to_raw
from tradewind.domain.asset import Symbol
from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.model import Model, invalid_input
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import PermitDomain, Token, TokenList
from tradewind.errors import Fault, InvalidInput
from tradewind.settings_fields import (
    BlockEngineUrl,
    BlockHash,
    ChainKey,
    FeePips,
    FolderPath,
    Rate,
    RpcUrl,
    SocketPath,
    StrategyName,
    WebsocketUrl,
    all_different,
    different_endpoints,
    loopback,
    named_by_header,
)
from tradewind.toml_file import read_toml


class ApiSettings(Model):
    """Where the API listens and what it takes, the rates of each token. Port 0 means any free port."""

    host: Annotated[str, AfterValidator(loopback)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8420
    token_file: FolderPath | None = None
    max_body_bytes: Annotated[int, Field(ge=1_024, le=16 * 1_024 * 1_024)] = 65_536
    max_open_intents: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    writes_per_s: Rate = 50
    writes_burst: Rate = 100
    reads_per_s: Rate = 200
    reads_burst: Rate = 400


class GasSettings(Model):
    """How much more than expected a transaction may take, and the most it may ever take."""

    base_fee_multiplier_percent: Annotated[int, Field(ge=100, le=1_000)] = 200
    gas_padding_percent: Annotated[int, Field(ge=0, le=300)] = 30
    gas_limit_max: Annotated[int, Field(ge=21_000, le=100_000_000)] = 5_000_000


class UniswapV3Settings(Model):
    """The contracts of one Uniswap V3 deployment and which of its pools are looked at."""

    factory: EvmAddress
    router: EvmAddress
    quoter: EvmAddress
    fees_pips: Annotated[tuple[FeePips, ...], Field(min_length=1, max_length=16), AfterValidator(all_different)] = (
        100,
        500,
        3_000,
        10_000,
    )
    max_hops: Annotated[int, Field(ge=1, le=4)] = 3
    max_paths: Annotated[int, Field(ge=1, le=8)] = 4


class VenuesSettings(Model):
    """The venues of one chain."""

    uniswap_v3: UniswapV3Settings | None = None


class ChainSettings(Model):
    """One chain: its endpoints, its tokens (default deny) and its venues."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    rpc_urls: Annotated[
        tuple[RpcUrl, ...], Field(min_length=1, max_length=16, repr=False), AfterValidator(different_endpoints)
    ]
    genesis_hash: BlockHash | None = None
    quorum: Annotated[int, Field(ge=1, le=16)] | None = None
    max_lag_blocks: Annotated[int, Field(ge=1, le=100_000)] = 40
    requests_per_s: Annotated[int, Field(ge=1, le=100_000)] | None = None
    poll_interval_ms: Annotated[int, Field(ge=10, le=60_000)] = 250
    rpc_timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 10_000
    min_landing_ms: Annotated[int, Field(ge=0, le=600_000)] = 2_000
    max_validity_s: Annotated[int, Field(ge=1, le=604_800)] = 3_600
    confirmations: Annotated[int, Field(ge=1, le=10_000)] = 1
    has_mempool: bool = False
    recovery_half_life_ms: Annotated[int, Field(ge=1, le=604_800_000)] = 60_000
    gas: GasSettings = GasSettings()
    native_symbol: Symbol = "ETH"
    wrapped_native: Symbol
    multicall: EvmAddress
    stable_symbols: Annotated[tuple[Symbol, ...], Field(max_length=16), AfterValidator(all_different)] = ()
    reference_probe_usd: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000
    tokens: Annotated[tuple[Token, ...], Field(min_length=1, max_length=512)]
    venues: VenuesSettings = VenuesSettings()


class JitoSettings(Model):
    """Block engines of Jito, and what a tip may be. Without them nothing is sent as a bundle.

    A region that begins with `grpc` is spoken to over gRPC. Tips follow `tip_stream_url`, and `tip_floor_url` while
    that is silent.
    """

    regions: Annotated[tuple[BlockEngineUrl, ...], Field(min_length=1, max_length=8, repr=False)]
    tip_floor_url: RpcUrl | None = None
    tip_stream_url: WebsocketUrl | None = None
    tip_min_lamports: Annotated[int, Field(ge=1_000, le=10**9)] = 1_000
    tip_max_lamports: Annotated[int, Field(ge=1_000, le=10**9)] = 1_000_000
    requests_per_s: Annotated[int, Field(ge=1, le=1_000)] = 1


class SolanaSettings(Model):
    """Solana: its endpoints, its tokens (default deny), and the pools that routes may pass.

    `genesis_hash` says which network it is, and is demanded of every endpoint. `wrapped_native` is the symbol under
    which wrapped SOL is listed: an intent that sells it sells lamports.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)] = "Solana"
    rpc_urls: Annotated[
        tuple[RpcUrl, ...], Field(min_length=1, max_length=16, repr=False), AfterValidator(different_endpoints)
    ]
    websocket_urls: Annotated[tuple[WebsocketUrl, ...], Field(max_length=16, repr=False)] = ()
    genesis_hash: SolanaAddress
    quorum: Annotated[int, Field(ge=1, le=16)] | None = None
    requests_per_s: Annotated[int, Field(ge=1, le=100_000)] = 100
    rpc_timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 5_000
    poll_interval_ms: Annotated[int, Field(ge=10, le=60_000)] = 400
    min_landing_ms: Annotated[int, Field(ge=0, le=600_000)] = 2_000
    max_validity_s: Annotated[int, Field(ge=1, le=604_800)] = 600
    recovery_half_life_ms: Annotated[int, Field(ge=1, le=604_800_000)] = 60_000
    native_symbol: Symbol = "SOL"
    wrapped_native: Symbol = "SOL"
    stable_symbols: Annotated[tuple[Symbol, ...], Field(max_length=16), AfterValidator(all_different)] = ()
    reference_probe_usd: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000
    tokens: Annotated[tuple[Token, ...], Field(min_length=1, max_length=512)]
    pools: Annotated[tuple[SolanaAddress, ...], Field(min_length=1, max_length=512), AfterValidator(all_different)]
    lookup_tables: Annotated[tuple[SolanaAddress, ...], Field(max_length=16), AfterValidator(all_different)] = ()
    max_hops: Annotated[int, Field(ge=1, le=3)] = 2
    max_paths: Annotated[int, Field(ge=1, le=3)] = 1
    compute_unit_price_micro_lamports: Annotated[int, Field(ge=0, le=10**10)] = 10_000
    max_compute_unit_price_micro_lamports: Annotated[int, Field(ge=0, le=10**10)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=16)] = 3
    reclaim_at_least: Annotated[int, Field(ge=0, le=8)] = 8
    reclaim_every_s: Annotated[int, Field(ge=1, le=604_800)] = 600
    top_up_to_lamports: Annotated[int, Field(ge=0, le=10**18)] = 100_000_000
    top_up_every_s: Annotated[int, Field(ge=1, le=604_800)] = 30
    max_transaction_bytes: Annotated[int, Field(ge=512, le=4_096)] = 1_232
    raydium_amm_v4_form: Literal["v1", "v2"] = "v2"
    pumpswap_form: Literal["v1", "v2"] = "v1"
    pump_curve_form: Literal["v1", "v2", "v3"] = "v1"
    lane: Literal["auto", "rpc", "tpu", "jito"] = "auto"
    tpu: bool = False
    jito: JitoSettings | None = None


class Settings(Model):
    """The whole configuration; read it with `Settings.load`. Paths are absolute."""

    data_dir: FolderPath = Field(default=Path("data"), validate_default=True)
    signer_socket: SocketPath = Field(default=Path("signer.sock"), validate_default=True)
    api: ApiSettings = ApiSettings()
    chains: Mapping[ChainKey, ChainSettings] = Field(default_factory=dict)
    solana: SolanaSettings | None = None
    strategies: Annotated[Mapping[StrategyName, Strategy], BeforeValidator(named_by_header)] = Field(
        default_factory=dict
    )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file; raises Misconfigured when it cannot be read, InvalidInput when it is wrong."""
        raw = read_toml(path, remedy=_NO_FILE)
        context = {"folder": path.resolve().parent}
        try:
            # Through JSON, so that arrays become tuples and strings UUIDs while every other type stays strict.
            settings = cls.model_validate_json(json.dumps(raw, default=str), context=context)
        except ValidationError as error:
            raise InvalidInput(_faults(error), what=str(path)) from None
        if faults := list(_contradictions(settings)):
            raise InvalidInput(faults, what=str(path))
        return settings

    @property
    def token_file(self) -> Path:
        """Where the API token is kept."""
        return self.api.token_file or self.data_dir / "api.token"

    @property
    def tokens_file(self) -> Path:
        """Where the tokens that were made for others are kept, hashed."""
        return self.data_dir / "tokens.json"

    def chain_file(self, chain_id: int) -> Path:
        """Where the first block of a chain is remembered."""
        return self.data_dir / f"chain-{chain_id}.json"

    @property
    def journal_file(self) -> Path:
        """Where the journal is kept."""
        return self.data_dir / "journal.db"

    def token_list(self) -> TokenList:
        """Every listed token of every chain."""
        return TokenList((chain_id, token) for chain_id, chain in self.every_chain().items() for token in chain.tokens)

    def every_chain(self) -> dict[int, ChainSettings | SolanaSettings]:
        """The EVM chains by their ids, and Solana by its own."""
        return {**self.chains, **({} if self.solana is None else {SOLANA_MAINNET: self.solana})}

    def redacted(self) -> dict[str, Any]:
        """Everything as JSON values, with the secrets in RPC URLs replaced."""
        dump = self.model_dump(mode="json")
        for chain in (*dump["chains"].values(), *([dump["solana"]] if dump["solana"] else [])):
            chain["rpc_urls"] = [redact_url(url) for url in chain["rpc_urls"]]
        if dump["solana"]:
            dump["solana"]["websocket_urls"] = [redact_url(url) for url in dump["solana"]["websocket_urls"]]
            if jito := dump["solana"]["jito"]:
                jito["regions"] = [redact_url(url) for url in jito["regions"]]
                for key in ("tip_floor_url", "tip_stream_url"):
                    jito[key] = redact_url(jito[key]) if jito[key] else None
        dump["api"]["token_file"] = str(self.token_file)
        return dump

    def digest(self) -> str:
        """SHA-256 of what `redacted` gives: the same for the same meaning, and silent about secrets."""
        text = json.dumps(self.redacted(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


_NO_FILE = "Give the path of a configuration file, or have one written: tradewind init my-desk"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# Which keys a section knows, by its path; the deepest paths first, since a star crosses slashes.
_SECTIONS: dict[str, type[Model]] = {
    "chains/*/venues/uniswap_v3": UniswapV3Settings,
    "chains/*/venues": VenuesSettings,
    "chains/*/tokens/*/permit": PermitDomain,
    "chains/*/tokens/*": Token,
    "chains/*/gas": GasSettings,
    "chains/*": ChainSettings,
    "solana/tokens/*/permit": PermitDomain,
    "solana/tokens/*": Token,
    "solana/jito": JitoSettings,
    "solana": SolanaSettings,
    "strategies/*": Strategy,
    "api": ApiSettings,
    "": Settings,
}


def redact_url(url: str) -> str:
    """A URL fit for logs: without user, password, query values, and path segments that look like keys."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"***@{host}" if "@" in parts.netloc else host
    path = "/".join("***" if _looks_like_a_key(segment) else segment for segment in parts.path.split("/"))
    pairs = (pair.partition("=") for pair in parts.query.split("&") if pair)
    query = "&".join(f"{name}=***" if equals else "***" for name, equals, _ in pairs)
    return f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def _looks_like_a_key(segment: str) -> bool:
    has_digit = any(character.isdigit() for character in segment)
    has_letter = any(character.isalpha() for character in segment)
    return len(segment) >= 16 or (len(segment) >= 8 and has_digit and has_letter)


def _faults(error: ValidationError) -> list[Fault]:
    named = invalid_input(error, what="").faults
    locations = [item["loc"] for item in error.errors(include_url=False, include_input=False)]
    return [
        _unknown_key(loc) if fault.code == "unknown_field" else fault
        for fault, loc in zip(named, locations, strict=True)
    ]


def _unknown_key(loc: Sequence[int | str]) -> Fault:
    *section, key = map(str, loc)
    model = next(model for pattern, model in _SECTIONS.items() if fnmatchcase("/".join(section), pattern))
    known = sorted(model.model_fields)
    near = difflib.get_close_matches(key, known, n=1)
    remedy = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(known)}."
    return Fault(".".join(map(_as_written, [*section, key])), "unknown_field", f"is not a setting. {remedy}")


def _as_written(key: str) -> str:
    """A key as it stands in TOML: in quotes when it could not be seen, or read, without."""
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key)


def _contradictions(settings: Settings) -> Iterator[Fault]:
    """What is wrong between keys that are each right."""
    try:
        settings.token_list()
    except InvalidInput as error:
        yield from error.faults
    if not settings.every_chain():
        yield Fault("chains", "field_missing", "names no chain. Add a [chains.<id>] table, or [solana].")
    for chain_id, chain in settings.every_chain().items():
        table = "solana" if isinstance(chain, SolanaSettings) else f"chains.{chain_id}"
        yield from _strange_addresses(table, chain)
        if chain.wrapped_native not in {token.symbol for token in chain.tokens}:
            field = f"{table}.wrapped_native"
            listed = ", ".join(token.symbol for token in chain.tokens)
            yield Fault(
                field, "token_not_listed", f"{chain.wrapped_native} is not among the tokens ({listed}). List it."
            )
        yield from _strange_stables(table, chain)
        if chain.quorum is not None and chain.quorum > len(chain.rpc_urls):
            message = f"is {chain.quorum}, and there are {len(chain.rpc_urls)} rpc_urls. Lower it, or add endpoints."
            yield Fault(f"{table}.quorum", "quorum_above_endpoints", message)
    if settings.solana is not None:
        yield from _missing_lane(settings.solana)
        yield from _crossed_prices(settings.solana)
    owners: dict[UUID, str] = {}
    for name, strategy in settings.strategies.items():
        first = owners.setdefault(strategy.id, name)
        if first != name:
            field = f"strategies.{name}.id"
            yield Fault(field, "strategy_id_twice", f"is also the id of '{first}'. Give each strategy its own.")
        yield from _wrong_limits(settings, f"strategies.{name}.max_amount", strategy.max_amount)
        yield from _wrong_limits(settings, f"strategies.{name}.min_slice", strategy.min_slice)


def _missing_lane(solana: SolanaSettings) -> Iterator[Fault]:
    if solana.lane == "jito" and solana.jito is None:
        yield Fault("solana.lane", "lane_missing", "is jito, and there is no [solana.jito]. Add it, or choose another.")
    if solana.lane == "tpu" and not solana.tpu:
        yield Fault("solana.lane", "lane_missing", "is tpu, and tpu is off. Set tpu = true, or choose another.")


def _crossed_prices(solana: SolanaSettings) -> Iterator[Fault]:
    most = solana.max_compute_unit_price_micro_lamports
    if most is not None and most < solana.compute_unit_price_micro_lamports:
        yield Fault(
            "solana.max_compute_unit_price_micro_lamports",
            "bounds_crossed",
            f"is {most}, below compute_unit_price_micro_lamports ({solana.compute_unit_price_micro_lamports}). "
            "Raise it, or lower the other.",
        )


def _strange_addresses(table: str, chain: ChainSettings | SolanaSettings) -> Iterator[Fault]:
    of_evm = isinstance(chain, ChainSettings)
    for place, token in enumerate(chain.tokens):
        if is_evm_address(token.address) is not of_evm:
            kind = "an EVM chain" if of_evm else "Solana"
            yield Fault(
                f"{table}.tokens.{place}.address", "address_malformed", f"{token.address} is no address on {kind}."
            )


def _strange_stables(table: str, chain: ChainSettings | SolanaSettings) -> Iterator[Fault]:
    listed = [token.symbol for token in chain.tokens]
    for symbol in chain.stable_symbols:
        if symbol not in listed:
            field = f"{table}.stable_symbols"
            yield Fault(field, "token_not_listed", f"{symbol} is not among the tokens ({', '.join(listed)}). List it.")


def _wrong_limits(settings: Settings, section: str, limits: Mapping[str, Decimal]) -> Iterator[Fault]:
    for symbol, limit in limits.items():
        field = f"{section}.{symbol}"
        tokens = [t for chain in settings.every_chain().values() for t in chain.tokens if t.symbol == symbol]
        if not tokens:
            yield Fault(field, "token_not_listed", f"{symbol} is a token of no chain. List it, or remove the limit.")
        for token in tokens:
            try:
                fits = to_raw(limit, token.decimals) <= MAX_RAW
            except ValueError:
                yield Fault(
                    field, "amount_too_precise", f"has more decimals than {symbol}, which has {token.decimals}."
                )
            else:
                if not fits:
                    yield Fault(field, "amount_too_large", "does not fit in 256 bits.")
