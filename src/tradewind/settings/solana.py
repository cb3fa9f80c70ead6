"""Solana: its endpoints, its tokens, the pools that routes may pass, and how transactions are sent."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tradewind.domain.address import SolanaAddress
from tradewind.domain.asset import Symbol
from tradewind.domain.model import Model
from tradewind.domain.token_list import Token
from tradewind.settings.fields import BlockEngineUrl, RpcUrl, WebsocketUrl, all_different, different_endpoints


class JitoSettings(Model):
    """Block engines of Jito, and what a tip may be. Without them nothing is sent as a bundle."""

    regions: Annotated[tuple[BlockEngineUrl, ...], Field(min_length=1, max_length=8, repr=False)]
    """Base URLs of block engines; one that begins with `grpc` is spoken to over gRPC."""
    tip_floor_url: RpcUrl | None = None
    """Where landed tips are asked for while the stream is silent."""
    tip_stream_url: WebsocketUrl | None = None
    """Where landed tips are told."""
    tip_min_lamports: Annotated[int, Field(ge=1_000, le=10**9)] = 1_000
    """No tip is lower."""
    tip_max_lamports: Annotated[int, Field(ge=1_000, le=10**9)] = 1_000_000
    """No tip is higher."""
    requests_per_s: Annotated[int, Field(ge=1, le=1_000)] = 1
    """What each region allows."""


class SolanaSettings(Model):
    """Solana: only what is listed here is traded, and only through these pools."""

    name: Annotated[str, Field(min_length=1, max_length=64)] = "Solana"
    """What people call it."""
    rpc_urls: Annotated[
        tuple[RpcUrl, ...], Field(min_length=1, max_length=16, repr=False), AfterValidator(different_endpoints)
    ]
    """Its nodes; of several, the one that answers best is asked. A key in a URL is shown nowhere."""
    websocket_urls: Annotated[tuple[WebsocketUrl, ...], Field(max_length=16, repr=False)] = ()
    """Where slots and wallets are told; without them they are asked for by the clock."""
    genesis_hash: SolanaAddress
    """Says which network it is, and is demanded of every endpoint."""
    quorum: Annotated[int, Field(ge=1, le=16)] | None = None
    """Endpoints that must agree before what cannot be undone; without it more than half of them."""
    requests_per_s: Annotated[int, Field(ge=1, le=100_000)] = 100
    """The most that one endpoint is asked."""
    rpc_timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 5_000
    """How long one request may take."""
    poll_interval_ms: Annotated[int, Field(ge=10, le=60_000)] = 400
    """How often what is not told is asked for."""
    min_landing_ms: Annotated[int, Field(ge=0, le=600_000)] = 2_000
    """An intent whose deadline is nearer than this is not started."""
    max_validity_s: Annotated[int, Field(ge=1, le=604_800)] = 600
    """No step is tried longer."""
    recovery_half_life_ms: Annotated[int, Field(ge=1, le=604_800_000)] = 60_000
    """Assumed: half of a move of the price is gone after this. Decides how intents are sliced."""
    native_symbol: Symbol = "SOL"
    """The coin in which fees are paid."""
    wrapped_native: Symbol = "SOL"
    """The symbol under which wrapped SOL is listed: an intent that sells it sells lamports."""
    stable_symbols: Annotated[tuple[Symbol, ...], Field(max_length=16), AfterValidator(all_different)] = ()
    """Listed tokens that are counted as 1 USD: what accounts are reckoned in."""
    reference_probe_usd: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000
    """A pool gives a price if this much, from either side, moves it by 2 % at most."""
    tokens: Annotated[tuple[Token, ...], Field(min_length=1, max_length=512)]
    pools: Annotated[tuple[SolanaAddress, ...], Field(min_length=1, max_length=512), AfterValidator(all_different)]
    """The accounts of the pools that routes may pass."""
    lookup_tables: Annotated[tuple[SolanaAddress, ...], Field(max_length=16), AfterValidator(all_different)] = ()
    """Tables that make transactions shorter; those that pay are used."""
    max_hops: Annotated[int, Field(ge=1, le=3)] = 2
    """Pools that one path may pass."""
    max_paths: Annotated[int, Field(ge=1, le=3)] = 1
    """Legs that one swap is split over; 1 switches splitting off."""
    compute_unit_price_micro_lamports: Annotated[int, Field(ge=0, le=10**10)] = 10_000
    """The price that is offered for a compute unit, at least."""
    max_compute_unit_price_micro_lamports: Annotated[int, Field(ge=0, le=10**10)] | None = None
    """With it the price follows what has landed, up to this; without it the price is the one above."""
    max_attempts: Annotated[int, Field(ge=1, le=16)] = 3
    """Transactions that one step may be tried with, one after the other's end."""
    reclaim_at_least: Annotated[int, Field(ge=0, le=8)] = 8
    """Receipts whose rents are taken back together, once none of their steps could land; 0 leaves them."""
    reclaim_every_s: Annotated[int, Field(ge=1, le=604_800)] = 600
    """How often that is looked at."""
    top_up_to_lamports: Annotated[int, Field(ge=0, le=10**18)] = 100_000_000
    """What the treasury, if the signer has one, fills a low wallet up to."""
    top_up_every_s: Annotated[int, Field(ge=1, le=604_800)] = 30
    """How often that is looked at."""
    max_transaction_bytes: Annotated[int, Field(ge=512, le=4_096)] = 1_232
    """The largest transaction of the network."""
    raydium_amm_v4_form: Literal["v1", "v2"] = "v2"
    """Which of the program's swap instructions is used."""
    pumpswap_form: Literal["v1", "v2"] = "v1"
    """Which of the program's swap instructions is used."""
    pump_curve_form: Literal["v1", "v2", "v3"] = "v1"
    """Which of the program's swap instructions is used."""
    lane: Literal["auto", "rpc", "tpu", "jito"] = "auto"
    """How transactions are sent; `auto` chooses by worth, urgency and what works."""
    tpu: bool = False
    """Whether transactions may go to the leaders over QUIC."""
    jito: JitoSettings | None = None
